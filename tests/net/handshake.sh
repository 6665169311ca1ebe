#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A handshake that is under way when a challenge comes into force or ceases to: its cookie carries window scale and SACK in a
# timestamp, which the kernel reads by what tcp_timestamps is when the client's ACK comes.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin handshake
need_web
xdp_on attacker eth0 tools/upstream.bpf.c upstream
STRANGER=198.18.0.77
on victim sysctl -qw net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1
on victim ip neigh replace "$STRANGER" lladdr "$CLIENT_MAC" dev "$IFACE" nud permanent

# slowly COMMAND...: what the server has negotiated with a client whose ACK comes after the command
slowly() {
	local client word
	coproc CLIENT { exec nsenter --net="/run/netns/$CLIENT_NS" /usr/bin/python3 "$ROOT/tests/net/handshake.py" eth0 "$CLIENT_MAC,$VICTIM_MAC" "$STRANGER,$VICTIM_IP4" 80 2>&1; }
	client=$CLIENT_PID
	read -r word <&"${CLIENT[0]}"
	[ "$word" = answered ] || echo "$word"
	"$@" >/dev/null
	echo >&"${CLIENT[1]}"
	read -r word <&"${CLIENT[0]}"
	until_true 2 is_there
	on victim ss -tinoH "dst $STRANGER" | tr '[:space:]' '\n' | grep -E '^(sack|ts|wscale:.*)$' | sort | tr '\n' ' '
	echo >&"${CLIENT[1]}"
	wait "$client"
}
is_there() { on victim ss -tnH "dst $STRANGER" | grep -q .; }

# rules MODE LIMIT: a rule that challenges in that mode
rules() {
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 2k connections/1s, per: destination, action: challenge, mode: $1}
  - {name: floods, match: {protocol: udp}, limit: 5 packets/1s, action: police}
YAML
}

serve backlog=4096
rules enforce
start_agent
WHOLE=$(slowly true)
expect_that "a cookie in peace carries all" '"sack" in a and "ts" in a and "wscale:7," in a' "$WHOLE"
stamps_are() { [ "$(sysctl_of tcp_timestamps)" = "$1" ]; }
for given in "tune syn action=police" "tune syn mode=count" "detach $IFACE"; do
	# shellcheck disable=SC2086 # words
	expect "given back meanwhile by $given: it still does" "$WHOLE" "$(slowly fw $given)"
	expect "tcp_syncookies are what they were at once" 1 "$(sysctl_of tcp_syncookies)"
	expect_exit "and tcp_timestamps a handshake later" 0 until_true 15 stamps_are 1
	fw tune syn action=challenge mode=enforce >/dev/null
	fw attach "$IFACE" >/dev/null 2>&1
	expect "both are raised again" "2 2" "$(sysctl_of tcp_syncookies) $(sysctl_of tcp_timestamps)"
done
fw tune syn action=police >/dev/null
fw tune syn action=challenge >/dev/null
sleep 6
expect "what is needed again before it was given back stays" 2 "$(sysctl_of tcp_timestamps)"

# The kernel itself makes cookies when its queue is full; a rule of mode attack comes into force then.
rules attack
expect_exit "a rule of mode attack" 0 fw reload
expect "has tcp_timestamps ready, and nothing else" "1 2" "$(sysctl_of tcp_syncookies) $(sysctl_of tcp_timestamps)"
on victim sysctl -qw net.ipv4.tcp_syncookies=2
expect "a cookie of before the attack still carries all in it" "$WHOLE" "$(slowly fw under-attack on)"
on victim sysctl -qw net.ipv4.tcp_syncookies=1
is_raised() { [ "$(sysctl_of tcp_syncookies)" = 2 ]; }
until_true 5 is_raised
expect "and one of the attack after it" "$WHOLE" "$(slowly fw under-attack off)"
expect "after which cookies are for full queues" "1 2" "$(sysctl_of tcp_syncookies) $(sysctl_of tcp_timestamps)"

# Who ends waits for those under way.
sed -i 's/^version: 1/version: 1\non_exit: detach/' "$WORK/policy.yaml"
fw reload >/dev/null
fw under-attack on >/dev/null
expect "an agent that ends and takes the filter off: it still does" "$WHOLE" "$(slowly kill -TERM "$AGENT_PID")"
wait "$AGENT_PID"
AGENT_PID=
expect "and has given back both" "1 1" "$(sysctl_of tcp_syncookies) $(sysctl_of tcp_timestamps)"
