#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# nginx keeps answering its client, 99 % of requests at least, while a flood runs at the generator's maximum.
. "$(dirname "$0")/session.sh"
begin flood-http
need_tool floodgen
need_tool httpload
if ! command -v nginx >/dev/null; then
	echo "skip $TEST: no nginx: apt-get install nginx-light"
	exit 0
fi
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: udp, match: {protocol: udp}, limit: 5k packets/1s, per: total, action: police}
  - {name: blanket, limit: 30k packets/10s, action: block}
YAML
mkdir "$WORK/www"
echo hello >"$WORK/www/index.html"
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 4096; }
http { access_log off; server { listen 80 backlog=4096; listen [::]:80 backlog=4096; root $WORK/www; } }
CONF
on victim nginx -c "$WORK/nginx.conf" &
start_agent
until_true 5 on client curl -sf -o /dev/null "http://$VICTIM_IP4:80/"

# honest NAME URL: 5 seconds of honest requests, while the flood of the caller runs
honest() {
	on client "$BUILD/tools/httpload" --url "$2" --rate 200 --seconds 5 >"$WORK/http.json"
	expect_that "$1: at least 99 % of 1000 requests are answered" 'a["requests"] >= 950 and a["ok"] >= 0.99 * a["requests"]' "$(cat "$WORK/http.json")"
}

honest "in peace" "http://$VICTIM_IP4:80/"
flood --dst "$VICTIM_IP4" --source 198.19.0.9 --proto ack --dport 80 --seconds 7 --cpu 0
sleep 1
honest "flood from one source" "http://$VICTIM_IP4:80/"
wait "$FLOOD_PID"
sent=$(field 'd["sent"]' <"$WORK/flood.json")
expect_that "the flood was one: 100 times the limit at least" 'a > 300000' "$sent"
expect_that "and died in the rule" 'a > 0' "$(rule blanket dropped)"
before=$(rule blanket dropped)
flood --dst "$VICTIM_IP4" --source random4 --proto udp --dport 80 --seconds 7 --cpu 0
sleep 1
honest "flood from random sources" "http://$VICTIM_IP4:80/"
honest_dropped=$(($(rule blanket dropped) - before))
wait "$FLOOD_PID"
expect "no packet but the flood's was dropped" 0 "$honest_dropped"
expect_that "the police rule dropped it" 'a > 500000' "$(rule udp dropped)"
flood --dst "$VICTIM_IP6" --source random6 --proto udp --dport 80 --seconds 7 --cpu 0
sleep 1
honest "flood from random IPv6 sources" "http://[$VICTIM_IP6]:80/"
wait "$FLOOD_PID"
