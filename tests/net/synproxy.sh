#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# A forwarding box: cookies for a server behind it, made in the filter, redeemed by netfilter's SYNPROXY on the same box.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin synproxy --queue-per-cpu
need_web
BEHIND=fw-$LAB-behind SERVER=198.18.2.9 SERVER6=fd00:18:2::9
behind() { nsenter --net="/run/netns/$BEHIND" "$@"; }
# shellcheck disable=SC2317  # the trap calls it
finish_both() {
	local code=$?
	[ ! -e "/run/netns/$BEHIND" ] || ip netns pids "$BEHIND" | xargs -r kill 2>/dev/null
	ip netns del "$BEHIND" 2>/dev/null
	(exit $code)
	finish
}
trap finish_both EXIT

ip netns add "$BEHIND"
ip link add name eth0 netns "$BEHIND" type veth peer name back netns "$VICTIM_NS"
for family in "-4 198.18.2.1/24 $SERVER/24 198.18.2.1 198.18.2.0/24 $VICTIM_IP4" \
	"-6 fd00:18:2::1/64 $SERVER6/64 fd00:18:2::1 fd00:18:2::/64 $VICTIM_IP6"; do
	read -r version near far gateway network router <<<"$family"
	nodad=$([ "$version" = -4 ] || echo nodad)
	on victim ip link set back up
	behind ip link set eth0 up
	# shellcheck disable=SC2086  # nothing or one word
	on victim ip "$version" addr add "$near" dev back $nodad
	# shellcheck disable=SC2086
	behind ip "$version" addr add "$far" dev eth0 $nodad
	behind ip "$version" route add default via "$gateway"
	on client ip "$version" route add "$network" via "$router"
done
on victim sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
if ! on victim nft -f - 2>"$WORK/nft.err" <<'NFT'; then
table inet box {
	chain first {
		type filter hook prerouting priority raw
		tcp dport 80 tcp flags syn / fin,syn,rst,ack notrack
	}
	chain through {
		type filter hook forward priority filter
		tcp dport 80 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
		ct state invalid drop
	}
}
NFT
	echo "skip $TEST: this kernel or nft has no synproxy: $(head -1 "$WORK/nft.err")"
	exit 0
fi
on victim sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_loose'

xdp_on attacker eth0 tools/upstream.bpf.c upstream
web_conf ''
truncate -s 16M "$WORK/www/big"
behind nginx -c "$WORK/nginx.conf" &
disown
syn_policy ''
start_agent
fetch() { on client curl -sf -o "$WORK/got" --max-time 10 "http://$1/big" && cmp -s "$WORK/got" "$WORK/www/big" && echo whole; }
until_true 5 on client curl -sf -o /dev/null "http://$SERVER:80/"
expect "SYNPROXY works alone" whole "$(fetch "$SERVER")"
flood --dst "$SERVER" --source random4 --proto syn --dport 80 --rate 100000 --seconds 2 --cpu 0
wait "$FLOOD_PID"
expect "without synproxy_wscale nobody behind is answered" 0 "$(status "d['reasons']['challenged']")"

syn_policy 'safety: {synproxy_wscale: 7}'
expect_exit "synproxy_wscale" 0 fw reload --wait
# Of SYNPROXY: what it had to answer itself and what it redeemed, over all CPUs (hexadecimal).
synproxy() {
	on victim cat /proc/net/stat/synproxy | python -c '
import sys
rows = [line.split() for line in sys.stdin]
print(sum(int(row[rows[0].index(sys.argv[1])], 16) for row in rows[1:]))' "$1"
}
# Who waits for SYNPROXY's own SYN to be repeated waits for more than a second.
CLIENT=(--timeout 4000)
through() {
	local answered redeemed before
	URL="http://$2:80/"
	before=$(status "d['reasons']['challenged']")
	floods 0 --dst "$1" --source "random$3" --proto syn --dport 80
	sleep 0.5
	answered=$(synproxy syn_received) redeemed=$(synproxy cookie_valid)
	echo "#   IPv$3: $(honest "$URL")"
	answered=$(($(synproxy syn_received) - answered)) redeemed=$(($(synproxy cookie_valid) - redeemed))
	expect "IPv$3: a connection under the flood is whole" whole "$(fetch "$2")"
	end_floods
	echo "#   flood $(flood_mpps) Mpps; SYNPROXY answered $answered SYNs itself, redeemed $redeemed cookies"
	expect_that "IPv$3 random SYN flood: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
	expect_that "IPv$3: the filter answered" 'a > 100000' "$(($(status "d['reasons']['challenged']") - before))"
	expect_that "IPv$3: SYNPROXY redeemed its cookies" 'a[0] >= 590 and a[1] < 1000' "[$redeemed, $answered]"
}
through "$SERVER" "$SERVER" 4
through "$SERVER6" "[$SERVER6]" 6
