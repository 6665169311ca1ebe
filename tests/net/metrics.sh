#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# One text of metrics through the CLI, the socket and TCP, valid for Prometheus, and in step with status.
. "$(dirname "$0")/session.sh"
begin metrics
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 100 packets/1m, action: block}
YAML
start_agent
cpus=$(fw metrics | grep -c '^floodwall_gate_closings_total{')
expect_that "every CPU has its gate before it has seen packets" "a >= $(nproc)" "$cpus"
expect "and its state" "$cpus" "$(fw metrics | grep -c '^floodwall_gate_closed{')"
expect_that "no map is full of nothing" 'len(a) == 6 and all(used < most for used, most in a.values())' "$(fw metrics | python -c '
import json, re, sys
found = {}
for line in sys.stdin:
    if m := re.match(r"floodwall_map_(?:max_)?entries\{map=\"(\w+)\"\} (\S+)", line):
        found.setdefault(m[1], []).append(float(m[2]))
print(json.dumps(found))')"
send client "$VICTIM_IP4" 7777 300 2000
fw ban 203.0.113.7 --for 1h >/dev/null
expect_exit "metrics through floodwall" 0 fw metrics
cp "$WORK/out" "$WORK/cli.txt"
curl -s --unix-socket "$WORK/api.sock" http://d/v1/metrics >"$WORK/socket.txt"
until_true 10 on victim curl -sf -o "$WORK/tcp.txt" http://127.0.0.1:9854/metrics
names() { grep -oE '^floodwall_[a-z0-9_]+' "$1" | sort -u; }
expect_that "there are floodwall_* series" 'a >= 8' "$(names "$WORK/cli.txt" | wc -l)"
expect "the socket gives the same series" "$(names "$WORK/cli.txt")" "$(names "$WORK/socket.txt")"
expect "TCP gives the same series" "$(names "$WORK/cli.txt")" "$(names "$WORK/tcp.txt")"
if command -v promtool >/dev/null; then
	expect "promtool has nothing to say" "" "$(promtool check metrics <"$WORK/tcp.txt" 2>&1)"
else
	echo "skip $TEST: promtool check metrics (no promtool: apt-get install prometheus)"
fi
dropped=$(status 'd["dropped"]')
expect_that "drops by reason add up to status" "a == $dropped" "$(fw metrics | python -c '
import re, sys
print(int(sum(float(l.split()[-1]) for l in sys.stdin if re.match(r"floodwall_drops_total\{.*over_limit", l))))')"
owner=$(on victim sh -c "ss -ltnpH 'sport = :9854'" | grep -o 'pid=[0-9]*' | head -1 | cut -d= -f2)
expect_that "TCP is served by floodwall-web, not by root" 'a not in ("0", "?")' "\"$(stat -c %u "/proc/$owner" 2>/dev/null || echo '?')\""
expect "it is the unprivileged process" floodwall-web "$(cat "/proc/$owner/comm" 2>/dev/null)"
expect "without capabilities" 0000000000000000 "$(awk '/^CapEff/ {print $2}' "/proc/$owner/status" 2>/dev/null)"
kill -9 "$owner"
until_true 15 on victim curl -sf -o /dev/null http://127.0.0.1:9854/metrics
expect "killed, it is started again" 0 $?
expect "while the filter went on" enforcing "$(status 'd["state"]')"
expect "unknown paths are 404" 404 "$(on victim curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9854/nothing)"
expect_that "TCP cannot change anything" 'a >= 400' \
	"$(on victim curl -s -o /dev/null -w '%{http_code}' -X POST -d '{"sources":["192.0.2.1"]}' http://127.0.0.1:9854/v1/ban)"
expect "the ban list is as it was" 1 "$(fwj bans | field 'len(d)')"
