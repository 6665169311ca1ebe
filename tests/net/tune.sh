#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A changed limit judges the next packet, no meter is reset, and unsaved changes show as drift and survive reload and restart.
. "$(dirname "$0")/session.sh"
begin tune
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 10k packets/1m, action: block}
YAML
start_agent
receiver book 7777

expect_exit "a limit that one web page exceeds is taken" 0 fw tune blanket limit=1/1s
expect_words "with a warning" "^warning: rule 'blanket': 1 packets/1s per source is less than a small web page takes" "$WORK/out"
expect_that "under --json, too" "len(a['warnings']) == 1" "$(fwj tune blanket limit=2/1s)"
expect_exit "one that is not" 0 fw tune blanket limit=10k/1m
expect_words "has none" '^0$' <(grep -c ^warning "$WORK/out")
sed 's/10k packets/9 packets/' "$WORK/policy.yaml" >"$WORK/small.yaml"
expect_words "plan warns in the same words" "warning: rule 'blanket': 9 packets/1m per source is less than a small web page" <(fw plan "$WORK/small.yaml")
expect_words "so does check" "warning: rule 'blanket': 9 packets/1m per source is less than a small web page" <(fw check "$WORK/small.yaml")
printf 'version: 1\ninterfaces: [%s]\n' "$IFACE" >"$WORK/empty.yaml"
expect_words "a policy without rules is noted" 'note: there are no rules: nothing will be limited' <(fw check "$WORK/empty.yaml")
expect_words "by plan, too" 'note: there are no rules: nothing will be limited' <(fw plan "$WORK/empty.yaml")

send client "$VICTIM_IP4" 7777 300 3000
expect "300 packets pass under a limit of 10k" 300 "$(count)"
expect_exit "tune to 200/1m" 0 fw tune blanket limit=200/1m
send client "$VICTIM_IP4" 7777 50 3000
expect "the next packet is judged by the new limit and the old meter: nothing passes" 300 "$(count)"
expect_exit "tune to 10k/1m" 0 fw tune blanket limit=10k/1m
send client "$VICTIM_IP4" 7777 50 3000
expect "back at 10k the same source passes at once" 350 "$(count)"
expect_exit "tune limit and action at once" 0 fw tune blanket limit=200/1m action=count
send client "$VICTIM_IP4" 7777 50 3000
expect "action=count passes what block would drop" 400 "$(count)"
expect_that "and counts it as would_drop" "50 <= a <= 60" "$(rule blanket would_drop)"
expect_words "which status calls no drops" '^counted +rules in count mode [0-9]+ .*not dropped' <(fw status)
over_limit=$(status 'd["reasons"]["over_limit"]')
mode() { sed "s/xdp: native/xdp: native, mode: $1/" "$WORK/policy.yaml" >"$WORK/$1.yaml" && fw apply "$WORK/$1.yaml" >/dev/null; }
expect_exit "an interface in count mode" 0 mode count
expect_exit "with a limit that is over" 0 fw tune blanket limit=200/1m
send client "$VICTIM_IP4" 7777 50 3000
expect_that "what was dropped before and what passes now are told apart" "a >= 50" \
	"$(status "d['would_drop_reasons']['over_limit']")"
expect_words "by status, too" "^drops +over_limit $over_limit\$" <(fw status)
expect_words "on a line of its own" '^counted +over_limit 5[0-9] .*not dropped' <(fw status)
expect_exit "back" 0 fw rollback
expect_exit "tune to block again, for 3 s" 0 fw tune blanket action=block --for 3s
expect "in force" block "$(rule blanket action)"
sleep 3.6
expect "after 3 s it is what it was" count "$(rule blanket action)"
expect_that "the drift is shown" "a > 0" "$(status 'len(d["drift"])')"
before=$(rule blanket packets)
expect_exit "reload" 0 fw reload --wait
expect "drift survives a reload" "200 60" "$(rule blanket limit) $(rule blanket window_seconds)"
stop_agent
start_agent
expect "drift survives a restart" "200 60 count" "$(rule blanket limit) $(rule blanket window_seconds) $(rule blanket action)"
expect_that "the counters go on" "a >= $before" "$(rule blanket packets)"
expect_exit "an apply" 0 fw apply "$WORK/policy.yaml"
expect_words "says that the unsaved tunes go with the policy before" 'warning.*unsaved tune blanket limit=200/1m' "$WORK/out"
expect_words "and how long it lasts" 'until the next apply or rollback: reload reads this file again' "$WORK/out"
expect_exit "rollback" 0 fw rollback
expect "brings them back" "200 60 count" "$(rule blanket limit) $(rule blanket window_seconds) $(rule blanket action)"
expect_exit "tune --save" 0 fw tune blanket limit=5k/1m action=block --save
expect_words "the file has the saved limit" '5k packets/1m|5000 packets/1m|5000 packets/60s' "$WORK/policy.yaml"
expect_exit "rollback after a save" 0 fw rollback
expect_words "goes to the policy that it would have gone to before" 'limit 5000 packets/1m -> 10k packets/1m' "$WORK/out"
expect_exit "and back" 0 fw rollback
expect "to what was saved" 5000 "$(rule blanket limit)"
expect_exit "the saved file is still a policy" 0 fw check "$WORK/policy.yaml"
expect_exit "a tune that is tried first" 0 fw tune blanket limit=4k/1m
expect_exit "and saved then" 0 fw tune blanket limit=4k/1m --save
expect_words "is undone to what the file said, and what was tuned over it" \
	"^undo: floodwall tune blanket 'limit=5000 packets/1m' --save && floodwall tune blanket 'limit=4k/1m'\$" "$WORK/out"
