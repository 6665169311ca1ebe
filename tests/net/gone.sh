#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A filtered interface is deleted, or moved elsewhere: whoever asks is told that it is not filtered, and back it is filtered again.
. "$(dirname "$0")/session.sh"
begin gone
policy <<YAML
version: 1
interfaces: [wan0]
rules:
  - {name: limit, match: {protocol: udp}, limit: 100 packets/1s, action: block}
YAML
pair() { on victim sh -c 'ip link add wan0 type veth peer name wan1; ip link set wan0 up; ip link set wan1 up'; }
is() { [ "$(status 'd["state"] + " " + str([i["attached"] for i in d["interfaces"] if i["name"] == "wan0"][0])')" = "$1" ]; }
attached() { fw metrics | sed -n 's/^floodwall_interface_attached{interface="wan0"} //p'; }

# gone WORDS: what is said of it everywhere
gone() {
	expect_exit "$1: JSON says so within 2 s" 0 until_true 2 is "detached False"
	expect_exit "$1: status ends with 4" 4 fw status
	expect_words "$1: and says it" 'DETACHED' "$WORK/out"
	expect_words "$1: of which interface" 'wan0 is NOT filtered: the interface is not there' "$WORK/out"
	expect "$1: so does the metric" 0 "$(attached)"
	expect_words "$1: and the last event" "detach +interface 'wan0': it is gone .* NOT filtered" <(fw events | tail -n 1)
}

back() {
	expect_exit "$1: back it is filtered" 0 until_true 2 is "enforcing True"
	expect "$1: which its hook says as well" yes "$(has_program wan0)"
	expect_exit "$1: and status" 0 fw status
	expect "$1: the metric" 1 "$(attached)"
	expect_words "$1: and the last event" "attach +interface 'wan0': attached" <(fw events | tail -n 1)
}

pair
start_agent
is "enforcing True" || not_ok "it is filtered at first" "$(fw status)"
on victim ip link del wan0
gone deleted
pair
back deleted
on victim ip link set wan0 netns "$CLIENT_NS"
gone moved
on client ip link set wan0 netns "$VICTIM_NS"
on victim ip link set wan0 up
back moved
on victim ip link del wan1
gone "its peer deleted"
expect_exit "what is gone can be detached: it stays so" 0 fw detach wan0
pair
sleep 1
expect "and is not filtered when it is back" no "$(has_program wan0)"

# Refused in another mode, it had been taken off already.
expect_exit "attach by hand" 0 fw attach lo --xdp generic
expect_exit "in a mode that its driver has not" 71 fw attach lo --xdp native
expect_words "is refused, and filters as before" 'lo is filtered as before: .*refuses native XDP' "$WORK/err"
expect "which status says" "[True]" "$(status '[i["attached"] for i in d["interfaces"] if i["name"] == "lo"]')"
expect "and its hook" yes "$(on victim ip -o link show lo | grep -q prog/xdp && echo yes)"
