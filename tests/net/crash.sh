#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# kill -9 of the agent under flood: dropping goes on, leases expire on time, a restarted agent adopts everything.
. "$(dirname "$0")/session.sh"
begin crash
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets: {hand: {entries: []}}
rules:
  - {name: blanket, limit: 2000 packets/2m, action: block}
  - {name: other, match: {protocol: tcp, dest_port: 81}, limit: 50 packets/1m, action: police}
YAML
start_agent
receiver book 7777
arrived() { received book "d.get('$1', {'count': 0})['count']"; }

flood --dst "$VICTIM_IP4" --source 198.19.0.9 --dport 7777 --rate 20000 --seconds 22
sleep 2
flooded=$(arrived 198.19.0.9)
expect_that "the flood is stopped at its limit" "1800 <= a <= 2200" "$flooded"
expect_exit "a change that is not saved" 0 fw tune other limit=70/1m
expect_exit "a long ban" 0 fw ban 203.0.113.7 --for 1h --reason drill
expect_exit "a ban of a prefix" 0 fw ban 203.0.113.128/25 2001:db8:bad::/48 --for 2h
expect "nobody is allowed" "[]" "$(fwj allow)"
expect_words "in words, too" "^nobody is allowed" <(fw allow)
expect_exit "two are" 0 fw allow 203.0.113.99 203.0.113.8 --for 1h
allowed() { fwj allow | field '" ".join("%s %d %s" % (x["source"], -(-x["expires_in_seconds"] // 100), x["by"]) for x in d)'; }
expect "who, how long and by whom is listed" "203.0.113.8 36 $(id -un) 203.0.113.99 36 $(id -un)" "$(allowed)"
expect_words "in words, too" "^203.0.113.8 +$(id -un) +(1h|59m)" <(fw allow)
banned_at=$(python -c 'import time; print(time.monotonic())')
expect_exit "a short ban" 0 fw ban "$CLIENT_IP4" --for 5s
send client "$VICTIM_IP4" 7777 1800 100 &
SENDER=$!
generation=$(status 'd["generation"]')
dropped=$(status 'd["dropped"]')
stop_agent KILL
expect_exit "no agent: 69" 69 fw status
on victim "$BUILD/floodwall" --socket "$WORK/api.sock" status >"$WORK/dead.txt" 2>&1
expect_words "and it says that the filter goes on" 'its filter goes on in the kernel' "$WORK/dead.txt"
fw status >"$WORK/dead.txt" 2>&1
expect_words "from another namespace it says that it cannot tell" 'whether its filter goes on cannot be told from this network namespace' "$WORK/dead.txt"
expect_words "and how to look" 'sudo nsenter --net=/run/netns/NAME floodwall status' "$WORK/dead.txt"
on victim unshare -m sh -c "mount -t tmpfs none /sys/fs/bpf && '$BUILD/floodwall' --socket '$WORK/api.sock' status" >"$WORK/dead.txt" 2>&1
expect_words "without its bpf file system, too" 'cannot be told from here, where no bpf file system is mounted' "$WORK/dead.txt"
sleep 2
expect "dropping goes on without the agent" "$flooded" "$(arrived 198.19.0.9)"
expect "the banned client is still out" 0 "$(arrived "$CLIENT_IP4")"
sleep 6
first=$(received book "d.get('$CLIENT_IP4', {'first_at': 0})['first_at'] - $banned_at")
expect_that "its lease expired on time, without the agent: 5 s after the ban" "4.5 <= a <= 6.5" "$first"

start_agent
expect "the generation goes on" "$generation" "$(status 'd["generation"]')"
expect "the allowed are listed as before" "203.0.113.8 36 $(id -un) 203.0.113.99 36 $(id -un)" "$(allowed)"
expect "the bans are there" "2001:db8:bad::/48 203.0.113.128/25 203.0.113.7" "$(fwj bans | field '" ".join(sorted(b["source"].removesuffix("/32") for b in d))')"
expect_that "with what is left of their time" "3500 <= a < 3600" \
	"$(fwj bans | field '[b["expires_in_seconds"] for b in d if b["source"].startswith("203.0.113.7")][0]')"
expect_that "counters go on" "a > $dropped + 100000" "$(status 'd["dropped"]')"
expect "the unsaved change is in force" 70 "$(rule other limit)"
expect_that "and shown as drift" "a > 0" "$(status 'len(d["drift"])')"
sleep 2
expect "the flood's meter was adopted: not one packet more" "$flooded" "$(arrived 198.19.0.9)"
saved() { field 'd["saved_wall_ns"]' <"$WORK/state/attacks.json"; }
saved_at=$(saved)
saved_again() { [ "$(saved)" -gt "$saved_at" ]; }
expect_exit "what the attack has come to is kept again within seconds" 0 until_true 10 saved_again
wait "$FLOOD_PID"
# attacked: what attacks say that the rule dropped
attacked() { fwj attacks | field 'int(sum(v["dropped"] for a in d["active"] + d["recent"] for v in a["vectors"] if v["rule"] == "blanket"))'; }
sleep 0.6
expect_that "the attack has all that its rule dropped, also without an agent" "0.98 * $(rule blanket dropped) <= a <= $(rule blanket dropped)" "$(attacked)"
numbers=$(received book "len(d['$CLIENT_IP4']['numbers'])")
wait $SENDER
expect "the client lost nothing since, over the restart" 1 "$numbers"
expect_that "attached once" 'a == 1' "$(status 'len(d["interfaces"])')"

