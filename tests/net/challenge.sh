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

# under NAME URL FLOOD...: real clients beside a flood, first with challenge, then with its rule in count mode
under() {
	local name=$1 url=$2 with without with_share
	shift 2
	fw tune syn mode=enforce >/dev/null
	flood "$@" --seconds 7 --cpu 0
	sleep 1
	with=$(honest "$url")
	with_share=$(share)
	wait "$FLOOD_PID"
	fw tune syn mode=count >/dev/null
	flood "$@" --seconds 7 --cpu 0
	sleep 1
	without=$(honest "$url")
	wait "$FLOOD_PID"
	echo "#   $name: with challenge $with; without $without"
	expect_that "$name: 99 % of real clients' requests succeed" 'a >= 0.99' "$with_share"
}

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
COOKIES_BEFORE=$(sysctl_of tcp_syncookies)
write_policy ''
start_agent
until_true 5 on client curl -sf -o /dev/null "http://$VICTIM_IP4:80/"

expect "tcp_syncookies while it is in force" 2 "$(sysctl_of tcp_syncookies)"
expect_words "the agent says so" 'tcp_syncookies set to 2, it was' "$WORK/agent.log"
expect "status says so" "$COOKIES_BEFORE" "$(status "d['challenge']['sysctls']['tcp_syncookies']['before']")"
honest "http://$VICTIM_IP4:80/" 2 >/dev/null
expect_that "in peace everything is answered" 'a == 1' "$(share)"
expect "and nobody is challenged" 0 "$(status "d['reasons']['challenged']")"

under "random SYN flood" "http://$VICTIM_IP4:80/" --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80
under "random IPv6 SYN flood" "http://[$VICTIM_IP6]:80/" --dst "$VICTIM_IP6" --source random6 --proto syn --dport 80
fwj status | field "{k: v for k, v in d['reasons'].items() if 'challenge' in k}" | sed 's/^/#   /'
