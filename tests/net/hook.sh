#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# The hook is taken, the interface is missing, another agent runs: each is named, with its exit code, and nothing else is touched.
. "$(dirname "$0")/session.sh"
begin hook --direct
policy <<YAML
version: 1
interfaces: [{name: eth0, xdp: native}]
rules:
  - {name: blanket, limit: 1000 packets/10s, action: block}
YAML
xdp_on victim eth1 tests/net/foreign.bpf.c foreign_pass
foreign() { on victim ip -o link show eth1 | grep -o 'prog/xdp id [0-9]*'; }
before=$(foreign)

sed 's/eth0/eth1/' "$WORK/policy.yaml" >"$WORK/eth1.yaml"
expect_exit "an agent for the busy interface ends with 71" 71 another_agent --config "$WORK/eth1.yaml"
expect_words "and names the program" 'foreign_pass' "$WORK/err"
expect "which was left alone" "$before" "$(foreign)"

start_agent
expect_exit "attach to the busy interface: 71" 71 fw attach eth1
# The agent has given up CAP_SYS_ADMIN, without which the kernel tells a program's id but not its name.
expect_words "naming the program" "foreign_pass|program id ${before##* }" "$WORK/err"
expect "which was left alone again" "$before" "$(foreign)"
expect "the other interface goes on" "enforcing eth0" "$(status 'd["state"] + " " + " ".join(i["name"] for i in d["interfaces"] if i["attached"])')"
# Each of them was published, counted, and taken back; there are ids for four of them beside the one in force.
send client "$VICTIM_IP4" 9 50 500
counted=$(rule blanket packets)
for change in 1 2 3 4 5; do
	{
		printf 'version: 1\ninterfaces: [{name: eth0, xdp: native}, {name: eth1, xdp: native}]\nrules:\n'
		for i in $(seq 63); do echo "  - {name: r$change-$i, action: count}"; done
	} >"$WORK/both.yaml"
	expect_exit "policy $change with it is refused" 71 fw apply "$WORK/both.yaml"
done
expect_that "the rule in force still has what it counted" 'a >= 50 and a <= '"$(rule blanket packets)" "$counted"
on victim "$BUILD/floodwall" doctor eth1 >"$WORK/out" 2>&1
expect_words "doctor: who sits on the hook" foreign_pass "$WORK/out"
on victim setpriv --reuid=65534 --regid=65534 --clear-groups "$BUILD/floodwall" doctor eth1 >"$WORK/out" 2>&1
expect_words "doctor without rights: what is missing to ask" 'hook +note +program [0-9]+ is attached.*lacks CAP_SYS_ADMIN to ask' "$WORK/out"
expect_words "and how to get it" 'sudo floodwall doctor eth1 +# hook' "$WORK/out"

expect_exit "no such interface: 78" 78 fw attach nope0
expect_words "its name and those there are" 'nope0.*eth0|eth0.*nope0' "$WORK/err"
expect_exit "an agent for no such interface ends with 78" 78 another_agent --config "$WORK/policy.yaml" --interface nope0
expect_words "naming it" nope0 "$WORK/err"
expect_exit "a policy with it is refused" 78 fw apply <(sed 's/eth0/nope0/' "$WORK/policy.yaml")
expect "the running one stays" enforcing "$(status 'd["state"]')"

expect_exit "a second agent is turned away" "75|71" another_agent --config "$WORK/policy.yaml" --state-dir "$WORK/state" --socket "$WORK/api.sock"
expect_words "because one runs already" 'already|another|running' "$WORK/err"
expect "and the first goes on" enforcing "$(status 'd["state"]')"
expect_that "on its process" 'a == 0' "$(kill -0 "$AGENT_PID"; echo $?)"

on victim ip link set dev eth1 xdpdrv off
expect_exit "once free the interface can be had" 0 fw attach eth1 --xdp generic
expect_words "until the policy names it" "for ever: name it in the policy file" "$WORK/out"
expect_exit "once more" 0 fw attach eth1 --xdp generic
expect_words "is no change" "^eth1 is filtered already, XDP mode generic; nothing changed" "$WORK/out"
expect "in the mode that was asked for" generic "$(status '[i["xdp"] for i in d["interfaces"] if i["name"] == "eth1"][0]')"
expect_exit "detach" 0 fw detach eth1
expect "leaves nothing" no "$(has_program eth1)"

# Of two that stand on each other every packet is counted twice.
on victim ip link add link eth1 name mac1 type macvlan
twice="'mac1' stands on 'eth1' and both are filtered: every packet that comes through both is counted by both"
expect_exit "attach the lower one" 0 fw attach eth1 --xdp generic
expect "without a warning" 0 "$(grep -c 'stands on' "$WORK/out")"
expect_exit "attach the upper one" 0 fw attach mac1 --xdp generic
expect_words "with one" "^warning: $twice" "$WORK/out"
expect_words "status has it, with what to do" "$twice.*floodwall detach mac1, or detach eth1" <(fw status 2>&1)
expect "and the log, once" 1 "$(grep -c "$twice" "$WORK/agent.log")"
sed 's/{name: eth0.*}/eth0, mac1, eth1/' "$WORK/policy.yaml" >"$WORK/twice.yaml"
on victim "$BUILD/floodwall" check "$WORK/twice.yaml" >"$WORK/out" 2>&1
expect_words "check warns of a policy that names both" "warning: $twice" "$WORK/out"
expect_words "with what to do" "filter one of them: 'eth1' sees all that comes in, 'mac1' what comes up to it" "$WORK/out"
expect_exit "detach the upper one" 0 fw detach mac1
expect "nothing is counted twice" 0 "$(fw status 2>&1 | grep -c 'stands on')"
expect_exit "plan of one that names both" 0 fw plan "$WORK/twice.yaml"
expect_words "warns" "$twice" "$WORK/out" "$WORK/err"
expect_exit "so does" 0 fw apply "$WORK/twice.yaml"
expect_words "apply" "$twice" "$WORK/out" "$WORK/err"
expect_words "and status" "$twice" <(fw status 2>&1)
