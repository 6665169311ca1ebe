#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# Under attack strangers share a budget; whoever completed a handshake before is served as in peace; it lifts by itself.
. "$(dirname "$0")/session.sh"
begin strangers
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: strangers, match: {verified: false}, limit: 100 packets/1s, per: destination, action: police, mode: attack}
YAML
start_agent
switch() { fwj under-attack | field "$1"; }
is_active() { [ "$(switch 'd["active"]')" = True ]; }
is_lifted() { [ "$(switch 'd["active"]')" = False ]; }
# What of 400 datagrams arrives from a role, into $ARRIVED: the client is known, the attacker's own address is a stranger's.
arrives() {
	receiver "book$2" "$2"
	send "$1" "$VICTIM_IP4" "$2" 400 400
	ARRIVED=$(received "book$2" "sum(e['count'] for e in d.values())")
}
page() { on client curl -s -o /dev/null -w '%{http_code}' --max-time 2 "http://$VICTIM_IP4:8080/"; }

on victim /usr/bin/python3 -m http.server 8080 --directory /nonexistent >/dev/null 2>&1 &
disown
until_true 5 on victim sh -c 'ss -Hltn "sport = :8080" | grep -q .'
expect "a handshake in peace" 404 "$(page)"
knows_somebody() { [ "$(status "d['challenge']['verified']")" -ge 1 ]; }
if until_true 15 knows_somebody; then ok "and the client is verified"; else not_ok "and the client is verified" "$(fwj status)"; fi
fw under-attack off >/dev/null
arrives attacker 7001
expect_that "while it does not, strangers are welcome" 'a >= 390' "$ARRIVED"
expect_that "only counted" 'a > 200' "$(rule strangers would_drop)"
fw under-attack auto >/dev/null
fw explain "$CLIENT_IP4" >"$WORK/explain"
expect_words "explain: the client is none" 'strangers +no match' "$WORK/explain"
fw explain "$ATTACKER_IP4" --to "$VICTIM_IP4:7001/udp" >"$WORK/explain"
expect_words "explain: the attacker is one" 'strangers .*packets/1s' "$WORK/explain"

floods 0 --dst "$VICTIM_IP4" --source random4 --dport 7777 --rate 20000
if until_true 5 is_active; then ok "the attack is seen"; else not_ok "the attack is seen" "$(fwj attacks)"; fi
passed() { fwj rules | field "[r['packets'] - r['dropped'] for r in d if r['name'] == 'strangers'][0]"; }
before=$(passed) START=$(date +%s%N)
arrives client 7002
expect_that "the client is untouched" 'a >= 396' "$ARRIVED"
expect "connects as before" 404 "$(page)"
arrives attacker 7003
expect_that "a stranger is not" 'a < 100' "$ARRIVED"
seconds=$((($(date +%s%N) - START) / 1000000000 + 2))
passed=$(($(passed) - before))
expect_that "all strangers together get what the rule gives" "a <= 110 * $seconds" "$passed"
end_floods
if until_true 60 is_lifted; then ok "it lifts by itself"; else not_ok "it lifts by itself" "$(fwj under-attack)" "$(fwj attacks)"; fi
expect "the rule counts again" False "$(rule strangers enforcing)"

# The example, with budgets that a small flood uses up: new customers come over TCP while strangers flood over UDP.
stop_agent
rm -rf "$WORK/state"
sed -e "s/^interfaces: .*/interfaces: [{name: $IFACE, xdp: native}]/" -e 's/limit: 10k packets/limit: 50 packets/' \
	-e 's/limit: 2000 packets/limit: 50 packets/' -e '/^metrics:/d' "$ROOT/configs/examples/under-attack.yaml" | policy
start_agent
on victim /usr/bin/python3 -m http.server 80 --directory /nonexistent >/dev/null 2>&1 &
disown
until_true 5 on victim sh -c 'ss -Hltn "sport = :80" | grep -q .'
floods 0 --dst "$VICTIM_IP4" --source random4 --dport 7777 --rate 20000
if until_true 5 is_active; then ok "the example: the attack is seen"; else not_ok "the example: the attack is seen" "$(fwj attacks)"; fi
connected=0
for host in 11 12 13 14 15 16 17 18; do
	on client ip addr add "198.18.0.$host/24" dev eth0
	[ "$(on client curl -s -o /dev/null -w '%{http_code}' --max-time 2 --interface "198.18.0.$host" "http://$VICTIM_IP4/")" != 404 ] ||
		connected=$((connected + 1))
done
expect "new customers connect over TCP while strangers flood over UDP" 8 "$connected"
expect_that "whose budget is used up" 'a > 1000' "$(rule strangers dropped)"
end_floods
