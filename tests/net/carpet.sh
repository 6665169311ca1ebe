#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# Carpet bombing: 256 destinations, each far under its own limit, their prefix over its: seen as one attack on the prefix
# within a second, policed there, told by events, status and metrics, and over by itself when the flood stops.
. "$(dirname "$0")/session.sh"
begin carpet
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: each, match: {protocol: udp}, limit: 300 packets/1s, per: destination, action: police}
  - {name: carpet, match: {protocol: udp}, limit: 2000 packets/1s, per: destination_prefix, action: police}
YAML
start_agent
carpet() {
	on attacker /usr/bin/python3 "$ROOT/tests/net/carpet.py" eth0 "$ATTACKER_MAC" "$VICTIM_MAC" "$1" "$2" "$3" >"$WORK/carpet.json" 2>"$WORK/carpet.err" &
	CARPET_PID=$!
}
active() { fwj attacks | field "$1"; }
is_attacked() { [ "$(active 'len(d["active"])')" = 1 ]; }
is_over() { [ "$(active 'len(d["active"])')" = 0 ]; }

expect "no attack in peace" "0 0" "$(active '"%d %d" % (len(d["active"]), len(d["recent"]))')"
expect_exit "attacks says so" 0 fw attacks
expect_words "in words" 'no attack now' "$WORK/out"
fwj events -f >"$WORK/events" 2>"$WORK/events.err" &
FOLLOWER=$!
carpet 203.0.113.0/24 12000 8
if until_true 5 is_attacked; then ok "the attack is seen while it lasts"; else not_ok "the attack is seen while it lasts" "$(fwj attacks)" "$(cat "$WORK/carpet.err")"; fi
latency=$(active 'd["active"][0]["detected_after_seconds"]')
echo "# seen ${latency} s after the first packet over the limit"
expect_that "from its first packet on" "0 < a < 3" "$latency"
expect "on the prefix, not on its addresses" 203.0.113.0/24 "$(active 'd["active"][0]["target"]')"
expect "by the rule about the prefix" carpet "$(active 'd["active"][0]["cause"]')"
expect "what it is made of" "udp from port 53 (dns)" "$(active 'd["active"][0]["vector"]')"
expect_that "no address is over its own limit" "a == 0" "$(rule each dropped)"
fw status >"$WORK/status" || true
expect_words "status shows it" 'attack .*203\.0\.113\.0/24.*carpet' "$WORK/status"
fw metrics >"$WORK/metrics"
expect_words "metrics show it" '^floodwall_attack_active\{vector="udp"\} 1$' "$WORK/metrics"
expect_words "and when it began" '^floodwall_attack_start_timestamp_seconds\{vector="udp"\} 1[0-9]{9}' "$WORK/metrics"
# A restart in the middle: the filter goes on, the attack is the same one.
stop_agent KILL
# The history tells what went before by whole seconds.
restarted=$(($(date +%s) + 1))
until [ "$(date +%s)" -ge "$restarted" ]; do sleep 0.05; done
start_agent
wait "$CARPET_PID"
sent=$(field 'd["sent"]' <"$WORK/carpet.json")
expect "one attack, also after kill -9 and a restart" "[1]" "$(active '[a["id"] for a in d["active"]]')"
passed=$(rule carpet packets) dropped=$(rule carpet dropped)
expect_that "policed at the prefix: what is beyond its limit is dropped" "$dropped > 0 and $passed - $dropped <= 1.1 * 2000 * 10" ""
expect_that "and nothing is dropped that the counters do not say" "a <= $sent" "$dropped"
if until_true 20 is_over; then ok "it is over by itself"; else not_ok "it is over by itself" "$(fwj attacks)"; fi
fwj attacks >"$WORK/attacks.json"
expect "it is kept" "ended 203.0.113.0/24 carpet" "$(field '"%(state)s %(target)s %(cause)s" % d["recent"][0]' <"$WORK/attacks.json")"
expect_that "it is over since the flood stopped, not since it was sure" "5 <= a <= 10" "$(field 'd["recent"][0]["seconds"]' <"$WORK/attacks.json")"
expect_that "with all that the rule dropped, also without an agent" "0.98 * $(rule carpet dropped) <= a <= $(rule carpet dropped)" "$(field 'd["recent"][0]["dropped"]' <"$WORK/attacks.json")"
expect_that "with its peak" "a >= 2000" "$(field 'd["recent"][0]["peak_packets_per_second"]' <"$WORK/attacks.json")"
fwj events >"$WORK/past"
expect_words "events have its end" '"attack_end"' "$WORK/past"
kill $FOLLOWER 2>/dev/null
wait $FOLLOWER 2>/dev/null
expect_words "events had its begin" '"attack_start".*203\.0\.113\.0/24' "$WORK/events"

# The same for IPv6, in count mode: seen, not dropped.
expect_exit "the rule counts" 0 fw tune carpet mode=count
carpet 2001:db8:c:1::/64 8000 4
if until_true 5 is_attacked; then ok "an attack that is only counted is seen"; else not_ok "an attack that is only counted is seen" "$(fwj attacks)"; fi
expect "on its /48" "2001:db8:c::/48" "$(active 'd["active"][0]["target"]')"
expect_that "nothing of it is dropped" 'a["dropped"] == 0 and a["would_drop"] > 0' "$(active 'json.dumps(d["active"][0])')"
fw attacks >"$WORK/out"
expect_words "and that is said" 'PASSES' "$WORK/out"
wait "$CARPET_PID"

# Over many prefixes, none of which stands out: the one around them.
expect_exit "a lower limit" 0 fw tune carpet 'limit=500 packets/1s'
carpet 198.18.16.0/20 16000 4
wide() { active '[a["target"] for a in d["active"] if ":" not in a["target"]]'; }
is_wide() { [ "$(wide)" != "[]" ]; }
if until_true 5 is_wide; then ok "a carpet over sixteen prefixes is seen"; else not_ok "a carpet over sixteen prefixes is seen" "$(fwj attacks)" "$(cat "$WORK/carpet.err")"; fi
wait "$CARPET_PID"
expect "on the prefix around them" "['198.18.16.0/20']" "$(wide)"
stop_agent
# What the flood went on to send after the restart is no honest traffic either.
expect "the history knows that it went on after the restart, and its end" 1 "$(python - "$WORK/state/history.db" "$restarted" <<'PYTHON'
import sqlite3, sys
wanted = "SELECT count(*) FROM attacks WHERE target = '203.0.113.0/24' AND start >= ? AND \"end\" IS NOT NULL"
print(sqlite3.connect(sys.argv[1]).execute(wanted, [int(sys.argv[2])]).fetchone()[0])
PYTHON
)"
start_agent
expect "a restart keeps all" "3" "$(active 'len(d["active"]) + len(d["recent"])')"

# One that has just begun when the agent dies, and is over when the next one starts.
carpet 203.0.113.0/24 12000 6
is_kept() { [ "$(field 'sum(a["id"] > 3 for a in d["attacks"])' <"$WORK/state/attacks.json")" = 1 ]; }
is_past() { [ "$(active '[a["id"] for a in d["recent"] if a["id"] > 3]')" = "[4]" ]; }
expect_exit "a new attack is on disk at once" 0 until_true 4 is_kept
stop_agent KILL
wait "$CARPET_PID"
sleep 3
start_agent
if until_true 20 is_past; then ok "it is found over"; else not_ok "it is found over" "$(fwj attacks)"; fi
expect_that "since its packets ended, not since the restart" "4 <= a <= 8" "$(active '[a["seconds"] for a in d["recent"] if a["id"] > 3][0]')"
