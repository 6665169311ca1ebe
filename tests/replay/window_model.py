# SPDX-License-Identifier: Apache-2.0
"""What promise P4 lets a limit do with a schedule, packet by packet and in totals.

Written from the words of the promise, on exact sums over exact spans; it has no
sub-windows and shares no code with the product.

  upper: in any trailing window W no key passes more than 1.1 x its limit
  lower: what stays at or below 0.9 x the limit over 1.25 W loses nothing
  block: while the trailing amount, dropped packets included, is over, everything drops
  police: only what passed is counted
"""
MUST_PASS, FREE, MUST_DROP = "must_pass", "free", "must_drop"
UPPER, LOWER, LONG_SPAN = 1.1, 0.9, 1.25


def trailing_sums(packets, span, closed, counted=None):
    """For each packet the amount sent up to and with it in the last `span` ns.

    closed: a packet exactly `span` old still counts; counted: optional filter by index.
    """
    sums, first, total = [], 0, 0
    for index, packet in enumerate(packets):
        edge = packet.when - span
        while packets[first].when < edge or (not closed and packets[first].when == edge):
            if counted is None or counted[first]:
                total -= packets[first].amount
            first += 1
        total += packet.amount
        sums.append(total)
        if counted is not None and not counted[index]:
            total -= packet.amount
    return sums


def demands(key):
    """Per packet of a schedule: MUST_DROP, MUST_PASS or FREE.

    A packet that weighs nothing (no SYN, under a limit in connections) may pass while its key is over:
    whether such a rule matches it at all is the policy language's business, not the meter's.
    """
    window, limit = key.rule.window_ns, key.rule.limit
    short = trailing_sums(key.packets, window, closed=False)
    long = trailing_sums(key.packets, int(window * LONG_SPAN), closed=True)
    block = key.rule.action == "block"
    result = []
    for packet, near, far in zip(key.packets, short, long):
        if far <= LOWER * limit:
            result.append(MUST_PASS)
        elif block and packet.amount and near > UPPER * limit:
            result.append(MUST_DROP)
        else:
            result.append(FREE)
    return result


def most_passable(key):
    """A bound on the amount that may pass in all: tile the schedule with windows, 1.1 x limit each."""
    total, index, packets = 0, 0, key.packets
    while index < len(packets):
        end, offered = packets[index].when + key.rule.window_ns, 0
        while index < len(packets) and packets[index].when < end:
            offered += packets[index].amount
            index += 1
        total += min(offered, UPPER * key.rule.limit)
    return total


def describe(key):
    rule = key.rule
    return (f"{rule.action} {rule.limit} {rule.unit}/{rule.window_s}s per {rule.per}, {key.kind}"
            f"{' honest' if key.honest else ''}, sources {','.join(key.sources)}, {len(key.packets)} packets")


def check_verdicts(key, dropped):
    """Faults of a packet-by-packet answer; dropped: one bool per packet of the key."""
    faults, limit, window = [], key.rule.limit, key.rule.window_ns
    passed = [not drop for drop in dropped]
    kept = trailing_sums(key.packets, window, closed=False, counted=passed)
    far = trailing_sums(key.packets, int(window * LONG_SPAN), closed=True, counted=passed)
    for index, demand in enumerate(demands(key)):
        if passed[index] and demand == MUST_DROP:
            faults.append(f"packet {index} passed while its key was over 1.1 x limit")
        if dropped[index] and demand == MUST_PASS:
            faults.append(f"packet {index} dropped while its key was under 0.9 x limit for 1.25 W")
        if passed[index] and key.packets[index].amount and kept[index] > UPPER * limit:
            faults.append(f"packet {index}: {kept[index]} passed in the trailing window, limit {limit}")
        if dropped[index] and key.rule.action == "police" and far[index] <= LOWER * limit:
            faults.append(f"packet {index} policed though only {far[index]} of {limit} had passed in 1.25 W")
    return [f"{fault} ({describe(key)})" for fault in faults]


def demand_bounds(keys, first=None, last=None):
    """Per source address (least, most) packets dropped among packets with first <= position < last.

    keys: all keys of the capture as (key, positions in the capture).
    """
    bounds = {}
    for key, positions in keys:
        for packet, position, demand in zip(key.packets, positions, demands(key)):
            if (first is not None and position < first) or (last is not None and position >= last):
                continue
            entry = bounds.setdefault(key.sources[packet.sender], [0, 0])
            entry[0] += demand == MUST_DROP
            entry[1] += demand != MUST_PASS
    return bounds


def check_bounds(bounds, dropped):
    """Faults of per-source totals; dropped: source -> packets dropped."""
    return [f"source {source}: {dropped.get(source, 0)} packets dropped, a correct meter drops {least}..{most}"
            for source, (least, most) in bounds.items() if not least <= dropped.get(source, 0) <= most]


def check_police_totals(keys, dropped):
    """Faults of policed keys in totals, where every packet weighs 1 so that drops are amounts."""
    faults = []
    for key, _ in keys:
        if key.rule.action != "police" or key.rule.unit != "packets" or key.rule.per == "source_and_port":
            continue
        lost = sum(dropped.get(source, 0) for source in key.sources)
        if len(key.packets) - lost > most_passable(key):
            faults.append(f"{len(key.packets) - lost} packets passed, at most {most_passable(key):.0f} may ({describe(key)})")
    return faults
