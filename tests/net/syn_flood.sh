#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real nginx behind a random-source SYN flood at the generator's maximum, side by side: the flood aimed at a bare drop, at
# `challenge`, and at the same server without it.
#
# Two queues: the flood fills one, as on a NIC that parts traffic. What receives it also makes it, so that the generator is as
# fast as the receiver lets it be, and the stack answers with its own cookies whatever comes (its 99th percentile is printed).
# It fails here where it has none: net.ipv4.tcp_syncookies=0, which stands in tuning guides because "cookies cost options", or
# where SYNs are only policed. syn_queue.sh is the case in which the stack's own cookies are on and too slow.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin syn_flood --direct
need_web
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 2k connections/1s, per: destination, action: challenge}
YAML
SYN=(--dst "$VICTIM_IP4" --source random4 --proto syn --dport 80)
URL="http://$VICTIM_IP4:80/"
xdp_on attacker eth0 tests/net/upstream.bpf.c xdp
xdp_on victim eth1 tests/net/bare_drop.bpf.c drop
WEB_CPU=1 # the flood's queue has CPU 0 to itself in every run, as interrupts of a NIC are parted
serve '' # nginx's own backlog of 511, as everywhere
median() { python -c 'import statistics, sys; print(statistics.median(map(float, sys.argv[1:])))' "$@"; }
said() { echo "#   $1: $2, flood $(rate_of_flood)"; }

start_agent
for _ in 1 2 3; do
	said "bare drop beside" "$(beside --iface eth1 --dst-mac 02:00:00:00:01:01 "${SYN[@]}")"
	BARE="${BARE:+$BARE }$(p99)"
	said "challenge" "$(beside "${SYN[@]}")"
	expect_that "challenge: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
	CHALLENGE="${CHALLENGE:+$CHALLENGE }$(p99)"
done
expect_that "forged SYNs were answered" 'a > 100000' "$(status "d['reasons']['challenged']")"
# shellcheck disable=SC2086  # lists of numbers
echo "#   99th percentile, median of three: challenge $(median $CHALLENGE) ms, beside a bare drop $(median $BARE) ms"
# Neighbours in time: what else runs on the machine meets both or one, a filter that is too slow is so in every pair.
expect_that "challenge: the 99th percentile is at most twice that beside a bare drop" \
	'min(c / b for c, b in zip(*a)) <= 2' "[[${CHALLENGE// /,}], [${BARE// /,}]]"

fw tune syn action=police >/dev/null
said "police in its place" "$(beside "${SYN[@]}")"
expect_that "with police in its place the same flood shuts them out" 'a < 0.99' "$(share)"
fw detach "$IFACE" >/dev/null
for cookies in 1 0; do
	sysctl_set tcp_syncookies $cookies
	said "no filter, tcp_syncookies=$cookies" "$(beside "${SYN[@]}")"
done
expect_that "without a filter and without cookies the same flood shuts them out" 'a < 0.99' "$(share)"
