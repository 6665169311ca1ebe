#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Bad input is refused with words and the documented exit code, and what was in force stays in force.
. "$(dirname "$0")/session.sh"
begin bad-input
mkdir "$WORK/sets"
printf '192.0.2.0/24\n198.51.100.0/24\n' >"$WORK/sets/vpn.txt"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  vpn: {file: sets/vpn.txt}
rules:
  - {name: vpn, match: {source: [vpn]}, action: block}
  - {name: blanket, limit: 1000 packets/10s, action: block}
YAML
start_agent
generation=$(status 'd["generation"]')

# refuse NAME WORDS: stdin is a policy; check and apply both say 78, with words, a position, and the agent keeps what it has
refuse() {
	cat >"$WORK/bad.yaml"
	expect_exit "$1: check says 78" 78 timeout 20 "$BUILD/floodwall" check "$WORK/bad.yaml"
	expect_words "$1: with words and a position" "$2" "$WORK/err" "$WORK/out"
	expect_words "$1: file, line and column" 'bad\.yaml:[0-9]+:[0-9]+' "$WORK/err" "$WORK/out"
	expect_exit "$1: apply says 78" 78 timeout 20 "$BUILD/floodwall" --socket "$WORK/api.sock" apply "$WORK/bad.yaml"
	expect "$1: the old policy stays" "$generation vpn,blanket" "$(status 'd["generation"]') $(fwj rules | field '",".join(r["name"] for r in d)')"
}
head="version: 1
interfaces: [$IFACE]"
printf '%s\nrules:\n  - {name: a, action: block\n  oops: [\n' "$head" | refuse "broken YAML" 'expect|did not find|flow'
python -c 'print("version: 1\nrules: " + "[" * 200000)' >"$WORK/deep"
start=$SECONDS
refuse "200 kB of [" 'deep|nest|depth' <"$WORK/deep"
expect_that "200 kB of [ cost no time" "a <= 6" $((SECONDS - start))
printf '%s\nsets:\n  a: &x {entries: [192.0.2.0/24]}\n  b: *x\nrules: []\n' "$head" | refuse "an anchor" 'anchor|alias'
printf '%s\nrules:\n  - {name: a, limt: 5 packets/1s, action: block}\n' "$head" | refuse "an unknown key" "limt.*|did you mean.*limit"
printf '%s\nversion: 1\nrules: []\n' "$head" | refuse "a duplicate key" 'duplicate|twice|again'
printf '%s\nsets:\n  all: {entries: [0.0.0.0/0]}\nrules:\n  - {name: a, match: {source: [all]}, action: block}\n' "$head" |
	refuse "0.0.0.0/0 in a deny set" 'force: true'
printf '%s\nsets:\n  all: {entries: ["::/0"]}\nrules:\n  - {name: a, match: {source: [all]}, action: block}\n' "$head" |
	refuse "::/0 in a deny set" 'force: true'
printf '%s\nrules:\n  - {name: a, match: {source: [nobody]}, action: block}\n' "$head" | refuse "a dangling set name" nobody
printf '%s\nrules:\n  - {name: a, limit: 5kbps, action: block}\n' "$head" | refuse "a wrong unit" 'limit.*expects|expects'
printf '%s\nrules:\n  - {name: a, limit: 5 packets/1s, per: total, action: block}\n' "$head" | refuse "block per total" 'police|force'
printf '%s\nrules:\n  - {name: a, limit: 5 packets/2h, action: block}\n' "$head" | refuse "a window out of range" '1 ?h|hour|3600'
printf '%s\nrules:\n  - {name: a, limt: 1, action: blok}\n  - {name: b, wat: 1}\n' "$head" >"$WORK/several.yaml"
fwj check "$WORK/several.yaml" >"$WORK/out" 2>"$WORK/err"
expect_that "several faults are reported at once" 'a >= 3' "$(field 'len([x for x in d if x["severity"] == "error"])' <"$WORK/out")"
expect "each with its place" True "$(field 'all(x["line"] > 0 and x["column"] > 0 and x["message"] != "" for x in d)' <"$WORK/out")"

printf '192.0.2.0/24\nnot-an-address\n198.51.100.0/24\n' >"$WORK/sets/vpn.txt"
expect_exit "a set file with a bad line: reload says 78" 78 fw reload --wait
expect_words "with the number of the line" 'vpn\.txt:2' "$WORK/err"
expect "and everything stays" "$generation" "$(status 'd["generation"]')"
expect "the set, too" 0 "$(fw sets test vpn 198.51.100.9 >/dev/null 2>&1; echo $?)"
printf '192.0.2.0/24\n' >"$WORK/sets/vpn.txt"
expect_exit "mended: reload" 0 fw reload --wait
expect "the set is the new one" 1 "$(fw sets test vpn 198.51.100.9 >/dev/null 2>&1; echo $?)"

