# SPDX-License-Identifier: Apache-2.0
"""UDP in Ethernet frames, made beforehand and sent at a steady rate. Imported, not run."""
import socket
import struct
import time

BATCH = 16


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def addresses(source_mac, dest_mac):
    return bytes.fromhex((dest_mac + source_mac).replace(":", ""))


def udp_frame(macs, source, dest, ports, payload):
    """Of IPv4 or IPv6 as source and dest are; ports: (source, dest); without a UDP checksum."""
    datagram = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    if dest.version == 4:
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, source.packed, dest.packed)
        header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
        return macs + b"\x08\x00" + header + datagram
    header = struct.pack("!IHBB16s16s", 6 << 28, len(datagram), 17, 64, source.packed, dest.packed)
    return macs + b"\x86\xdd" + header + datagram


def send_steadily(iface, frames, rate, seconds):
    """In turn, so many a second. Returns how many were sent and the monotonic time of the first."""
    sent = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((iface, 0))
        first = time.monotonic()
        while time.monotonic() < first + seconds:
            wait = first + sent / rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            for _ in range(BATCH):
                sock.send(frames[sent % len(frames)])
                sent += 1
    return sent, first
