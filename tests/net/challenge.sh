#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# A real server behind floods of forged TCP, every kind at the generator's maximum: with `challenge` its clients connect, and what
# they get is what they would get in peace. Without it: syn_flood.sh and syn_queue.sh.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin challenge --queue-per-cpu
need_web
xdp_on attacker eth0 tools/upstream.bpf.c upstream

write_policy() {
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 2k connections/1s, per: destination, action: challenge$1}
YAML
}

# negotiated PORT: what both ends think was negotiated
negotiated() {
	local end
	for end in client victim; do
		on $end ss -tinoH "( sport = :$1 or dport = :$1 )" | tr '[:space:]' '\n' | grep -E '^(sack|ts|wscale:|mss:|advmss:)' | tr '\n' ' '
		echo -n '/ '
	done
}

CONNECTIONS=3
GIGABYTE=$((1 << 30))
# hold KIND: connections that stay open; the port of one in $PORT
hold() {
	touch "$WORK/$1.open"
	until_true 5 test -s "$WORK/$1.ports"
	PORT=$(head -1 "$WORK/$1.ports")
}

mkdir "$WORK/www"
truncate -s 128M "$WORK/www/big"
serve backlog=4096
COOKIES_BEFORE=$(sysctl_of tcp_syncookies) STAMPS_BEFORE=$(sysctl_of tcp_timestamps)
write_policy ''
start_agent

expect "tcp_syncookies while it is in force" 2 "$(sysctl_of tcp_syncookies)"
expect_words "the agent says so" 'tcp_syncookies set to 2, it was' "$WORK/agent.log"
expect "status says so" "$COOKIES_BEFORE" "$(status "d['challenge']['sysctls']['tcp_syncookies']['before']")"
honest "http://$VICTIM_IP4:80/" >/dev/null
expect_that "in peace everything is answered" 'a == 1' "$(share)"
expect "and nobody is challenged" 0 "$(status "d['reasons']['challenged']")"

URL="http://$VICTIM_IP4:80/"
on client /usr/bin/python3 "$ROOT/tests/net/transfers.py" "$VICTIM_IP4" 80 /big "$WORK" $CONNECTIONS $GIGABYTE >"$WORK/transfers.json" &
TRANSFERS_PID=$!
hold peace
PEACE=$(negotiated "$PORT")
echo "#   IPv4: $(beside --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80), flood $(flood_mpps) Mpps"
expect_that "random SYN flood: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
expect_that "forged SYNs were answered" 'a > 100000' "$(status "d['reasons']['challenged']")"
verified() { [ "$(status "d['challenge']['verified']")" -ge 1 ]; }
until_true 12 verified
expect_that "real clients are verified sources" 'a >= 1' "$(status "d['challenge']['verified']")"
expect_words "the flood is news" 'SYN flood on 198.18.0.1' "$WORK/agent.log"
fw tune syn action=police >/dev/null
expect "no rule challenges: tcp_syncookies is given back" "$COOKIES_BEFORE" "$(sysctl_of tcp_syncookies)"
fw tune syn action=challenge >/dev/null
URL="http://[$VICTIM_IP6]:80/"
echo "#   IPv6: $(beside --dst "$VICTIM_IP6" --source random6 --proto syn --dport 80), flood $(flood_mpps) Mpps"
expect_that "random IPv6 SYN flood: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"

# A connection that begins under challenge is like any other.
URL="http://$VICTIM_IP4:80/"
flood --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80 --rate 50000 --seconds 3 --cpu 0
sleep 1
before=$(status "d['reasons']['challenged']")
hold challenged
CHALLENGED=$(negotiated "$PORT")
wait "$FLOOD_PID"
expect_that "the connection began under challenge" 'a > 0' "$(($(status "d['reasons']['challenged']") - before))"
expect_that "window scale, SACK and timestamps are there" 'a.count("sack") == 2 and a.count("ts ") >= 2 and "wscale" in a' "$CHALLENGED"
expect "window scale, SACK, timestamps and MSS are as without" "$PEACE" "$CHALLENGED"
echo "#   $CHALLENGED"
cat "$WORK/www/big" >/dev/null # the first to read a file waits for its pages
touch "$WORK/go"
wait "$TRANSFERS_PID"
SPEEDS=$(cat "$WORK/transfers.json")
echo "#   $SPEEDS"
expect_that "all got a gigabyte each" "a['bytes'] == [$GIGABYTE]" "$SPEEDS"
expect_that "a challenged connection is not slower than 0.9 of another (median of 384 pairs)" 'a["ratio"] >= 0.9 and a["pairs"] == 384' "$SPEEDS"

# TCP of no connection, while a few SYNs keep the challenge up
for proto in ack rst syn-ack fin; do
	dropped=$(status "d['reasons']['challenge_no_state']")
	nsenter --net="/run/netns/$ATTACKER_NS" "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80 \
		--rate 20000 --seconds 600 >/dev/null 2>&1 &
	KEEP_PID=$!
	sleep 0.5
	if [ $proto = ack ]; then
		fwj explain 192.0.2.200 --to "$VICTIM_IP4:80/tcp" --flags ack >"$WORK/explain.json"
		expect "explain: an ACK of no connection" "drop challenge_no_state syn" "$(field 'd["verdict"], d["reason"], d["rule"]' <"$WORK/explain.json" | tr -d "(),'")"
		expect "explain: unless it is of one" True "$(field 'd["depends"]' <"$WORK/explain.json")"
		expect "explain: without flags it depends" True "$(fwj explain 192.0.2.200 --to "$VICTIM_IP4:80/tcp" | field 'd["depends"]')"
		expect "explain: a SYN is answered" "pass challenged" "$(fwj explain 192.0.2.200 --to "$VICTIM_IP4:80/tcp" --flags syn | field '"%s %s" % (d["verdict"], d["reason"])')"
		expect "explain: not where nobody listens" "drop challenge_no_listener" "$(fwj explain 192.0.2.200 --to "$VICTIM_IP4:81/tcp" --flags syn | field '"%s %s" % (d["verdict"], d["reason"])')"
	fi
	echo "#   $proto flood: $(beside --dst "$VICTIM_IP4" --source random4 --proto $proto --dport 80), flood $(flood_mpps) Mpps"
	kill $KEEP_PID
	wait $KEEP_PID
	expect_that "random $proto flood: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
	expect_that "and it died as challenge_no_state" 'a > 100000' "$(($(status "d['reasons']['challenge_no_state']") - dropped))"
done

# What was set is given back by whoever comes after a killed agent.
stop_agent KILL
expect "a killed agent's filter still has what it needs" 2 "$(sysctl_of tcp_syncookies)"
sed -i 's/action: challenge/action: police/' "$WORK/policy.yaml"
start_agent
fw reload --wait >/dev/null 2>&1
fw apply "$WORK/policy.yaml" >/dev/null 2>&1
expect "tcp_syncookies after a crash and a policy without challenge" "$COOKIES_BEFORE" "$(sysctl_of tcp_syncookies)"
stamps_are_back() { [ "$(sysctl_of tcp_timestamps)" = "$STAMPS_BEFORE" ]; }
expect_exit "tcp_timestamps likewise, when handshakes under way are done" 0 until_true 15 stamps_are_back
fw tune syn action=challenge >/dev/null
expect "tuned back: set again" 2 "$(sysctl_of tcp_syncookies)"
fw detach "$IFACE" >/dev/null
expect "the last interface detached: given back" "$COOKIES_BEFORE" "$(sysctl_of tcp_syncookies)"
