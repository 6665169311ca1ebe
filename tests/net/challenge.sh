#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real server behind floods of forged TCP: with `challenge` its clients connect, without it they do not.
. "$(dirname "$0")/session.sh"
begin challenge
need_tool floodgen
need_tool httpload
if ! command -v nginx >/dev/null; then
	echo "skip $TEST: no nginx: apt-get install nginx-light"
	exit 0
fi

if ! command -v clang >/dev/null; then
	echo "skip $TEST: no clang: apt-get install clang"
	exit 0
fi
clang -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -c "$ROOT/tests/net/upstream.bpf.c" -o "$WORK/upstream.o"
on attacker ip link set dev eth0 xdpdrv obj "$WORK/upstream.o" sec xdp || not_ok "the upstream end runs an XDP program"

write_policy() {
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 2k connections/1s, per: destination, action: challenge$1}
YAML
}

sysctl_of() { on victim cat "/proc/sys/net/ipv4/$1"; }

# honest URL SECONDS: what real clients got, "99.8 % of 800, p99 5 ms"
honest() {
	on client "$BUILD/tools/httpload" --url "$1" --rate 200 --seconds "${2:-4}" >"$WORK/http.json"
	field "'%.1f %% of %d, p99 %s ms' % (100*d['ok']/d['requests'], d['requests'], d.get('p99_ms', d.get('p99')))" <"$WORK/http.json"
}

share() { field "d['ok']/d['requests'] if d['requests'] else 0" <"$WORK/http.json"; }

# beside FLOOD...: real clients of $URL beside a flood
beside() {
	flood "$@" --seconds 5 --cpu 0
	sleep 1
	honest "$URL" 3
	wait "$FLOOD_PID"
}

# negotiated PORT: what both ends think was negotiated
negotiated() {
	local end
	for end in client victim; do
		on $end ss -tinoH "( sport = :$1 or dport = :$1 )" | tr '[:space:]' '\n' | grep -E '^(sack|ts|wscale:|mss:|advmss:)' | tr '\n' ' '
		echo -n '/ '
	done
}

# hold NAME: a connection that stays open; its port in $PORT
hold() {
	on client /usr/bin/python3 "$ROOT/tests/net/connection.py" "$VICTIM_IP4" 80 /big "$WORK/$1.ready" "$WORK/$1.go" >"$WORK/$1.speed" &
	disown
	until_true 5 test -s "$WORK/$1.ready"
	PORT=$(head -1 "$WORK/$1.ready")
}

mkdir "$WORK/www"
echo hello >"$WORK/www/index.html"
truncate -s "${FW_TEST_TRANSFER:-128M}" "$WORK/www/big"
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 4096; }
http { access_log off; server { listen 80 backlog=4096; listen [::]:80 backlog=4096; root $WORK/www; } }
CONF
on victim nginx -c "$WORK/nginx.conf" &
COOKIES_BEFORE=$(sysctl_of tcp_syncookies) STAMPS_BEFORE=$(sysctl_of tcp_timestamps)
write_policy ''
start_agent
until_true 5 on client curl -sf -o /dev/null "http://$VICTIM_IP4:80/"

expect "tcp_syncookies while it is in force" 2 "$(sysctl_of tcp_syncookies)"
expect_words "the agent says so" 'tcp_syncookies set to 2, it was' "$WORK/agent.log"
expect "status says so" "$COOKIES_BEFORE" "$(status "d['challenge']['sysctls']['tcp_syncookies']['before']")"
honest "http://$VICTIM_IP4:80/" 2 >/dev/null
expect_that "in peace everything is answered" 'a == 1' "$(share)"
expect "and nobody is challenged" 0 "$(status "d['reasons']['challenged']")"

URL="http://$VICTIM_IP4:80/"
hold peace
PEACE=$(negotiated "$PORT")
challenged=$(beside --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80)
expect_that "random SYN flood: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
expect_that "forged SYNs were answered" 'a > 100000' "$(status "d['reasons']['challenged']")"
verified() { [ "$(status "d['challenge']['verified']")" -ge 1 ]; }
until_true 12 verified
expect_that "real clients are verified sources" 'a >= 1' "$(status "d['challenge']['verified']")"
expect_words "the flood is news" 'SYN flood on 198.18.0.1' "$WORK/agent.log"
fw tune syn action=police >/dev/null
policed=$(beside --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80)
expect_that "with police in its place the same flood shuts them out" 'a < 0.99' "$(share)"
expect "no rule challenges: tcp_syncookies is given back" "$COOKIES_BEFORE" "$(sysctl_of tcp_syncookies)"
fw tune syn mode=count >/dev/null
nothing=$(beside --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80)
echo "#   challenge: $challenged; police: $policed; the stack alone: $nothing"
fw tune syn action=challenge mode=enforce >/dev/null
URL="http://[$VICTIM_IP6]:80/"
echo "#   IPv6: challenge: $(beside --dst "$VICTIM_IP6" --source random6 --proto syn --dport 80)"
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
for name in peace challenged; do
	touch "$WORK/$name.go"
	until_true 60 grep -q . "$WORK/$name.speed"
done
echo "#   bytes per second, challenged over unchallenged: $(python -c "
a, b = (open('$WORK/%s.speed' % n).read().split() for n in ('challenged', 'peace'))
print('%.2f of %.0f MB/s, %s bytes each' % (int(a[0]) / int(b[0]), int(b[0]) / 1e6, a[1]))")"
expect "both got all bytes" "$(cut -d' ' -f2 "$WORK/peace.speed")" "$(cut -d' ' -f2 "$WORK/challenged.speed")"

# TCP of no connection, while a few SYNs keep the challenge up
for proto in ack rst syn-ack fin; do
	dropped=$(status "d['reasons']['challenge_no_state']")
	on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80 --rate 20000 --seconds 5 >/dev/null 2>&1 &
	KEEP_PID=$!
	sleep 0.5
	echo "#   $proto flood: $(beside --dst "$VICTIM_IP4" --source random4 --proto $proto --dport 80)"
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
