#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# The other end of the victim's veth has GRO and no XDP program: answers to SYNs leave, and nothing that the victim sends is
# held up by them, then or later.
. "$(dirname "$0")/session.sh"
. "$(dirname "$0")/web.sh"
begin challenge_gro
need_web
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: destination, action: challenge}
YAML
about_challenge() { on victim "$BUILD/floodwall" --json doctor "$IFACE" | field '" ".join(f["level"] + ": " + f["detail"] for f in d["findings"] if f["check"] == "challenge")'; }
expect_exit "the other end without GRO" 0 on attacker ethtool -K eth0 gro off
expect_that "doctor knows" '"warning: the other end" in a and "answers nobody" in a' "$(about_challenge)"
serve ''
start_agent
# All that came to the other end; next to nothing of it is not an answer.
arrived() { on attacker ip -s -j link show eth0 | field 'd[0]["stats64"]["rx"]["packets"]'; }
client_is_served() { on client curl -sf -m 2 -o /dev/null "http://$VICTIM_IP4:80/"; }
syn_flood() { flood --dst "$VICTIM_IP4" --source random4 --proto syn --dport 80 --rate 20000 --seconds 4; }
challenged() { status "d['reasons']['challenged']"; }
warns() { status '[w for w in d["warnings"] if "NOTHING is challenged on" in w]'; }
warns_no_more() { [ "$(warns)" = '[]' ]; }

expect_that "so does status" 'a and "takes no answers" in a and "ethtool -K PEER gro on" in a' "$(warns)"
syn_flood
sleep 1
expect_exit "a client is served beside the flood: the kernel answers" 0 until_true 5 client_is_served
wait "$FLOOD_PID"
expect "no SYN was challenged, as its answer would be lost" 0 "$(challenged)"
expect_words "the event says that they pass" 'SYNs would be answered with cookies, but pass: floodwall status says why' <(fw events)

expect_exit "the other end has GRO" 0 on attacker ethtool -K eth0 gro on
expect_that "doctor knows" '"ok: the other end" in a' "$(about_challenge)"
expect_exit "status knows without being told" 0 until_true 10 warns_no_more

before=$(arrived)
syn_flood
sleep 1
expect_exit "a client is served beside the flood" 0 until_true 5 client_is_served
wait "$FLOOD_PID"
challenged=$(challenged)
expect_that "forged SYNs were challenged" 'a > 10000' "$challenged"
expect_that "and the answers have left" "a >= 0.9 * $challenged" $(($(arrived) - before))
expect_exit "a client is served after the flood" 0 until_true 5 client_is_served
expect_exit "what the victim sends arrives" 0 on victim ping -c 3 -i 0.2 -W 2 -q "$CLIENT_IP4"
