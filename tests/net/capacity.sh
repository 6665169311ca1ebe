#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# What runs out is said and counted: full maps refuse with 75, no bpffs means a warning that a crash detaches, a full state
# directory that a change is forgotten by a restart.
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
stop_agent
lab down
lab up || exit 1

# A private mount: the agent below inherits it, nobody else sees it.
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  vpn: {entries: [192.0.2.0/24]}
rules:
  - {name: vpn, match: {source: [vpn]}, action: block}
YAML
mkdir -p "$WORK/state"
mount -t tmpfs -o size=256k state "$WORK/state" || exit 1
trap 'stop_agent; umount -l "$WORK/state"; finish' EXIT
start_agent
expect_exit "a set is changed while there is room" 0 fw sets add vpn 198.51.100.1
expect_words "and kept until the reboot" 'until changed or rebooted' "$WORK/out"
dd if=/dev/zero of="$WORK/state/filler" bs=1k count=1024 2>"$WORK/dd"
expect_exit "a full state directory keeps nobody from changing a set" 0 fw sets add vpn 198.51.100.2
expect_words "but it says that a restart forgets it" 'restart of the agent forgets.*No space' "$WORK/out"
expect "and promises nothing" 0 "$(grep -c rebooted "$WORK/out")"
expect "it is in force" True "$(fwj sets test vpn 198.51.100.2 | field 'd["member"]')"
expect_that "status says so, too" 'any("No space" in w for w in a["warnings"])' "$(fwj status)"
rm "$WORK/state/filler"
expect_exit "with room again" 0 fw sets add vpn 198.51.100.3
expect_words "it is kept again" 'until changed or rebooted' "$WORK/out"
expect_that "and status is content" 'not any("restart" in w for w in a["warnings"])' "$(fwj status)"
