# SPDX-License-Identifier: Apache-2.0
"""A reflected flood and what goes on beside it.

usage: reflection.py flood IFACE SOURCE_MAC DEST_MAC DEST RATE SECONDS
           answers of DNS, NTP (monlist) and memcached servers, a third each, from 3000 reflectors; prints {"sent": N}
       reflection.py lookups SERVER NAME ADDRESS COUNT RATE
           A questions to a real resolver, one try of a second each; prints {"asked": N, "answered": N}, answered: with ADDRESS
"""
import ipaddress
import json
import os
import socket
import struct
import sys
import time

REFLECTORS = 3000
BATCH = 16
ANSWERS = (
    (53, b"\x12\x34\x85\x80\x00\x01\x00\x1e\x00\x00\x00\x01\x07example\x03org\x00\x00\xff\x00\x01" + b"r" * 1100),
    (123, b"\xd7\x00\x03\x2a\x00\x06\x00\x48" + b"m" * 432),
    (11211, b"\x00\x01\x00\x00\x00\x01\x00\x00VALUE a 0 1300\r\n" + b"v" * 1300),
)


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(macs, number, dest):
    port, payload = ANSWERS[number % len(ANSWERS)]
    source = ipaddress.ip_address("198.19.0.1") + number
    udp = struct.pack("!HHHH", port, 1024 + number * 7 % 60000, 8 + len(payload), 0) + payload
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, source.packed, dest.packed)
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return macs + b"\x08\x00" + header + udp


def flood(iface, source_mac, dest_mac, dest, rate, seconds):
    macs = bytes.fromhex((dest_mac + source_mac).replace(":", ""))
    frames = [frame(macs, number, ipaddress.ip_address(dest)) for number in range(REFLECTORS)]
    sent = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((iface, 0))
        first = time.monotonic()
        while time.monotonic() < first + float(seconds):
            wait = first + sent / float(rate) - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for _ in range(BATCH):
                sock.send(frames[sent % REFLECTORS])
                sent += 1
    print(json.dumps({"sent": sent}))


def question(name):
    number = os.urandom(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return number, number + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x00\x01\x00\x01"


def ask(server, name, address):
    """One question from a port of its own, as libc's resolver asks; whether its answer ends with the address."""
    number, packet = question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect((server, 53))
        sock.settimeout(1)
        try:
            sock.send(packet)
            answer = sock.recv(4096)
        except OSError:
            return False
    return answer[:2] == number and answer.endswith(ipaddress.ip_address(address).packed)


def lookups(server, name, address, count, rate):
    answered, due = 0, time.monotonic()
    for _ in range(int(count)):
        time.sleep(max(0, due - time.monotonic()))
        due += 1 / float(rate)
        answered += ask(server, name, address)
    print(json.dumps({"asked": int(count), "answered": answered}))


{"flood": flood, "lookups": lookups}[sys.argv[1]](*sys.argv[2:])
