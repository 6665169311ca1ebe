# SPDX-License-Identifier: Apache-2.0
"""uri.py IFACE TAGS FROM_MAC TO_MAC FROM_IP TO_IP TARGET...: a TCP segment with a request for each target, in frames with so
many VLAN tags. Nobody answers: what the filter makes of them is what counts."""
import sys

from scapy.all import IP, TCP, Dot1Q, Ether, IPv6, Raw, sendp


def frame(tags, from_mac, to_mac, from_ip, to_ip, target, port):
    layers = Ether(src=from_mac, dst=to_mac)
    for tag in range(int(tags)):
        layers /= Dot1Q(vlan=7 + tag)
    layers /= IPv6(src=from_ip, dst=to_ip) if ":" in from_ip else IP(src=from_ip, dst=to_ip)
    options = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]
    return layers / TCP(sport=port, dport=80, flags="PA", options=options) / Raw(f"GET {target} HTTP/1.1\r\nHost: shop.example\r\n\r\n")


iface, *rest = sys.argv[1:]
sendp([frame(*rest[:5], target, 20000 + i) for i, target in enumerate(rest[5:])], iface=iface, verbose=False)
