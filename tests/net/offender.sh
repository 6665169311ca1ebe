#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# Promise P4 on the wire, native mode: a source is dropped from the packet that crosses its limit.
. "$(dirname "$0")/session.sh"
begin offender
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 1000 packets/20s, action: block}
YAML
start_agent
expect "attached in native mode" native "$(status 'd["interfaces"][0]["xdp"]')"
expect "enforcing" enforcing "$(status 'd["state"]')"

receiver book 7777
send client "$VICTIM_IP4" 7777 3000 6000 &
send client "$VICTIM_IP6" 7777 3000 6000
wait $!
for address in "$CLIENT_IP4" "$CLIENT_IP6"; do
	got=$(received book "json.dumps(d.get('$address'))")
	expect_that "$address: everything up to the limit arrives, in one run from the first packet" \
		'a and a["numbers"][0][0] == 0 and a["numbers"][0][1] >= 900' "$got"
	# What a CPU was allowed before another one saw the limit crossed: fw_rule.batch.
	expect_that "$address: and a 32nd more at most by the other CPU" '900 <= a["count"] <= 1031' "$got"
done
arrived=$(received book "sum(e['count'] for e in d.values())")
expect_that "every other packet was dropped by the rule" "abs(a - (6000 - $arrived)) <= 5" "$(rule blanket dropped)"
expect "two keys are over the limit" 2 "$(rule blanket keys_over)"
expect_that "the drops have their reason" "a >= 6000 - $arrived" "$(status 'd["reasons"]["over_limit"]')"
expect "reasons cover every packet" True "$(status 'sum(d["reasons"].values()) == d["packets"]')"
fwj explain "$CLIENT_IP4" >"$WORK/explain.json"
expect "explain says drop" drop "$(field 'd["verdict"]' <"$WORK/explain.json")"
expect "explain says why" over_limit "$(field 'd["reason"]' <"$WORK/explain.json")"
expect "explain names the rule" blanket "$(field 'd["rule"]' <"$WORK/explain.json")"
expect "explain passes others" pass "$(fwj explain 192.0.2.200 | field 'd["verdict"]')"
expect_words "explain of this host's own address says so" "note: $VICTIM_IP4 is this host's own address.* asks for a source" <(fw explain "$VICTIM_IP4")
expect "and of no other" 0 "$(fw explain 192.0.2.200 | grep -c 'own address')"
fw explain "$CLIENT_IP4" >"$WORK/explain"
expect_words "explain leads with what became of its packets" "^seen: of its last .* dropped, last as over_limit by rule blanket" "$WORK/explain"
expect_exit "explain refuses two IP versions in one question" 64 fw explain "$CLIENT_IP4" --to "[$VICTIM_IP6]:80/tcp"
send client "$VICTIM_IP4" 7777 6000 1000 &
sleep 1.5
expect_that "explain says how fast it sends" "a > 500" "$(fwj explain "$CLIENT_IP4" | field 'd["seen"]["packets_per_second"]')"
expect "top shows the source as over" over "$(fwj top --once | field "[e for e in d if e['source']=='$CLIENT_IP4'][0]['state']")"
wait $!

need_tool floodgen
floods=()
for cpu in 0 1; do
	on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source 198.19.0.9 --dport 7777 --seconds 2 --cpu $cpu \
		>"$WORK/flood$cpu.json" 2>"$WORK/flood.err" &
	floods+=($!)
done
wait "${floods[@]}"
expect_that "the same source on two CPUs at full speed: its limit once, not twice" "900 <= a <= 1100" \
	"$(received book "d.get('198.19.0.9', {'count': 0})['count']")"