# Whoever was told that it is kept can rely on it, however soon the agent dies.
kept=''
for limit in 71 72 73 74 75; do
	fw tune other "limit=$limit/1m" >/dev/null
	stop_agent KILL
	start_agent
	kept="$kept $(rule other limit)"
done
expect "tunes survive a kill right after their answers" " 71 72 73 74 75" "$kept"
fw ban 203.0.113.9 --for 1h >/dev/null && fw unban 203.0.113.7 >/dev/null && fw under-attack on --for 1h >/dev/null && fw sets add hand 198.51.100.3 >/dev/null
stop_agent KILL
start_agent
expect "so do bans, and their ends" "True False" "$(fwj bans | field '"%s %s" % tuple(any(b["source"].removesuffix("/32") == "203.0.113.%d" % n for b in d) for n in (9, 7))')"
until_true 15 grep -q '"203\.0\.113\.9"' "$WORK/state/bans.json"
expect "what the killed one had no time to write, the next one does" "True False" \
	"$(field '"%s %s" % tuple(any(b["source"] == "203.0.113.%d" % n for b in d["bans"]) for n in (9, 7))' <"$WORK/state/bans.json")"
expect_exit "entries of sets" 0 fw sets test hand 198.51.100.3
expect "and the mode under-attack" on "$(fwj under-attack | field 'd["mode"]')"
expect_exit "which ends" 0 fw under-attack auto

flood --dst "$VICTIM_IP4" --source 198.19.0.9 --dport 7777 --rate 20000 --seconds 6
sleep 2
before=$(rule blanket dropped)
stop_agent TERM
expect "on_exit keep: the filter stays when the agent leaves" yes "$(has_program "$IFACE")"
sleep 2
start_agent
expect_that "its rule dropped without an agent" "a > $before + 20000" "$(rule blanket dropped)"
wait "$FLOOD_PID"
sleep 0.6
expect_that "which the attack has, too" "0.98 * $(rule blanket dropped) <= a <= $(rule blanket dropped)" "$(attacked)"
expect_exit "detach" 0 fw detach "$IFACE"
expect "detach takes the program off" no "$(has_program "$IFACE")"
expect_exit "status of a filter that filters nothing: 4" 4 fw status
stop_agent TERM
expect_words "an agent that filtered nothing does not say that the filter stays" 'floodwalld ends: nothing was filtered' "$WORK/agent.log"
start_agent
expect "what was detached is so for the next agent" detached "$(status 'd["state"]')"
expect_exit "attach" 0 fw attach "$IFACE" --xdp native
expect "and it enforces again" enforcing "$(status 'd["state"]')"

# Other sizes: the maps are built anew, under traffic of who is banned.
expect_exit "a ban to keep" 0 fw ban 198.19.0.44 --for 1h
flood --dst "$VICTIM_IP4" --source 198.19.0.44 --dport 7777 --rate 20000 --seconds 8
sleep 2
stop_agent KILL
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
capacity: {sources: 65536}
rules:
  - {name: blanket, limit: 200000 packets/2m, action: block}
YAML
start_agent
wait "$FLOOD_PID"
expect_words "the agent says that it built the maps anew" 'REBUILT the maps' "$WORK/agent.log"
expect_that "an event says what is lost, what is kept and why" \
	'len(a) == 1 and "counters" in a[0]["lost"] and "meters" in a[0]["lost"] and "saved bans" in a[0]["kept"] and "fw_meter_map" in a[0]["error"]' \
	"$(fwj events --last 1000 | python -c 'import json, sys
print(json.dumps([e for e in json.load(sys.stdin)["events"] if e["event_type"] == "maps"]))')"
expect_that "status says so to programs" \
	'a["maps"]["state"] == "rebuilt" and "capacity: sources" in a["maps"]["why"] and a["maps"]["bans_restored"] == a["maps"]["bans_saved"] >= 1' "$(fwj status)"
expect_exit "status" 0 fw status
expect_words "and in words" 'attention .*REBUILT.*capacity: sources.*meters.*([1-9][0-9]*) of \1 saved bans' "$WORK/out"
expect "the ban is there" 1 "$(fwj bans | field '[b["source"].removesuffix("/32") for b in d].count("198.19.0.44")')"
expect "who is banned did not get in meanwhile" 0 "$(arrived 198.19.0.44)"
stop_agent KILL
start_agent
expect_that "the next start adopts them, and says no more of it" \
	'a["maps"] == {"state": "adopted"} and not any("REBUILT" in w for w in a["warnings"])' "$(fwj status)"

# One pin is gone: no first start.
stop_agent KILL
rm "/sys/fs/bpf/floodwall/$(stat -Lc %i "/run/netns/$VICTIM_NS")/maps/fw_layout_map"
start_agent
expect_words "a missing map is named" 'REBUILT the maps.*fw_layout_map is not among the [0-9]+ pinned maps' "$WORK/agent.log"
expect_that "and what follows is said as well" 'a["maps"]["state"] == "rebuilt" and a["maps"]["bans_restored"] >= 1' "$(fwj status)"
