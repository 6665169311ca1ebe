#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# The big switch: rules of mode attack count in peace, enforce under attack, by hand or by themselves, and lift again; the
# switch survives reload, kill -9 and restart.
. "$(dirname "$0")/session.sh"
begin under_attack
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: strict, match: {protocol: udp, dest_port: 7000-7999}, limit: 1000 packets/1s, per: destination, action: police, mode: attack}
YAML
need_tool floodgen
start_agent
switch() { fwj under-attack | field "$1"; }
is_active() { [ "$(switch 'd["active"]')" = True ]; }
is_lifted() { [ "$(switch 'd["active"]')" = False ]; }
says() {
	fw status >"$WORK/status"
	grep -q "$1" "$WORK/status"
}
attack() { flood --dst "$VICTIM_IP4" --source pool:4096 --dport 7777 --rate 20000 --seconds "$1"; }

expect "by itself, and off in peace" "auto False 1" "$(switch '"%(mode)s %(active)s %(rules)s" % d')"
expect "the rule counts" "attack False" "$(rule strict mode) $(rule strict enforcing)"
expect "no drift" 0 "$(status 'len(d["drift"])')"

expect_exit "off" 0 fw under-attack off
attack 3
if until_true 2 says 'attack    PASSES'; then ok "off: status says that it passes"; else not_ok "off: status says that it passes" "$(cat "$WORK/status")"; fi
expect_words "and what ends that" 'only counts.*floodwall under-attack auto ends that' "$WORK/status"
wait "$FLOOD_PID"
expect_that "off: an attack is seen" "a > 0" "$(fwj attacks | field 'len(d["active"])')"
expect "and nothing is dropped" 0 "$(rule strict dropped)"
expect_that "only counted" "a > 0" "$(rule strict would_drop)"
expect "off is drift" "['under-attack']" "$(status '[e["kind"] for e in d["drift"]]')"

expect_exit "auto" 0 fw under-attack auto
if until_true 5 is_active; then ok "auto: it enforces while the attack lasts"; else not_ok "auto: it enforces while the attack lasts" "$(fwj under-attack)" "$(fwj attacks)"; fi
attack 4
sleep 1
expect "the rule enforces" True "$(rule strict enforcing)"
if until_true 2 says 'attack    DROPPED'; then ok "and status says that it drops now"; else not_ok "and status says that it drops now" "$(cat "$WORK/status")"; fi
expect_words "status says so" 'under attack: YES' "$WORK/status"
expect_words "and that an attack did it" 'auto, an attack switched it on; auto was set by root' "$WORK/status"
# Just when a sub-window has left the window something fits for a moment.
is_explained() { [ "$(fwj explain 192.0.2.200 --to "$VICTIM_IP4:7777/udp" | field '"%(verdict)s %(rule)s %(undo_for_all)s" % d')" = "drop strict floodwall under-attack off" ]; }
if until_true 3 is_explained; then ok "explain: dropped, and how that ends for all"; else not_ok "explain: dropped, and how that ends for all" "$(fwj explain 192.0.2.200 --to "$VICTIM_IP4:7777/udp")"; fi
expect "the key that police keeps at its limit is over" 1 "$(rule strict keys_over)"
expect "and listed as such" "['$VICTIM_IP4']" "$(fwj rules keys strict --over | field '[k["source"] for k in d["keys"] if k["over"]]')"
fw metrics >"$WORK/metrics"
expect_words "metrics count it" '^floodwall_rule_keys_over_limit\{rule="strict".*\} 1$' "$WORK/metrics"
expect_words "metrics say so" '^floodwall_under_attack 1$' "$WORK/metrics"
wait "$FLOOD_PID"
expect_that "and drops" "a > 1000" "$(rule strict dropped)"
stop_agent KILL
start_agent
expect "it goes on after kill -9" "auto True agent" "$(switch '"%(mode)s %(active)s %(switched_by)s" % d')"
expect "and still enforces" True "$(rule strict enforcing)"
if until_true 60 is_lifted; then ok "it lifts by itself"; else not_ok "it lifts by itself" "$(fwj under-attack)" "$(fwj attacks)"; fi
expect "the rule counts again" False "$(rule strict enforcing)"
fwj events >"$WORK/events"
expect_words "events have it" '"under_attack"' "$WORK/events"

