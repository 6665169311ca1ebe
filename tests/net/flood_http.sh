#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# nginx keeps answering its client, 99 % of requests at least, while a flood runs at the generator's maximum.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin flood-http --queue-per-cpu
need_web
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: udp, match: {protocol: udp}, limit: 5k packets/1s, per: total, action: police}
  - {name: blanket, limit: 30k packets/10s, action: block}
YAML
serve backlog=4096
start_agent
answered() {
	expect_that "$1: at least 99 % of 600 requests are answered" 'a["requests"] >= 570 and a["ok"] >= 0.99 * a["requests"]' "$(cat "$WORK/http.json")"
}

URL="http://$VICTIM_IP4:80/"
honest "$URL" >/dev/null
answered "in peace"
echo "#   one source: $(beside --dst "$VICTIM_IP4" --source 198.19.0.9 --proto ack --dport 80), flood $(flood_mpps) Mpps"
answered "flood from one source"
sent=$(tail -n 1 "$WORK/flood0.json" | field 'd["sent"]')
expect_that "the flood was one: 100 times the limit at least" 'a > 300000' "$sent"
expect_that "and died in the rule" 'a > 0' "$(rule blanket dropped)"
for FLOOD_CPUS in 0 "0 1"; do
	before=$(rule blanket dropped)
	echo "#   random IPv4 by CPU $FLOOD_CPUS: $(beside --dst "$VICTIM_IP4" --source random4 --proto udp --dport 80), flood $(flood_mpps) Mpps"
	answered "flood from random sources by CPU $FLOOD_CPUS"
	expect "no packet but the flood's was dropped" 0 "$(($(rule blanket dropped) - before))"
done
expect_that "the police rule dropped it" 'a > 500000' "$(rule udp dropped)"
URL="http://[$VICTIM_IP6]:80/"
echo "#   random IPv6: $(beside --dst "$VICTIM_IP6" --source random6 --proto udp --dport 80), flood $(flood_mpps) Mpps"
answered "flood from random IPv6 sources"
