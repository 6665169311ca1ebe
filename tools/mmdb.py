#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes databases in MaxMind DB format 2.0, for tests and bench: nobody's real data.

    mmdb.py OUT [--record-size 24|28|32] [--ip-version 4|6] [--no-aliases] < LINES
    mmdb.py OUT --world SEED [--countries N]

A line is PREFIX KEY=VALUE...; keys: country, registered (two letters), asn (number), flat (country_code at the top).
The world is random but shaped like the real one: some 265 k IPv4 networks of /12 to /24 and 100 k IPv6 networks.
"""

import argparse
import ipaddress
import random
import struct
import sys

EMPTY = None


def control(kind, size):
    """Type and size of a value, as the format packs them."""
    first, extended = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
    if size < 29:
        return bytes([first | size]) + extended
    if size < 29 + 256:
        return bytes([first | 29]) + extended + bytes([size - 29])
    return bytes([first | 30]) + extended + struct.pack(">H", size - 29 - 256)


def encode(value):
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    if isinstance(value, str):
        text = value.encode()
        return control(2, len(text)) + text
    bits, number = value
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return control({16: 5, 32: 6, 64: 9}[bits], len(digits)) + digits


class Leaf:
    def __init__(self, offset):
        self.offset = offset


class Database:
    def __init__(self, ip_version=6, record_size=28, kind="Floodwall-Test"):
        self.ip_version, self.record_size, self.kind = ip_version, record_size, kind
        self.nodes = [[EMPTY, EMPTY]]
        self.data, self.leaves = bytearray(), {}

    def leaf(self, facts):
        encoded = encode(facts)
        if encoded not in self.leaves:
            self.leaves[encoded] = Leaf(len(self.data))
            self.data += encoded
        return self.leaves[encoded]

    def node(self, left, right):
        self.nodes.append([left, right])
        return len(self.nodes) - 1

    def set(self, prefix, value):
        """Shorter prefixes first: a later one takes the place of what is there."""
        network = ipaddress.ip_network(prefix)
        bits = format(int(network.network_address), f"0{network.max_prefixlen}b")[:network.prefixlen]
        if network.version == 4 and self.ip_version == 6:
            bits = "0" * 96 + bits
        node = 0
        for bit in bits[:-1]:
            below = self.nodes[node][int(bit)]
            if not isinstance(below, int):
                below = self.nodes[node][int(bit)] = self.node(below, below)
            node = below
        if bits:
            self.nodes[node][int(bits[-1])] = value
        else:
            self.nodes[0] = [value, value]

    def alias(self):
        """Where real databases mirror IPv4: mapped, 6to4, Teredo."""
        node = 0
        for _ in range(96):
            node = self.nodes[node][0] if isinstance(node, int) else node
        if isinstance(node, int):
            for prefix in ("::ffff:0:0/96", "2002::/16", "2001::/32"):
                self.set(prefix, node)

    def record(self, value):
        if value is EMPTY:
            return len(self.nodes)
        return value if isinstance(value, int) else len(self.nodes) + 16 + value.offset

    def pack(self, left, right):
        if self.record_size == 24:
            return struct.pack(">I", left)[1:] + struct.pack(">I", right)[1:]
        if self.record_size == 32:
            return struct.pack(">II", left, right)
        middle = (left >> 24) << 4 | right >> 24
        return struct.pack(">I", left)[1:] + bytes([middle]) + struct.pack(">I", right)[1:]

    def bytes(self):
        metadata = {
            "node_count": (32, len(self.nodes)), "record_size": (16, self.record_size),
            "ip_version": (16, self.ip_version), "database_type": self.kind, "languages": ["en"],
            "binary_format_major_version": (16, 2), "binary_format_minor_version": (16, 0),
            "build_epoch": (64, 1700000000), "description": {"en": "made for the tests of Floodwall"},
        }
        tree = b"".join(self.pack(self.record(left), self.record(right)) for left, right in self.nodes)
        return tree + bytes(16) + bytes(self.data) + b"\xab\xcd\xefMaxMind.com" + encode(metadata)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())


def facts_of(words):
    facts = {}
    for word in words:
        key, value = word.split("=")
        if key == "asn":
            facts["autonomous_system_number"] = (32, int(value))
            facts["autonomous_system_organization"] = f"network {value}"
        elif key == "flat":
            facts["country_code"] = value
        else:
            facts["registered_country" if key == "registered" else "country"] = {
                "geoname_id": (32, 1000), "iso_code": value, "names": {"en": f"land of {value}"}}
    return facts


def from_lines(lines, ip_version, record_size, aliases=True):
    database = Database(ip_version, record_size)
    entries = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    for prefix, *words in sorted(entries, key=lambda entry: ipaddress.ip_network(entry[0]).prefixlen):
        database.set(prefix, database.leaf(facts_of(words)))
    if ip_version == 6 and aliases:
        database.alias()
    return database


# How often a block of that length is one network: below /12 and beyond /24 there are none.
STOP4 = dict(zip(range(12, 25), (.25, .2, .25, .25, .5, .3, .3, .3, .35, .35, .5, .5, 1)))
STOP6 = {**dict.fromkeys(range(19, 29), .46), **dict.fromkeys(range(29, 48), .55), 48: 1}


class World:
    def __init__(self, seed, countries, record_size=28):
        self.random, self.networks = random.Random(seed), 0
        self.database = Database(6, record_size, "Floodwall-World")
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        named = ["US", "DE", "AT", "CH", "CN", "JP", "GB", "FR"]
        others = [a + b for a in letters for b in letters if a + b not in named]
        self.codes = (named + self.random.sample(others, countries))[:countries]
        self.weights = [1 / (rank + 1) for rank in range(countries)]

    def country(self):
        return self.random.choices(self.codes, self.weights)[0]

    def block(self, length, stop, home):
        """Most of a block belongs to the country that got it, and some of it was sold on."""
        if self.random.random() > .85:
            home = self.country()
        if length in stop and self.random.random() < stop[length]:
            self.networks += 1
            asn = self.codes.index(home) * 300 + self.random.randrange(300) + 1
            return self.database.leaf(facts_of([f"country={home}", f"registered={home}", f"asn={asn}"]))
        return self.database.node(self.block(length + 1, stop, home), self.block(length + 1, stop, home))

    def fill(self):
        for first in range(1, 224):
            if first not in (10, 127):
                self.database.set(f"{first}.0.0.0/8", self.block(8, STOP4, self.country()))
        for number in range(0x2400, 0x2c00, 0x20):
            self.database.set(f"{number:x}::/11", self.block(11, STOP6, self.country()))
        self.database.alias()
        return self.database


def main():
    parser = argparse.ArgumentParser(description="writes a MaxMind-format database for tests")
    parser.add_argument("out")
    parser.add_argument("--record-size", type=int, choices=(24, 28, 32), default=28)
    parser.add_argument("--ip-version", type=int, choices=(4, 6), default=6)
    parser.add_argument("--no-aliases", action="store_true")
    parser.add_argument("--world", type=int, metavar="SEED")
    parser.add_argument("--countries", type=int, default=250)
    options = parser.parse_args()
    if options.world is None:
        from_lines(sys.stdin, options.ip_version, options.record_size, not options.no_aliases).write(options.out)
        return
    world = World(options.world, options.countries, options.record_size)
    world.fill().write(options.out)
    print(f"{world.networks} networks, {len(world.database.nodes)} nodes")


if __name__ == "__main__":
    sys.setrecursionlimit(10000)
    main()
