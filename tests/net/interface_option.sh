#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# An agent that was started with --interface filters these whatever policies list: no answer says otherwise.
. "$(dirname "$0")/session.sh"
begin interface_option
policy <<YAML
version: 1
rules:
  - {name: blanket, limit: 10k packets/1m, action: block}
YAML
sed 's/10k/20k/; s/^rules:/interfaces: [nope9]\n&/' "$WORK/policy.yaml" >"$WORK/other.yaml"
sed "s/^rules:/interfaces: [{name: $IFACE, mode: count}]\n&/" "$WORK/policy.yaml" >"$WORK/count.yaml"
start_agent --interface "$IFACE"
said_of_interfaces() { field '[c for c in d["changes"] if c["object"] == "interface"]'; }

expect "plan: no interface comes or goes" "[]" "$(fwj plan "$WORK/other.yaml" | said_of_interfaces)"
expect_words "which is said" "warning.*started with --interface.*'nope9' is not filtered" <(fw plan "$WORK/other.yaml" 2>&1)
expect_exit "apply" 0 fw apply "$WORK/other.yaml"
expect_words "says so, too" "started with --interface.*'nope9' is not filtered" "$WORK/out" "$WORK/err"
expect "and names the rule alone" 0 "$(grep -c '^[-+~] interface' "$WORK/out")"
expect "it filters what it filtered" "enforcing $IFACE" "$(status '"%s %s" % (d["state"], d["interfaces"][0]["name"])')"
expect_exit "rollback" 0 fw rollback
expect "names the rule alone" "0 1" "$(grep -c '^[-+~] interface' "$WORK/out") $(grep -c '^~ rule blanket' "$WORK/out")"
expect_exit "a policy that says something of the interface" 0 fw apply "$WORK/count.yaml"
expect_words "is a change of it" "^~ interface $IFACE .*mode: count" "$WORK/out"
expect "in force" counting "$(status 'd["state"]')"
expect_exit "rollback" 0 fw rollback
expect_words "is one, too" "^~ interface $IFACE .*as --interface says" "$WORK/out"
expect "and back" enforcing "$(status 'd["state"]')"
