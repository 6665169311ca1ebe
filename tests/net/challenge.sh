#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
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

TRANSFERS="1 2 3 4 5 6 7"
# hold NAME: a connection that stays open; its port in $PORT
hold() {
	on client /usr/bin/python3 "$ROOT/tests/net/connection.py" "$VICTIM_IP4" 80 /big "$WORK/$1.ready" "$WORK/$1.go" 3 \
		>"$WORK/$1.speed" &
	disown
	until_true 5 test -s "$WORK/$1.ready"
	PORT=$(head -1 "$WORK/$1.ready")
}

mkdir "$WORK/www"
truncate -s "${FW_TEST_TRANSFER:-128M}" "$WORK/www/big"
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
for i in $TRANSFERS; do hold "peace$i"; done
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
for i in $TRANSFERS; do hold "challenged$i"; done
CHALLENGED=$(negotiated "$PORT")
wait "$FLOOD_PID"
expect_that "the connection began under challenge" 'a > 0' "$(($(status "d['reasons']['challenged']") - before))"
expect_that "window scale, SACK and timestamps are there" 'a.count("sack") == 2 and a.count("ts ") >= 2 and "wscale" in a' "$CHALLENGED"
expect "window scale, SACK, timestamps and MSS are as without" "$PEACE" "$CHALLENGED"
echo "#   $CHALLENGED"
cat "$WORK/www/big" >/dev/null # the first to read a file waits for its pages
for i in $TRANSFERS; do
	for kind in $( ((i % 2)) && echo peace challenged || echo challenged peace); do
		touch "$WORK/$kind$i.go"
		until_true 120 grep -q . "$WORK/$kind$i.speed"
	done
done
SPEEDS=$(python - "$WORK" "$TRANSFERS" <<'PYTHON'
import json, statistics, sys
def read(kind):
    lines = [line.split() for i in sys.argv[2].split() for line in open(f"{sys.argv[1]}/{kind}{i}.speed")]
    return [(int(speed), int(size)) for speed, size in lines]
peace, challenged = read("peace"), read("challenged")
pairs = [c / p for (p, _), (c, _) in zip(peace, challenged)]  # taken one after the other: what else the machine does slows both
print(json.dumps({"ratio": round(statistics.median(pairs), 3), "pairs": len(pairs), "bytes": sorted({n for _, n in peace + challenged}),
                  "peace": [s // 10**6 for s, _ in peace], "challenged": [s // 10**6 for s, _ in challenged]}))
PYTHON
)
echo "#   MB/s of one transfer: $SPEEDS"
expect_that "all got all bytes" 'len(a["bytes"]) == 1' "$SPEEDS"
expect_that "a challenged connection is not slower than 0.9 of another (median of 21 pairs)" 'a["ratio"] >= 0.9 and a["pairs"] == 21' "$SPEEDS"

# TCP of no connection, while a few SYNs keep the challenge up
for proto in ack rst syn-ack fin; do
	dropped=$(status "d['reasons']['challenge_no_state']")
	nsenter --net="/run/netns/$ATTACKER_NS" "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80 \
		--rate 20000 --seconds 600 >/dev/null 2>&1 &
	KEEP_PID=$!
	sleep 0.5
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
expect "tcp_timestamps likewise" "$STAMPS_BEFORE" "$(sysctl_of tcp_timestamps)"
fw tune syn action=challenge >/dev/null
expect "tuned back: set again" 2 "$(sysctl_of tcp_syncookies)"
fw detach "$IFACE" >/dev/null
expect "the last interface detached: given back" "$COOKIES_BEFORE" "$(sysctl_of tcp_syncookies)"
