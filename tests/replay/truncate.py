#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every truncation of every test packet gets a named verdict, and none of a blocked source slips through."""
import pathlib
import struct
import sys
import tempfile

import captures
import floodwall_cli
import packets
from dodge import HEAD, START, STATIC

GAP = 10_000_000
REASONS_OF_CUTS = {"truncated_link", "truncated_ip", "malformed_ip", "truncated_l4", "malformed_l4",
                   "bad_fragment"}


def prefixes(frames):
    """Frame name and every proper prefix of it, the empty one included."""
    return [(f"{name} cut to {length} of {len(frame)}", frame[:length])
            for name, frame in frames.items() for length in range(len(frame))]


def network_offset(frame):
    """Where the IP header starts behind Ethernet and its tags, None for other protocols."""
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    return at + 2 if frame[at:at + 2] in (b"\x08\x00", b"\x86\xdd") else None


def consistent(frames):
    """Every prefix that holds a whole IP header, with length fields that agree: cut inside extensions and L4 headers."""
    cuts = []
    for name, frame in frames.items():
        start = network_offset(frame)
        version = frame[start] >> 4
        header = 40 if version == 6 else (frame[start] & 15) * 4
        for length in range(start + header, len(frame)):
            data = bytearray(frame[:length])
            at, value = (start + 4, length - start - 40) if version == 6 else (start + 2, length - start)
            struct.pack_into("!H", data, at, value)
            cuts.append((f"{name} with consistent lengths cut to {length} of {len(frame)}", bytes(data)))
    return cuts


def replay(folder, policy, cuts, exact, link="Ethernet"):
    policy_file, capture = folder / "policy.yaml", folder / "cuts.pcap"
    policy_file.write_text(policy, encoding="utf-8")
    captures.write_pcap(capture, [(START + i * GAP, data, len(data)) for i, (_, data) in enumerate(cuts)], link=link)
    return floodwall_cli.replay(capture, policy_file, folder / "verdicts.csv" if exact else None)


def faults_of(cuts, result, rows, dropped, reasons):
    """dropped: how many must be (None: any); reasons: allowed words (None: any)."""
    faults = floodwall_cli.total_faults(result, len(cuts))
    unnamed = [word for word in result["reasons"] if not word.isidentifier()]
    faults += [f"reason without a name: {word!r}" for word in unnamed]
    if dropped is not None and result["dropped"] != dropped:
        faults.append(f"expects {dropped} dropped, got {result['dropped']}: {result['reasons']}")
        faults += [f"{name}: {row['verdict']} {row['reason']}" for (name, _), row in zip(cuts, rows or []) if row["verdict"] != "drop"][:5]
    others = {word for word, count in result["reasons"].items() if count} - reasons if reasons else set()
    if others:
        faults.append(f"reasons {sorted(others)} for packets cut short")
        faults += [f"{name}: {row['reason']}" for (name, _), row in zip(cuts, rows or []) if row["reason"] in others][:5]
    return faults


def main():
    floodwall_cli.skip_unless_runnable("truncated packets")
    results, exact = floodwall_cli.Results(), floodwall_cli.has_verdicts()
    bad = prefixes(packets.cases(packets.BLOCKED4, packets.BLOCKED6))
    good = prefixes(packets.cases(packets.INNOCENT4, packets.INNOCENT6))
    kinds = packets.essential(packets.INNOCENT4, packets.INNOCENT6)
    essential = prefixes({name: frame for group in kinds.values() for name, frame in group.items()})
    raw = [(name, data[14:]) for name, data in good if "802.1" not in name and "tagged" not in name and len(data) >= 14]
    cut_inside = consistent(packets.cases(packets.BLOCKED4, packets.BLOCKED6))
    cut_innocent = consistent(packets.cases(packets.INNOCENT4, packets.INNOCENT6))
    runs = [("of a blocked source: all dropped", STATIC, bad, "Ethernet", len(bad), None),
            ("of an innocent source: dropped for being cut", STATIC, good, "Ethernet", len(good), REASONS_OF_CUTS),
            ("of an innocent source in count mode: none dropped", HEAD + "mode: count\nrules: []\n", good, "Ethernet", 0, REASONS_OF_CUTS),
            ("with consistent lengths of a blocked source: all dropped", STATIC, cut_inside, "Ethernet", len(cut_inside), None),
            ("with consistent lengths of an innocent source: named", STATIC, cut_innocent, "Ethernet", None,
             REASONS_OF_CUTS | {"no_rule"}),
            ("of essential packets: named", STATIC, essential, "Ethernet", None, None),
            ("without link header: dropped for being cut", STATIC, raw, "RAW", len(raw), REASONS_OF_CUTS)]
    with tempfile.TemporaryDirectory(prefix="fw-truncate-") as folder:
        for name, policy, cuts, link, dropped, reasons in runs:
            try:
                result, rows = replay(pathlib.Path(folder), policy, cuts, exact, link)
                faults = faults_of(cuts, result, rows, dropped, reasons)
            except RuntimeError as error:
                faults = [str(error)]
            results.check(f"truncations {name} ({len(cuts)} packets)", faults)
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
