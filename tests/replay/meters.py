# SPDX-License-Identifier: Apache-2.0
"""Naive meters, right and wrong, to prove that the window model accepts and rejects what it should.

Each is a function (key) -> one bool per packet, True = dropped; slow and obvious on purpose.
"""


def subwindows(key, parts, extra=1):
    """Counts in sub-windows of W/parts, the oldest whole: the meter the design describes."""
    rule, cells, dropped = key.rule, {}, []
    width = rule.window_ns // parts
    for packet in key.packets:
        now = packet.when // width
        total = sum(amount for cell, amount in cells.items() if now - parts - extra < cell <= now)
        drop = total + packet.amount > rule.limit
        if rule.action == "block" or not drop:
            cells[now] = cells.get(now, 0) + packet.amount
        dropped.append(drop)
        if len(cells) > 4 * parts:
            cells = {cell: amount for cell, amount in cells.items() if cell >= now - 2 * parts}
    return dropped


def correct(key):
    return subwindows(key, 8)


def correct_fine(key):
    return subwindows(key, 32)


def coarse(key):
    """Only two sub-windows: looks back up to 1.5 W and punishes the honest."""
    return subwindows(key, 2)


def oldest_left_out(key):
    """Eight sub-windows without the oldest: looks back as little as 7/8 W."""
    return subwindows(key, 8, extra=0)


def tumbling(key):
    """The counter that restarts with each window and lets 2 x limit through at its boundary."""
    return subwindows(key, 1, extra=0)


def interpolated(key):
    """Two counters, the former weighted by what is left of it: assumes that traffic was even."""
    rule, cells, dropped = key.rule, {}, []
    for packet in key.packets:
        now, into = divmod(packet.when, rule.window_ns)
        total = cells.get(now, 0) + cells.get(now - 1, 0) * (1 - into / rule.window_ns)
        drop = total + packet.amount > rule.limit
        if rule.action == "block" or not drop:
            cells[now] = cells.get(now, 0) + packet.amount
        dropped.append(drop)
    return dropped


def token_bucket(key):
    """Refills at limit/W up to the limit: lets almost 2 x limit through in one window."""
    rule, tokens, last, dropped = key.rule, key.rule.limit, key.packets[0].when, []
    for packet in key.packets:
        tokens = min(rule.limit, tokens + (packet.when - last) * rule.limit / rule.window_ns)
        last = packet.when
        drop = packet.amount > tokens
        if not drop:
            tokens -= packet.amount
        dropped.append(drop)
    return dropped


def scaled(key, factor):
    """Right but for the limit, as when it is split by, or held once per, CPU."""
    limit, key.rule.limit = key.rule.limit, key.rule.limit * factor
    try:
        return subwindows(key, 8)
    finally:
        key.rule.limit = limit


def half_limit(key):
    return scaled(key, 0.5)


def double_limit(key):
    return scaled(key, 2)


def forgives_blocked(key):
    """Police semantics for every rule: a blocked flood is let in again and again."""
    action, key.rule.action = key.rule.action, "police"
    try:
        return subwindows(key, 8)
    finally:
        key.rule.action = action


def counts_frames(key):
    """Ignores the unit: every packet weighs 1."""
    amounts = [packet.amount for packet in key.packets]
    for packet in key.packets:
        packet.amount = 1
    try:
        return subwindows(key, 8)
    finally:
        for packet, amount in zip(key.packets, amounts):
            packet.amount = amount


def pass_everything(key):
    return [False] * len(key.packets)


def drop_everything(key):
    return [True] * len(key.packets)


CORRECT = [correct, correct_fine]
WRONG = [coarse, oldest_left_out, tumbling, interpolated, token_bucket, half_limit, double_limit,
         forgives_blocked, counts_frames, pass_everything, drop_everything]
