#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What runs out is said and counted: full maps refuse with 75, no bpffs means a warning that a crash detaches.
. "$(dirname "$0")/session.sh"
begin capacity
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
capacity: {bans: 1024}
rules:
  - {name: blanket, limit: 1000 packets/10s, action: block}
YAML
start_agent
addresses() { python -c 'import sys; print("\n".join(f"{sys.argv[1]}.{i >> 8}.{i & 255}" for i in range(int(sys.argv[2]))))' "$@"; }
mapfile -t many < <(addresses 203.0 1000)
mapfile -t more < <(addresses 198.51 100)
expect_exit "1000 bans of 1024" 0 fw ban "${many[@]}" --for 1h
expect "fit" 1000 "$(fwj bans | field 'len(d)')"
expect_exit "100 more do not: try again, 75" 75 fw ban "${more[@]}" --for 1h
expect_words "the message says what is full and what to raise" 'full|capacity' "$WORK/err"
held=$(fwj bans | field 'len(d)')
expect_that "what was there is kept" '1000 <= a <= 1024' "$held"
expect "no ban was lost" 1000 "$(fwj bans | field 'len([b for b in d if b["source"].startswith("203.0.")])')"
stop_agent
lab down
lab up || exit 1

mkdir "$WORK/nobpffs"
start_agent --bpffs "$WORK/nobpffs"
expect "without bpffs the filter works all the same" enforcing "$(status 'd["state"]')"
expect_exit "status" 0 fw status
expect_words "and status says that a crash means detaching" 'bpffs|crash|detach' "$WORK/out"
expect_words "as does the log" 'bpffs' "$WORK/agent.log"
stop_agent KILL
sleep 0.5
expect "which is so" no "$(has_program "$IFACE")"
