#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# The undo lines of ban, unban and sets, typed as they are printed: what was in force before is in force again, for as long.
. "$(dirname "$0")/session.sh"
begin undo
echo 45.1.2.0/24 >"$WORK/listed.txt"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  hand: {entries: [198.51.100.0/24]}
  inside: {entries: [10.5.0.0/16, 203.0.113.0/24]}
feeds:
  listed: {url: "file://$WORK/listed.txt", every: 1h}
rules:
  - {name: known-bad, match: {source: [hand, inside, listed]}, action: block}
  - {name: blanket, limit: 20 packets/10s, action: block, ban: {escalate: [10m, 1h], unverified: true}}
YAML
start_agent

# undo COMMAND...: runs it, then what it says takes it back
undo() {
	expect_exit "$*" 0 fwj "$@"
	UNDO=$(field 'd["undo"]' <"$WORK/out")
	eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo line: $UNDO" "$(cat "$WORK/undone")"
}
# lease SOURCE: "3600 2 reason", seconds rounded to the nearest hundred
lease() { fwj bans | field "' '.join('%d %d %s' % (round(b['expires_in_seconds'], -2), b['strikes'], b['reason']) for b in d if b['source']=='$1')"; }

send client "$VICTIM_IP4" 7777 200 100
expect "the rule has banned its client" "600 1 blanket" "$(lease "$CLIENT_IP4")"
undo unban "$CLIENT_IP4"
expect "undo of unban: time, offences and why are back" "600 1 blanket" "$(lease "$CLIENT_IP4")"
undo ban "$CLIENT_IP4" --for 1d --reason 'by hand'
expect "undo of a ban that took the place of another" "600 1 blanket" "$(lease "$CLIENT_IP4")"
expect_exit "the ban ends" 0 fw ban "$CLIENT_IP4" --for 1s
sleep 1.2
send client "$VICTIM_IP4" 7777 200 100
expect "the next offence escalates" "3600 2 blanket" "$(lease "$CLIENT_IP4")"

expect_exit "two bans of different length" 0 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' ban 203.0.113.1 203.0.113.2 --for 30m --reason 'two words' && \
	'$BUILD/floodwall' --socket '$WORK/api.sock' ban 203.0.113.3 --for 2h"
undo unban 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.4
expect "come back each with its own" "1800 0 two words|7200 0 " "$(lease 203.0.113.2)|$(lease 203.0.113.3)"
undo ban 203.0.113.50 203.0.113.50 --for 1h
expect "an address named twice is not left banned" "" "$(lease 203.0.113.50)"
expect_exit "a ban that wants --force" 0 fw ban 198.18.0.0/28 --for 1h --force
undo unban 198.18.0.0/28
expect "comes back with it" "3600 0 " "$(lease 198.18.0.0/28)"
expect_exit "and goes" 0 fw unban 198.18.0.0/28
expect_exit "a new ban" 0 fwj ban 203.0.113.9
expect "is undone by none" "floodwall unban 203.0.113.9" "$(field 'd["undo"]' <"$WORK/out")"
expect_exit "a ban that is over" 0 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' ban 203.0.113.10 --for 1s && sleep 1.2"
expect_exit "needs no unban" 0 fwj unban 203.0.113.10
expect "and is not said to have needed it" "[] ['203.0.113.10'] None" "$(field '"%s %s %s" % (d["unbanned"], d["not_banned"], d["undo"])' <"$WORK/out")"
# strikes SOURCE: what the next offence will find; a lease with an end far off would hide it
strikes() { fwj ban "$1" --for 1h >/dev/null && fwj bans | field "[b['strikes'] for b in d if b['source']=='$1'][0]"; }
expect_exit "a ban with offences" 0 fw ban 203.0.113.20 203.0.113.21 --for 1h --strikes 1
undo ban 203.0.113.20 --for 2h --strikes 5
expect "undo takes back those that the ban has raised" "3600 1 " "$(lease 203.0.113.20)"
expect_exit "one without offences" 0 fw ban 203.0.113.22 --for 1h
undo ban 203.0.113.22 --strikes 5
expect "also to none" "3600 0 " "$(lease 203.0.113.22)"
undo ban 203.0.113.23 --strikes 5
expect "and of a source that had none" 0 "$(strikes 203.0.113.23)"
undo ban 203.0.113.21 --for 2h --strikes 0
expect "or those it has lowered" "3600 1 " "$(lease 203.0.113.21)"
expect_exit "a ban that is over, remembered" 0 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' ban 203.0.113.24 203.0.113.25 203.0.113.26 --for 1s --strikes 2 && sleep 1.2"
undo ban 203.0.113.24 --for 1h
expect "undo of a ban after it: not banned" "" "$(lease 203.0.113.24)"
expect "but remembered" 2 "$(strikes 203.0.113.24)"
undo unban 203.0.113.25
expect "undo of an unban after it" "2" "$(strikes 203.0.113.25)"
undo ban 203.0.113.26 203.0.113.26 --for 1h --strikes 9
expect "undo of one that raised it after all" "2" "$(strikes 203.0.113.26)"
expect_exit "an unban that keeps more" 64 fw unban 203.0.113.26 --strikes 256
expect_exit "offences that no byte holds" 64 fw ban 203.0.113.11 --strikes 256

