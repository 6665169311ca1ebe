# SPDX-License-Identifier: Apache-2.0
"""Every disguise a packet of one source can wear, built with scapy: tags, options, extension headers, fragments.

cases() is shared by dodge.py (whole packets) and truncate.py (every prefix of them).
"""
import logging

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dhcp6 import DHCP6_Advertise
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_NOP, IPOption_RR, IPOption_Router_Alert
from scapy.layers.inet6 import (ICMPv6EchoRequest, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS,
                                ICMPv6ND_Redirect, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, IPv6,
                                IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                                PadN)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether, GRE
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.packet import Raw

DEST4, DEST6 = "192.0.2.1", "2001:db8:1::1"
BLOCKED4, BLOCKED6 = "203.0.113.66", "2001:db8:66::66"
INNOCENT4, INNOCENT6 = "198.51.100.7", "2001:db8:77::7"
PAYLOAD = Raw(b"floodwall-dodge!")


def ether(dst="02:00:00:00:00:0a"):
    return Ether(src="02:00:00:00:00:0b", dst=dst)


def tag_stacks():
    return {"untagged": ether(), "802.1Q": ether() / Dot1Q(vlan=7), "priority-tagged": ether() / Dot1Q(vlan=0, prio=5),
            "802.1ad+802.1Q": ether() / Dot1AD(vlan=9) / Dot1Q(vlan=7), "802.1Q+802.1Q": ether() / Dot1Q(vlan=9) / Dot1Q(vlan=7),
            "802.1ad": ether() / Dot1AD(vlan=9), "broadcast": ether("ff:ff:ff:ff:ff:ff")}


