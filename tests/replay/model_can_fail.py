#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the trailing-window test: right meters are accepted, every wrong one is rejected.

Needs neither root nor the product. Wrong meters must be caught by verdicts and
by per-source totals alone.
"""
import random
import sys

import meters
import schedules
import window_model


def judge(meter, captures):
    """(faults by verdicts, faults by totals) of a meter over all captures."""
    by_verdict = by_total = 0
    for keys in captures:
        dropped = {}
        for key, _ in keys:
            answer = meter(key)
            by_verdict += len(window_model.check_verdicts(key, answer))
            for packet, drop in zip(key.packets, answer):
                source = key.sources[packet.sender]
                dropped[source] = dropped.get(source, 0) + drop
        by_total += len(window_model.check_bounds(window_model.demand_bounds(keys), dropped))
        by_total += len(window_model.check_police_totals(keys, dropped))
    return by_verdict, by_total


def main():
    rng = random.Random(7)
    captures = []
    for _ in range(6):
        _, keys = schedules.random_capture(rng, 4, 5)
        captures.append([(key, range(len(key.packets))) for key in keys if key.packets])
    failed = 0
    for meter in meters.CORRECT + meters.WRONG:
        right = meter in meters.CORRECT
        by_verdict, by_total = judge(meter, captures)
        good = by_verdict == by_total == 0 if right else by_verdict and by_total
        failed += not good
        print(f"{'ok' if good else 'not ok'} model {'accepts' if right else 'rejects'} {meter.__name__}"
              f" ({by_verdict} faults by verdict, {by_total} by total)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
