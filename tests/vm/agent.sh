#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The agent, the CLI and the flood generator on a veth: a flood is dropped, also while the agent is dead. Busybox suffices.
# usage: agent.sh BUILD RECEIVER SENDER
set -u
build=$1 receiver=$2 sender=$3
work=$(mktemp -d) agent='' failed=0

# shellcheck disable=SC2317  # the trap calls it
finish() {
	[ -z "$agent" ] || kill -9 "$agent" 2>/dev/null
	rm -rf "$work" "/sys/fs/bpf/floodwall/$(stat -Lc %i /proc/self/ns/net)"
}
trap finish EXIT

# result NAME WANT GOT
result() {
	if [ "$2" = "$3" ]; then
		echo "ok agent: $1"
	else
		failed=1
		echo "not ok agent: $1: expected '$2', got '$3'"
	fi
}

start_agent() {
	: >"$work/log"
	"$build/floodwalld" --config "$work/policy.yaml" --state-dir "$work/state" --socket "$work/api.sock" >"$work/log" 2>&1 &
	agent=$!
	tries=0
	until grep -q '^ready' "$work/log"; do
		tries=$((tries + 1))
		if [ $tries -gt 600 ] || ! kill -0 "$agent" 2>/dev/null; then
			echo "not ok agent: is ready within a minute"
			cat "$work/log"
			exit 1
		fi
		sleep 0.1
	done
	echo "ok agent: is ready"
}

# Value of the first number or word behind a key of the status.
status() {
	"$build/floodwall" --socket "$work/api.sock" --json status | tr -d ' \n' |
		grep -o "\"$1\":\"\{0,1\}[a-z0-9_]*" | head -n 1 | sed 's/.*://; s/"//g'
}

flood() {
	"$build/tools/floodgen" --iface "$sender" --dport 7 --count 2000 --rate 20000 "$@" >/dev/null
	result "the flood generator runs" 0 $?
}

at_least() {
	[ "${2:-0}" -ge "$1" ] && echo yes || echo "no, $2 of $1"
}

cat >"$work/policy.yaml" <<YAML
version: 1
interfaces: [{name: $receiver, xdp: native}]
rules:
  - {name: port, match: {protocol: udp, dest_port: 7}, action: block}
metrics: {listen: none}
YAML

start_agent
result "enforces" enforcing "$(status state)"
result "attached natively" native "$(status xdp)"
flood
flood --dst fd00:18::1
first=$(status rule_block)
result "drops the flood of both families" yes "$(at_least 3000 "$first")"

kill -9 "$agent"
wait "$agent" 2>/dev/null
flood
start_agent
second=$(status rule_block)
result "dropped on while the agent was dead, and kept count" yes "$(at_least $((first + 1500)) "$second")"

kill -TERM "$agent"
wait "$agent"
result "ends when it is told to" 0 $?
agent=''
exit $failed