expect_exit "on for 4 s" 0 fw under-attack on --for 4s
expect "at once" "on True" "$(switch '"%(mode)s %(active)s" % d')"
expect_exit "reload" 0 fw reload
expect "a reload keeps it" "on True True" "$(switch '"%(mode)s %(active)s" % d') $(rule strict enforcing)"
if until_true 8 is_lifted; then ok "its time is up"; else not_ok "its time is up" "$(fwj under-attack)"; fi
expect "auto again" auto "$(switch 'd["mode"]')"
expect_exit "on for 2 s" 0 fw under-attack on --for 2s
stop_agent KILL
sleep 3
start_agent
if until_true 5 is_lifted; then ok "its time is up while no agent ran: no attack keeps it on"; else not_ok "its time is up while no agent ran: no attack keeps it on" "$(fwj under-attack)"; fi
expect_exit "on" 0 fw under-attack on
stop_agent
start_agent
expect "on survives a restart" "on True True" "$(switch '"%(mode)s %(active)s" % d') $(rule strict enforcing)"
expect_that "as drift, with who did it" 'a[0]["kind"] == "under-attack" and a[0]["by"]' "$(status 'json.dumps(d["drift"])')"
expect_exit "a word that is none" 64 fw under-attack maybe
expect_exit "auto for a while makes no sense" 64 fw under-attack auto --for 1h
expect_exit "the read-only socket cannot" 77 "$BUILD/floodwall" --socket "$WORK/read.sock" under-attack off
expect "nothing changed" "on True" "$(switch '"%(mode)s %(active)s" % d')"

# In mode count nothing is dropped under attack either, by the policy's or by the interfaces'.
would="1 rule with mode: attack would enforce, but"
sed 's/^version: 1/&\nmode: count/' "$WORK/policy.yaml" >"$WORK/counting.yaml"
expect_exit "a policy in mode count" 0 fw apply "$WORK/counting.yaml"
expect_exit "on" 0 fw under-attack on
expect_words "which says that nothing is dropped" "under attack: YES \(on by root\).*; $would the policy is in mode count: nothing is dropped$" "$WORK/out"
expect_words "as the event does" 'would enforce, but the policy is in mode count: nothing is dropped' <(fw events --last 2)
expect_words "and rules say why" 'police \(counts: mode of the policy\)' <(fw rules)
sed 's/xdp: native/&, mode: count/' "$WORK/policy.yaml" >"$WORK/counting.yaml"
expect_exit "an interface in mode count" 0 fw apply "$WORK/counting.yaml"
expect_words "status says the same" "; $would $IFACE is in mode count: nothing is dropped$" <(fw status)
expect_words "and rules" 'police \(counts: mode of the interfaces\)' <(fw rules)
fw ban 203.0.113.9 >/dev/null
expect_words "and explain of who would be dropped" "^but: $IFACE is in mode count: nothing is dropped$" <(fw explain 203.0.113.9)
fw unban 203.0.113.9 >/dev/null
expect "in JSON, too" "False interfaces" "$(rule strict enforcing) $(rule strict counts_by)"
expect_words "and metrics" '^floodwall_mode\{mode="count"\} 1$' <(fw metrics)
expect_exit "back" 0 fw apply "$WORK/policy.yaml"
expect_words "it enforces" '; 1 rule with mode: attack enforces$' <(fw status)

policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: cookies, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: destination, action: challenge, mode: attack}
  - {name: strangers, match: {protocol: udp, verified: false}, action: count}
  - {name: acks, match: {protocol: tcp, tcp_flags: ack}, action: count}