# member CIDR: "in" or "out", and how much longer
member() {
	local how=out
	fw sets test hand "$1" >/dev/null && how=in
	echo "$how $(status "' '.join(str(round(x['expires_in_seconds'] or 0, -2)) for x in d['drift'] if '$1' in str(x))")"
}
expect_exit "a member for an hour" 0 fw sets add hand 203.0.113.77 --for 1h
before=$(member 203.0.113.77)
expect_that "which is known" "a.startswith('in ') and a.endswith(' 3600')" "$before"
undo sets del hand 203.0.113.77
expect "undo of sets del: for what was left of the hour" "$before" "$(member 203.0.113.77)"
undo sets add hand 203.0.113.77
expect "undo of a lasting sets add as well" "$before" "$(member 203.0.113.77)"

# live SET ADDRESS...: the live changes of a set in their order, and which of the addresses are in
live() {
	local set=$1 address
	status "' '.join('%s %d' % (x['detail'], round(x['expires_in_seconds'] or 0, -2)) for x in d['drift'] if x['kind'] == 'set' and x['object'] == '$set')"
	for address in "${@:2}"; do
		if fw sets test "$set" "$address" >/dev/null; then echo "$address in"; else echo "$address out"; fi
	done
}
# comes_back SET "ADDRESS..." COMMAND...: the same before and after its undo
comes_back() {
	local set=$1 addresses before
	read -ra addresses <<<"$2"
	shift 2
	before=$(live "$set" "${addresses[@]}")
	undo "$@"
	expect "as before: $*" "$before" "$(live "$set" "${addresses[@]}")"
}
comes_back hand "198.18.9.1" sets add hand 198.18.9.1 198.18.9.1
comes_back hand "198.18.9.1" sets add hand 198.18.9.1 198.18.9.1 --for 1h
expect "named twice, added once" "1 1" "$(fwj sets add hand 198.18.9.2 198.18.9.2 --for 1h | field "'%d %d' % (d['added'], d['already'])")"
expect_exit "clean again" 0 fw sets forget hand 198.18.9.2

# in two requests
for ((i = 0; i < 10002; i++)); do echo "100.64.$((i / 256)).$((i % 256))"; done >"$WORK/list.txt"
expect_exit "more bans than one request takes" 0 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' --json ban - --for 1h <'$WORK/list.txt' >'$WORK/out'"
expect "have one undo" 10002 "$(field "d['undo'].count(' 100.64.')" <"$WORK/out")"
UNDO=$(field 'd["undo"]' <"$WORK/out")
eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo of two requests" "$(tail -c 400 "$WORK/undone")"
expect "which takes all of them back" 0 "$(fwj bans | field 'sum(x["source"].startswith("100.64.") for x in d)')"

read -ra many <<<"$(printf '198.18.10.%d ' {1..40})"
comes_back hand "${many[*]}" sets add hand "${many[@]}"
comes_back hand "${many[*]}" sets del hand "${many[@]/#198.18.10./198.51.100.}"
in_hand() { fwj sets | field '[x["prefixes4"] for x in d if x["name"] == "hand"][0]'; }
before=$(in_hand)
expect_exit "forty in words" 0 fw sets add hand "${many[@]}"
UNDO=$(sed -n '/^undo: /,$ s/^undo: //; /floodwall\|^    /p' "$WORK/out")
eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo lines: $UNDO" "$(cat "$WORK/undone")"
expect "are undone by the lines that are shown" "$before" "$(in_hand)"
expect_exit "forty bans" 0 fw ban "${many[@]}" --for 30m
undo unban "${many[@]}"
expect "come back all" 40 "$(fwj bans | field 'sum(x["source"].startswith("198.18.10.") for x in d)')"
expect_exit "and go" 0 fw unban "${many[@]}"

