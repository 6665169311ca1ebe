#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# On the wire, not only in replay: a banned source stays out with tags and odd protocols, and comes back when unbanned.
. "$(dirname "$0")/session.sh"
begin disguise
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  bad: {entries: [198.19.0.9/32, "fd00:19::/64"]}
rules:
  - {name: bad, match: {source: [bad]}, action: block}
YAML
start_agent
dropped_of() {
	local before after
	before=$(status 'd["reasons"].get("rule_block", 0)')
	flood --count 500 --rate 20000 "$@"
	wait "$FLOOD_PID"
	sleep 0.3
	after=$(status 'd["reasons"].get("rule_block", 0)')
	echo $((after - before))
}
for options in "--proto udp" "--proto udp --vlan 7" "--proto syn --vlan 9 --vlan 7" "--proto icmp" "--proto gre" "--proto esp" "--proto sctp" "--proto 253"; do
	# shellcheck disable=SC2086  # a list of options
	expect "IPv4 $options: 500 of 500 dropped" 500 "$(dropped_of --dst "$VICTIM_IP4" --source 198.19.0.9 $options)"
	# shellcheck disable=SC2086
	expect "IPv6 $options: 500 of 500 dropped" 500 "$(dropped_of --dst "$VICTIM_IP6" --source fd00:19::9 $options)"
done
expect "another source passes" 0 "$(dropped_of --dst "$VICTIM_IP4" --source 198.19.0.10 --proto udp)"

receiver book 7777
expect_exit "ban of the client" 0 fw ban "$CLIENT_IP4" --for 10m --reason test
send client "$VICTIM_IP4" 7777 20 500
expect "nothing of it arrives" 0 "$(count)"
expect "explain says banned" "drop banned" "$(fwj explain "$CLIENT_IP4" | field 'd["verdict"] + " " + d["reason"]')"
expect_exit "unban" 0 fw unban "$CLIENT_IP4"
send client "$VICTIM_IP4" 7777 20 500
expect "all of it arrives" 20 "$(count)"
expect_exit "ban of its network" 0 fw ban 198.18.0.0/28 --for 10m --force
send client "$VICTIM_IP4" 7777 20 500
expect "the client is out again" 20 "$(count)"
expect_exit "allow the client for a while" 0 fw allow "$CLIENT_IP4" --for 10m
send client "$VICTIM_IP4" 7777 20 500
expect "allow beats the ban" 40 "$(count)"
expect_exit "sets add" 0 fw sets add bad 203.0.113.0/24
expect_exit "sets test: in" 0 fw sets test bad 203.0.113.9
expect "explain knows the set" "drop rule_block bad" "$(fwj explain 203.0.113.9 | field '" ".join((d["verdict"], d["reason"], d["rule"]))')"
expect_exit "sets del" 0 fw sets del bad 203.0.113.0/24
expect_exit "sets test: not in" 1 fw sets test bad 203.0.113.9
