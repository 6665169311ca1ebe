#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# Rules on trial (mode: count) change nothing but counters: a packet that several of them count is said once, and what
# they alone would drop is an attack to look at, but switches no rule of mode attack on.
. "$(dirname "$0")/session.sh"
begin on_trial
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: first, match: {protocol: udp, dest_port: 7000-7999}, limit: 1000 packets/1s, per: destination, action: police, mode: count}
  - {name: second, match: {protocol: udp, dest_port: 7000-7999}, limit: 2000 packets/1s, per: destination, action: police, mode: count}
  - {name: held, match: {protocol: udp, dest_port: 7000-7499}, limit: 10k packets/1s, per: destination, action: police}
  - {name: sharp, match: {protocol: udp, dest_port: 7800-7899}, limit: 1000 packets/1s, per: destination, action: police, mode: attack}
YAML
need_tool floodgen
start_agent
attack() { flood --dst "$VICTIM_IP4" --source pool:4096 --dport "$1" --rate 20000 --seconds "$2"; }
# The one attack there is, and the traffic, after one flood.
figures() {
	fwj attacks >"$WORK/attacks.json"
	fwj status >"$WORK/status.json"
	python -c 'import json, sys
attack = json.load(open(sys.argv[1]))["active"][0]
status = json.load(open(sys.argv[2]))
print(eval(sys.argv[3], {"attack": attack, "status": status}))' "$WORK/attacks.json" "$WORK/status.json" "$1"
}

is_active() { [ "$(fwj under-attack | field 'd["active"]')" = True ]; }
events() {
	fwj events >"$WORK/events"
	if grep -q "\"$1\"" "$WORK/events"; then echo yes; else echo no; fi
}

attack 7900 3
wait "$FLOOD_PID"
sleep 1
expect_that "only counted" "a > 1000" "$(rule first would_drop)"
expect "rules on trial tell of an attack" "1 yes" "$(fwj attacks | field 'len(d["active"])') $(events attack_start)"
expect "and switch nothing on" "no False" "$(events under_attack) $(rule sharp enforcing)"

attack 7800 4
if until_true 5 is_active; then ok "a rule of mode attack behind them does"; else not_ok "a rule of mode attack behind them does" "$(fwj under-attack)" "$(fwj attacks)"; fi
wait "$FLOOD_PID"
expect_that "and drops" "a > 0" "$(rule sharp dropped)"

attack 7100 4
wait "$FLOOD_PID"
sleep 1
expect_that "two rules count the same packets" "a > 1.5 * $(status 'd["would_drop"]')" "$(($(rule first would_drop) + $(rule second would_drop)))"
expect "an attack's would-drops are packets that passed" True "$(figures 'attack["would_drop"] <= status["would_drop"]')"
expect "nearly all of them" True "$(figures 'attack["would_drop"] >= status["would_drop"] * 0.7')"
expect "and its packets are no more than came" True "$(figures 'attack["would_drop"] + attack["dropped"] <= status["packets"]')"
expect "what the rule in force drops is in it" True "$(figures 'attack["dropped"] > 0')"
