# SPDX-License-Identifier: Apache-2.0
"""A carpet of small floods: UDP frames to every address of a prefix in turn, from many sources, at a steady rate.

usage: carpet.py IFACE SOURCE_MAC DEST_MAC PREFIX RATE SECONDS
prints {"sent": N, "first_at": S}, the monotonic time of the first frame
"""
import ipaddress
import json
import sys

from frames import addresses, send_steadily, udp_frame

SOURCES = 4096


def main():
    iface, source_mac, dest_mac, prefix, rate, seconds = sys.argv[1:]
    macs = addresses(source_mac, dest_mac)
    net = ipaddress.ip_network(prefix)
    base = ipaddress.ip_address("198.19.0.0" if net.version == 4 else "2001:db8:ffff::")
    step = 1 if net.version == 4 else 1 << 64
    size = min(net.num_addresses, 65536 if net.version == 4 else 256)
    frames = [udp_frame(macs, base + i * step, net[i * 89 % size], (53, 1024 + i % 60000), b"c" * 64) for i in range(SOURCES)]
    sent, first = send_steadily(iface, frames, float(rate), float(seconds))
    print(json.dumps({"sent": sent, "first_at": first}))


main()
