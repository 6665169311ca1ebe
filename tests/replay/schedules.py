# SPDX-License-Identifier: Apache-2.0
"""Seeded random packet schedules: who sends how much, when, against which limit.

Knows nothing of meters: window_model.py judges what a correct one may do with them.
"""
import dataclasses

SECOND = 10**9
START = 1_700_000_000 * SECOND
WINDOWS = [1, 1, 2, 3, 5, 7, 10, 20, 30, 60, 90, 120, 300]
KINDS = ["steady", "bursty", "boundary", "onoff", "growing"]
PERS = ["source", "source_prefix", "destination", "source_and_port"]
LENGTHS = [64, 78, 128, 300, 576, 1000, 1400, 1514]


@dataclasses.dataclass
class Rule:
    """One metered rule of a policy; every rule owns the destination ports base_port .. base_port + 7."""
    name: str
    unit: str
    limit: int
    window_s: int
    per: str
    action: str
    base_port: int

    @property
    def window_ns(self):
        return self.window_s * SECOND

    @property
    def protocol(self):
        return 6 if self.unit == "connections" else 17

    def yaml(self):
        window = f"{self.window_s}s" if self.window_s % 60 else f"{self.window_s // 60}m"
        per = {"source": "source", "source_prefix": "source_prefix", "destination": "destination",
               "source_and_port": "[source, dest_port]"}[self.per]
        prefix = ", source_prefix: {ipv4: 24, ipv6: 48}" if self.per == "source_prefix" else ""
        force = ", force: true" if self.per == "destination" and self.action == "block" else ""
        protocol = "tcp" if self.protocol == 6 else "udp"
        return (f"  - {{name: {self.name}, match: {{protocol: {protocol}, "
                f"dest_port: \"{self.base_port}-{self.base_port + 7}\"}}, "
                f"limit: {self.limit} {self.unit}/{window}, per: {per}{prefix}, action: {self.action}{force}}}")


@dataclasses.dataclass
class Packet:
    """when: nanoseconds; amount: in the rule's unit; sender: index into the key's sources."""
    when: int
    length: int
    amount: int
    sender: int


@dataclasses.dataclass
class Key:
    """One meter key: its schedule and the addresses that send it."""
    rule: Rule
    kind: str
    honest: bool
    sources: list
    dest: str
    dest_port: int
    packets: list


def random_rule(rng, index):
    unit = rng.choice(["packets", "packets", "bytes", "connections"])
    limit = {"packets": rng.randint(5, 200), "bytes": rng.randint(20_000, 150_000),
             "connections": rng.randint(3, 60)}[unit]
    return Rule(f"r{index}", unit, limit, rng.choice(WINDOWS), rng.choice(["source"] + PERS),
                rng.choice(["block", "block", "police"]), 2000 + 10 * index)


def arrivals_steady(rng, window, count):
    rate = count * rng.uniform(0.5, 3)
    step = max(1, int(window / rate))
    times, now = [], 0
    while now < 4 * window:
        times.append(now + rng.randrange(step))
        now += step
    return sorted(times)


def arrivals_bursty(rng, window, count):
    times, now = [], 0
    while now < 5 * window:
        gap = rng.choice([1_000, 50_000, 2_000_000])
        size = max(1, int(count * rng.uniform(0.2, 1.2)))
        times += [now + i * gap for i in range(size)]
        now = max(now + size * gap, now + int(rng.expovariate(1 / (0.6 * window))))
    return times


