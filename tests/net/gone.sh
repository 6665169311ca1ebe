#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A filtered interface is deleted, or moved elsewhere: whoever asks is told that it is not filtered, and back it is filtered again.
. "$(dirname "$0")/session.sh"
begin gone
policy <<YAML
version: 1
interfaces: [wan0]
rules:
  - {name: limit, match: {protocol: udp}, limit: 100 packets/1s, action: block}
YAML
pair() { on victim sh -c 'ip link add wan0 type veth peer name wan1; ip link set wan0 up; ip link set wan1 up'; }
is() { [ "$(status 'd["state"] + " " + str([i["attached"] for i in d["interfaces"] if i["name"] == "wan0"][0])')" = "$1" ]; }
attached() { fw metrics | sed -n 's/^floodwall_interface_attached{interface="wan0"} //p'; }

# gone WORDS: what is said of it everywhere
gone() {
	expect_exit "$1: JSON says so within 2 s" 0 until_true 2 is "detached False"
	expect_exit "$1: status ends with 4" 4 fw status
	expect_words "$1: and says it" 'DETACHED' "$WORK/out"
	expect_words "$1: of which interface" 'wan0 is NOT filtered: the interface is not there' "$WORK/out"
	expect "$1: so does the metric" 0 "$(attached)"
	expect_words "$1: and the last event" "detach +interface 'wan0': it is gone .* NOT filtered" <(fw events | tail -n 1)
}

back() {
	expect_exit "$1: back it is filtered" 0 until_true 2 is "enforcing True"
	expect "$1: which its hook says as well" yes "$(has_program wan0)"
	expect_exit "$1: and status" 0 fw status
	expect "$1: the metric" 1 "$(attached)"
	expect_words "$1: and the last event" "attach +interface 'wan0': attached" <(fw events | tail -n 1)
}

pair
start_agent
is "enforcing True" || not_ok "it is filtered at first" "$(fw status)"
on victim ip link del wan0
gone deleted
pair
back deleted
on victim ip link set wan0 netns "$CLIENT_NS"
gone moved
on client ip link set wan0 netns "$VICTIM_NS"
on victim ip link set wan0 up
back moved
on victim ip link del wan1
gone "its peer deleted"
expect_exit "what is gone can be detached: it stays so" 0 fw detach wan0
pair
sleep 1
expect "and is not filtered when it is back" no "$(has_program wan0)"

# Refused in another mode, it is filtered as before; what it took is said.
expect_exit "attach by hand" 0 fw attach lo --xdp generic
expect_exit "in a mode that its driver has not" 71 fw attach lo --xdp native
expect_words "is refused, and filters as before" 'lo is filtered as before: .*refuses native XDP' "$WORK/err"
expect_words "and for how long it was not" "interface 'lo': generic XDP as before; nothing was filtered there for [0-9.]+ ms while another mode was tried" "$WORK/agent.log"
expect "which status says" "[True]" "$(status '[i["attached"] for i in d["interfaces"] if i["name"] == "lo"]')"
expect "and its hook" yes "$(on victim ip -o link show lo | grep -q prog/xdp && echo yes)"

# Attached by hand alone and gone: it waits, and nothing else does.
expect_exit "detach lo" 0 fw detach lo
stop_agent
sed -i 's/wan0/eth0/' "$WORK/policy.yaml"
rm -r "$WORK/state"
on victim ip link del wan0
pair
start_agent
wan_waits() { [ "$(status '" ".join(sorted("%s=%s" % (i["name"], i["attached"]) for i in d["interfaces"]))')" = "eth0=True wan0=False" ]; }
wan_filtered() { [ "$(status '" ".join(sorted("%s=%s" % (i["name"], i["attached"]) for i in d["interfaces"]))')" = "eth0=True wan0=True" ]; }
waits() {
	expect_words "$1: said by status, with the way out" "wan0 is NOT filtered: attached by hand, and not there: it is attached when it comes back; 'floodwall detach wan0' forgets it" <(fw status 2>&1)
}
expect_exit "attach by hand" 0 fw attach wan0
on victim ip link del wan0
expect_exit "it goes" 0 until_true 2 wan_waits
waits "while the agent runs"
sed 's/100 packets/200 packets/' "$WORK/policy.yaml" >"$WORK/other.yaml"
expect_exit "plan" 0 fw plan "$WORK/other.yaml"
expect_exit "apply" 0 fw apply "$WORK/other.yaml"
expect_exit "reload" 0 fw reload --wait
sed 's/eth0/wan0/' "$WORK/policy.yaml" >"$WORK/names.yaml"
expect_exit "a policy that names it is refused as ever" 78 fw apply "$WORK/names.yaml"
for signal in TERM KILL; do
	stop_agent $signal
	start_agent
	expect_exit "$signal: without it an agent starts" 0 wan_waits
	waits "$signal"
	expect "$signal: and by an event" 1 "$(fw events | grep -cE "detach +interface 'wan0': NOT filtered: attached by hand, and not there")"
done
pair
expect_exit "back it is attached" 0 until_true 2 wan_filtered
expect_words "which is an event" "attach +interface 'wan0': attached" <(fw events | tail -n 1)
on victim ip link del wan0
expect_exit "gone again" 0 until_true 2 wan_waits
stop_agent KILL
start_agent
expect_exit "detach forgets it" 0 fw detach wan0
expect "of which status says nothing more" "0 []" "$(fw status 2>&1 | grep -c wan0) $(status '[c for c in d["drift"] if c["kind"] != "policy"]')"
pair
sleep 1
expect "and it stays without a filter" no "$(has_program wan0)"

expect_exit "attach by hand" 0 fw attach wan0
on victim ip link del wan0
expect_exit "gone once more" 0 until_true 2 wan_waits
stop_agent KILL
here() { on victim "$BUILD/floodwall" --socket "$WORK/api.sock" "$@" --state-dir "$WORK/state"; }
expect_exit "without an agent it is forgotten as well" 0 here detach wan0
expect_words "which is said" "it had been attached by hand, which is forgotten" "$WORK/out"
expect "the other goes on" yes "$(has_program eth0)"
expect_exit "once more there is nothing" 78 here detach wan0
start_agent
expect "the next agent knows nothing of it" "0 []" "$(fw status 2>&1 | grep -c wan0) $(status '[c for c in d["drift"] if c["kind"] != "policy"]')"

# By hand in a mode of its own, renamed while no agent runs, and the policy goes along.
pair
expect_exit "attach by hand" 0 fw attach wan0 --xdp generic
stop_agent KILL
on victim sh -c 'ip link set wan0 down; ip link set wan0 name inet0; ip link set inet0 up'
sed -i 's/eth0/inet0/' "$WORK/policy.yaml"
start_agent
expect "the new name is filtered, the old one waits" "inet0=True wan0=False" "$(status '" ".join(sorted("%s=%s" % (i["name"], i["attached"]) for i in d["interfaces"]))')"
