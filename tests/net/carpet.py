# SPDX-License-Identifier: Apache-2.0
"""A carpet of small floods: UDP frames to every address of a prefix in turn, from many sources, at a steady rate.

usage: carpet.py IFACE SOURCE_MAC DEST_MAC PREFIX RATE SECONDS
prints {"sent": N, "first_at": S}, the monotonic time of the first frame
"""
import ipaddress
import json
import socket
import struct
import sys
import time

SOURCES = 4096
BATCH = 16


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(macs, source, dest, port):
    payload = struct.pack("!HHHH", 53, port, 8 + 64, 0) + b"c" * 64
    if dest.version == 4:
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, 17, 0, source.packed, dest.packed)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return macs + b"\x08\x00" + header + payload
    header = struct.pack("!IHBB16s16s", 6 << 28, len(payload), 17, 64, source.packed, dest.packed)
    return macs + b"\x86\xdd" + header + payload


def main():
    iface, source_mac, dest_mac, prefix, rate, seconds = sys.argv[1:]
    macs = bytes.fromhex((dest_mac + source_mac).replace(":", ""))
    net = ipaddress.ip_network(prefix)
    base = ipaddress.ip_address("198.19.0.0" if net.version == 4 else "2001:db8:ffff::")
    step = 1 if net.version == 4 else 1 << 64
    size = min(net.num_addresses, 256)
    frames = [frame(macs, base + i * step, net[i * 89 % size], 1024 + i % 60000) for i in range(SOURCES)]
    sent = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((iface, 0))
        first = time.monotonic()
        while time.monotonic() < first + float(seconds):
            wait = first + sent / float(rate) - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for _ in range(BATCH):
                sock.send(frames[sent % SOURCES])
                sent += 1
    print(json.dumps({"sent": sent, "first_at": first}))


main()
