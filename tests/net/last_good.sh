#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# An agent that starts while a set's file or the list of signatures cannot be used filters with what they last had in force.
. "$(dirname "$0")/session.sh"
begin last_good
mkdir "$WORK/sets"
signature() { printf 'version: 1\nsignatures:\n  - {name: odd, source_port: %s}\n' "$1" >"$WORK/odd.yaml"; }
good_set() { rm -rf "$WORK/sets/bad.txt" && printf '203.0.113.0/24\n%s\n' "$CLIENT_IP4" >"$WORK/sets/bad.txt"; }
write_policy() { # SET FILE
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
signatures: {file: odd.yaml}
sets:
  $1: {file: $2}
rules:
  - {name: known-bad, match: {source: $1, protocol: udp, dest_port: 7777}, action: block}
  - {name: reflected, match: {signature: odd}, action: block}
YAML
}
no_filter() { # as after a reboot: the kernel has nothing, and neither is there a policy that ran before
	rm -r "/sys/fs/bpf/floodwall/$(stat -Lc %i "/run/netns/$VICTIM_NS")"
	rm "$WORK/state/running.json"
}
good_set
signature 19000
write_policy bad sets/bad.txt

# without any copy there is nothing to go on with
refused() { another_agent --config "$WORK/policy.yaml" --state-dir "$WORK/state" >"$WORK/refused" 2>&1; }
echo banana >"$WORK/sets/bad.txt"
expect_exit "a first start needs a file that can be used" 78 refused
expect_words "and says why" "no last good content of set 'bad' to go on with: none was kept in $WORK/state" "$WORK/refused"
good_set
signature banana
expect_exit "and a list of signatures that can be used" 78 refused
expect_words "and says so" "no last good content of the list of signatures to go on with: none was kept" "$WORK/refused"
signature 19000

start_agent
receiver book 7777
matched() { fwj rules | field "[r['packets'] for r in d if r['name']=='reflected'][0]"; }
hits() { # PORT: one packet from there matches the signature
	local before
	before=$(matched)
	echo x | on client socat -u - "UDP4:$VICTIM_IP4:7778,sourceport=$1"
	[ "$(matched)" -gt "$before" ]
}
set_is() { [ "$(fwj sets | field "[s for s in d if s['kind']=='file'][0]['state']")" = "$1" ]; }
quiet() { [ "$(status 'sum("stays in force" in w for w in d["warnings"])')" = 0 ]; }
expect "the set drops" 0 "$(passes)"
expect_exit "the signature matches" 0 hits 19000

# start_broken NAME REGEX COMMAND...: kills the agent, breaks the file, starts another, mends the file
start_broken() {
	local name=$1 regex=$2
	shift 2
	stop_agent KILL
	"$@"
	expect_exit "$name: check fails" 78 "$BUILD/floodwalld" --check --config "$WORK/policy.yaml"
	no_filter
	: >"$WORK/agent.log"
	start_agent
	expect "$name: still dropped" 0 "$(passes)"
	expect_exit "$name: status" 0 fw status
	expect_words "$name: and says what is wrong" "attention set 'bad': $regex.*last good content stays in force" "$WORK/out"
	expect_words "$name: the log has it" "warning: set 'bad': $regex" "$WORK/agent.log"
	expect "$name: one event" broken "$(fwj events | field "' '.join(e['change'] for e in d['events'] if e['event_type']=='set')")"
	expect_exit "$name: sets has it" 0 set_is broken
	expect_exit "$name: a reload is refused, as ever" 78 fw reload
	expect "$name: and takes nothing away" 0 "$(passes)"
	stop_agent KILL
	start_agent
	expect "$name: nor does a second start lose it" 0 "$(passes)"
	good_set
	expect_exit "$name: mended" 0 until_true 5 set_is ok
	expect_exit "$name: status is quiet again" 0 quiet
	expect "$name: the file drops" 0 "$(passes)"
}
start_broken "a bad line" '.*bad.txt:2: ' sh -c "printf '198.51.100.0/24\n<html>\n' >'$WORK/sets/bad.txt'"
start_broken "missing" 'cannot read set file.*No such file' rm "$WORK/sets/bad.txt"
start_broken "a directory" 'cannot read set file' sh -c "rm '$WORK/sets/bad.txt' && mkdir '$WORK/sets/bad.txt'"
start_broken "everybody" ".*bad.txt cannot be put in force: .*rule 'known-bad' blocks" sh -c "echo 0.0.0.0/0 >'$WORK/sets/bad.txt'"

