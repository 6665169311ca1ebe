#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A SYN flood on a port where nobody listens is dropped, not answered: event, status and programs are told so, and what becomes
# of SYNs to a listener beside it.
. "$(dirname "$0")/session.sh"
begin challenge_nobody
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: destination, action: challenge}
YAML
xdp_on attacker eth0 tools/upstream.bpf.c upstream
start_agent
active() { status "[x$1 for x in d['challenge']['active']]"; }
is_active() { [ "$(active '["destination"]')" = "['$1']" ]; }
syn_flood() { flood --dst "$1" --source random"$2" --proto syn --dport "$3" --rate 5000 --seconds 5; }

syn_flood "$VICTIM_IP6" 6 81
expect_exit "a flood on a port where nobody listens is a challenge" 0 until_true 5 is_active "$VICTIM_IP6"
fw status >"$WORK/status"
expect_words "status says that none was answered" "^challenge syn on $VICTIM_IP6 for [0-9]+ s \(none answered yet: SYNs to ports where nobody listens are dropped\)" "$WORK/status"
expect_that "to programs as well" 'a[0][0] == 0 and a[0][1] > 500' "$(status 'json.dumps([[x["answered_packets"], x["no_listener_packets"]] for x in d["challenge"]["active"]])')"
expect_words "nor is its attack" '^attack +DROPPED [0-9]+: tcp syn to port 81 -> ' "$WORK/status"
expect "no SYN was" 0 "$(status "d['reasons']['challenged']")"
expect_words "so does the event" "SYN flood on $VICTIM_IP6, to ports where nobody listens: SYNs are dropped, none was answered yet" <(fw events)
expect "which does not say that they are answered" 0 "$(fw events | grep -c "$VICTIM_IP6, SYNs are answered")"
wait "$FLOOD_PID"

on victim /usr/bin/python3 -m http.server 80 --directory /nonexistent >/dev/null 2>&1 &
disown
until_true 5 on victim sh -c 'ss -Hltn "sport = :80" | grep -q .'
syn_flood "$VICTIM_IP4" 4 80
is_answered() { fw status | grep -qE "syn on $VICTIM_IP4 for [0-9]+ s(   |, )"; }
expect_exit "a flood on a listener is answered, and status says nothing else" 0 until_true 5 is_answered
expect_words "so does the event" "SYN flood on $VICTIM_IP4, SYNs are answered with cookies$" <(fw events)
expect_words "status says what becomes of the attack" '^attack +ANSWERED .*tcp syn to port 80 -> ' <(fw status)
fw top --once >"$WORK/top"
expect_words "top says it of sources" ' 0 pps +answered +challenged +syn' "$WORK/top"
wait "$FLOOD_PID"
expect "programs are told how much of what was dropped was answered" True "$(status "d['answered'] == d['reasons']['challenged'] > 500 and d['dropped'] - d['answered'] >= d['reasons']['challenge_no_listener'] > 0")"
expect_words "status says it apart" '^packets +in .* dropped [^ ]+( k)? \([0-9.]+ %\) +answered [0-9.]+( k)? \([0-9.]+ %\) +passed' <(fw status)
expect_words "and what the answers were" '^answers +challenged ' <(fw status)
expect_words "rules says what its column is" '^DROPPED of a challenge rule: SYNs answered with cookies or dropped' <(fw rules)
is_over() { fw events | grep -q 'attack .* is over after .* answered with cookies, '; }
expect_exit "and when it is over" 0 until_true 20 is_over
