# SPDX-License-Identifier: Apache-2.0
"""Plain test frames and a pcap writer, fast enough for a million packets.

Only what the trailing-window test needs; the odd packets of the dodge test are
built with scapy in packets.py.
"""
import ipaddress
import struct

PCAP_NANOSECONDS = 0xA1B23C4D
LINKTYPE_ETHERNET = 1
MACS = bytes.fromhex("02000000000a02000000000b")
TCP_SYN, TCP_ACK = 0x02, 0x10


def checksum(data):
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def transport(protocol, source_port, dest_port, flags, length):
    """A TCP or UDP header; the checksum stays 0, no packet filter reads it."""
    if protocol == 17:
        return struct.pack("!HHHH", source_port, dest_port, length, 0)
    return struct.pack("!HHIIBBHHH", source_port, dest_port, 1, 0, 5 << 4, flags, 1024, 0, 0)


def frame(source, dest, protocol, dest_port, flags, length):
    """The first bytes (all headers) of an Ethernet frame of `length` bytes without FCS."""
    src, dst = ipaddress.ip_address(source), ipaddress.ip_address(dest)
    if src.version == 4:
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length - 14, 1, 0, 64, protocol, 0, src.packed, dst.packed)
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        ethertype = b"\x08\x00"
    else:
        head = struct.pack("!IHBB16s16s", 6 << 28, length - 54, protocol, 64, src.packed, dst.packed)
        ethertype = b"\x86\xdd"
    body = transport(protocol, 40000, dest_port, flags, length - 14 - len(head))
    return MACS + ethertype + head + body


def write_pcap(path, packets):
    """packets: (timestamp_ns, captured bytes, original length), already in time order."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", PCAP_NANOSECONDS, 2, 4, 0, 0, 128, LINKTYPE_ETHERNET))
        chunks = []
        for when, data, length in packets:
            chunks.append(struct.pack("<IIII", when // 10**9, when % 10**9, len(data), length))
            chunks.append(data)
        out.write(b"".join(chunks))
