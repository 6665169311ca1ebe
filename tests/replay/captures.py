# SPDX-License-Identifier: Apache-2.0
"""Capture files in every form replay reads: pcap and pcapng, byte orders, clocks and link types."""
import struct

LINKS = {"Ethernet": 1, "RAW": 101, "SLL": 113}
ETHERNET_HEADER = 14


def write_pcap(path, packets, link="Ethernet", order="<", nanoseconds=True):
    """packets: (timestamp_ns, captured bytes, original length)."""
    unit = 1 if nanoseconds else 1000
    with open(path, "wb") as out:
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        out.write(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, LINKS[link]))
        for when, data, length in packets:
            out.write(struct.pack(order + "IIII", when // 10**9, when % 10**9 // unit, len(data), length) + data)


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def write_pcapng(path, packets, link="Ethernet", order="<", nanoseconds=True):
    """One section, one interface, an unknown block that readers must skip, enhanced packet blocks."""
    unit = 1 if nanoseconds else 1000
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0) if nanoseconds else b""
    with open(path, "wb") as out:
        out.write(block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)))
        out.write(block(order, 1, struct.pack(order + "HHI", LINKS[link], 0, 0) + resolution))
        out.write(block(order, 0x0BAD, b"skip me, I am not known"))
        for when, data, length in packets:
            stamp = when // unit
            out.write(block(order, 6, struct.pack(order + "IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(data), length) + data))


FORMATS = [("pcap", write_pcap, {}), ("pcap in microseconds", write_pcap, {"nanoseconds": False}),
           ("pcap, other byte order", write_pcap, {"order": ">"}), ("pcapng", write_pcapng, {}),
           ("pcapng in microseconds", write_pcapng, {"nanoseconds": False}), ("pcapng, other byte order", write_pcapng, {"order": ">"})]


def relink(frame, link):
    """An untagged Ethernet frame as the packet of another link type."""
    if link == "RAW":
        return frame[ETHERNET_HEADER:]
    if link == "SLL":
        return struct.pack("!HHH8s", 0, 1, 6, frame[6:12]) + frame[12:]
    return frame


def lengthen(frame, length):
    """An untagged UDP frame with a payload that makes it `length` bytes long, header lengths mended."""
    data = bytearray(frame.ljust(length, b"\0"))
    if data[12:14] == b"\x08\x00":
        struct.pack_into("!H", data, 16, length - 14)
        struct.pack_into("!H", data, 38, length - 34)
    else:
        struct.pack_into("!H", data, 18, length - 54)
        struct.pack_into("!H", data, 58, length - 54)
    return bytes(data)