def payloads(inner4, inner6):
    """IP payload by name: (protocol number, layers)."""
    return {"tcp syn": (6, TCP(dport=80, flags="S")), "tcp ack": (6, TCP(dport=80, flags="A") / PAYLOAD),
            "tcp options": (6, TCP(dport=80, flags="S", options=[("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0))])),
            "udp": (17, UDP(sport=5353, dport=53) / PAYLOAD), "udp empty": (17, UDP(dport=27015)),
            "sctp": (132, SCTP(dport=9) / SCTPChunkInit()), "gre": (47, GRE(proto=0x0800) / inner4),
            "esp": (50, ESP(spi=1, seq=1, data=b"x" * 24)), "ah": (51, AH(nh=17, payloadlen=4, spi=1, seq=1, icv=b"y" * 12) / UDP(dport=53) / PAYLOAD),
            "ipip": (4, inner4), "6in4": (41, inner6), "protocol 253": (253, PAYLOAD), "protocol 0xff": (255, PAYLOAD)}


def later(protocol, offset=16):
    return {"proto": protocol, "frag": offset}


def ipv4_cases(source):
    """Name -> frame for an IPv4 source."""
    def ip(**fields):
        return IP(src=source, dst=DEST4, **fields)
    inner = payloads(IP(src="10.9.9.9", dst=DEST4) / UDP(dport=53) / PAYLOAD, IPv6(src="2001:db8:9::9", dst=DEST6) / UDP(dport=53))
    inner["icmp echo"] = (1, ICMP() / PAYLOAD)
    inner["icmp unreachable port"] = (1, ICMP(type=3, code=3) / PAYLOAD)
    found = {f"ipv4 {name}": ether() / ip(proto=number) / layers for name, (number, layers) in inner.items()}
    for name, stack in tag_stacks().items():
        found[f"ipv4 {name} udp"] = stack / ip() / UDP(dport=53) / PAYLOAD
        found[f"ipv4 {name} tcp"] = stack / ip() / TCP(dport=80, flags="S")
    options = {"nop": [IPOption_NOP()] * 4, "record route": [IPOption_RR(routers=["0.0.0.0"] * 3)],
               "source route": [IPOption_LSRR(routers=["192.0.2.9"])], "router alert": [IPOption_Router_Alert()],
               "40 bytes": [IPOption_NOP()] * 40}
    for name, option in options.items():
        found[f"ipv4 option {name}"] = ether() / ip(options=option) / UDP(dport=53) / PAYLOAD
        found[f"ipv4 802.1ad+802.1Q option {name}"] = tag_stacks()["802.1ad+802.1Q"] / ip(options=option) / TCP(dport=80, flags="S")
    found["ipv4 first fragment"] = ether() / ip(flags="MF", id=5) / UDP(dport=53, len=1400) / PAYLOAD
    found["ipv4 first fragment without whole header"] = ether() / ip(flags="MF", id=5, proto=6) / Raw(b"\x00\x50\x00\x50abcd")
    for number in (1, 6, 17, 47, 50, 132):
        found[f"ipv4 later fragment of {number}"] = ether() / ip(id=5, flags="MF", **later(number)) / PAYLOAD
        found[f"ipv4 last fragment of {number}"] = ether() / ip(id=5, **later(number, 64)) / PAYLOAD
    found["ipv4 later fragment with options"] = ether() / ip(id=5, options=[IPOption_NOP()] * 8, **later(17)) / PAYLOAD
    found["ipv4 don't fragment, ttl 1"] = ether() / ip(flags="DF", ttl=1, tos=0xB8) / UDP(dport=53) / PAYLOAD
    return found


def ipv6_cases(source):
    """Name -> frame for an IPv6 source."""
    def ip(**fields):
        return IPv6(src=source, dst=DEST6, **fields)
    def padded(header, size=4):
        return header(options=[PadN(optdata=b"\0" * (size - 2))])
    udp, hop, dst = UDP(dport=53) / PAYLOAD, padded(IPv6ExtHdrHopByHop), padded(IPv6ExtHdrDestOpt)
    route = IPv6ExtHdrRouting(addresses=["2001:db8:1::2"], segleft=0)
    inner = payloads(IP(src="10.9.9.9", dst=DEST4) / UDP(dport=53) / PAYLOAD, IPv6(src="2001:db8:9::9", dst=DEST6) / UDP(dport=53))
    found = {f"ipv6 {name}": ether() / ip(nh=number) / layers for name, (number, layers) in inner.items()}
    found["ipv6 icmpv6 echo"] = ether() / ip() / ICMPv6EchoRequest(data=b"x" * 8)
    found["ipv6 no next header"] = ether() / ip(nh=59) / PAYLOAD
    for name, stack in tag_stacks().items():
        found[f"ipv6 {name} udp"] = stack / ip() / udp
        found[f"ipv6 {name} tcp"] = stack / ip() / TCP(dport=80, flags="S")
    first, atomic = IPv6ExtHdrFragment(m=1, id=5), IPv6ExtHdrFragment(m=0, id=5)
    chains = {"hop-by-hop": hop, "destination options": dst, "routing": route, "atomic fragment": atomic,
              "hop-by-hop, routing": hop / route, "hop-by-hop, destination, routing, fragment": hop / dst / route / atomic,
              "long destination options": padded(IPv6ExtHdrDestOpt, 250),
              "first fragment": first, "hop-by-hop, first fragment, destination": hop / first / dst}
    for count in range(2, 9):
        chain = hop
        for _ in range(count - 1):
            chain = chain / padded(IPv6ExtHdrDestOpt)
        chains[f"{count} headers"] = chain
    for name, chain in chains.items():
        found[f"ipv6 {name}, udp"] = ether() / ip() / chain / udp
        found[f"ipv6 {name}, tcp"] = ether() / ip() / chain / TCP(dport=80, flags="S")
        found[f"ipv6 802.1ad+802.1Q {name}, icmpv6"] = tag_stacks()["802.1ad+802.1Q"] / ip() / chain / ICMPv6EchoRequest()
    for number in (6, 17, 58, 47, 132):
        found[f"ipv6 later fragment of {number}"] = ether() / ip() / IPv6ExtHdrFragment(nh=number, offset=16, m=1, id=5) / PAYLOAD
        found[f"ipv6 last fragment of {number} behind hop-by-hop"] = (
            ether() / ip() / hop / IPv6ExtHdrFragment(nh=number, offset=64, id=5) / PAYLOAD)
    found["ipv6 mobility"] = ether() / ip(nh=135) / Raw(bytes([59, 0, 0, 0, 0, 0, 0, 0]))
    found["ipv6 9 headers"] = ether() / ip() / hop / dst / dst / dst / dst / dst / dst / dst / dst / udp
    return found


def cases(source4, source6):
    """Name -> frame bytes of every disguise of the two sources."""
    return {name: bytes(frame) for found in (ipv4_cases(source4), ipv6_cases(source6)) for name, frame in found.items()}


def essential(source4, source6):
    """Kind -> {name -> frame}: what passes bans and rules up to a budget."""
    def nd(layer):
        return ether() / IPv6(src=source6, dst="ff02::1", hlim=255) / layer
    return {
        "arp": {"arp request": bytes(ether("ff:ff:ff:ff:ff:ff") / ARP(psrc=source4, pdst=DEST4)),
                "arp reply": bytes(ether() / ARP(op=2, psrc=source4, pdst=DEST4)),
                "arp behind a tag": bytes(ether() / Dot1Q(vlan=7) / ARP(psrc=source4, pdst=DEST4))},
        "neighbour discovery": {
            "neighbour solicitation": bytes(nd(ICMPv6ND_NS(tgt=DEST6) / ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:0b"))),
            "neighbour advertisement": bytes(nd(ICMPv6ND_NA(tgt=source6))),
            "router solicitation": bytes(nd(ICMPv6ND_RS())), "router advertisement": bytes(nd(ICMPv6ND_RA())),
            "redirect": bytes(nd(ICMPv6ND_Redirect(tgt=DEST6, dst=DEST6))),
            "neighbour solicitation behind two tags": bytes(tag_stacks()["802.1ad+802.1Q"] / IPv6(src=source6, dst="ff02::1", hlim=255)
                                                            / ICMPv6ND_NS(tgt=DEST6))},
        "fragmentation needed": {"fragmentation needed": bytes(ether() / IP(src=source4, dst=DEST4) / ICMP(type=3, code=4, nexthopmtu=1400)
                                                               / IP(src=DEST4, dst=source4) / UDP(dport=53))},
        "packet too big": {"packet too big": bytes(ether() / IPv6(src=source6, dst=DEST6) / ICMPv6PacketTooBig(mtu=1280)
                                                   / IPv6(src=DEST6, dst=source6) / UDP(dport=53))},
        "dhcp": {"dhcp offer": bytes(ether("ff:ff:ff:ff:ff:ff") / IP(src=source4, dst="255.255.255.255") / UDP(sport=67, dport=68)
                                     / BOOTP(op=2) / DHCP(options=[("message-type", "offer"), "end"]))},
        "dhcpv6": {"dhcpv6 advertise": bytes(ether() / IPv6(src=source6, dst=DEST6) / UDP(sport=547, dport=546) / DHCP6_Advertise())},
    }


def not_essential(source4, source6):
    """Look-alikes of the essential protocols that have no privilege."""
    return {"neighbour solicitation with hop limit 64": bytes(ether() / IPv6(src=source6, dst="ff02::1", hlim=64) / ICMPv6ND_NS(tgt=DEST6)),
            "neighbour advertisement with hop limit 254": bytes(ether() / IPv6(src=source6, dst=DEST6, hlim=254) / ICMPv6ND_NA(tgt=source6)),
            "router advertisement with hop limit 1": bytes(ether() / IPv6(src=source6, dst="ff02::1", hlim=1) / ICMPv6ND_RA()),
            "icmp unreachable host": bytes(ether() / IP(src=source4, dst=DEST4) / ICMP(type=3, code=1) / IP(src=DEST4) / UDP()),
            "udp from port 67 to 53": bytes(ether() / IP(src=source4, dst=DEST4) / UDP(sport=67, dport=53) / PAYLOAD),
            "tcp from port 67 to 68": bytes(ether() / IP(src=source4, dst=DEST4) / TCP(sport=67, dport=68)),
            "later fragment that looks like packet too big": bytes(ether() / IPv6(src=source6, dst=DEST6)
                                                                   / IPv6ExtHdrFragment(nh=58, offset=16) / Raw(b"\x02\0\0\0\0\0\5\0" * 4))}
