#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A kernel without the helpers for SYN cookies: check, doctor and status say so, nothing is challenged, everything else works.
. "$(dirname "$0")/session.sh"
begin old_kernel
need_tool floodgen
if ! command -v cc >/dev/null; then
	echo "skip $TEST: no cc: apt-get install gcc"
	exit 0
fi
cc -shared -fPIC -o "$WORK/old_kernel.so" "$ROOT/tests/net/old_kernel.c" -ldl || not_ok "the old kernel compiles"
export LD_PRELOAD="$WORK/old_kernel.so"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 100 connections/1s, per: destination, action: challenge}
  - {name: syn-total, match: {protocol: tcp, tcp_flags: syn}, limit: 200 connections/1s, per: total, action: police}
  - {name: udp, match: {protocol: udp, dest_port: 7}, action: block}
YAML
BEFORE=$(on victim cat /proc/sys/net/ipv4/tcp_syncookies)

expect_exit "check warns, it is no error" 0 "$BUILD/floodwall" check "$WORK/policy.yaml"
expect_words "and says why" "would challenge nobody here.*bpf_tcp_gen_syncookie" "$WORK/err" "$WORK/out"
expect "once" 1 "$(cat "$WORK/err" "$WORK/out" | grep -c 'no-syn-cookies')"
expect_exit "doctor finds no problem" "0|1" on victim "$BUILD/floodwall" doctor "$IFACE"
expect_words "and says what does not work" "no SYN cookies in XDP" "$WORK/out"
start_agent
expect "at a start nobody listens yet: that is no news" 0 "$(grep -c 'nobody-listens' "$WORK/agent.log")"
expect_exit "later it is" 0 fw apply "$WORK/policy.yaml"
expect_words "and said" "syn.* challenges nobody here: no program of this host listens" "$WORK/out" "$WORK/err"
on victim "$BUILD/floodwalld" --config "$WORK/policy.yaml" --check >"$WORK/out" 2>&1
expect_words "by --check, too" "nobody-listens" "$WORK/out"
expect_words "status says so" "NOTHING is challenged.*bpf_tcp_gen_syncookie" <(fw status)
expect "sysctls are left alone" "$BEFORE" "$(on victim cat /proc/sys/net/ipv4/tcp_syncookies)"
flood --dst "$VICTIM_IP4" --proto syn --dport 80 --source random4 --rate 20000 --seconds 2
wait "$FLOOD_PID"
expect "nobody is challenged" 0 "$(status "d['reasons']['challenged']")"
expect_that "the next rule decides" 'a > 10000' "$(rule syn-total dropped)"
flood --dst "$VICTIM_IP4" --proto udp --dport 7 --source random4 --rate 20000 --seconds 1
wait "$FLOOD_PID"
expect_that "everything else works" 'a > 10000' "$(rule udp dropped)"
