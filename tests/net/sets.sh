#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Set files are watched and a broken one keeps its last good content; live entries end when they should; explain names the line.
. "$(dirname "$0")/session.sh"
begin sets
mkdir "$WORK/sets"
printf '\xef\xbb\xbf# who is bad\r\n203.0.113.0/24\r\n' >"$WORK/sets/bad.txt"
printf '# drop\n45.1.2.0/24\n10.0.0.0/8\n' >"$WORK/drop.txt"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  bad:   {file: sets/bad.txt}
  hand:  {entries: [198.51.100.0/24]}
  spare: {entries: [192.0.2.0/24, $CLIENT_IP4]}
feeds:
  drop:  {url: "file://$WORK/drop.txt", tier: high, every: 1h}
rules:
  - {name: known-bad, match: {source: [bad, hand, drop]}, action: block}
YAML
start_agent
receiver book 7777
member() { fw sets test bad "$CLIENT_IP4" >/dev/null 2>&1; }
no_member() { ! member; }
set_state() { fwj sets | field "[s for s in d if s['name']=='bad'][0]['state']"; }
broken() { [ "$(set_state)" = broken ]; }
good() { [ "$(set_state)" = ok ]; }
said() { fwj events | field "sum(1 for e in d['events'] if e['event_type']=='set' and e.get('change')=='$1')"; }

expect "nobody listed the client" 20 "$(passes)"

# written in place, replaced by rename
echo "$CLIENT_IP4 ; the client" >>"$WORK/sets/bad.txt"
expect_exit "a line written in place comes into force within 2 s" 0 until_true 2 member
expect "and drops" 0 "$(passes)"
fwj explain "$CLIENT_IP4" >"$WORK/out"
expect_words "explain names file and line" "set 'bad' \\($WORK/sets/bad.txt:3, $CLIENT_IP4\\); named by known-bad" "$WORK/out"
expect_words "and the set that no rule names" "set 'spare' \\($WORK/policy.yaml:6, $CLIENT_IP4\\); no rule names it" "$WORK/out"
expect "and how to undo it" "floodwall sets del bad $CLIENT_IP4" "$(field "d['undo']" <"$WORK/out")"
printf '203.0.113.0/24\n' >"$WORK/sets/new" && mv "$WORK/sets/new" "$WORK/sets/bad.txt"
expect_exit "a file replaced by rename comes into force within 2 s" 0 until_true 2 no_member
expect "and the client passes" 20 "$(passes)"
printf '198.51.100.7-198.51.100.9 # range\n%s\n' "$CLIENT_IP4" >"$WORK/sets/bad.txt"
expect_exit "rewritten as a whole" 0 until_true 2 member
expect_words "explain names the range" 'bad.txt:1, 198.51.100.7-198.51.100.9' <(fwj explain 198.51.100.8)

expect_words "a port without a protocol is taken for TCP" '"detail": ?"taken for TCP' <(fwj explain 203.0.113.9 --to "$VICTIM_IP4:53")
expect "unless one is named" 0 "$(fwj explain 203.0.113.9 --to "$VICTIM_IP4:53/udp" | grep -c 'taken for TCP')"

