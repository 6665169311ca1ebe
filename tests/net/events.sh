#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# events -f shows what happens as it happens: attach, ban, unban, apply, rollback.
. "$(dirname "$0")/session.sh"
begin events
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 100 packets/10s, action: block, ban: {for: 3s, unverified: true}}
YAML
sed 's/limit: 100 /limit: 120 /' "$WORK/policy.yaml" >"$WORK/second.yaml"
start_agent
fwj events -f >"$WORK/events" 2>"$WORK/events.err" &
FOLLOWER=$!
sleep 1
fw ban 203.0.113.7 --for 1h --reason "drill" >/dev/null
fw unban 203.0.113.7 >/dev/null
send client "$VICTIM_IP4" 7777 200 2000
fw apply "$WORK/second.yaml" >/dev/null
fw rollback >/dev/null
fw detach "$IFACE" >/dev/null
fw attach "$IFACE" >/dev/null
sleep 4
kill $FOLLOWER 2>/dev/null
wait $FOLLOWER 2>/dev/null
expect_that "every line is a JSON object" 'a == 0' "$(python -c '
import json, sys
print(sum(not isinstance(json.loads(line), dict) for line in open(sys.argv[1])))' "$WORK/events" 2>/dev/null || echo 1)"
for word in 'ban.*203\.0\.113\.7' 'unban.*203\.0\.113\.7' "ban.*$CLIENT_IP4" 'blanket' 'apply' 'rollback|rolled' 'attach' 'detach' 'drill'; do
	expect_words "events -f shows $word" "$word" "$WORK/events"
done
expect_exit "events without -f ends by itself" 0 timeout 5 "$BUILD/floodwall" --socket "$WORK/api.sock" events
expect_words "and shows the past" 'ban' "$WORK/out"
expect_words "the agent's log has the ban" 'ban.*203\.0\.113\.7' "$WORK/agent.log"
# Who did it and what it changed, for whoever reads the text, here and in the journal.
fw tune blanket limit=150/10s action=count >/dev/null
fw reload >/dev/null
fw apply "$WORK/second.yaml" --confirm 60s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/apply.out"
fw confirm >/dev/null
wait $APPLY
fw rollback >/dev/null
rm "$WORK/apply.out"
fw apply "$WORK/second.yaml" --confirm 60s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/apply.out"
fw rollback >/dev/null
wait $APPLY
fw under-attack on >/dev/null
fw events >"$WORK/out"
expect_words "a tune says what it changed, and who" "rule 'blanket' tuned by root: limit 100 packets/10s -> 150 packets/10s, action block -> count; generation [0-9]+ is in force; undo: " "$WORK/out"
expect_words "so does the log" "rule 'blanket' tuned by root: limit 100 packets/10s -> 150 packets/10s" "$WORK/agent.log"
for word in "policy '.*second.yaml' applied by root, generation" "policy '.*policy.yaml' read again by root, generation" 'generation [0-9]+ confirmed by root$' "rolled back by root: policy '.*policy.yaml' is in force again" \
	'rolled back generation .*: taken back by root$' "interface '$IFACE': detached by root, it is NOT filtered" "interface '$IFACE': attached by root, native XDP" 'under attack: yes \(switched on by root\)'; do
	expect_words "the text has who did it: $word" "$word" "$WORK/out"
done
