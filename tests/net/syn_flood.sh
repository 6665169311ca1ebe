#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A real nginx behind a random-source SYN flood at the generator's maximum, side by side: the flood aimed at a bare drop, at
# `challenge`, and at the same server without it; in three ways.
#
# A queue for each CPU, as on a NIC whose interrupts are pinned, the flood out of one CPU, or out of both: what one CPU sends is
# received there, so that the generator is as fast as the receiver lets it be, nobody's packets are lost in a full ring, and
# beside the flood out of both every client shares queue and CPU with it. And two queues, each received by a CPU, the flood for
# one of them made by the other: several times what is answered comes, and the ring loses what is the flood's own.
#
# The stack answers here with its own cookies whatever comes (printed). The server fails where it has none:
# net.ipv4.tcp_syncookies=0, which stands in tuning guides because "cookies cost options", or where SYNs are only policed.
# syn_queue.sh is the case in which the stack's own cookies are on and too slow.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin_syn syn_flood --queue-per-cpu
said() { echo "#   $FLOOD, $1: $2, $(flood_mpps) Mpps"; }
median() { python -c 'import statistics, sys; print(statistics.median(map(float, sys.argv[1:])))' "$@"; }

# pairs COUNT [judged]: the same flood aimed at a bare drop and at challenge, in turn
pairs() {
	local bare=() challenge=() medians count=$1 judged=${2:-}
	for _ in $(seq "$count"); do
		said "bare drop beside" "$(beside_bare_drop)"
		bare+=("$(p99)")
		said challenge "$(beside "${SYN[@]}")"
		challenge+=("$(p99)")
		expect_that "$FLOOD, challenge: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
	done
	medians="[$(median "${challenge[@]}"), $(median "${bare[@]}")]"
	[ ! "$judged" ] ||
		expect_that "$FLOOD, challenge: the 99th percentile is at most twice that beside a bare drop, medians" 'a[0] <= 2 * a[1]' "$medians"
	echo "#   $FLOOD, 99th percentile in ms, medians of $count: challenge and beside a bare drop $medians"
}

shut_out() {
	said "$1" "$(beside "${SYN[@]}")"
	expect_that "$FLOOD, $1: the same flood shuts them out" 'a < 0.99' "$(share)"
}

# side_by_side FLOOD CPUS-OF-FLOOD CPUS-OF-SERVER-AND-CLIENTS PAIRS [judged]
side_by_side() {
	FLOOD=$1 FLOOD_CPUS=$2
	web_keeps_to "$3"
	pairs "$4" "${5:-}"
	expect_that "$FLOOD: forged SYNs were answered" 'a > 100000' "$(status "d['reasons']['challenged']")"
	fw tune syn action=police >/dev/null
	shut_out "police in its place"
	fw detach "$IFACE" >/dev/null
	said "no filter, tcp_syncookies=1" "$(beside "${SYN[@]}")"
	sysctl_set tcp_syncookies 0
	shut_out "no filter, tcp_syncookies=0"
	sysctl_set tcp_syncookies 1
	fw attach "$IFACE" --xdp native >/dev/null
	fw tune syn action=challenge >/dev/null
}

start_agent
# The flood's queue has its CPU to itself, as where interrupts are parted.
side_by_side "one CPU" 0 1 11 judged
side_by_side "both CPUs" "0 1" 0,1 5 judged
stop_agent
# The 99th percentile is printed only: what drops all leaves the receiving CPU time for whatever else the machine does, a queue that
# overflows does not, and then all of that is beside the clients, on the generator's CPU.
lab down
lab up --napi-cpu 1 --direct || exit 1
serve_syn
start_agent
side_by_side "a generator with a CPU of its own" 0 0 3