# broken in every way: the last good content stays, said once, and the end of it is said too
break_and_mend() { # NAME REGEX COMMAND...
	local name=$1 regex=$2 before after
	shift 2
	before=$(said broken)
	"$@"
	expect_exit "$name: noticed" 0 until_true 5 broken
	expect "$name: still dropped" 0 "$(passes)"
	expect_words "$name: status says what is wrong" "attention set 'bad': $regex.*last good content stays" <(fw status)
	expect_words "$name: sets says it" "attention bad: $regex" <(fw sets)
	sleep 4.5
	expect "$name: said once" $((before + 1)) "$(said broken)"
	after=$(said mended)
	chmod 644 "$WORK/sets/bad.txt" 2>/dev/null
	rm -rf "$WORK/sets/bad.txt"
	printf '%s\n' "$CLIENT_IP4" >"$WORK/sets/bad.txt"
	expect_exit "$name: mended" 0 until_true 5 good
	expect "$name: that is said" $((after + 1)) "$(said mended)"
}
break_and_mend "a bad line" '.*bad.txt:2: ' sh -c "printf '203.0.113.0/24\n<html>\nx\n' >'$WORK/sets/bad.txt'"
break_and_mend "vanished" "cannot read set file.*No such file" rm "$WORK/sets/bad.txt"
break_and_mend "a directory" "cannot read set file" sh -c "rm '$WORK/sets/bad.txt' && mkdir '$WORK/sets/bad.txt'"
break_and_mend "everybody" ".*cannot be put in force: rule 'known-bad' blocks" sh -c "echo 0.0.0.0/0 >'$WORK/sets/bad.txt'"
expect_words "the log names the command that lets it" "blocks .* in set 'bad'; .*'floodwall tune known-bad force=true'" "$WORK/agent.log"
expect_words "the metrics know" 'floodwall_set_file_last_read_successful\{set="bad"\} 1' <(fw metrics)

# another one makes the same directory disappear and come back
mv "$WORK/sets" "$WORK/gone"
expect_exit "a directory that is gone is noticed" 0 until_true 5 broken
mkdir "$WORK/sets" && echo 203.0.113.0/24 >"$WORK/sets/bad.txt"
expect_exit "and so is a new one" 0 until_true 5 no_member
expect "the client passes" 20 "$(passes)"

# live entries with an end, seen by packets
passes_again() { [ "$(passes)" = 20 ]; }
is_in_again() { fw sets test hand 198.51.100.9; }
expect_exit "sets add --for" 0 fw sets add hand "$CLIENT_IP4" --for 50s
expect "in force when the command returns" 0 "$(passes)"
expect_words "explain says whose it is and when it ends" "set 'hand' \\($CLIENT_IP4, added live by .*, ends in [1-5]?[0-9]s\\)" <(fwj explain "$CLIENT_IP4")
expect_exit "another end takes its place" 0 fw sets add hand "$CLIENT_IP4" --for 1s
expect_exit "after that its packets pass again" 0 until_true 10 passes_again
expect "and nothing is left as drift" 0 "$(status 'len(d["drift"])')"
expect_exit "sets del --for" 0 fw sets del hand 198.51.100.9 --for 50s
expect_words "explain tells a removal" "not in set 'hand' \\(198.51.100.9, taken out live" <(fwj explain 198.51.100.9)
expect_exit "it is out" 1 fw sets test hand 198.51.100.9
expect_exit "for less, too" 0 fw sets del hand 198.51.100.9 --for 1s
expect_exit "and in again" 0 until_true 10 is_in_again

# what is so already is nothing to undo; a part that is there, or an end of its own, is a change
fwj sets add hand 198.51.100.77 >"$WORK/out"
expect "an address inside an entry was there: nothing to undo" "0 1 None" "$(field "'%d %d %s' % (d['added'], d['already'], d['undo'])" <"$WORK/out")"
fwj sets add hand 198.51.100.77 203.0.113.77 >"$WORK/out"
expect "undo takes back only what came" "floodwall sets del hand 203.0.113.77" "$(field "d['undo']" <"$WORK/out")"
fwj sets del hand 203.0.113.0/24 198.18.77.1 >"$WORK/out"
expect "a prefix around an entry takes it out, undo has that entry" "1 1 floodwall sets add hand 203.0.113.77" \
	"$(field "'%d %d %s' % (d['removed'], d['already'], d['undo'])" <"$WORK/out")"
expect_exit "it is out" 1 fw sets test hand 203.0.113.77
expect_exit "added for a second" 0 fw sets add hand 198.18.78.0/24 --for 1s
expect_exit "one of it is added for good" 0 fw sets add hand 198.18.78.9
sleep 1.5
expect_exit "and stays when the other ends" 0 fw sets test hand 198.18.78.9
expect_exit "the other one has ended" 1 fw sets test hand 198.18.78.8
expect_exit "clean again" 0 fw sets del hand 198.18.78.9
expect_exit "of this as well" 0 fw sets add hand 203.0.113.0/24
expect_exit "and out" 0 fw sets del hand 203.0.113.0/24

