#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# The recorder with a real agent: what it writes, what kill -9, a lock, damage and a full disk do to it, and that filtering never notices.
. "$(dirname "$0")/session.sh"
begin history

STATE_SIZE=8m
# An agent whose state directory is a small file system of its own: in a mount namespace that ends with it.
start_agent_on_small_disk() {
	mkdir -p "$WORK/state"
	: >"$WORK/agent.out"
	# shellcheck disable=SC2016  # expanded by the inner shell
	nsenter --net="/run/netns/$VICTIM_NS" unshare --mount --propagation private sh -c \
		'mount -t tmpfs -o size='$STATE_SIZE',mode=0700 history-test "$1/state" && exec "$2/floodwalld" --config "$1/policy.yaml" --state-dir "$1/state" --socket "$1/api.sock"' \
		sh "$WORK" "$BUILD" >"$WORK/agent.out" 2>>"$WORK/agent.log" &
	AGENT_PID=$!
	until_true 15 grep -q '^ready' "$WORK/agent.out" || { not_ok "the agent gets ready on a small disk" "$(tail -n 20 "$WORK/agent.log")"; exit 1; }
}
there() { nsenter --mount="/proc/$AGENT_PID/ns/mnt" "$@"; }
# ask SQL: from the file as anybody with sqlite3 would
ask() { there /usr/bin/python3 - "$WORK/state/history.db" "$1" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
print((db.execute(sys.argv[2]).fetchone() or ["none"])[0])
PYTHON
}
history_is() { [ "$(status 'd["history"]["state"]')" = "$1" ]; }
has_rows() { [ "$(ask "SELECT count(*) FROM $1" 2>/dev/null)" -gt 0 ]; }
wrote_more_than() { [ "$(status 'd["history"]["steps_written"]')" -gt "$1" ]; }

policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 500 packets/1m, action: block}
  - {name: web, match: {protocol: tcp, dest_port: 80}, action: count}
YAML
start_agent_on_small_disk
receiver book 7777
send client "$VICTIM_IP4" 7777 300 100 &
SENDER=$!
send attacker "$VICTIM_IP4" 7777 4000 800
wait $SENDER
expect_that "a step is written within twelve seconds" "a is True" "$(until_true 14 has_rows highest && echo true)"
until_true 12 wrote_more_than 1
expect_words "status has a line about it" '^history +recording, since 20' <(fw status)
expect_that "rules by the second add up to rules by five minutes" "a == 0" \
	"$(ask 'SELECT (SELECT sum(packets) FROM traffic_1s) - (SELECT sum(packets) FROM traffic_5m)')"
expect_that "the packets of both senders are there" "4250 <= a <= 4400" "$(ask 'SELECT sum(packets) FROM traffic_5m JOIN rule ON rule=id WHERE name="blanket"')"
expect_that "what was dropped is there" "3400 <= a <= 3600" "$(ask 'SELECT sum(dropped) FROM traffic_5m')"
expect_that "the sender over the limit is the busiest" "a.startswith('$ATTACKER_IP4')" \
	"$(ask 'SELECT source FROM source_5m ORDER BY packets DESC LIMIT 1')"
# The walk over the meters is a thread's, and on a busy machine a step behind the counters.
highest_is_told() { [ "$(ask "SELECT coalesce(max(amount), 0) FROM highest WHERE source='$ATTACKER_IP4'")" -ge 3300 ]; }
until_true 25 highest_is_told
expect_that "its highest window is known" "3300 <= a <= 4100" "$(ask "SELECT max(amount) FROM highest WHERE source='$ATTACKER_IP4'")"
expect_that "so is the honest one's" "250 <= a <= 301" "$(ask "SELECT max(amount) FROM highest WHERE source='$CLIENT_IP4'")"
expect_that "drops are told apart by key" "a == 0" "$(ask "SELECT sum(dropped) FROM highest WHERE source='$CLIENT_IP4'")"
expect_that "sub-windows have left their samples" "a > 0" "$(ask 'SELECT sum(samples) FROM distribution')"