YAML
# The host answers every SYN with a cookie anyway: nothing is given back when the rule ends.
on victim sysctl -qw net.ipv4.tcp_syncookies=2 net.ipv4.tcp_timestamps=2
challenged() { status 'len(d["challenge"]["active"])'; }
is_challenged() { [ "$(challenged)" = 1 ]; }
answers() { status '[x["answers"] for x in d["challenge"]["active"]]'; }
is_answered() { [ "$(answers)" = "[True]" ]; }
expect_exit "a policy with cookies under attack" 0 fw reload
flood --dst "$VICTIM_IP4" --source pool:4096 --proto syn --dport 80 --rate 5000 --seconds 6
if until_true 5 is_challenged; then ok "a SYN flood is challenged"; else not_ok "a SYN flood is challenged" "$(status 'd["challenge"]')"; fi
if until_true 5 is_answered; then ok "and answered"; else not_ok "and answered" "$(status 'd["challenge"]')"; fi
expect "of which no event says the contrary" 0 "$(fw events | grep -c "'cookies': .* would be answered")"
expect_exit "off" 0 fw under-attack off
expect "nothing is challenged any more" "False 0" "$(status 'd["challenge"]["engaged"]') $(challenged)"
# acks: what becomes of ACKs of no connection, all of those that arrive: a burst may overflow the link before the filter.
acks() {
	local before dropped passed
	before="$(status "d['reasons'].get('challenge_no_state', 0)") $(rule acks packets)"
	on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source pool:64 --proto ack --dport 80 --count 1000 --rate 10000 >"$WORK/acks.json"
	dropped=$(($(status "d['reasons'].get('challenge_no_state', 0)") - ${before% *}))
	passed=$(($(rule acks packets) - ${before#* }))
	if [ "$dropped" -ge 100 ] && [ "$passed" = 0 ]; then
		echo dropped
	elif [ "$passed" -ge 100 ] && [ "$dropped" = 0 ]; then
		echo passed
	else
		echo "$dropped dropped, $passed passed"
	fi
}
expect "nor has TCP to show a connection" passed "$(acks)"
wait "$FLOOD_PID"
expect "nor does what is only counted look like it" 0 "$(challenged)"
fwj events >"$WORK/events"
expect_words "the event says why it ended" 'does not answer SYNs to .* with cookies any more' "$WORK/events"

# The same beside a rule that goes on challenging.
sed -i '/name: cookies/p; s/name: cookies/name: always/; s/limit: 500/limit: 500k/; /name: always/s/, mode: attack//' "$WORK/policy.yaml"
expect_exit "a second rule, in force" 0 fw reload
expect_exit "on" 0 fw under-attack on
flood --dst "$VICTIM_IP4" --source pool:4096 --proto syn --dport 80 --rate 5000 --seconds 6
# What the flood before has left is a challenge already, but nobody is answered until this one is over the limit.
if until_true 5 is_answered; then ok "challenged again"; else not_ok "challenged again" "$(status 'd["challenge"]')"; fi
expect "TCP has to show a connection" dropped "$(acks)"
expect_exit "off" 0 fw under-attack off
expect "the other rule goes on, but not this challenge" "True 0" "$(status 'd["challenge"]["engaged"]') $(challenged)"
expect "nor has TCP to show a connection for it" passed "$(acks)"
wait "$FLOOD_PID"

# An interface in count mode: what would be answered passes, and is not said to be answered.
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native, mode: count}]
rules:
  - {name: counted, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: destination, action: challenge}
YAML
sysctls() { on victim sysctl -n net.ipv4.tcp_syncookies net.ipv4.tcp_timestamps | tr '\n' ' '; }
are_raised() { [ "$(sysctls)" = "2 2 " ]; }
on victim sysctl -qw net.ipv4.tcp_syncookies=1 net.ipv4.tcp_timestamps=1
expect_exit "sysctls are what cookies need" 0 until_true 5 are_raised
expect_exit "an interface in count mode" 0 fw reload
are_given_back() { [ "$(sysctls)" = "1 1 " ]; }
expect_exit "where nobody is answered they are the host's own" 0 until_true 15 are_given_back
expect "of which there is nothing to warn" 0 "$(status 'len([w for w in d["warnings"] if "challenge" in w])')"
flood --dst "$VICTIM_IP4" --source pool:4096 --proto syn --dport 80 --rate 5000 --seconds 12
if until_true 5 is_challenged; then ok "the flood is seen"; else not_ok "the flood is seen" "$(status 'd["challenge"]')"; fi
expect "and answered nowhere" "[False]" "$(answers)"
expect_words "status says so" "counted on $VICTIM_IP4 .*answers nobody" <(fw status)
expect_words "the event, too" "'counted': a SYN flood on .* would be answered with cookies, but pass: they come by an interface in count mode$" <(fw events)
sed -i '/name: counted/s/challenge}/challenge, mode: count}/' "$WORK/policy.yaml"
expect_exit "the rule counts, too" 0 fw reload
expect_words "what never answered does not cease to" "'counted' would not answer SYNs to .* with cookies any more: it counts" <(fw events)
sed -i '/name: counted/s/challenge, mode: count}/challenge}/' "$WORK/policy.yaml"
expect_exit "and no more" 0 fw reload
if until_true 5 is_challenged; then ok "the flood is seen again"; else not_ok "the flood is seen again" "$(status 'd["challenge"]')"; fi
expect_words "metrics count none" '^floodwall_challenges 0$' <(fw metrics)
on victim /usr/bin/python3 -m http.server 80 --directory /nonexistent >/dev/null 2>&1 &
disown
until_true 5 on victim sh -c 'ss -Hltn "sport = :80" | grep -q .'
sed -i 's/, mode: count//' "$WORK/policy.yaml"
expect_exit "it enforces" 0 fw reload
expect "with the sysctls for it" "2 2 " "$(sysctls)"
if until_true 5 is_answered; then ok "now it is answered"; else not_ok "now it is answered" "$(status 'd["challenge"]')"; fi
expect_words "which is told" "'counted': a SYN flood on .*, SYNs are answered with cookies" <(fw events)
wait "$FLOOD_PID"

# Out of mode count, and from everybody's limit to each destination's, while it is flooded.
policy <<YAML
version: 1
mode: count
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: turns, match: {protocol: tcp, tcp_flags: syn}, limit: 500 connections/1s, per: total, action: challenge}
YAML
expect_exit "a policy in mode count" 0 fw reload
flood --dst "$VICTIM_IP4" --source pool:4096 --proto syn --dport 80 --rate 5000 --seconds 14
counts() { [ "$(rule turns would_drop)" -gt 5000 ]; }
until_true 5 counts
sed -i '/^mode: count/d' "$WORK/policy.yaml"
expect_exit "it enforces" 0 fw reload
if until_true 5 is_answered; then ok "everybody is answered"; else not_ok "everybody is answered" "$(status 'd["challenge"]')"; fi
expect "and was at no time said to pass" 0 "$(fw events | grep -c "'turns': .* would be answered")"
destinations() { status '" ".join(x["destination"] for x in d["challenge"]["active"])'; }
expect "status says whom it is for" all "$(destinations)"
sed -i 's/per: total/per: destination/' "$WORK/policy.yaml"
expect_exit "now per destination" 0 fw reload
expect "nobody is challenged for everybody's sake any more" "" "$(destinations | grep all)"
is_victim() { [ "$(destinations)" = "$VICTIM_IP4" ]; }
if until_true 5 is_victim; then ok "but the victim is"; else not_ok "but the victim is" "$(status 'd["challenge"]')"; fi
wait "$FLOOD_PID"