expect_exit "back again" 0 fw tune blanket limit=5k/1m --save
# What was edited in the file meanwhile comes into force with the reload of --save, and is said.
expect_exit "a save into a file that nobody edited" 0 fw tune blanket limit=6k/1m --save
expect "says nothing of edits" 0 "$(grep -c 'other edits' "$WORK/out")"
echo "  - {name: pending, limit: 500 packets/1s, action: count}" >>"$WORK/policy.yaml"
expect_exit "one into a file with an edit" 0 fwj tune blanket limit=5k/1m --save
expect "has the edit, and not what it wrote itself" "add rule pending" \
	"$(field "' '.join('%s %s %s' % (c['kind'], c['object'], c['name']) for c in d['also_changed'])" <"$WORK/out")"
sed -i 's/limit: 500 packets/limit: 600 packets/' "$WORK/policy.yaml"
expect_exit "another" 0 fw tune blanket limit=6k/1m --save
expect_words "says so in words" "^note: $WORK/policy.yaml, .* had other edits, which are in force now, too:\$" "$WORK/out"
expect_words "with the edit" '^~ rule pending +limit 500 packets/1s -> 600 packets/1s$' "$WORK/out"
expect "and nothing else" 1 "$(grep -c '^[-+~] ' "$WORK/out")"
sed -i '/pending/d; s/limit: 6000 packets/limit: 5000 packets/; s/limit: 6k packets/limit: 5k packets/' "$WORK/policy.yaml"
expect_exit "reload" 0 fw reload
expect_words "says what it changed" '^~ rule blanket +limit 6000 packets/1m -> 5000 packets/1m$' "$WORK/out"
expect_words "all of it" '^- rule pending' "$WORK/out"
expect_exit "reload of the same" 0 fwj reload
expect "changes nothing" "True []" "$(field "'%(unchanged)s %(changes)s' % d" <"$WORK/out")"

expect_exit "unknown rule is 78" 78 fw tune blankett limit=5/1s
expect_words "and the right name is offered" 'blanket' "$WORK/err"
expect_exit "unknown key is 64 or 78" "64|78" fw tune blanket limitt=5/1s
expect_exit "wrong unit is refused" 78 fw tune blanket limit=5kbps
expect "and nothing changed" "5000 60 block" "$(rule blanket limit) $(rule blanket window_seconds) $(rule blanket action)"
expect_exit "what the file says is no change" 0 fwj tune blanket limit=5k/1m
expect "and is said to be none" "True None" "$(field '"%s %s" % (d["unchanged"], d["undo"])' <"$WORK/out")"
tunes_told() { fwj events | field "sum(1 for e in d['events'] if e['event_type'] == 'tune')"; }
# again RULE KEY=VALUE...: what a tune to what is so already says and leaves: unchanged, undo, events, generation, drift
again() {
	local before
	before="$(tunes_told) $(status "(d['generation'], d['drift'])")"
	fwj tune "$@" | field "'%s %s' % (d['unchanged'], d['undo'])"
	[ "$before" = "$(tunes_told) $(status "(d['generation'], d['drift'])")" ] || echo "and left something"
}
expect "nor is it told, or put in force once more" "True None" "$(again blanket limit=5000/60s)"
expect_exit "a tune" 0 fw tune blanket limit=4k/1m action=count
expect "the same again is no change, and its way back to the file stays with the first" "True None" "$(again blanket limit=4k/1m action=count)"
expect "neither is half of it" "True None" "$(again blanket action=count)"
expect "half of it and something else is one, undone to what was" \
	"False floodwall tune blanket 'limit=4000 packets/1m' 'action=count'" \
	"$(fwj tune blanket limit=4k/1m action=block | field "'%s %s' % (d['unchanged'], d['undo'])")"
expect_exit "for a while" 0 fw tune blanket limit=3k/1m --for 1h
expect_exit "to keep what is so for a while" 0 fwj tune blanket limit=3k/1m
expect "is a change" False "$(field 'd["unchanged"]' <"$WORK/out")"
expect_exit "and back" 0 fw tune blanket limit=5k/1m action=block
expect_exit "to have it for a while is one" 0 fwj tune blanket limit=5k/1m --for 5s
expect "which is said" False "$(field 'd["unchanged"]' <"$WORK/out")"

sed 's/limit: .*, action/limit: 10MiB bytes\/1m, action/' "$WORK/policy.yaml" >"$WORK/bytes.yaml"
sed 's/limit: .*, action/limit: 1000 packets\/1m, action/' "$WORK/policy.yaml" >"$WORK/packets.yaml"
expect_exit "a limit in bytes" 0 fw apply "$WORK/bytes.yaml"
send client "$VICTIM_IP4" 7777 300 3000
before=$(count)
expect_exit "a limit in packets" 0 fw apply "$WORK/packets.yaml"
send client "$VICTIM_IP4" 7777 50 3000
expect "bytes that were counted are not taken for packets" $((before + 50)) "$(count)"

# Unsaved tunes were made for the rules of one file; another file that the agent is started with has rules of its own.
expect_exit "an unsaved tune" 0 fw tune blanket limit=77/1m
stop_agent
printf 'version: 1\ninterfaces: [{name: %s, xdp: native}]\nrules:\n  - {name: blanket, limit: 123 packets/1m, action: block}\n' \
	"$IFACE" >"$WORK/other.yaml"
start_agent --config "$WORK/other.yaml"
expect "does not cross over to another policy file" "123 60" "$(rule blanket limit) $(rule blanket window_seconds)"
expect_words "and the start log says so" 'unsaved tune blanket limit=77.*belongs to .*is not in force' "$WORK/agent.log"
expect "nor is it drift there" 0 "$(status 'len([e for e in d["drift"] if e["kind"] == "tune"])')"