# The same by the commands of the product, also over read.sock.
expect_that "history top: the sender over the limit comes first" "a['entries'][0]['source'] == '$ATTACKER_IP4' and a['entries'][0]['packets'] > 3500" "$(fwj history top --since 1h)"
expect_that "by ten seconds" "a['window_seconds'] == 10 and sum(e['packets'] for e in a['entries']) > 4000" "$(fwj history top --window 10s --since -1h)"
expect_that "by rule: the highest window" "a['entries'][0]['amount'] > 3300 and a['unit'] == 'packets'" "$(fwj history top --rule blanket)"
expect_words "as CSV" "^20.*,$ATTACKER_IP4,[0-9]+,[0-9]+,[0-9]+" <(fw history top --csv)
expect "as a picture that is XML" svg "$(fw history top --svg | python -c 'import sys,xml.dom.minidom as m; print(m.parse(sys.stdin).documentElement.tagName)')"
expect_that "history export: JSON lines of every table" "a >= 8" "$(fw history export | python -c 'import json,sys; print(len({json.loads(l)["table"] for l in sys.stdin}))')"
expect_exit "a window that was not recorded is refused" 78 fw history top --window 7s
expect_words "and the message says which are" 'multiple of 10s' "$WORK/err"
expect_exit "a rule that nothing is known of" 78 fw history top --rule nobody
expect_words "is none" "there is no rule 'nobody'" "$WORK/err"
expect_exit "a rule that is misspelt" 78 fw recommend --rule blankett
expect_words "did you mean" "there is no rule 'blankett'; did you mean 'blanket'" "$WORK/err"
expect_exit "no point in time" 64 fw history top --since yesterday
expect_exit "recommend: a limit, and a warning that minutes are no week" 0 fw recommend --since 1h
expect_words "the honest sender sets it" 'blanket +500 packets/1m .* [0-9]+ packets/1m' "$WORK/out"
expect_words "lines to paste" '^    limit: [0-9k]+ packets/1m' "$WORK/out"
expect_words "too short" 'careful.*: only .* recorded' "$WORK/out"
expect_that "the sender that was dropped is set apart" "a['rules'][0]['excluded'][0]['source'] == '$ATTACKER_IP4' and a['rules'][0]['excluded'][0]['why'] == 'blocked'" "$(fwj recommend --rule blanket --since 1h)"
expect_exit "an exclusion of everything leaves no ground" 1 fw recommend --exclude 2h..now --since 1h --apply
expect_exit "bad factor" 64 fw recommend --buffer 0.5
expect_exit "recommend --apply --confirm that nobody confirms" 3 fw recommend --since 1h --apply --confirm 5s
expect_words "the policy with it stands beside the file" 'limit: [0-9k]+ packets/1m' "$WORK/policy.yaml.recommended"
expect "it was rolled back" '500' "$(rule blanket limit)"
sed 's/500 packets/3000 packets/' "$WORK/policy.yaml" >"$WORK/laxer.yaml"
expect_that "plan: what the laxer limit would have stopped" "a['history'][0]['would_block']['sources'] == 1 and a['history'][0]['limit'] == '3000 packets/1m'" "$(fwj plan "$WORK/laxer.yaml")"
sed 's/500 packets/90k packets/' "$WORK/policy.yaml" >"$WORK/laxer.yaml"
expect_words "and a limit that nobody reached" '90k packets/1m would have stopped 0 sources' <(fw plan "$WORK/laxer.yaml")
fw allow "$CLIENT_IP4" --for 10m >/dev/null
sed 's/500 packets/100 packets/' "$WORK/policy.yaml" >"$WORK/stricter.yaml"
expect_that "who is known-good is counted apart" "a['history'][0]['would_block']['sources'] == 2 and a['history'][0]['would_block']['known_good'] == 1" "$(fwj plan "$WORK/stricter.yaml")"
expect_that "an unchanged plan does not look back" "'history' not in a" "$(fwj plan "$WORK/policy.yaml")"
python - "$WORK/api.sock" <<'PYTHON'
import socket, sys, time
# Twenty askers at once, each gone before the answer: the agent answers the next one all the same.
for _ in range(20):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
    s.sendall(b"GET /v1/history/top?since=1h&window=10s HTTP/1.1\r\nHost: d\r\n\r\n"); s.close()
PYTHON
expect_that "askers that hang up do no harm" "len(a['entries']) > 0" "$(fwj history top)"

# A process that holds the file.
there /usr/bin/python3 - "$WORK/state/history.db" <<'PYTHON' &
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
time.sleep(13)
PYTHON
LOCKER=$!
expect_that "locked: the recorder pauses" "a is True" "$(until_true 13 history_is paused && echo true)"
expect_words "and says who" 'attention .*history is paused.*locked by another process' <(fw status)
expect_words "a metric says so" '^floodwall_history_recording 0$' <(fw metrics)
wait $LOCKER
expect_that "unlocked: it goes on" "a is True" "$(until_true 13 history_is recording && echo true)"

# A disk without room.
there head -c 64M /dev/zero 2>/dev/null | there tee "$WORK/state/filler" >/dev/null 2>&1
expect_that "full disk: the recorder pauses" "a is True" "$(until_true 13 history_is paused && echo true)"
expect_words "and names the disk" 'no space left' <(fw status)
before=$(status 'd["dropped"]')
send attacker "$VICTIM_IP4" 7777 1000 2000
expect_that "filtering goes on" "a > $before" "$(status 'd["dropped"]')"
expect_exit "and policies are changed" 0 fw tune blanket limit=600/1m
there rm -f "$WORK/state/filler"
expect_that "with room again it goes on" "a is True" "$(until_true 13 history_is recording && echo true)"

stop_agent

# kill -9 at any moment: the file opens clean and at most the last steps are missing.
rm -rf "$WORK/state"
start_agent
send client "$VICTIM_IP4" 7777 100000 400 >/dev/null 2>&1 &
SENDER=$!
sleep 21.3
stop_agent KILL
killed=$(date +%s)
kill $SENDER 2>/dev/null
wait $SENDER 2>/dev/null
expect "no damage after kill -9" ok "$(python - "$WORK/state/history.db" <<'PYTHON'
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])
PYTHON
)"
last=$(python -c 'import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT max(start) FROM traffic_1s").fetchone()[0])' "$WORK/state/history.db")
expect_that "at most the last step is missing" "0 <= $killed - $last <= 21" ''
# Pages that are no pages any more.
dd if=/dev/urandom of="$WORK/state/history.db" conv=notrunc bs=4096 seek=1 count=12 2>/dev/null
rm -f "$WORK/state/history.db-wal"
start_agent
expect_that "damaged: set aside and begun anew" "a is True" "$(until_true 25 test -s "$WORK/state/history.db.bad" && until_true 13 wrote_more_than 0 && echo true)"
expect_words "which the log says" 'history.*\.bad now' "$WORK/agent.log"
stop_agent

start_agent
expect_that "a restarted agent goes on in it" "a is True" "$(until_true 13 wrote_more_than 0 && echo true)"
send client "$VICTIM_IP4" 7777 100 100
stop_agent
expect_that "a stopped agent writes what it has" "a <= 4" \
	"$(python -c 'import sqlite3,sys,time; print(int(time.time()) - sqlite3.connect(sys.argv[1]).execute("SELECT max(start) FROM traffic_1s").fetchone()[0])' "$WORK/state/history.db")"