# --save: what the file says is no drift
printf '# keep me\n203.0.113.0/24 # and me\n' >"$WORK/sets/bad.txt"
sleep 1
expect_exit "sets add --save on a file" 0 fw sets add bad 198.18.5.0/24 --save
expect "the file has it, its remarks too" "# keep me|203.0.113.0/24 # and me|198.18.5.0/24|" "$(tr '\n' '|' <"$WORK/sets/bad.txt")"
expect "no drift" 0 "$(status 'len(d["drift"])')"
expect_exit "sets add --save on entries" 0 fw sets add hand 198.18.6.0/24 --save
expect_words "the policy has it" '198.51.100.0/24, 198.18.6.0/24' "$WORK/policy.yaml"
expect "no drift" 0 "$(status 'len(d["drift"])')"
# other edits of the same file and of the same set come along, and are told apart from what was asked for
sed -i 's|198.51.100.0/24, |198.51.100.0/24, 198.18.90.0/24, |; s|^  spare:.*|  spare: {entries: [192.0.2.0/25]}|' "$WORK/policy.yaml"
expect_exit "sets add --save, of one that is partly live" 0 fwj sets add hand 198.18.7.0/24 198.18.8.0/24 --save
expect "says what else was edited" "hand 1 prefixes added, 0 removed|spare 0 prefixes added, 2 removed" \
	"$(field "'|'.join(c['name'] + ' ' + c['detail'] for c in d['also_changed'])" <"$WORK/out")"
expect_exit "an entry out" 0 fwj sets del hand 198.18.7.0/24 --save
expect "is nothing else" "[]" "$(field "d['also_changed']" <"$WORK/out")"
sed -i "s|^  spare:.*|  spare: {entries: [192.0.2.0/24, $CLIENT_IP4]}|" "$WORK/policy.yaml"
expect_exit "and in words" 0 fw sets del hand 198.18.8.0/24 198.18.90.0/24 --save
expect_words "with the set" '^~ set spare +2 prefixes added, 0 removed$' "$WORK/out"

# part of an entry: what runs and what is saved are the same
printf '# keep me\n203.0.113.0/24 # and me\n' >"$WORK/sets/bad.txt"
expect_exit "a part out of a file" 0 fw sets del bad 203.0.113.128/25 --save
expect "the rest stays in it" "# keep me|203.0.113.0/25 # and me|" "$(tr '\n' '|' <"$WORK/sets/bad.txt")"
expect "is in" "203.0.113.0/24: no, 203.0.113.0/25: yes" \
	"203.0.113.0/24: $(fw sets test bad 203.0.113.0/24 >/dev/null && echo yes || echo no), 203.0.113.0/25: $(fw sets test bad 203.0.113.0/25 >/dev/null && echo yes || echo no)"
expect_exit "a part out of entries" 0 fw sets del hand 198.18.6.128/25 --save
expect_words "the rest stays in the policy" '198\.18\.6\.0/25' "$WORK/policy.yaml"
expect "no drift" 0 "$(status 'len(d["drift"])')"
printf '# keep me\n203.0.113.0/24 # and me\n198.18.5.0/24\n' >"$WORK/sets/bad.txt"
expect_exit "sets del --save" 0 fw sets del bad 198.18.5.0/24 --save
expect "the line is gone" 0 "$(grep -c 198.18.5 "$WORK/sets/bad.txt")"
expect_exit "and the address out" 1 fw sets test bad 198.18.5.1