def arrivals_boundary(rng, window, count):
    """A burst of about the limit, the next one just before or after the window has passed."""
    times, now = [], rng.randrange(window)
    while now < 6 * window:
        size = max(1, round(count * rng.uniform(0.8, 1.02)))
        gap = rng.choice([0, 10, window // (200 * size) + 1])
        times += [now + i * gap for i in range(size)]
        now += int(window * rng.choice([0.1, 0.3, 0.6, 0.9, 0.99, 1.0, 1.01, 1.2, 1.26, 1.3]))
    return sorted(times)


def arrivals_onoff(rng, window, count):
    times, now = [], 0
    while now < 5 * window:
        rate = count * rng.uniform(0.8, 6) / window
        on = int(window * rng.uniform(0.1, 0.8))
        step = max(1, int(1 / rate))
        times += range(now, now + on, step)
        now += on + int(window * rng.uniform(0.1, 1.6))
    return times


def arrivals_growing(rng, window, count):
    times, now, factor = [], 0.0, rng.uniform(0.1, 0.6)
    growth = rng.uniform(1.2, 2.5)
    while now < 5 * window and factor < 5:
        times.append(int(now))
        step = window / (count * factor)
        factor *= growth ** (step / window)
        now += step
    return times


ARRIVALS = {"steady": arrivals_steady, "bursty": arrivals_bursty, "boundary": arrivals_boundary,
            "onoff": arrivals_onoff, "growing": arrivals_growing}


def dress(rng, rule, times, senders):
    """Arrival times to packets of the rule's unit."""
    lengths = rng.sample(LENGTHS, 3)
    packets = []
    for when in times:
        length = 74 if rule.unit == "connections" else rng.choice(lengths)
        amount = {"packets": 1, "bytes": length, "connections": int(rng.random() < 0.6)}[rule.unit]
        packets.append(Packet(START + when, length, amount, rng.randrange(senders)))
    return packets


def thin(packets, allowance, span):
    """Leave out what would take any closed span of `span` ns above `allowance`."""
    kept, first, total = [], 0, 0
    for packet in packets:
        while first < len(kept) and kept[first].when < packet.when - span:
            total -= kept[first].amount
            first += 1
        if total + packet.amount <= allowance:
            kept.append(packet)
            total += packet.amount
    return kept


def mean_amount(rule):
    return {"packets": 1, "connections": 0.6, "bytes": 600}[rule.unit]


def addresses(rng, rule, number, version):
    """The sources and the destination of key `number`; no two keys of a capture share a /24 or /48."""
    senders = rng.randint(2, 5) if rule.per in ("source_prefix", "destination") else 1
    if version == 4:
        net = f"10.{number >> 8}.{number & 255}"
        return [f"{net}.{i + 1}" for i in range(senders)], f"172.16.{number >> 8}.{number & 255}"
    net = f"2001:db8:{number + 1:x}"
    hosts = [rng.randint(1, 2**16 - 1) for _ in range(senders)]
    return [f"{net}:{i + 1:x}::{host:x}" for i, host in enumerate(hosts)], f"2001:db8:ffff::{number + 1:x}"


def random_key(rng, rule, number, port):
    version = rng.choice([4, 6])
    kind = rng.choice(KINDS)
    sources, dest = addresses(rng, rule, number, version)
    times = ARRIVALS[kind](rng, rule.window_ns, max(1, rule.limit / mean_amount(rule)))
    phase = rng.randrange(rule.window_ns)
    packets = dress(rng, rule, [phase + t for t in times], len(sources))
    honest = rng.random() < 0.35
    if honest:
        packets = thin(packets, rule.limit * 9 // 10, rule.window_ns * 5 // 4)
    return Key(rule, kind, honest, sources, dest, port, packets)


def random_capture(rng, rule_count, keys_per_rule):
    """A policy's rules and their keys; all schedules run side by side in one capture."""
    rules, keys, number = [random_rule(rng, i) for i in range(rule_count)], [], 0
    for rule in rules:
        for _ in range(keys_per_rule):
            key = random_key(rng, rule, number, rule.base_port)
            keys.append(key)
            if rule.per == "source_and_port":
                twin = random_key(rng, rule, number, rule.base_port + rng.randint(1, 7))
                twin.sources, twin.dest = key.sources, key.dest
                keys.append(twin)
            number += 1
    return rules, keys
