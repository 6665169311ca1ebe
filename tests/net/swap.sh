#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# While whole lists are replaced and neighbours come and go in place, a listed source never gets through and others do.
. "$(dirname "$0")/session.sh"
begin swap
need_tool floodgen
BAD4=198.19.64.7 BAD6=fd00:19:1::7 GOOD4=198.19.65.9

# list NUMBER: 300 000 prefixes, others each time, with both listed sources among them
list() {
	python - "$1" "$BAD4" "$BAD6" >"$WORK/new" <<'PYTHON'
import random, sys
random.seed(int(sys.argv[1]))
for _ in range(299998):
    first, rest, bits = random.randrange(1, 190), random.getrandbits(24), random.choice((32, 32, 32, 24, 28))
    address = (first << 24 | rest) >> 32 - bits << 32 - bits
    if first not in (10, 127):
        print(f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}/{bits}")
print(sys.argv[2], sys.argv[3], sep="\n")
PYTHON
	mv "$WORK/new" "$WORK/list.$1"
}
for number in 1 2; do list $number; done
cp "$WORK/list.1" "$WORK/bad.txt"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
sets:
  bad: {file: $WORK/bad.txt}
  mine: ["$BAD4", "$BAD6"]
  other: []
rules:
  - {name: listed, match: {source: [bad, mine]}, action: block}
  - {name: told_apart, match: {source: other}, action: count}
YAML
start_agent
receiver book 7777
SENDERS=()
for number in 4 6; do
	eval "bad=\$BAD$number dst=\$VICTIM_IP$number"
	# shellcheck disable=SC2154  # eval sets them
	on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$dst" --source "$bad" --dport 7777 --seconds 12 --rate 150000 --cpu 1 \
		>"$WORK/flood$number.json" 2>>"$WORK/flood.err" &
	SENDERS+=($!)
done
on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source "$GOOD4" --dport 7777 --seconds 12 --rate 200 --cpu 1 \
	>"$WORK/good.json" 2>>"$WORK/flood.err" &
sleep 0.5

# Whole lists, one after the other, for 4 s at most. `mine` is still there, but so is `bad`: each alone must do.
fw sets del mine "$BAD4" "$BAD6" >/dev/null 2>"$WORK/err" || not_ok "sets del" "$(cat "$WORK/err")"
reloads=0 until=$((SECONDS + 4))
while [ $SECONDS -lt $until ]; do
	cp "$WORK/list.$((reloads % 2 + 1))" "$WORK/bad.next"
	mv "$WORK/bad.next" "$WORK/bad.txt"
	fw reload --wait >/dev/null 2>"$WORK/err" || { not_ok "reload" "$(cat "$WORK/err")"; break; }
	reloads=$((reloads + 1))
done
expect_that "lists of 300 000 were replaced" 'int(a) >= 3' $reloads

# In place: what holds the sources, what lies beside them and inside what holds them.
generation=$(status 'd["generation"]')
python - "$WORK/api.sock" "$BUILD/floodwall" >"$WORK/places.json" 2>"$WORK/places.err" <<'PYTHON'
import json, random, subprocess, sys, time
places = ["198.19.64.6", "198.19.64.0/24", "198.19.64.0/28", "198.19.65.0/29", "198.19.64.128/25", "198.19.64.7",
          "fd00:19:1::6", "fd00:19:1::/48", "fd00:19:1::/64", "fd00:19::/33", "fd00:19:1::/57", "fd00:19:0::/48",
          "fd00:19:1::7", "fd00:19:1:8000::/49", "fd00:19:2::/47"]
random.seed(4)
there, done, failed, until = {"mine": set(), "other": set()}, 0, [], time.monotonic() + 6
while time.monotonic() < until:
    name = random.choice(("mine", "other"))
    some = random.sample(places, random.randrange(1, 3))
    verb = "del" if set(some) <= there[name] else "add"
    run = subprocess.run([sys.argv[2], "--socket", sys.argv[1], "sets", verb, name, *some], capture_output=True, text=True)
    if run.returncode:
        failed.append(run.stderr)
    there[name] = there[name] - set(some) if verb == "del" else there[name] | set(some)
    done += 1
print(json.dumps({"done": done, "failed": failed[:3]}))
PYTHON
expect_that "changes by the dozen, each by itself" 'a["done"] >= 20 and not a["failed"]' "$(cat "$WORK/places.json" "$WORK/places.err")"
expect_that "nearly all of them in place: few generations" "int(a) - $generation <= 20" "$(status 'd["generation"]')"
wait "${SENDERS[@]}"
settled book
for number in 4 6; do
	eval "bad=\$BAD$number"
	expect_that "the listed IPv$number source sent" 'a["sent"] > 100000' "$(cat "$WORK/flood$number.json")"
	expect "none of it got through" 0 "$(received book "d.get('$bad', {'count': 0})['count']")"
done
expect_that "the rule says so" 'int(a) > 200000' "$(rule listed packets)"
expect_that "and the source beside it passed" 'int(a) > 1500' "$(received book "d.get('$GOOD4', {'count': 0})['count']")"

# A change in place that a crash keeps from being saved is not taken for the state before it.
stop_agent
start_agent
fw reload --wait >/dev/null
sleep 0.3
cp -a "$WORK/state" "$WORK/state.before"
fw sets add mine 198.19.65.0/24 >/dev/null
stop_agent KILL
rm -rf "$WORK/state"
mv "$WORK/state.before" "$WORK/state"
start_agent
send_before=$(received book "d.get('$GOOD4', {'count': 0})['count']")
on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --source "$GOOD4" --dport 7777 --count 100 --rate 1000 >/dev/null 2>&1
sleep 0.5
expect_that "what nobody remembers blocks nobody" "int(a) > $send_before" "$(received book "d.get('$GOOD4', {'count': 0})['count']")"
