#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A flood in the name of a gateway, or of whom an operator allowed, passes: status says whom, how many and what to do. Of who
# only holds a connection to the SSH port what is beyond ssh_limit does not.
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

# Who holds a connection to the SSH port, says nothing there and floods another one.
# shellcheck disable=SC2016  # the shell behind socat expands it
on victim socat TCP6-LISTEN:22,fork,reuseaddr,ipv6only=0 SYSTEM:'while read -r word; do echo "got $word"; done' &
until_true 5 on victim sh -c 'ss -ltn | grep -q :22'
mkfifo "$WORK/bot" "$WORK/admin"
on attacker socat - "TCP4:$VICTIM_IP4:22" <"$WORK/bot" >"$WORK/bot.screen" &
exec 7>"$WORK/bot"
on client socat - "TCP4:$VICTIM_IP4:22" <"$WORK/admin" >"$WORK/admin.screen" 7>&- &
exec 8>"$WORK/admin"
typed() { # WHO FD WORD
	echo "$3" >&"$2"
	until_true 10 grep -q "got $3" "$WORK/$1.screen"
}
why_of() { fwj explain "$1" | field 'd["reason"]'; }
is_peer() { [ "$(why_of "$1")" = ssh_peer ]; }
is_gone() { ! is_peer "$ATTACKER_IP4"; }
is_beyond() { fw explain "$ATTACKER_IP4" | tr '\n' ' ' | grep -q "has a live SSH session with this host, but over its limit"; }
expect_exit "a connection to the SSH port is noticed" 0 until_true 15 is_peer "$ATTACKER_IP4"
expect_exit "so is the administrator's" 0 until_true 5 is_peer "$CLIENT_IP4"
dropped=$(rule blanket dropped)
flood --dst "$VICTIM_IP4" --source "$ATTACKER_IP4" --dport 7777 --rate 20000 --seconds 8
expect_exit "a flood from there is told, too" 0 until_true 5 is_told
expect_that "with what passes of it, and what to do" "'from $ATTACKER_IP4, who has a live SSH session' in a and 'of each such source 2000 packets/1s pass (safety: {ssh_limit: ...}), the rest is up to rules and bans; end that session' in a" "$(attentions)"
expect_exit "explain says that it is beyond" 0 until_true 5 is_beyond
expect "which another SSH peer is not" ssh_peer "$(why_of "$CLIENT_IP4")"
expect_exit "whose session goes on" 0 typed admin 8 meanwhile
wait "$FLOOD_PID"
expect_that "the rule has dropped what is beyond" "a['sent'] > 20000 and $(rule blanket dropped) - $dropped > a['sent'] / 2" "$(tail -n 1 "$WORK/flood.json")"
expect_exit "below it that connection passes, too, whatever the rule says" 0 typed bot 7 afterwards
expect_exit "as explain has it" 0 until_true 5 is_peer "$ATTACKER_IP4"
expect "a ban of it would be refused" 78 "$(fw ban "$ATTACKER_IP4" >/dev/null 2>&1; echo $?)"
expect_exit "the other one lives as well" 0 typed admin 8 later
exec 7>&-
expect_exit "who hangs up is spared no more" 0 until_true 10 is_gone
stop_agent KILL
expect_exit "so it does when the agent is killed" 0 typed admin 8 alone
start_agent
expect_exit "and when the next one takes over" 0 typed admin 8 again
exec 8>&-

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
