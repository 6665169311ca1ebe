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
import sys
import time

from frames import addresses, send_steadily, udp_frame

REFLECTORS = 3000
ANSWERS = (
    (53, b"\x12\x34\x85\x80\x00\x01\x00\x1e\x00\x00\x00\x01\x07example\x03org\x00\x00\xff\x00\x01" + b"r" * 1100),
    (123, b"\xd7\x00\x03\x2a\x00\x06\x00\x48" + b"m" * 432),
    (11211, b"\x00\x01\x00\x00\x00\x01\x00\x00VALUE a 0 1300\r\n" + b"v" * 1300),
)


def frame(macs, number, dest):
    port, payload = ANSWERS[number % len(ANSWERS)]
    return udp_frame(macs, ipaddress.ip_address("198.19.0.1") + number, dest, (port, 1024 + number * 7 % 60000), payload)


def flood(iface, source_mac, dest_mac, dest, rate, seconds):
    macs = addresses(source_mac, dest_mac)
    frames = [frame(macs, number, ipaddress.ip_address(dest)) for number in range(REFLECTORS)]
    print(json.dumps({"sent": send_steadily(iface, frames, float(rate), float(seconds))[0]}))


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