# the list of signatures is watched like a set file
signature() { printf 'version: 1\nsignatures:\n  - {name: %s, source_port: %s}\n' "$1" "$2" >"$WORK/$3"; }
signature odd 19000 signatures.yaml
sed "/^rules:/i signatures: $WORK/signatures.yaml" "$WORK/policy.yaml" >"$WORK/signed.yaml"
printf '  - {name: reflected, match: {signature: any}, action: block, mode: enforce, force: true}\n' >>"$WORK/signed.yaml"
expect_exit "a policy with signatures" 0 fw apply "$WORK/signed.yaml"
matched() { fwj rules | field "[r['packets'] for r in d if r['name']=='reflected'][0]"; }
hits() { # PORT: one packet from there matches the rule
	local before
	before=$(matched)
	echo x | on client socat -u - "UDP4:$VICTIM_IP4:7777,sourceport=$1"
	[ "$(matched)" -gt "$before" ]
}
expect_exit "its signature matches" 0 hits 19000
signature even 19002 signatures.yaml
expect_exit "another list comes into force within 3 s" 0 until_true 3 hits 19002
expect_exit "and the old one is gone" 1 hits 19000
expect "that is said" 1 "$(fwj events | field "sum(1 for e in d['events'] if e['event_type']=='signatures' and e.get('change')=='read')")"
expect_exit "a tune" 0 fw tune reflected action=count
signature broken banana signatures.yaml
expect_exit "a broken list is noticed" 0 until_true 5 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' status | grep -q 'attention signatures: .*signatures.yaml:3: .*the list read before stays in force'"
expect_exit "and its last good content matches" 0 hits 19002
signature third 19004 new && mv "$WORK/new" "$WORK/signatures.yaml"
expect_exit "replaced by a good one" 0 until_true 5 hits 19004
expect "that is said" "broken mended" "$(fwj events | field "' '.join(e['change'] for e in d['events'] if e['event_type']=='signatures' and e['change']!='read')")"
expect "the tune is still there" count "$(fwj rules | field "[r['action'] for r in d if r['name']=='reflected'][0]")"
expect_exit "back" 0 fw rollback

# feeds are sets, too
feed_is() { [ "$(fwj feeds | field "d[0]['state']")" = "$1" ]; }
expect_exit "the feed is read" 0 until_true 10 feed_is ok
fwj explain 45.1.2.3 >"$WORK/out"
expect_words "explain names the entry of a feed" "feed 'drop' \\(entry 45.1.2.0/24, line 2, tier high, first seen 20[0-9-]{8}\\); named by known-bad" "$WORK/out"
expect "it blocks, and the way out is to spare the address" "rule_block known-bad floodwall allow 45.1.2.3 --for 1h" \
	"$(field "d['reason']+' '+d['rule']+' '+d['undo']" <"$WORK/out")"
expect_words "and an entry that a guard took out" "feed 'drop' \\(entry 10.0.0.0/8, line 3, .*NOT in force" <(fwj explain 10.1.2.3)
expect_words "feeds shows what was refused" 'refused +drop: 1 entry \(1 bogon\), such as 10.0.0.0/8 on line 3' <(fw feeds)
expect_words "status counts feeds" '^feeds +1 current' <(fw status)
expect "sets knows it" "feed ok True 1" "$(fwj sets | field "[' '.join(str(s[k]) for k in ('kind','state','used','prefixes4')) for s in d if s['name']=='drop'][0]")"
fw metrics >"$WORK/metrics"
expect_words "so do the metrics" 'floodwall_feed_state\{feed="drop",state="ok"\} 1$' "$WORK/metrics"
expect_words "with what was refused" 'floodwall_feed_rejected_entries\{feed="drop",reason="bogon"\} 1$' "$WORK/metrics"
expect_words "and what was fetched" 'floodwall_feed_fetches_total\{feed="drop",result="updated"\} 1$' "$WORK/metrics"
expect_exit "a feed takes a live addition" 0 fw sets add drop 45.9.9.9 --for 1h
expect_exit "it is in" 0 fw sets test drop 45.9.9.9 45.1.2.0/25
expect_exit "and is taken out again" 0 fw sets del drop 45.9.9.9
expect_exit "what the feed lists can be taken out" 0 fw sets del drop 45.1.2.9 --for 1h
expect "and passes" no_rule "$(fwj explain 45.1.2.9 | field "d['reason']")"
expect "its neighbour does not" rule_block "$(fwj explain 45.1.2.10 | field "d['reason']")"
expect_exit "it is not in" 1 fw sets test drop 45.1.2.9
expect_exit "nothing can be saved in a feed" 78 fw sets add drop 45.9.9.8 --save
expect_words "and that is said" 'is a feed' "$WORK/err"
rm "$WORK/drop.txt"
expect_exit "feeds sync fails without its file" 1 fw feeds sync drop
expect_words "status names the feed" '^feeds +0 current +1 failed \(drop\)' <(fw status)
expect_words "feeds says why" '^attention drop: ' <(fw feeds)
expect "the last good copy goes on" rule_block "$(fwj explain 45.1.2.3 | field "d['reason']")"
expect_words "failures are counted" 'floodwall_feed_fetches_total\{feed="drop",result="failed"\} 1$' <(fw metrics)
expect_words "and the feed is not up" 'floodwall_feed_up\{feed="drop"\} 0$' <(fw metrics)