# what is in force by being read again is kept as well
printf '198.51.100.0/24\n' >"$WORK/sets/bad.txt"
listed() { fw sets test bad "$1" >/dev/null 2>&1; }
expect_exit "a new content" 0 until_true 5 listed 198.51.100.1
stop_agent KILL
rm "$WORK/sets/bad.txt"
start_agent
expect_exit "the copy is the newest" 0 listed 198.51.100.1
expect "and the client passes" 20 "$(passes)"
expect_exit "a policy by hand is for a file that can be used" 78 fw apply "$WORK/policy.yaml"
good_set
expect_exit "mended" 0 until_true 5 set_is ok

# the way back does not fail for a file that broke meanwhile
printf 'version: 1\ninterfaces: [{name: %s, xdp: native}]\n' "$IFACE" >"$WORK/other.yaml"
expect_exit "another policy" 0 fw apply "$WORK/other.yaml"
expect "lets the client pass" 20 "$(passes)"
rm "$WORK/sets/bad.txt"
expect_exit "rollback, with the set's file missing" 0 fw rollback
expect "drops again" 0 "$(passes)"
expect_exit "and sets says why" 0 set_is broken
good_set
expect_exit "mended" 0 until_true 5 set_is ok
fw apply "$WORK/other.yaml" --confirm 4s >/dev/null 2>&1 &
applies() { [ "$(fwj sets)" = '[]' ]; }
expect_exit "another policy, to be confirmed" 0 until_true 3 applies
echo banana >"$WORK/sets/bad.txt"
expect_exit "nobody does: back" 0 until_true 8 set_is broken
expect "drops again" 0 "$(passes)"
good_set
expect_exit "mended" 0 until_true 5 set_is ok

# signatures
broken_list() { # NAME REGEX COMMAND...
	local name=$1 regex=$2
	shift 2
	stop_agent KILL
	"$@"
	no_filter
	start_agent
	expect_exit "signatures, $name: the last list matches" 0 hits 19000
	expect_exit "signatures, $name: status" 0 fw status
	expect_words "signatures, $name: and says what is wrong" "attention signatures: $regex.*the list read before stays in force" "$WORK/out"
	signature 19000
	expect_exit "signatures, $name: mended" 0 until_true 5 quiet
	expect_exit "signatures, $name: the file matches" 0 hits 19000
}
broken_list "a bad line" '.*odd.yaml:3: ' signature banana
broken_list "missing" 'cannot read the list of signatures .*odd.yaml' rm "$WORK/odd.yaml"
broken_list "without a name that a rule asks for" '.*odd.yaml cannot be put in force: .*no signature' sed -i 's/name: odd/name: even/' "$WORK/odd.yaml"

# a copy is that of one set and one file
stop_agent KILL
write_policy other sets/bad.txt
rm "$WORK/sets/bad.txt"
expect_exit "another name gets nothing" 78 refused
expect_words "and is told so" "set 'other' to go on with: none was kept" "$WORK/refused"
write_policy bad sets/elsewhere.txt
expect_exit "neither does another file" 78 refused
expect_words "and is told so" "set 'bad' to go on with: .*is of another file, $WORK/sets/bad.txt" "$WORK/refused"
write_policy bad sets/bad.txt
sed -i '$d' "$WORK/state/set-bad.good"
expect_exit "a damaged copy is none" 78 refused
expect_words "and is told so" 'set-bad.good is damaged' "$WORK/refused"
good_set
write_policy other sets/bad.txt
cp "$WORK/state/set-bad.good" "$WORK/state/set-gone.good"
start_agent
expect "a copy goes when nothing names its set any more" "set-bad.good set-other.good signatures.good" "$(cd "$WORK/state" && echo *.good)"