expect_exit "no agent: 69" 69 "$BUILD/floodwall" --socket "$WORK/nobody.sock" status
expect_words "and how to start it" 'floodwalld|systemctl' "$WORK/err"
expect_exit "no agent, --json: 69" 69 "$BUILD/floodwall" --socket "$WORK/nobody.sock" --json status
expect "the error is JSON on stderr" True "$(field '"error" in d' <"$WORK/err")"
expect "and stdout is empty" "" "$(cat "$WORK/out")"
expect_exit "an unknown command: 64" 64 fw statsu
expect_words "with the right one" status "$WORK/err"
expect_exit "a missing argument: 64" 64 fw ban
expect_exit "an unknown option: 64" 64 fw status --wat
expect_exit "a ban of garbage: 64 or 78" "64|78" fw ban 1.2.3
expect_exit "a ban of everything is refused" "64|78" fw ban 0.0.0.0/0
expect_exit "check of a missing file: 78" 78 fw check "$WORK/missing.yaml"
expect_exit "check beside a flood that is none: 64" 64 fw check --flood many "$WORK/missing.yaml"
expect_exit "or too small: 64" 64 fw check --flood 10 "$WORK/missing.yaml"
expect_exit "or a list with a hole: 64" 64 fw check --flood 1M,,10M "$WORK/missing.yaml"
expect_exit "check of a list of signatures" 78 fw check "$ROOT/configs/signatures.yaml"
expect_words "says what it is" 'this is a list of signatures, no policy' "$WORK/out"
printf 'version: 1\nlogs: {web: {path: %s/none.log, format: combined}}\n' "$WORK" >"$WORK/log.yaml"
expect_exit "check of a policy whose log is not there" 0 fw check "$WORK/log.yaml"
expect_words "warns of it" "warning: log 'web': there is no .*/none.log" "$WORK/out"
expect_exit "check beside two floods, as the help names them" 0 fw check --flood 2M,20M "$ROOT/configs/examples/web-server.yaml"
expect_words "says what holds beside each" '^floods .*2\.00 M packets/s.*20\.0 M packets/s' "$WORK/out"
expect_exit "unban of somebody not banned" "0|1" fw unban 192.0.2.77

api() { curl -s -m 10 -o "$WORK/body" -w '%{http_code}' --unix-socket "$WORK/api.sock" "$@"; }
expect "garbage for JSON: 400" 400 "$(api -d 'not json {' http://d/v1/ban)"
expect "JSON of the wrong shape: 400" 400 "$(api -d '[1,2,3]' http://d/v1/ban)"
expect "JSON 100000 deep: 400" 400 "$(python -c 'print("[" * 100000)' | api -d @- http://d/v1/ban)"
expect "an unknown route: 404" 404 "$(api http://d/v1/nothing)"
head -c 9500000 /dev/zero | tr '\0' 'x' >"$WORK/huge"
expect "an oversized body: 413" 413 "$(api --data-binary @"$WORK/huge" http://d/v1/apply)"
head -c 200000 /dev/urandom | timeout 5 socat -u - "UNIX-CONNECT:$WORK/api.sock" 2>/dev/null
expect "the agent answers after all that" "enforcing $generation" "$(status 'd["state"]') $((generation))"
expect_that "and is the same process" 'a == 0' "$(kill -0 "$AGENT_PID"; echo $?)"
read_socket() { setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/floodwall" --socket "$WORK/api.sock" "$@"; }
expect_exit "an unprivileged user may read" 0 read_socket status
expect_exit "but not write: 77" 77 read_socket ban 192.0.2.1
expect "nothing was banned" 0 "$(fwj bans | field 'len(d)')"

# a policy named from where its author stands, which is not where the agent does
mkdir "$WORK/here"
sed 's|sets/vpn|../sets/vpn|' "$WORK/policy.yaml" >"$WORK/here/policy.yaml"
from_there() { (cd "$WORK" && fw "$@"); }
expect_exit "a policy by a relative path" 0 from_there apply here/policy.yaml
expect_words "stands under its whole name" "^policy .*, $WORK/here/policy.yaml$" <(fw status)
expect_exit "and is found again" 0 fw reload
expect_exit "also to write into it" 0 fw tune blanket limit=900/10s --save
expect_words "what was tuned" '900 packets/10s' "$WORK/here/policy.yaml"
stop_agent

expect_exit "a missing capability: 77" 77 timeout 20 nsenter --net="/run/netns/$VICTIM_NS" setpriv --bounding-set=-bpf,-sys_admin \
	--inh-caps=-bpf,-sys_admin "$BUILD/floodwalld" --config "$WORK/policy.yaml" --state-dir "$WORK/another" --socket "$WORK/another.sock"
expect_words "and its name" 'CAP_BPF' "$WORK/err"
