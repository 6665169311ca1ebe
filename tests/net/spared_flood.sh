#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A flood in the name of a gateway, or of whom an operator allowed, passes: status says whom, how many and what to do.
. "$(dirname "$0")/session.sh"
begin spared_flood
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 2000 packets/1m, action: block}
YAML
start_agent
attentions() { status '[w for w in d["warnings"] if "a flood passes" in w]'; }
is_told() { [ "$(attentions)" != "[]" ]; }
is_over() { [ "$(attentions)" = "[]" ]; }
on victim ip route add default via 198.18.0.77 dev "$IFACE" metric 7
is_gateway() { [ "$(fwj explain 198.18.0.77 | field 'd["reason"]')" = gateway ]; }
expect_exit "a gateway is noticed" 0 until_true 5 is_gateway

flood --dst "$VICTIM_IP4" --source 198.18.0.77 --dport 7777 --rate 300 --seconds 3
wait "$FLOOD_PID"
expect "what a gateway may well send is no flood" "[]" "$(attentions)"
flood --dst "$VICTIM_IP4" --source 198.18.0.77 --dport 7777 --rate 5000 --seconds 5
expect_exit "a flood in its name is told" 0 until_true 5 is_told
fw status >"$WORK/status"
expect_words "status says how many, whom and what to do" \
	"^attention .*a flood passes, whatever rules and bans say: [0-9.k]+ packets/s from 198.18.0.77, a gateway of this host, or forged in its name; have them filtered upstream, or let rules judge gateways: safety: \\{protect_gateways: false\\}" <(tr '\n' ' ' <"$WORK/status" | sed 's/  */ /g; s/ attention/\nattention/g')
expect_words "so does the log" 'warning: a flood passes, .* 198.18.0.77' "$WORK/agent.log"
expect "once" 1 "$(grep -c 'a flood passes' "$WORK/agent.log")"
wait "$FLOOD_PID"
expect_exit "when it is over, nothing is said" 0 until_true 15 is_over

expect_exit "an allowance" 0 fw allow "$ATTACKER_IP4" --for 1h
flood --dst "$VICTIM_IP4" --source "$ATTACKER_IP4" --dport 7777 --rate 5000 --seconds 8
expect_exit "a flood from there is told" 0 until_true 5 is_told
expect_that "with the way to end it" "'from $ATTACKER_IP4, whom an operator allowed' in a and 'floodwall allow ADDRESS --for 1s' in a" "$(attentions)"
dropped=$(rule blanket dropped)
fw allow "$ATTACKER_IP4" --for 1s >/dev/null
wait "$FLOOD_PID"
expect_that "which does" "a > $dropped" "$(rule blanket dropped)"

sed -i '/^rules:/i safety: {protect_gateways: false}' "$WORK/policy.yaml"
fw reload >/dev/null
dropped=$(rule blanket dropped)
flood --dst "$VICTIM_IP4" --source 198.18.0.77 --dport 7777 --rate 5000 --seconds 3
wait "$FLOOD_PID"
expect_that "a gateway that is not spared is held by rules" "a > $dropped + 5000" "$(rule blanket dropped)"