probes=(10.1.2.3 10.1.3.3 10.5.0.1 10.5.6.7 10.9.9.9 203.0.113.77)
expect_exit "a part is taken out for an hour" 0 fw sets del inside 10.5.6.0/24 --for 1h
expect_exit "something is added for two" 0 fw sets add inside 10.1.0.0/16 --for 2h
expect_exit "but for a part of that" 0 fw sets del inside 10.1.2.0/24
comes_back inside "${probes[*]}" sets add inside 10.0.0.0/8
comes_back inside "${probes[*]}" sets add inside 10.0.0.0/8 --for 10m
comes_back inside "${probes[*]}" sets del inside 10.0.0.0/8
comes_back inside "${probes[*]}" sets del inside 10.5.0.0/16 10.1.0.0/16 --for 10m
comes_back inside "${probes[*]}" sets add inside 10.1.2.3 10.1.2.0/24 10.1.2.3
comes_back inside "${probes[*]}" sets add inside 10.1.2.0/24
comes_back inside "${probes[*]}" sets forget inside 10.1.0.0/16
comes_back listed "45.1.2.3 45.9.9.9" sets add listed 45.0.0.0/8
comes_back listed "45.1.2.3 45.9.9.9" sets del listed 45.1.2.3
expect_exit "one that lasts longer" 0 fw sets add inside 10.7.0.0/16 --for 20m
expect "is new inside one that ends first" 1 "$(fwj sets add inside 10.7.7.0/24 --for 100m | field "d['added']")"
expect_exit "what was never changed" 0 fwj sets forget inside 192.0.2.0/24
expect "is nothing to forget" "0 1 None" "$(field "'%d %d %s' % (d['forgotten'], d['already'], d['undo'])" <"$WORK/out")"
file() { grep "^  inside" "$WORK/policy.yaml"; }
before=$(file; live inside "${probes[@]}")
undo sets add inside 10.0.0.0/8 --save
expect "undo of one that was saved: the file, too" "$before" "$(file; live inside "${probes[@]}")"

expect "one line of undo, not two" False "$(fwj sets add inside 10.6.0.0/16 --save | field "'undo_unsaved' in d")"
expect_exit "and out of the file again" 0 fw sets del inside 10.6.0.0/16 --save

# fails_to_save COMMAND...: sets UNDO, nothing can be saved from here on
fails_to_save() {
	mv "$WORK/policy.yaml" "$WORK/away.yaml"
	expect_exit "not saved: $*" 78 fwj "$@" --save
	UNDO=$(field '"" if d["saved"] else d["undo"] or ""' <"$WORK/out")
	expect_words "which is told" '"code":"not-saved"' "$WORK/err"
}
# unsaved_comes_back COMMAND...: the undo of one that could not be saved, typed while still nothing can be
unsaved_comes_back() {
	local before
	before=$(file; live inside "${probes[@]}")
	fails_to_save "$@"
	eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo line: $UNDO" "$(cat "$WORK/undone")"
	mv "$WORK/away.yaml" "$WORK/policy.yaml"
	expect "as before: $*, not saved" "$before" "$(file; live inside "${probes[@]}")"
}
expect_exit "nothing that ends meanwhile" 0 fw sets forget inside 10.5.6.0/24 10.1.0.0/16 10.7.0.0/16 10.7.7.0/24 10.1.2.0/24
expect_exit "a part is out" 0 fw sets del inside 10.5.6.0/24
unsaved_comes_back sets add inside 10.0.0.0/8
unsaved_comes_back sets del inside 10.5.0.0/16
mv "$WORK/policy.yaml" "$WORK/away.yaml"
expect_exit "not saved, in words" 78 fw sets add inside 10.9.0.0/16 --save
expect_words "with what takes it back" '^undo: floodwall sets del inside 10\.9\.0\.0/16$' "$WORK/out"
mv "$WORK/away.yaml" "$WORK/policy.yaml"
expect_exit "taken back" 0 fw sets del inside 10.9.0.0/16

# A file that is written and not reloaded, as an apply waits for its confirmation: the undo is for the file, too.
cp "$WORK/policy.yaml" "$WORK/tried.yaml"
echo "  - {name: tried, limit: 5000 packets/1s, action: count}" >>"$WORK/tried.yaml"
fw apply "$WORK/tried.yaml" --confirm 60s >"$WORK/apply.out" 2>&1 &
is_tried() { [ -n "$(rule tried mode)" ]; }
expect_exit "an apply waits" 0 until_true 10 is_tried
expect_exit "saved, but not reloaded" 75 fwj sets add inside 10.9.0.0/16 --save
expect "it is said to be saved, and so is its undo" "True floodwall sets del inside 10.9.0.0/16 --save" "$(field '"%(saved)s %(undo)s" % d' <"$WORK/out")"
expect_words "as it is" 'inside.*10\.9\.0\.0/16' "$WORK/tried.yaml"
expect_exit "the apply is taken back" 0 fw rollback
wait "$!"
expect_exit "and what was added" 0 fw sets del inside 10.9.0.0/16

