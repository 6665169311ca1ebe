#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real nginx behind a random-source SYN flood at the generator's maximum, side by side: the flood aimed at a bare drop, at
# `challenge`, and at the same server without it; out of one CPU, and out of both.
#
# A queue for each CPU, as on a NIC whose interrupts are pinned: what one CPU sends is received there, so that the generator is as
# fast as the receiver lets it be, nobody's packets are lost in a full ring, and beside the flood out of both every client shares
# queue and CPU with it. The stack then answers with its own cookies whatever comes (printed). The server fails here where it
# has none: net.ipv4.tcp_syncookies=0, which stands in tuning guides because "cookies cost options", or where SYNs are only
# policed. syn_queue.sh is the case in which the stack's own cookies are on and too slow.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin_syn syn_flood --queue-per-cpu
said() { echo "#   $FLOOD, $1: $2, $(flood_mpps) Mpps"; }
median() { python -c 'import statistics, sys; print(statistics.median(map(float, sys.argv[1:])))' "$@"; }

# pairs: the same flood aimed at a bare drop and at challenge, in turn
pairs() {
	local bare=() challenge=()
	for _ in 1 2 3; do
		said "bare drop beside" "$(beside_bare_drop)"
		bare+=("$(p99)")
		said challenge "$(beside "${SYN[@]}")"
		challenge+=("$(p99)")
		expect_that "$FLOOD, challenge: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
	done
	expect_that "$FLOOD, challenge: the 99th percentile is at most twice that beside a bare drop, medians of three" 'a[0] <= 2 * a[1]' \
		"[$(median "${challenge[@]}"), $(median "${bare[@]}")]"
	echo "#   $FLOOD, 99th percentile: challenge $(median "${challenge[@]}") ms, beside a bare drop $(median "${bare[@]}") ms"
}

one_cpu() {
	FLOOD="one CPU" FLOOD_CPUS=0
	web_keeps_to 1 # so that the flood's queue has its CPU to itself, as where interrupts are parted
}
both_cpus() {
	FLOOD="both CPUs" FLOOD_CPUS="0 1"
	web_keeps_to 0,1
}
start_agent
one_cpu
pairs
both_cpus
pairs
expect_that "forged SYNs were answered" 'a > 100000' "$(status "d['reasons']['challenged']")"

shut_out() {
	said "$1" "$(beside "${SYN[@]}")"
	expect_that "$FLOOD, $1: the same flood shuts them out" 'a < 0.99' "$(share)"
}
fw tune syn action=police >/dev/null
shut_out "police in its place"
one_cpu
shut_out "police in its place"
fw detach "$IFACE" >/dev/null
said "no filter, tcp_syncookies=1" "$(beside "${SYN[@]}")"
sysctl_set tcp_syncookies 0
shut_out "no filter, tcp_syncookies=0"
both_cpus
shut_out "no filter, tcp_syncookies=0"
sysctl_set tcp_syncookies 1
said "no filter, tcp_syncookies=1" "$(beside "${SYN[@]}")"
