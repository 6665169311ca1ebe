#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The filter cannot be dodged: a blocked source stays blocked in every disguise, and nobody else is hit.

Also: the essential protocols pass bans up to their budget, ports never match later
fragments, and every link type and capture format gives the same verdicts.
"""
import pathlib
import struct
import sys
import tempfile

import captures
import floodwall_cli
import packets

SECOND = 10**9
START = 1_700_000_000 * SECOND
BUDGET = 10_000
HEAD = "version: 1\ninterfaces: [lo]\n"
STATIC = HEAD + f"""sets:
  bad: {{entries: [{packets.BLOCKED4}/32, "2001:db8:66::/48"]}}
rules:
  - {{name: known-bad, match: {{source: [bad]}}, action: block}}
"""
BY_LIMIT = HEAD + """rules:
  - {name: blanket, limit: 5 packets/1s, action: block, ban: {for: 1h, unverified: true}}
"""
PORTS = HEAD + """rules:
  - {name: dns, match: {protocol: udp, dest_port: 53}, action: block}
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, action: block}
"""
FRAGMENTS = HEAD + "rules:\n  - {name: fragments, match: {packet: fragment}, action: block}\n"


class Bench:
    """Replays lists of expectations and names every packet that was judged otherwise."""

    def __init__(self, folder):
        self.folder, self.results, self.exact = folder, floodwall_cli.Results(), floodwall_cli.has_verdicts()

    def replay(self, policy, frames, writer=captures.write_pcap, **options):
        """frames: (timestamp_ns, bytes, original length); returns (result, rows or None)."""
        policy_file, capture = self.folder / "policy.yaml", self.folder / "capture"
        policy_file.write_text(policy, encoding="utf-8")
        writer(capture, frames, **options)
        return floodwall_cli.replay(capture, policy_file, self.folder / "verdicts.csv" if self.exact else None)

    def expect(self, name, policy, expectations, gap=SECOND, writer=captures.write_pcap, **options):
        """expectations: (packet name, frame, "pass" or "drop", reason or None), `gap` ns apart."""
        try:
            frames = [(START + index * gap, frame, len(frame)) for index, (_, frame, _, _) in enumerate(expectations)]
            result, rows = self.replay(policy, frames, writer, **options)
            faults = floodwall_cli.total_faults(result, len(expectations))
            faults += judge(expectations, result, rows)
        except RuntimeError as error:
            faults = [str(error)]
        self.results.check(f"{name} ({len(expectations)} packets)", faults)


def judge(expectations, result, rows):
    """Differences between what was expected of each packet and what replay said."""
    if rows is None:
        dropped = sum(verdict == "drop" for _, _, verdict, _ in expectations)
        return [] if result["dropped"] == dropped else [f"expects {dropped} dropped, got {result['dropped']}: {result['reasons']}"]
    if len(rows) != len(expectations):
        return [f"{len(rows)} verdicts for {len(expectations)} packets"]
    faults = []
    for (name, _, verdict, reason), row in zip(expectations, rows):
        if row["verdict"] != verdict or (reason and row["reason"] != reason):
            faults.append(f"{name}: expects {verdict} {reason or ''}, got {row['verdict']} {row['reason']} {row['rule']}")
    return faults


TOO_SHORT_TO_TRUST = {"ipv4 first fragment without whole header"}


def disguises(bench):
    """Every disguise of the blocked source drops, of the innocent one passes."""
    bad = packets.cases(packets.BLOCKED4, packets.BLOCKED6)
    good = packets.cases(packets.INNOCENT4, packets.INNOCENT6)
    mixed = []
    for name, frame in bad.items():
        mixed.append((f"blocked: {name}", frame, "drop", None))
        if name not in TOO_SHORT_TO_TRUST:
            mixed.append((f"innocent: {name}", good[name], "pass", None))
    bench.expect("static set: no disguise dodges it", STATIC, mixed)
    flood = []
    for source in ("ipv4 udp", "ipv6 untagged udp"):
        flood += [(f"flood {source} {i}", bad[source], "pass" if i < 5 else "drop", None) for i in range(8)]
    bench.expect("limit is crossed by packet 6", BY_LIMIT, flood, gap=1000)
    banned = [(f"flood {i}", bad[source], "pass" if i < 5 else "drop", None)
              for source in ("ipv4 udp", "ipv6 untagged udp") for i in range(6)]
    banned_capture(bench, banned, mixed)


def banned_capture(bench, flood, mixed):
    """A ban by limit holds for every disguise, a minute later and for an hour."""
    frames = [(START + index * 1000, frame, len(frame)) for index, (_, frame, _, _) in enumerate(flood)]
    frames += [(START + 60 * SECOND + index * SECOND, frame, len(frame)) for index, (_, frame, _, _) in enumerate(mixed)]
    expectations = flood + [(name, frame, verdict, None) for name, frame, verdict, _ in mixed]
    try:
        result, rows = bench.replay(BY_LIMIT, frames)
        faults = floodwall_cli.total_faults(result, len(frames)) + judge(expectations, result, rows)
        if not result["reasons"].get("banned"):
            faults.append(f"no packet has reason banned: {result['reasons']}")
    except RuntimeError as error:
        faults = [str(error)]
    bench.results.check(f"ban by limit: no disguise dodges it ({len(frames)} packets)", faults)


def essentials(bench):
    """Essential protocols pass for a blocked source, their look-alikes do not."""
    passing = [(name, frame, "pass", "essential")
               for group in packets.essential(packets.BLOCKED4, packets.BLOCKED6).values() for name, frame in group.items()]
    bench.expect("essential protocols ignore rules", STATIC, passing)
    alike = packets.not_essential(packets.BLOCKED4, packets.BLOCKED6)
    bench.expect("look-alikes of essential protocols are blocked", STATIC, [(n, f, "drop", None) for n, f in alike.items()])
    innocent = packets.not_essential(packets.INNOCENT4, packets.INNOCENT6)
    bench.expect("look-alikes of an innocent source pass", STATIC, [(n, f, "pass", None) for n, f in innocent.items()])
    udp = packets.cases(packets.BLOCKED4, packets.BLOCKED6)
    banned = [(START + i, udp[name], len(udp[name])) for name in ("ipv4 udp", "ipv6 untagged udp") for i in range(6)]
    banned += [(START + SECOND + i, frame, len(frame)) for i, (_, frame, _, _) in enumerate(passing)]
    try:
        result, _ = bench.replay(BY_LIMIT, sorted(banned))
        faults = [] if result["reasons"].get("essential") == len(passing) else [f"expects {len(passing)} essential: {result['reasons']}"]
    except RuntimeError as error:
        faults = [str(error)]
    bench.results.check("essential protocols ignore bans", faults)


def budgets(bench):
    """A flood of each essential kind is stopped at the budget; the other kinds do not suffer."""
    kinds = packets.essential(packets.BLOCKED4, packets.BLOCKED6)
    for kind, group in kinds.items():
        frame = next(iter(group.values()))
        others = [next(iter(found.values())) for other, found in kinds.items() if other != kind and unrelated(kind, other)]
        frames = [(START + SECOND // 2 + i * 30_000, frame, len(frame)) for i in range(30_000)]
        frames += [(START + SECOND + i, other, len(other)) for i, other in enumerate(others)]
        try:
            result, _ = bench.replay(STATIC, sorted(frames))
            faults = floodwall_cli.total_faults(result, len(frames))
            passed = result["reasons"].get("essential", 0) - len(others)
            if not 0.9 * BUDGET <= passed <= 1.1 * BUDGET:
                faults.append(f"expects about {BUDGET} of 30000 in 0.9 s to pass, got {passed}")
            if result["reasons"].get("essential_budget", 0) != result["dropped"]:
                faults.append(f"the excess has another reason than essential_budget: {result['reasons']}")
        except RuntimeError as error:
            faults = [str(error)]
        bench.results.check(f"budget: a flood of {kind} is stopped at it, other kinds pass", faults)


def unrelated(kind, other):
    """IPv4 and IPv6 forms of one kind may share its budget."""
    families = [{"fragmentation needed", "packet too big"}, {"dhcp", "dhcpv6"}]
    return not any({kind, other} == family for family in families)


def fragments(bench):
    """Later fragments have no ports; `packet: fragment` matches every fragment and nothing else."""
    found = packets.cases(packets.INNOCENT4, packets.INNOCENT6)
    later = [name for name in found if "later fragment" in name or "last fragment" in name]
    ports = [(name, found[name], "pass", None) for name in later]
    for name in ("ipv4 udp", "ipv4 tcp syn", "ipv4 option nop", "ipv4 first fragment", "ipv4 802.1ad+802.1Q tcp", "ipv6 untagged udp",
                 "ipv6 first fragment, udp", "ipv6 first fragment, tcp", "ipv6 8 headers, udp", "ipv6 8 headers, tcp"):
        ports.append((name, found[name], "drop", "rule_block"))
    for name in ("ipv4 tcp ack", "ipv4 sctp", "ipv6 tcp ack", "ipv6 esp"):
        ports.append((name, found[name], "pass", None))
    bench.expect("rules with ports or flags: first fragments match, later ones do not", PORTS, ports)
    whole = ("ipv4 udp", "ipv6 untagged udp", "ipv4 don't fragment, ttl 1", "ipv6 8 headers, tcp")
    either = [(name, found[name], "drop", "rule_block") for name in later + ["ipv4 first fragment", "ipv6 first fragment, udp"]]
    bench.expect("packet: fragment matches first and later ones only", FRAGMENTS,
                 either + [(name, found[name], "pass", None) for name in whole])


def formats(bench):
    """The same packets as pcap and pcapng, both byte orders, both clocks, Ethernet, RAW and SLL."""
    bad = packets.cases(packets.BLOCKED4, packets.BLOCKED6)
    good = packets.cases(packets.INNOCENT4, packets.INNOCENT6)
    plain = [name for name in bad if "802.1" not in name and "tagged" not in name and name not in TOO_SHORT_TO_TRUST]
    mixed = [entry for name in plain for entry in ((f"blocked: {name}", bad[name], "drop", None),
                                                  (f"innocent: {name}", good[name], "pass", None))]
    for link in captures.LINKS:
        for name, writer, options in captures.FORMATS:
            bench.expect(f"{name}, {link}: same verdicts", STATIC, [(n, captures.relink(f, link), v, r) for n, f, v, r in mixed],
                         writer=writer, link=link, **options)


def snaplen(bench):
    """A capture cut to 64 bytes weighs its original length: 10 frames of 1000 bytes fit, the eleventh does not."""
    policy = HEAD + "rules:\n  - {name: bytes, limit: 10000 bytes/10s, action: police}\n"
    for name in ("ipv4 udp", "ipv6 untagged udp"):
        frame = captures.lengthen(packets.cases(packets.INNOCENT4, packets.INNOCENT6)[name], 1000)
        for writer, options in ((captures.write_pcap, {}), (captures.write_pcapng, {})):
            try:
                result, _ = bench.replay(policy, [(START + i * 1000, frame[:64], 1000) for i in range(20)], writer, **options)
                faults = [] if result["dropped"] == 10 else [f"expects 10 of 20 dropped, got {result['dropped']}: {result['reasons']}"]
            except RuntimeError as error:
                faults = [str(error)]
            bench.results.check(f"snaplen 64, {writer.__name__[6:]}, {name}: judged by the original length", faults)


def large_frames(bench):
    """Jumbo frames and the 64 KiB super-packets that tcpdump sees on a GRO host weigh what they weigh."""
    for name in ("ipv4 udp", "ipv6 untagged udp"):
        for length in (4000, 9000, 65000):
            policy = HEAD + f"rules:\n  - {{name: bytes, limit: {10 * length} bytes/10s, action: police}}\n"
            frame = captures.lengthen(packets.cases(packets.INNOCENT4, packets.INNOCENT6)[name], length)
            try:
                result, _ = bench.replay(policy, [(START + i * 1000, frame, length) for i in range(20)])
                faults = floodwall_cli.total_faults(result, 20)
                faults += [] if result["dropped"] == 10 else [f"expects 10 of 20 dropped, got {result['dropped']}: {result['reasons']}"]
            except RuntimeError as error:
                faults = [str(error)]
            bench.results.check(f"frames of {length} bytes, {name}", faults)


def clock_jumps(bench):
    """Several receive queues write a capture a little out of order; the limit holds all the same."""
    policy = HEAD + "rules:\n  - {name: blanket, limit: 50 packets/10s, action: block}\n"
    frame = packets.cases(packets.INNOCENT4, packets.INNOCENT6)["ipv4 udp"]
    frames = [(START + i * 1_000_000 - (i * 7919 % 11) * 1_000_000, frame, len(frame)) for i in range(200)]
    try:
        result, _ = bench.replay(policy, frames)
        faults = floodwall_cli.total_faults(result, 200)
        faults += [] if result["passed"] == 50 else [f"expects 50 passed, got {result['passed']}"]
    except RuntimeError as error:
        faults = [str(error)]
    bench.results.check("a clock that jumps back and forth by milliseconds", faults)


def broken_captures(bench):
    """Files that are no captures are refused with code 1 or 78 and words, never a crash."""
    whole = bench.folder / "whole"
    captures.write_pcap(whole, [(START, b"\0" * 60, 60)])
    data = whole.read_bytes()
    broken = {"empty file": b"", "garbage": bytes(range(256)) * 4, "header only half": data[:10], "record cut": data[:-7],
              "record length 4 GiB": data[:32] + struct.pack("<I", 0xFFFFFFFF) + data[36:]}
    policy = bench.folder / "policy.yaml"
    policy.write_text(STATIC, encoding="utf-8")
    for name, content in broken.items():
        path = bench.folder / "broken"
        path.write_bytes(content)
        code, words = floodwall_cli.refusal(path, policy)
        fine = code in (1, 78) and words or (name == "record cut" and code == 0)
        bench.results.check(f"broken capture, {name}: refused in words", [] if fine else [f"exit {code}, stderr {words!r}"])


def main():
    floodwall_cli.skip_unless_runnable("disguises of a blocked source")
    with tempfile.TemporaryDirectory(prefix="fw-dodge-") as folder:
        bench = Bench(pathlib.Path(folder))
        for part in (disguises, essentials, budgets, fragments, formats, snaplen, large_frames, clock_jumps, broken_captures):
            part(bench)
    return 1 if bench.results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
