#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A disk that is full or read-only keeps no agent from filtering; every live change says that a restart forgets it, until it is
# on disk after all.
. "$(dirname "$0")/session.sh"
begin full_disk
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  bad: {entries: [203.0.113.0/24]}
rules:
  - {name: bad, match: {source: [bad]}, action: block}
  - {name: cookies, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: destination, action: challenge}
  - {name: blanket, limit: 10k packets/1m, action: block, mode: attack}
YAML
mkdir "$WORK/state"
mount -t tmpfs -o size=8m fw-full-disk "$WORK/state" || { not_ok "a small disk"; exit 1; }
trap 'stop_agent; umount "$WORK/state"; finish' EXIT
fill() { dd if=/dev/zero of="$WORK/state/filler" bs=4k 2>/dev/null; }
forgets() { status '[w for w in d["warnings"] if "would not survive a restart of the agent" in w]'; }
is_kept() { [ "$(forgets)" = '[]' ]; }
says_forgets() {
	expect_words "$1 says that a restart forgets it" 'attention a restart of the agent forgets this change: cannot write .*No space left' "$WORK/out"
}
not_kept() { field '"No space left" in d["not_kept"]'; }

fill
start_agent
ok "it starts on a full disk"
expect "and filters" enforcing "$(status 'd["state"]')"
expect_that "status says what would be forgotten" 'a and "the policy in force" in a and "No space left" in a' "$(forgets)"
expect "SYNs can be challenged all the same" "2 []" "$(on victim sysctl -n net.ipv4.tcp_syncookies) $(status '[w for w in d["warnings"] if "NOTHING is challenged" in w]')"
expect_that "and what a killed agent leaves behind is said" 'a and "what the sysctls" in a' "$(forgets)"
expect_exit "allow" 0 fw allow 192.0.2.8 --for 1h
says_forgets allow
expect_exit "ban" 0 fw ban 192.0.2.9 --for 1h
bans_warn() { status '[w for w in d["warnings"] if "bans would not survive a reboot" in w]' | grep -q 'No space left'; }
if until_true 60 bans_warn; then ok "status says that a reboot forgets bans"; else not_ok "status says that a reboot forgets bans" "$(status 'd["warnings"]')"; fi
expect_exit "tune" 0 fw tune blanket limit=200/1m
says_forgets tune
expect_words "and how long it lasts" 'in force until changed or the agent ends' "$WORK/out"
expect "--json" True "$(fwj tune blanket limit=300/1m | not_kept)"
expect_exit "under-attack on" 0 fw under-attack on
says_forgets "under-attack"
expect "--json" True "$(fwj under-attack on | not_kept)"
expect_exit "sets add" 0 fw sets add bad 192.0.2.7
says_forgets "sets add"
expect_exit "detach" 0 fw detach "$IFACE"
says_forgets "detach"
expect_exit "attach" 0 fw attach "$IFACE"
says_forgets "attach"
sed 's/10k packets/20k packets/' "$WORK/policy.yaml" >"$WORK/next.yaml"
expect_exit "apply" 0 fw apply "$WORK/next.yaml"
says_forgets "apply"
expect_exit "rollback" 0 fw rollback
says_forgets "rollback"
expect_exit "tune --save" 0 fw tune blanket limit=300/1m --save
expect_words "says what it would be after a restart" 'attention a restart of the agent may bring an older state back: .*No space left' "$WORK/out"
expect "the change is in force all the same" "300 True" "$(rule blanket limit) $(rule blanket enforcing)"
stop_agent KILL
start_agent
expect "a restart does forget, but not what the file says" "300 False" "$(rule blanket limit) $(rule blanket enforcing)"
expect "and filters" enforcing "$(status 'd["state"]')"

expect_exit "tune again" 0 fw tune blanket limit=400/1m
expect_exit "under-attack on again" 0 fw under-attack on
expect_exit "sets add again" 0 fw sets add bad 192.0.2.7
rm "$WORK/state/filler"
if until_true 60 is_kept; then ok "with room again it is written without being asked"; else not_ok "with room again it is written without being asked" "$(forgets)"; fi
expect_words "the log says so" 'the policy in force: on disk again' "$WORK/agent.log"
stop_agent KILL
start_agent
expect "and survives a restart" "400 True" "$(rule blanket limit) $(rule blanket enforcing)"
expect_exit "the set, too" 0 fw sets test bad 192.0.2.7

another_agent --config "$WORK/policy.yaml" --state-dir "$WORK/state" 2>"$WORK/err"
expect_words "a second agent is told all that it needs" 'another floodwalld is running: pid [0-9]+ .*two network namespaces, and a --state-dir and a --socket each' "$WORK/err"
stop_agent
mount -o remount,ro "$WORK/state"
start_agent
expect "it starts on a read-only disk" enforcing "$(status 'd["state"]')"
expect_that "and says so" 'a and "Read-only file system" in a' "$(forgets)"
expect "what was saved before holds" "400 True" "$(rule blanket limit) $(rule blanket enforcing)"
expect_exit "a ban, which is written a moment later" 0 fw ban 192.0.2.10 --for 1h
stop_agent
tac "$WORK/agent.log" | sed '/floodwalld ends: /q' >"$WORK/end.log"
expect_words "an agent that ends says what is lost" 'bans will not survive a reboot: .*Read-only file system; the agent ends and does not try again' "$WORK/end.log"
expect "and promises nothing" 0 "$(grep -c 'I try again' "$WORK/end.log")"

# a state directory that cannot even be made
start_agent --state-dir "$WORK/state/new/one"
expect "without a state directory it starts, too" enforcing "$(status 'd["state"]')"
expect_words "the log says why there is none" 'cannot create .*/state/new for the state directory: Read-only file system.*a restart of the agent forgets every live change' "$WORK/agent.log"
expect_that "and status what that costs" 'a and "the policy in force" in a and "Read-only file system" in a' "$(forgets)"
expect_exit "allow" 0 fw allow 192.0.2.8 --for 1h
expect_words "says that a restart forgets it" 'attention a restart of the agent forgets this change: cannot create .*Read-only file system' "$WORK/out"
mount -o remount,rw "$WORK/state"
if until_true 60 is_kept; then ok "once it can be made it is"; else not_ok "once it can be made it is" "$(forgets)"; fi
another_agent --config "$WORK/policy.yaml" --state-dir "$WORK/state/new/one" 2>"$WORK/err"
expect_words "and is the agent's own" 'another floodwalld is running: pid [0-9]+ holds the state directory' "$WORK/err"
stop_agent KILL
start_agent --state-dir "$WORK/state/new/one"
expect "a restart finds what was kept there" "['192.0.2.8']" "$(fwj allow | field '[x["source"] for x in d]')"
