#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Over 1000 random packet schedules through `floodwall replay`, both bounds of promise P4 checked on each.

One capture holds the schedules of many keys side by side, its policy one rule per
kind of limit. Where replay can write verdicts every packet is judged, else the
totals per source, and the differences between replays of prefixes of a capture.
"""
import argparse
import ipaddress
import pathlib
import random
import sys
import tempfile

import floodwall_cli
import frames
import schedules
import window_model

CAPTURES, RULES, KEYS = 24, 8, 6
PREFIX_CAPTURES, CUTS = 2, 6


def policy_text(rules, mode="enforce"):
    head = ["version: 1", "interfaces: [lo]", f"mode: {mode}", "rules:"]
    return "\n".join(head + [rule.yaml() for rule in rules]) + "\n"


def merge(keys):
    """All packets in time order as (key index, packet index), and each key's positions in that order."""
    order = sorted((packet.when, number, index) for number, key in enumerate(keys)
                   for index, packet in enumerate(key.packets))
    positions = [[] for _ in keys]
    for position, (_, number, _) in enumerate(order):
        positions[number].append(position)
    return [(number, index) for _, number, index in order], positions


def frame_of(cache, key, packet):
    shape = (key.sources[packet.sender], key.dest, key.dest_port, packet.amount > 0, packet.length)
    if shape not in cache:
        flags = frames.TCP_SYN if packet.amount else frames.TCP_ACK
        cache[shape] = frames.frame(shape[0], key.dest, key.rule.protocol, key.dest_port, flags, packet.length)
    return cache[shape]


def write_capture(path, keys, order):
    cache = {}
    frames.write_pcap(path, ((packet.when, frame_of(cache, key, packet), packet.length) for key, packet in
                             ((keys[number], keys[number].packets[index]) for number, index in order)))


def reported_address(source):
    """The name replay gives a source: the address, or for IPv6 its /64."""
    address = ipaddress.ip_address(source)
    return address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False)


def dropped_by_source(result, keys):
    """Our source addresses -> packets dropped, from a replay result."""
    reported = {}
    for row in result["sources"]:
        text = row["source"]
        name = ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text)
        if name.version == 6 and "/" not in text:
            name = ipaddress.ip_network((name, 64), strict=False)
        reported[name] = row["dropped"]
    return {source: reported.get(reported_address(source), 0) for key in keys for source in key.sources}


def rule_faults(result, rules, keys):
    """The per-rule numbers of a replay: matched is what was sent, dropped covers the drops of its sources."""
    faults = []
    for rule in rules:
        packets = [packet for key in keys if key.rule is rule for packet in key.packets]
        weighty = sum(packet.amount > 0 for packet in packets)
        got = result["rules"].get(rule.name, {})
        if got.get("packets") not in (len(packets), weighty):
            faults.append(f"rule {rule.name}: expects {len(packets)} packets matched, got {got}")
    if sum(row["dropped"] for row in result["rules"].values()) != result["dropped"]:
        faults.append("the drops of the rules do not add up to all drops")
    return faults


def verdict_faults(rows, keys, positions):
    if len(rows) != sum(len(key.packets) for key in keys):
        return [f"verdict file has {len(rows)} lines"]
    faults = []
    for key, places in zip(keys, positions):
        dropped = [rows[place]["verdict"] == "drop" for place in places]
        faults += window_model.check_verdicts(key, dropped)
        faults += [f"verdict {place + 1}: rule {rows[place]['rule']!r}, expects {key.rule.name}"
                   for place, drop in zip(places, dropped) if drop and rows[place]["rule"] != key.rule.name]
    return faults


def prefix_faults(folder, keys, order, policy, rng):
    """Replays growing prefixes of a capture; what each adds must obey the bounds of just those packets."""
    _, positions = merge(keys)
    placed = list(zip(keys, positions))
    cuts = sorted(rng.sample(range(1, len(order)), CUTS))
    faults, before, start = [], {}, 0
    for cut in cuts:
        path = folder / "prefix.pcap"
        write_capture(path, keys, order[:cut])
        result, _ = floodwall_cli.replay(path, policy)
        now = dropped_by_source(result, keys)
        gained = {source: count - before.get(source, 0) for source, count in now.items()}
        bounds = window_model.demand_bounds(placed, start, cut)
        faults += [f"packets {start}..{cut}: {fault}" for fault in window_model.check_bounds(bounds, gained)]
        before, start = now, cut
    return faults


def count_mode_faults(folder, capture, rules, enforced):
    """The same capture in count mode: nothing dropped, and what would be equals what was (DESIGN §5)."""
    policy = folder / "count.yaml"
    policy.write_text(policy_text(rules, mode="count"), encoding="utf-8")
    counted, _ = floodwall_cli.replay(capture, policy)
    faults = [] if counted["dropped"] == 0 else [f"count mode dropped {counted['dropped']}"]
    if counted["would_drop"] != enforced["dropped"]:
        faults.append(f"would_drop {counted['would_drop']}, enforce mode drops {enforced['dropped']}")
    return faults


def run_capture(folder, number, seed, exact, results):
    """One capture, its checks, and the number of schedules in it."""
    rng = random.Random(f"{seed}/{number}")
    rules, keys = schedules.random_capture(rng, RULES, KEYS)
    keys = [key for key in keys if key.packets]
    order, positions = merge(keys)
    policy, capture = folder / "policy.yaml", folder / "capture.pcap"
    policy.write_text(policy_text(rules), encoding="utf-8")
    write_capture(capture, keys, order)
    name = f"trailing window, seed {seed}, capture {number}"
    try:
        result, rows = floodwall_cli.replay(capture, policy, folder / "verdicts.csv" if exact else None)
        placed = list(zip(keys, positions))
        dropped = dropped_by_source(result, keys)
        faults = floodwall_cli.total_faults(result, len(order)) + rule_faults(result, rules, keys)
        faults += window_model.check_bounds(window_model.demand_bounds(placed), dropped)
        faults += window_model.check_police_totals(placed, dropped)
        if rows is not None:
            faults += verdict_faults(rows, keys, positions)
        results.check(f"{name}: {len(keys)} schedules, {len(order)} packets, {result['dropped']} dropped", faults)
        if number < PREFIX_CAPTURES:
            results.check(f"{name}: prefixes", prefix_faults(folder, keys, order, policy, rng))
            results.check(f"{name}: count mode equals enforce", count_mode_faults(folder, capture, rules, result))
    except RuntimeError as error:
        results.check(name, [str(error)])
    return len(keys)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default="floodwall", help="another seed gives other schedules")
    parser.add_argument("--captures", type=int, default=CAPTURES)
    parser.add_argument("--keep", type=pathlib.Path, help="leave the last capture and policy in this folder")
    options = parser.parse_args()
    floodwall_cli.skip_unless_runnable("trailing window against the reference model")
    exact, results, total = floodwall_cli.has_verdicts(), floodwall_cli.Results(), 0
    with tempfile.TemporaryDirectory(prefix="fw-window-") as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(options.captures):
            total += run_capture(folder, number, options.seed, exact, results)
    judged = "every packet" if exact else "totals per source"
    print(f"# {total} schedules, judged by {judged}")
    if options.captures == CAPTURES:
        results.check("trailing window: at least 1000 schedules", [] if total >= 1000 else [f"only {total}"])
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
