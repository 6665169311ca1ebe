#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One CPU's share of a SYN flood: random sources are spread over all queues of a NIC, so that every client shares a queue and
# a CPU with the flood. The stack's own cookies are on and cost more than a CPU has: `challenge` keeps up where they do not.
#
# What both can is measured first, with the generator at its maximum; the flood is then between the two. At the maximum
# itself, ten times what one CPU answers, the queue overflows before any program sees a packet (a bare drop loses them, too).
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin syn_queue --single-queue --napi-cpu 1 --direct
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
serve '' # nginx's own backlog of 511, as everywhere

stack_answered() {
	on victim cat /proc/net/netstat | python -c '
import sys
names, values = [line.split() for line in sys.stdin if line.startswith("TcpExt:")]
print(dict(zip(names, values))["SyncookiesSent"])'
}
challenged() { status "d['reasons']['challenged']"; }

# per_second COUNTER: what it counts in a second of a flood at the maximum
per_second() {
	local before
	flood "${SYN[@]}" --seconds 4 --cpu 0
	sleep 1
	before=$("$1")
	sleep 2
	echo $((($("$1") - before) / 2))
	wait "$FLOOD_PID"
}

STACK=$(per_second stack_answered)
start_agent
CHALLENGE=$(per_second challenged)
echo "#   one CPU answers $STACK SYNs a second in the stack, $CHALLENGE in the filter"
if [ "$CHALLENGE" -lt $((STACK * 5 / 4)) ]; then
	echo "skip $TEST: there is no room between the stack's $STACK and the filter's $CHALLENGE cookies a second on this machine"
	exit 0
fi
SYN+=(--rate "$(python -c "print(round(($STACK * $CHALLENGE) ** 0.5))")")
bare=$(beside --iface eth1 --dst-mac 02:00:00:00:01:01 "${SYN[@]}")
BARE_P99=$(p99)
challenge=$(beside "${SYN[@]}")
expect_that "challenge: 99 % of real clients' requests succeed" 'a >= 0.99' "$(share)"
CHALLENGE_P99=$(p99)
fw detach "$IFACE" >/dev/null
expect "without it the stack has cookies of its own" 1 "$(sysctl_of tcp_syncookies)"
stack=$(beside "${SYN[@]}")
expect_that "without challenge the same flood shuts clients out" 'a < 0.99' "$(share)"
echo "#   $(rate_of_flood): bare drop beside: $bare; challenge: $challenge; the stack alone: $stack"
echo "#   99th percentile, challenge over bare drop: $(python -c "print(round($CHALLENGE_P99 / $BARE_P99, 2))")"
