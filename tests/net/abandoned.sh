#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sends next to nothing: runs beside another.
# An agent is gone and its filter goes on: every command says so and names the way out, which works without an agent.
. "$(dirname "$0")/session.sh"
begin abandoned
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 1000 packets/1s, per: destination, action: challenge}
YAML
here() { on victim "$BUILD/floodwall" --socket "$WORK/api.sock" "$@"; }
detach() { here detach "$IFACE" --state-dir "$WORK/state" "$@"; }
syncookies() { on victim cat /proc/sys/net/ipv4/tcp_syncookies; }

on victim sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_syncookies'
start_agent
expect "challenge has set the sysctl" 2 "$(syncookies)"
here doctor "$IFACE" >"$WORK/doctor"
expect "with an agent doctor says nothing of one" 0 "$(grep -c 'no agent runs' "$WORK/doctor")"
expect_exit "with another socket, detach is refused" 1 on victim "$BUILD/floodwall" --socket "$WORK/none.sock" detach "$IFACE" --state-dir "$WORK/state"
expect_words "it says who filters" "nothing was detached: a floodwalld runs, pid $AGENT_PID" "$WORK/err"
expect_exit "so it is from another network namespace, by the state directory" 1 fw --socket "$WORK/none.sock" detach "$IFACE" --state-dir "$WORK/state"
expect_words "which it names" "pid $AGENT_PID, and holds the state directory $WORK/state" "$WORK/err"
on victim "$BUILD/floodwall" --socket "$WORK/none.sock" status >/dev/null 2>"$WORK/err"
expect_words "status on another socket says so, too" "a floodwalld runs here, pid $AGENT_PID" "$WORK/err"
expect "and nothing was taken off" yes "$(has_program "$IFACE")"

stop_agent KILL
expect_exit "no agent: 69" 69 here
expect_words "it says where the filter goes on" "its filter goes on in the kernel, on $IFACE:" "$WORK/err"
expect_words "and the way out, with this socket" "stop filtering without an agent: sudo floodwall --socket $WORK/api.sock detach $IFACE\$" "$WORK/err"
expect_words "and how an agent listens on it" "floodwalld --config /etc/floodwall/floodwall.yaml --socket $WORK/api.sock\$" "$WORK/err"
expect_exit "ip link does not take it off" 2 on victim ip link set dev "$IFACE" xdp off
here doctor "$IFACE" >"$WORK/doctor"
expect_words "doctor says that no agent runs" "^agent +WARNING +no agent runs, the filter on $IFACE goes on" "$WORK/doctor"
expect_exit "an interface without a filter: 78" 78 here detach lo --state-dir "$WORK/state"
expect_exit "detach works without an agent" 0 detach
expect "the program is off" no "$(has_program "$IFACE")"
expect_words "it says that no agent runs" 'no agent runs: what the last one had left there is off' "$WORK/out"
expect_words "and what it gave back" 'net.ipv4.tcp_syncookies is 1 again, as before challenge' "$WORK/out"
expect "which is so" 1 "$(syncookies)"
expect_exit "once more there is nothing" 78 detach
expect_exit "and status says nothing of a filter" 69 here
expect "of none here" 0 "$(grep -c 'its filter goes on in the kernel' "$WORK/err")"
start_agent
expect "the next agent filters again" yes "$(has_program "$IFACE")"
expect "and challenges" "2 True" "$(syncookies) $(status 'd["challenge"]["engaged"]')"
expect_exit "with an agent, detach asks it" 0 detach
expect_words "as before" "undo: floodwall attach $IFACE" "$WORK/out"
expect "the sysctl is given back" 1 "$(syncookies)"
fw attach "$IFACE" >/dev/null

# Somebody else's value is left, and under --json all of it is said.
stop_agent KILL
on victim sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_syncookies'
expect_exit "detach under --json" 0 detach --json
expect "a sysctl that somebody else has set is left" "True 0 []" "$(field '"%s %d %s" % (d["without_agent"], d["still_filtered"], [s for s in d["sysctls"] if s["name"] == "tcp_syncookies"])' <"$WORK/out")"
expect "as it is" 0 "$(syncookies)"

# What the manual says when even that does not work.
start_agent
stop_agent KILL
rm -r "/sys/fs/bpf/floodwall/$(stat -Lc %i "/run/netns/$VICTIM_NS")"
is_off() { [ "$(has_program "$IFACE")" = no ]; }
expect_exit "without its pins the filter ends" 0 until_true 10 is_off
