#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# rules keys: every key over its limit is listed, however many they are, while the agent answers others.
. "$(dirname "$0")/session.sh"
begin keys
need_tool floodgen
KEYS=131072
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: crowd, match: {protocol: udp, dest_port: 53}, limit: 2 packets/5m, action: block}
  - {name: ports, match: {protocol: udp, dest_port: 54}, limit: 2 packets/5m, per: [source, dest_port], action: block}
  - {name: total, match: {protocol: udp}, limit: 1 packets/5m, per: total, action: police}
  - {name: plain, match: {protocol: icmp}, action: count}
YAML
start_agent
# Slow enough that every key is admitted at its first packet; five rounds, the third of which crosses.
flood --dst "$VICTIM_IP4" --source "pool:$KEYS" --proto udp --dport 53 --count $((KEYS * 5)) --rate 60000 --cpu 0
wait "$FLOOD_PID"
send client "$VICTIM_IP4" 54 5 500
began=$(date +%s%N)
fwj rules keys crowd --over >"$WORK/keys.json" &
LISTING=$!
worst=0
while kill -0 $LISTING 2>/dev/null; do
	asked=$(date +%s%N)
	fwj status >/dev/null
	took=$((($(date +%s%N) - asked) / 1000000))
	[ $took -le $worst ] || worst=$took
done
wait $LISTING
listed=$(field 'len(d["keys"])' <"$WORK/keys.json")
expect_that "all keys over their limit are listed, $listed of $KEYS in $((($(date +%s%N) - began) / 1000000)) ms; status waited $worst ms at most" \
	"$KEYS * 0.99 <= a <= $KEYS" "$listed"
expect "as many as rules says" "$(rule crowd keys_over)" "$listed"
expect "each of them over, none twice" "True True False" \
	"$(field 'all(k["over"] and k["amount"] > 2 for k in d["keys"]), len({k["source"] for k in d["keys"]}) == len(d["keys"]), d["truncated"]' \
		<"$WORK/keys.json" | tr -d '(),')"
expect "the busiest 100 without --over" "100 True" "$(fwj rules keys crowd | field '"%d %s" % (len(d["keys"]), d["truncated"])')"
expect "--limit" 7 "$(fwj rules keys crowd --over --limit 7 | field 'len(d["keys"])')"
expect "a key with its port" "$CLIENT_IP4 54" "$(fwj rules keys ports --over | field '"%s %d" % (d["keys"][0]["source"], d["keys"][0]["port"])')"
expect "the one key of a total" "total" "$(fwj rules keys total | field 'd["keys"][0]["source"]')"
expect "a rule without limit has none" 0 "$(fwj rules keys plain | field 'd["total"]')"
expect_exit "an unknown rule" 78 fw rules keys crwod
expect_words "is met with a guess" "crowd" "$WORK/err"
# Clients that do not wait for their answer leave nothing behind.
for _ in 1 2 3 4 5 6; do timeout 0.02 "$BUILD/floodwall" --socket "$WORK/api.sock" --json rules keys crowd --over >/dev/null; done
expect "after askers that went away, others are answered" 100 "$(fwj rules keys crowd | field 'len(d["keys"])')"

# One walk forgets the meters of all who are unbanned: a walk for each would take longer than any client waits.
field '"\n".join(k["source"] for k in d["keys"][:10000])' <"$WORK/keys.json" >"$WORK/list.txt"
outside() { python -c 'for i in range('"$1"'): print("100.64.%d.%d" % (i >> 8, i & 255))'; }
outside 10000 >>"$WORK/list.txt"
outside 10000 | fw ban - --for 1h >/dev/null
expect_exit "an unban of 20000 with all those meters" 0 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' --json unban - <'$WORK/list.txt' >'$WORK/out'"
expect "says who was banned and who was not" "10000 10000" "$(field '"%d %d" % (len(d["unbanned"]), len(d["not_banned"]))' <"$WORK/out")"
expect "nobody is banned" "[]" "$(fwj bans)"
fwj rules keys crowd --over >"$WORK/keys.json"
expect "as many meters are gone when it is answered as it had names of" $((listed - 10000)) "$(field 'len(d["keys"])' <"$WORK/keys.json")"
expect "and they are those" "" "$(field '"\n".join(k["source"] for k in d["keys"])' <"$WORK/keys.json" | grep -Fxf "$WORK/list.txt" | head -n 3)"
outside 50 | fw ban - --for 1h >/dev/null
for _ in 1 2 3 4 5 6; do timeout 0.02 "$BUILD/floodwall" --socket "$WORK/api.sock" unban 192.0.2.1 >/dev/null; done
for ((i = 0; i < 50; i++)); do
	fw unban "100.64.0.$i" >"$WORK/out.$i" &
	ASKERS+=($!)
done
wait "${ASKERS[@]}"
expect "fifty at a time, behind some that went away, are answered one after the other" 50 "$(cat "$WORK"/out.* | grep -c 'is no longer banned')"
