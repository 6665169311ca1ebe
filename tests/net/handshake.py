# SPDX-License-Identifier: Apache-2.0
"""usage: handshake.py IFACE SOURCE_MAC,DEST_MAC SOURCE,DEST PORT

A client of TCP that takes its time, by raw frames of an IPv4 address that its own host has not: sends a SYN with window scale,
SACK and timestamps, prints "answered" for the SYN-ACK, and completes the handshake with some data when it is told so by a line.
Ends with the end of its input, by a RST.
"""
import ipaddress
import random
import socket
import struct
import sys
import time

from frames import addresses, checksum

SYN, RST, PUSH_ACK, SYN_ACK = 0x02, 0x04, 0x18, 0x12
OPTIONS_OF_SYN = struct.pack("!BBHBBBBIIBBBB", 2, 4, 1460, 4, 2, 8, 10, 1000, 0, 1, 3, 3, 7)


class Peer:
    def __init__(self, iface, macs, addrs, port):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind((iface, 0))
        self.macs = addresses(*macs.split(","))
        self.source, self.dest = (ipaddress.ip_address(addr).packed for addr in addrs.split(","))
        self.ports = random.randrange(20000, 60000), int(port)

    def send(self, flags, seq, ack, options=b"", data=b""):
        header = struct.pack("!HHIIBBHHH", *self.ports, seq, ack, (20 + len(options)) << 2, flags, 500, 0, 0) + options + data
        pseudo = self.source + self.dest + struct.pack("!HH", 6, len(header))
        total = checksum(pseudo + header + bytes(len(header) % 2))
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(header), 0, 0, 64, 6, 0, self.source, self.dest)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.socket.send(self.macs + b"\x08\x00" + ip + header[:16] + struct.pack("!H", total) + header[18:])

    def wait_for_answer(self, seconds):
        """(sequence number, timestamp) of the SYN-ACK; None: none came."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                frame = self.socket.recv(2048)
            except TimeoutError:
                return None
            ip, tcp = frame[14:34], frame[34:]
            if ip[9] == 6 and ip[16:20] == self.source and struct.unpack("!HH", tcp[:4]) == self.ports[::-1] and tcp[13] == SYN_ACK:
                stamp = tcp.find(b"\x08\x0a", 20)
                return struct.unpack("!I", tcp[4:8])[0], struct.unpack("!I", tcp[stamp + 2:stamp + 6])[0]
        return None


def main():
    peer = Peer(*sys.argv[1:5])
    for _ in range(5):
        peer.send(SYN, 1000, 0, OPTIONS_OF_SYN)
        answer = peer.wait_for_answer(1)
        if answer:
            break
    else:
        sys.exit("no SYN-ACK came")
    print("answered", flush=True)
    sys.stdin.readline()
    peer.send(PUSH_ACK, 1001, answer[0] + 1 & 0xffffffff, struct.pack("!BBBBII", 1, 1, 8, 10, 1100, answer[1]), b"hello")
    print("done", flush=True)
    sys.stdin.readline()
    peer.send(RST, 1006, 0)


main()