# ranges, as the lines of a set file have them
expect_exit "ranges and an address" 0 fwj sets add hand 198.18.30.4-198.18.30.9 198.18.31.1 2001:db8:1::-2001:db8:1::ff
expect "become the prefixes that cover them" 4 "$(field "d['added']" <"$WORK/out")"
UNDO=$(field "d['undo']" <"$WORK/out")
expect_exit "the ends are in" 0 fw sets test hand 198.18.30.4 198.18.30.9 2001:db8:1::ff
expect_exit "what is beyond is not" 1 fw sets test hand 198.18.30.10
expect_exit "undone" 0 sh -c "${UNDO//floodwall /\"$BUILD/floodwall\" --socket \"$WORK/api.sock\" }"
expect_exit "they are out" 1 fw sets test hand 198.18.30.4
expect_exit "saved" 0 fw sets add hand 198.18.30.4-198.18.30.9 --save
expect_words "into the policy" '198.18.30.4/30, 198.18.30.8/31' "$WORK/policy.yaml"
expect_exit "and out of it" 0 fw sets del hand 198.18.30.4-198.18.30.9 --save
expect "again" 0 "$(grep -c 198.18.30 "$WORK/policy.yaml")"
expect_exit "a range that ends before it begins is 64" 64 fw sets add hand 198.18.30.9-198.18.30.4
expect_words "and says so" "ends before it begins" "$WORK/err"
wide=2001:db8::1-2001:dbf:ffff:ffff:ffff:ffff:ffff:fffe
expect_exit "ranges that come to too many are 64" 64 fw sets add hand 198.18.30.4 $wide $wide $wide $wide $wide $wide
expect_words "and say how many" "of ranges at most 1024 prefixes may come at once, and with '$wide' they are 1[0-9]{3}; nothing was changed" "$WORK/err"
expect_exit "nothing was" 1 fw sets test hand 198.18.30.4

expect_exit "an unknown set is 78" 78 fw sets add bda 192.0.2.1
expect_words "and the right one is offered" "did you mean 'bad'" "$WORK/err"
expect_exit "no address is 64" 64 fw sets add bad 192.0.2.1/24
expect_exit "neither is a bad end" 64 fw sets add bad 192.0.2.1 --for ever

# live changes of a set that another policy has
spare_drift() { status '[x["detail"] for x in d["drift"] if x["object"] == "spare"]'; }
expect_exit "a live member" 0 fw sets add spare 192.0.9.1
expect "is unsaved" "['with 192.0.9.1']" "$(spare_drift)"
sed '/^  spare:/d' "$WORK/policy.yaml" >"$WORK/without.yaml"
expect_exit "a policy without its set" 0 fw apply "$WORK/without.yaml"
expect "leaves it, and says that it is not in force" "['with 192.0.9.1; not in force: the policy has no such set']" "$(spare_drift)"
expect_exit "back again" 0 fw rollback
expect "it is" "['with 192.0.9.1']" "$(spare_drift)"
expect_exit "in the set" 0 fw sets test spare 192.0.9.1
