# SPDX-License-Identifier: Apache-2.0
"""Numbered UDP datagrams at a steady rate, and a receiver that keeps book of who got through.

usage: datagrams.py send DEST PORT COUNT RATE [FIRST]
       datagrams.py receive PORT FILE     FILE is rewritten five times a second:
           {"ADDRESS": {"count": N, "numbers": [[first, last], ...], "first_at": S, "last_at": S}}, times monotonic
"""
import ipaddress
import json
import os
import socket
import struct
import sys
import time

CATCH_UP = 0.02  # seconds: after a longer stall the schedule moves on, a burst would no longer be the steady rate
RECEIVE_BUFFER = 16 << 20
SO_RCVBUFFORCE = 33


def send(dest, port, count, rate, first):
    family = socket.AF_INET6 if ":" in dest else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        due = time.monotonic()
        for number in range(count):
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            due = max(due, time.monotonic() - CATCH_UP) + 1 / rate
            try:
                sock.sendto(struct.pack("!I", first + number) + b"." * 28, (dest, port))
            except ConnectionRefusedError:
                pass


def note(book, address, number, now):
    entry = book.setdefault(address, {"count": 0, "numbers": [], "first_at": now, "last_at": now})
    entry["count"] += 1
    entry["last_at"] = now
    if entry["numbers"] and entry["numbers"][-1][1] == number - 1:
        entry["numbers"][-1][1] = number
    else:
        entry["numbers"].append([number, number])


def plain(address):
    address = ipaddress.ip_address(address.split("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


def publish(path, book):
    with open(path + ".new", "w", encoding="utf-8") as out:
        json.dump(book, out)
    os.replace(path + ".new", path)


def receive(port, path):
    book, written = {}, 0.0
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        sock.bind(("::", port))
        sock.settimeout(0.1)
        while True:
            now = time.monotonic()
            if now - written > 0.2:
                publish(path, book)
                written = now
            try:
                data, address = sock.recvfrom(65535)
            except socket.timeout:
                continue
            number = struct.unpack("!I", data[:4])[0] if len(data) >= 4 else 0
            note(book, plain(address[0]), number, time.monotonic())


def main():
    if len(sys.argv) in (6, 7) and sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6]) if len(sys.argv) == 7 else 0)
    elif len(sys.argv) == 4 and sys.argv[1] == "receive":
        receive(int(sys.argv[2]), sys.argv[3])
    else:
        print(__doc__, file=sys.stderr)
        sys.exit(64)


if __name__ == "__main__":
    main()
