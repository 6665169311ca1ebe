#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A limit on requests for one path: nginx, curl, and every spelling and carrier of the same request.
. "$(dirname "$0")/session.sh"
begin uri
if ! command -v nginx >/dev/null || ! command -v curl >/dev/null; then
	echo "skip $TEST: no nginx or curl: apt-get install nginx-light curl"
	exit 0
fi
# login_policy RULE LIMIT: a name of its own for each part of this test, and with it meters of its own
login_policy() {
	RULE=$1
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: $1, match: {protocol: tcp, dest_port: 80, uri: {prefix: /login}}, limit: $2, action: block}
  - {name: blanket, limit: 100k packets/5m, action: block}
YAML
}
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 10000;
	server { listen 80; listen [::]:80; location / { return 200 "here\n"; } }
}
CONF
# The tag in the frame, as on a wire, not beside it.
for port in attacker:eth0 attacker:client client:eth0 victim:eth0; do
	on "${port%:*}" ethtool -K "${port#*:}" txvlan off >/dev/null
done
# Requests that were dropped are sent again, and counted again: not long after curl gave up.
for host in attacker client; do
	on $host sysctl -qw net.ipv4.tcp_orphan_retries=1
done
settle() { sleep 2; }
on victim nginx -c "$WORK/nginx.conf" 2>>"$WORK/nginx.log" &
login_policy login "150 requests/5m"
start_agent
until_true 5 test -s "$WORK/nginx.pid"

# ask FROM HOST COUNT TARGET: one request after the other on one connection; prints how many were answered
ask() {
	on "$1" curl -s --path-as-is -m 0.7 -o /dev/null -w '%{http_code}\n' --request-target "$4" "http://$2/?[1-$3]" |
		grep -c '^[1-5]'
}

# counted COMMAND...: what the login rule counted meanwhile
counted() {
	local before
	before=$(rule "$RULE" packets)
	"$@" >"$WORK/answered"
	echo $(($(rule "$RULE" packets) - before))
}

expect "150 logins of a source are answered" 150 "$(ask client "$VICTIM_IP4" 150 /login)"
expect "and counted" 150 "$(rule "$RULE" packets)"
expect "the 151st is not" 0 "$(ask client "$VICTIM_IP4" 1 /login)"
expect "nor any later one" 0 "$(ask client "$VICTIM_IP4" 3 /login/form?user=a)"
for spelling in /%6cogin //login /./login /x/../login /LOGIN HTTP://Shop.Example/login; do
	expect "nor $spelling" 0 "$(ask client "$VICTIM_IP4" 1 "$spelling")"
done
expect_that "by the rule" 'a >= 10' "$(rule "$RULE" dropped)"
settle
before=$(rule blanket packets)
expect "requests of that source for anything else do not meet the rule" 0 "$(counted ask client "$VICTIM_IP4" 200 /shop/login)"
expect "are answered" 200 "$(cat "$WORK/answered")"
expect_that "and judged by the blanket rule" 'a >= 200' "$(($(rule blanket packets) - before))"
expect "the same host by IPv6 is another source" 150 "$(ask client "[$VICTIM_IP6]" 150 /login)"
expect "with a limit of its own" 0 "$(ask client "[$VICTIM_IP6]" 1 /login)"
expect "other sources are not touched" 100 "$(ask attacker "$VICTIM_IP4" 100 /login)"
expect "the blanket rule dropped nothing" 0 "$(rule blanket dropped)"
stop_agent

# Every spelling through every carrier counts one. Scheme and host in absolute form, as a proxy would ask.
SPELLINGS=(/login '/login?next=/' /%6cogin /%6C%6f%67%69%6E //login ///login /./login /x/../login /x/y/../../login /%2e/login
	/x/%2e%2e/login /%2flogin /LOGIN /LogIn/x http://shop.example/login HTTP://SHOP.EXAMPLE/login hTTp://shop.example:80//Login)
settle
login_policy spelled "100k requests/5m"
start_agent
spellings() {
	local spelling answered=0
	for spelling in "${SPELLINGS[@]}"; do
		answered=$((answered + $(ask client "$1" 1 "$spelling")))
	done
	echo "$answered"
}
# carrier NAME HOST
carrier() {
	expect "$1: ${#SPELLINGS[@]} spellings of a request count one each" ${#SPELLINGS[@]} "$(counted spellings "$2")"
	expect "$1: and are answered" ${#SPELLINGS[@]} "$(cat "$WORK/answered")"
}
# options TIMESTAMPS SACK
options() {
	on client sysctl -qw net.ipv4.tcp_timestamps="$1" net.ipv4.tcp_sack="$2"
}
for carrier in "1 1" "1 0" "0 1" "0 0"; do
	# shellcheck disable=SC2086  # two words
	options $carrier
	carrier "IPv4, timestamps and SACK $carrier" "$VICTIM_IP4"
	carrier "IPv6, timestamps and SACK $carrier" "[$VICTIM_IP6]"
done
options 1 1
# tagged TAGS FROM TO: all spellings in frames with so many VLAN tags
tagged() {
	on client /usr/bin/python3 "$ROOT/tests/net/uri.py" eth0 "$1" "$CLIENT_MAC" "$VICTIM_MAC" "$2" "$3" "${SPELLINGS[@]}"
	sleep 0.2
}
for tags in 0 1 2; do
	expect "IPv4, $tags VLAN tags: one each" ${#SPELLINGS[@]} "$(counted tagged $tags "$CLIENT_IP4" "$VICTIM_IP4")"
	expect "IPv6, $tags VLAN tags: one each" ${#SPELLINGS[@]} "$(counted tagged $tags "$CLIENT_IP6" "$VICTIM_IP6")"
done
expect "all of it against two keys, the client's address and its /64" "[$((7 * ${#SPELLINGS[@]})), $((7 * ${#SPELLINGS[@]}))]" \
	"$(fwj rules keys "$RULE" | field '[k["amount"] for k in d["keys"]]')"
for target in /log /logi /xlogin /x/login /%2561login '/?/login' /login/../x /login/%2e%2e/x '*'; do
	expect "$target is another path" 0 "$(counted ask client "$VICTIM_IP4" 1 "$target")"
done
expect "nothing was dropped" 0 "$(rule "$RULE" dropped)"
expect "nor left unread" 0 "$(status 'd["faults"]["uri_not_seen"]')"
stop_agent

# What was blocked counts too: a source that keeps asking stays out, one that stops comes back with its window.
login_policy short "20 requests/10s"
start_agent
expect "20 in 10 s are answered" 20 "$(ask client "$VICTIM_IP4" 20 /login)"
began=$(date +%s%N)
expect "the 21st is not" 0 "$(ask client "$VICTIM_IP4" 1 /login)"
sleep 4
expect "nor another one, four seconds later" 0 "$(ask client "$VICTIM_IP4" 1 /login)"
expect "while the rest of the site is" 5 "$(ask client "$VICTIM_IP4" 5 /)"
blocked=$(rule "$RULE" dropped)
# The window is 10 s and the oldest of its sixteenths is counted whole.
while [ "$(ask client "$VICTIM_IP4" 1 /login)" = 0 ]; do
	[ $((($(date +%s%N) - began) / 1000000)) -lt 60000 ] || break
	sleep 1
done
took=$((($(date +%s%N) - began) / 1000000))
expect_that "once the trailing count is below the limit, the next one is: after $took ms" '9000 < a < 60000' "$took"
expect_that "what it asked meanwhile was blocked" "a > $blocked - 1 >= 1" "$(rule "$RULE" dropped)"
kill "$(cat "$WORK/nginx.pid")"
