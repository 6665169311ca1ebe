#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A lower limit for whoever is outside: by the database at start, by the one that takes its place, and by the last good
# one when a broken one comes.
. "$(dirname "$0")/session.sh"
begin geo
mmdb() { "$ROOT/tools/mmdb.py" "$1"; }
arrived() { received book "d.get('$1', {'count': 0})['count']"; }
explained() { fwj explain "$1" | field '[s["detail"] for s in d["steps"] if s["check"] == "geo"][0]'; }

# The client is German and inside, a source that the attacker forges is outside.
printf '%s country=DE asn=64496\n203.0.113.0/24 country=US asn=64498\n' "$CLIENT_IP4/32" | mmdb "$WORK/country.mmdb"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
geo: {database: country.mmdb}
rules:
  - {name: outside, match: {country_not: [DE]}, limit: 100 packets/2m, action: block}
  - {name: blanket, limit: 2000 packets/2m, action: block}
YAML
expect_exit "check reads the database" 0 "$BUILD/floodwall" check "$WORK/policy.yaml"
expect_words "and says what it takes" 'geo +2 groups' "$WORK/out"
start_agent
receiver book 7777
generation=$(status 'd["generation"]')
flood --dst "$VICTIM_IP4" --source 203.0.113.9 --dport 7777 --rate 2000 --seconds 2
send client "$VICTIM_IP4" 7777 600 400
wait "$FLOOD_PID"
expect "a source outside has 100 packets" 100 "$(arrived 203.0.113.9)"
expect "one inside has more" 600 "$(arrived "$CLIENT_IP4")"
expect "explain names the place and who asks" "country US, AS64498: meets the conditions of outside" "$(explained 203.0.113.9)"
expect "also when nobody does" "country DE, AS64496: no rule asks for such places" "$(explained "$CLIENT_IP4")"

head -c 300 "$WORK/country.mmdb" >"$WORK/broken.mmdb"
mv "$WORK/broken.mmdb" "$WORK/country.mmdb"
until_true 10 grep -q 'is not used' "$WORK/agent.log" || not_ok "a broken database is noticed"
expect "a broken database changes nothing" "$generation" "$(status 'd["generation"]')"
expect_words "and says so" 'no geo database in MaxMind format.*stays in force' "$WORK/agent.log"
expect "as an event too" geo "$(fwj events | field 'd["events"][-1]["event_type"]')"
expect_exit "a policy that names it is refused" 78 fw apply "$WORK/policy.yaml"
expect_words "naming the file" 'country.mmdb' "$WORK/err"
flood --dst "$VICTIM_IP4" --source 203.0.113.10 --dport 7777 --rate 2000 --seconds 1
wait "$FLOOD_PID"
expect "the old one is in force: outside is outside" 100 "$(arrived 203.0.113.10)"

printf '%s country=US asn=64498\n203.0.113.0/24 country=DE asn=64496\n' "$CLIENT_IP4/32" | mmdb "$WORK/next.mmdb"
mv "$WORK/next.mmdb" "$WORK/country.mmdb"
until_true 10 grep -q 'geo database read again: addresses have moved' "$WORK/agent.log" || not_ok "a new database is noticed"
expect_that "a new generation is in force" "a > $generation" "$(status 'd["generation"]')"
flood --dst "$VICTIM_IP4" --source 203.0.113.11 --dport 7777 --rate 3000 --seconds 1
wait "$FLOOD_PID"
# A 32nd at most by the other CPU: fw_rule.batch.
expect_that "who is inside now has more" "2000 <= a <= 2062" "$(arrived 203.0.113.11)"
send client "$VICTIM_IP4" 7777 300 400 600
sleep 1
expect "who is outside now has the 100 packets of outsiders" 700 "$(arrived "$CLIENT_IP4")"

generation=$(status 'd["generation"]')
stop_agent KILL
start_agent
expect "a restarted agent goes on with the same generation" "$generation" "$(status 'd["generation"]')"
expect "and the same places" "country US, AS64498: meets the conditions of outside" "$(explained "$CLIENT_IP4")"
printf '%s country=DE asn=64496\n' "$CLIENT_IP4/32" | mmdb "$WORK/country.mmdb"
stop_agent KILL
start_agent
expect_that "a database that changed meanwhile is another policy" "a > $generation" "$(status 'd["generation"]')"
expect_exit "without the rule" 0 fw apply <(sed '/outside/d' "$WORK/policy.yaml")
expect_words "nothing of it is left but a note" 'no effect' <("$BUILD/floodwall" check <(sed "/outside/d; s,country.mmdb,$WORK/country.mmdb," "$WORK/policy.yaml"))