# saved_comes_back COMMAND...: of one that is live already, and comes into the file
saved_comes_back() {
	local before
	before=$(file; live inside "${probes[@]}")
	undo "$@" --save
	expect "as before: $*, live already" "$before" "$(file; live inside "${probes[@]}")"
}
probes+=(10.8.1.1 10.8.2.2)
expect_exit "a live member" 0 fw sets add inside 10.8.0.0/16
saved_comes_back sets add inside 10.8.0.0/16 10.8.0.0/16
saved_comes_back sets add inside 10.8.1.0/24
expect_exit "an entry of the file, out live" 0 fw sets del inside 203.0.113.0/24
saved_comes_back sets del inside 203.0.113.0/24

# remembered SOURCE STRIKES: in what a boot brings back
remembered() { grep -q "\"source\":\"$1\".*\"strikes\":$2," "$WORK/state/bans.json"; }
expect_exit "offences of somebody not banned" "0|1" fw unban 203.0.113.40 --strikes 4
expect_exit "are there after a boot, too" 0 until_true 5 remembered 203.0.113.40 4
expect_exit "taken away" "0|1" fw unban 203.0.113.40
forgotten() { ! remembered 203.0.113.40 4; }
expect_exit "they are not" 0 until_true 5 forgotten

# tuned: "30 packets/10s 3600" for an hour, over what the file says
tuned() { echo "$(rule blanket limit) $(status "' '.join(str(round(x['expires_in_seconds'] or 0, -2)) for x in d['drift'] if x['kind'] == 'tune')")"; }
expect_exit "a limit for an hour" 0 fw tune blanket limit=30/10s --for 1h
undo tune blanket limit=40/10s
expect "undo of a lasting tune: for what was left of the hour" "30 3600" "$(tuned)"
undo tune blanket limit=50/10s action=count ban=none --for 1m
expect "undo of one for a minute, of more keys" "30 3600 block" "$(tuned) $(rule blanket action)"
undo tune blanket limit=30/10s
expect "undo of keeping it" "30 3600" "$(tuned)"

# As of the file, live, and for a while.
states() {
	grep -o 'blanket, limit: [^,]*, action: [a-z]*' "$WORK/policy.yaml"
	tuned
	fwj rules | field "[(r['action'], r['ban'], r['per']) for r in d if r['name'] == 'blanket']"
}
# grep_not CHANGE...: those of limit and action that the file does not say
grep_not() {
	local change
	for change in "$@"; do
		case $change in
		limit=*) change="limit: ${change#limit=}" && change="${change/\// packets/}" ;;
		action=*) change="action: ${change#action=}" ;;
		*) continue ;;
		esac
		grep -q "blanket.*$change" "$WORK/policy.yaml" || echo "$change"
	done
}
# tune_comes_back CHANGE...: saved and undone; and the same where nothing can be saved
tune_comes_back() {
	local before
	before=$(states)
	expect_exit "$* --save" 0 fwj tune blanket "$@" --save
	expect "as saved: $*" "" "$(grep_not "$@")"
	UNDO=$(field 'd["undo"]' <"$WORK/out")
	eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo line: $UNDO" "$(cat "$WORK/undone")"
	expect "as before: $*, the file, too" "$before" "$(states)"
	fails_to_save tune blanket "$@"
	eval "${UNDO//floodwall /fw }" >"$WORK/undone" 2>&1 || not_ok "the undo line: $UNDO" "$(cat "$WORK/undone")"
	mv "$WORK/away.yaml" "$WORK/policy.yaml"
	expect "as before: $*, not saved" "$before" "$(states)"
}
expect_exit "nothing for a while" 0 fw tune blanket limit=20/10s
tune_comes_back limit=60/10s
expect_exit "a limit that lasts" 0 fw tune blanket limit=70/10s
tune_comes_back limit=60/10s
tune_comes_back limit=70/10s
expect_exit "and one for an hour over it" 0 fw tune blanket limit=80/10s --for 1h
tune_comes_back limit=60/10s action=police ban=none per=total
tune_comes_back limit=20/10s
expect_words "the event says what fits where nothing was saved" 'undo: .* --save && .*; if it could not be saved: floodwall tune' <(fw events)
