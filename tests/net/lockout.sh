#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Lock-out drill: a live SSH-like session survives a policy that blocks its client; without the protection confirm-or-rollback saves it.
. "$(dirname "$0")/session.sh"
begin lockout
OTHER=198.18.0.33
on client ip addr add $OTHER/24 dev eth0
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 100k packets/10s, action: block}
YAML
block() {
	policy "$1" <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
$2
sets:
  clients: {entries: [198.18.0.0/24, "fd00:18::/64"]}
rules:
  - {name: everybody-out, match: {source: [clients]}, action: block}
YAML
}
block locks.yaml ''
block unprotected.yaml 'safety: {protect_ssh_clients: false, protect_gateways: false}'

# shellcheck disable=SC2016  # the shell behind socat expands it
on victim socat TCP6-LISTEN:22,fork,reuseaddr,ipv6only=0 SYSTEM:'while read -r word; do echo "got $word"; done' &
until_true 5 on victim sh -c 'ss -ltn | grep -q :22'
mkfifo "$WORK/keys"
# The session: what is written to keys comes back on the screen.
on client socat - "TCP4:$VICTIM_IP4:22" <"$WORK/keys" >"$WORK/screen" &
exec 7>"$WORK/keys"
typed() {
	echo "$1" >&7
	until_true "${2:-3}" grep -q "got $1" "$WORK/screen"
}
typed hello
expect "the session stands before the agent starts" 0 $?
start_agent
sleep 2.5

# who bans the wrong address
expect_exit "a ban of the session's client is refused" 78 fw ban "$CLIENT_IP4"
expect_words "and says why" "live SSH session" "$WORK/err"
expect_exit "a ban of this host, too" 78 fw ban "$VICTIM_IP4" 127.0.0.1
expect_words "and says how it can be done" "$VICTIM_IP4 is not banned: it is this host itself: $VICTIM_IP4 of $IFACE; --force .* and 1 more is refused" "$WORK/err"
expect_exit "among others it is left out" 78 fwj ban 203.0.113.5 "$VICTIM_IP6" 127.0.0.1
expect "and only it" "203.0.113.5 | $VICTIM_IP6 127.0.0.1" \
	"$(field "' '.join(b['source'] for b in d['banned']) + ' | ' + ' '.join(r['source'] for r in d['refused'])" <"$WORK/out")"
# who lists the wrong address
policy listing.yaml <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
never_block: [office]
sets:
  hand: {entries: [203.0.113.0/24]}
  idle: {entries: [203.0.113.0/24]}
  office: {entries: [192.0.2.0/24]}
rules:
  - {name: known-bad, match: {source: [hand]}, action: block}
  - {name: watched, match: {source: [idle]}, action: count}
YAML
expect_exit "a policy with a set that a rule blocks" 0 fw apply "$WORK/listing.yaml"
warned() { field "len(d['warnings'])" <"$WORK/out"; }
expect_exit "sets add of the session's client" 0 fwj sets add hand "$CLIENT_IP4"
expect "is warned of once" 1 "$(warned)"
expect_words "as check does" "rule 'known-bad' drops $CLIENT_IP4, who has a live SSH session with this host: 'hand' has it; the session passes while it lasts" "$WORK/out"
expect_exit "of this host itself" 0 fw sets add hand "$VICTIM_IP4"
expect_words "in words" "^warning: rule 'known-bad' drops this host's own address: 'hand' has $VICTIM_IP4 of $IFACE" "$WORK/out"
expect_exit "of its network" 0 fw sets add hand 198.18.0.0/24
expect_words "too" "^warning: rule 'known-bad' drops this host's own network: 'hand' has 198.18.0.0/24" "$WORK/out"
expect_exit "of somebody in never_block" 0 fw sets add hand 192.0.2.7
expect_words "who passes all the same" "^warning: 192.0.2.7 is protected by never_block: 192.0.2.0/24 in set 'office': that passes before every rule" "$WORK/out"
expect "in truth" "pass never_block" "$(fwj explain 192.0.2.7 | field 'd["verdict"] + " " + d["reason"]')"
expect_exit "of more than that" 0 fw sets add hand 192.0.0.0/16
expect_words "of which the rest is dropped" "^warning: part of 192.0.0.0/16 is protected by never_block: 192.0.2.0/24 in set 'office': that passes" "$WORK/out"
expect_exit "of many of them" 0 fwj sets add hand 192.0.2.1-192.0.2.254
expect "is said of some, and that there are more" "9 more of these pass before rule 'known-bad'; of each: floodwall explain ADDR" "$(field "len(d['warnings']), d['warnings'][-1]" <"$WORK/out" | tr -d "(,\"" | sed 's/)$//')"
expect_exit "never_block has two more" 0 fw sets add office 45.9.0.1 45.9.0.7
expect_exit "a ban of them all" 78 fw ban 45.9.0.0/24
expect_words "names them all" "protected by never_block: 45.9.0.1 in set 'office'; protected by never_block: 45.9.0.7 in set 'office'" "$WORK/err"
expect_exit "so does a set" 0 fwj sets add hand 45.9.0.0/24
expect "each in a sentence" "2" "$(warned)"
expect_exit "gone" 0 fw sets forget hand 45.9.0.0/24
expect_exit "these, too" 0 fw sets forget office 45.9.0.1 45.9.0.7
expect_exit "never_block loses it live" 0 fw sets del office 192.0.2.0/24
expect_exit "then" 0 fwj sets add hand 192.0.2.7
expect "nothing protects it" "0 drop" "$(warned) $(fwj explain 192.0.2.7 | field 'd["verdict"]')"
expect_exit "nor from a ban" 0 fw ban 192.0.2.7 --for 1m
expect_exit "gone again" 0 fw unban 192.0.2.7
expect_exit "and gets it back" 0 fw sets forget office 192.0.2.0/24
expect_exit "which protects from a ban" 78 fw ban 192.0.2.7 --for 1m
on victim ip route add default via 198.18.0.77 dev "$IFACE" metric 7
is_gateway() { [ "$(fwj explain 198.18.0.77 | field 'd["verdict"] + " " + d["reason"]')" = "pass gateway" ]; }
expect_exit "a gateway is noticed" 0 until_true 5 is_gateway
expect_exit "sets add of the gateway" 0 fw sets add hand 198.18.0.77
expect_words "who passes, too" "^warning: 198.18.0.77 is a gateway of this host: while that is so, it passes before every rule, and rule 'known-bad' drops nothing of it" "$WORK/out"
expect_exit "in truth" 0 is_gateway
on victim ip route del default via 198.18.0.77 dev "$IFACE" metric 7
expect_exit "of a stranger" 0 fwj sets add hand 45.1.2.3
expect "nothing is said" 0 "$(warned)"
expect_exit "nor of the client in a set that no rule blocks" 0 fwj sets add idle "$CLIENT_IP4" "$VICTIM_IP4"
expect "nothing is dropped there" 0 "$(warned)"
typed listed
expect "and the session goes on" 0 $?
expect_exit "out again" 0 fw sets forget hand "$CLIENT_IP4" "$VICTIM_IP4" 198.18.0.0/24 192.0.0.0/16 192.0.2.1-192.0.2.254 192.0.2.7 198.18.0.77 45.1.2.3
expect_exit "the others as well" 0 fw sets forget idle "$CLIENT_IP4" "$VICTIM_IP4"
expect_exit "back" 0 fw apply "$WORK/policy.yaml"
policy loose.yaml <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
safety: {protect_ssh_clients: false}
YAML
expect_exit "a policy without the protection" 0 fw apply "$WORK/loose.yaml"
expect_exit "there the session wants force" 78 fw ban "$CLIENT_IP4" --for 5s
expect_words "which is said" "it would be cut off; --force" "$WORK/err"
expect_exit "and with it" 0 fw ban "$CLIENT_IP4" --for 5s --force
expect_exit "is banned" 0 fw unban "$CLIENT_IP4"
expect_exit "back" 0 fw apply "$WORK/policy.yaml"

expect_exit "a policy that blocks the client is applied" 0 fw apply "$WORK/locks.yaml"
expect_words "with a word on the session" "$CLIENT_IP4, who has a live SSH session" "$WORK/out"
on victim "$BUILD/floodwall" check "$WORK/unprotected.yaml" >"$WORK/checked" 2>&1
expect_words "check tells it, too" "the session is cut off" "$WORK/checked"
on victim "$BUILD/floodwall" doctor "$IFACE" --policy "$WORK/locks.yaml" >"$WORK/examined" 2>&1
expect_words "so does doctor: the session" "lists +WARNING +.*$CLIENT_IP4, who has a live SSH session" "$WORK/examined"
expect_words "and its network" "lists +WARNING +.*this host's own network: 'clients'" "$WORK/examined"
on victim "$BUILD/floodwall" doctor lo --policy "$WORK/locks.yaml" >"$WORK/examined" 2>&1
expect_words "a filter elsewhere cuts off neither" "lists +ok +no rule of .*locks.yaml" "$WORK/examined"
on victim "$BUILD/floodwall" doctor "$IFACE" --policy "$WORK/policy.yaml" >"$WORK/examined" 2>&1
expect_words "a policy that drops nobody it needs" "lists +ok +no rule of .*policy.yaml" "$WORK/examined"
typed one
expect "the live session is left alone" 0 $?
echo two | on client timeout 4 socat - "TCP4:$VICTIM_IP4:22,bind=$CLIENT_IP4" >"$WORK/second" 2>/dev/null
expect "its client can log in once more" "got two" "$(cat "$WORK/second")"
echo three | on client timeout 3 socat - "TCP4:$VICTIM_IP4:22,bind=$OTHER,connect-timeout=2" >"$WORK/third" 2>/dev/null
expect "an address without a session is blocked" "" "$(cat "$WORK/third")"
expect "explain says that the SSH peer is spared" "pass ssh_peer" "$(fwj explain "$CLIENT_IP4" | field 'd["verdict"] + " " + d["reason"]')"
expect_exit "back to the first policy" 0 fw rollback

fw apply "$WORK/unprotected.yaml" --confirm 5s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 3 sh -c "'$BUILD/floodwall' --socket '$WORK/api.sock' --json rules | grep -q everybody-out"
echo four >&7
sleep 2
expect_that "without the protection the session is cut off" '"got four" not in a' "$(cat "$WORK/screen")"
wait $APPLY
expect "nobody confirms: rolled back, exit 3" 3 $?
until_true 12 grep -q "got four" "$WORK/screen"
expect "the session lives again" 0 $?
typed five 12
expect "and answers" 0 $?
expect "the policy is the first one" blanket "$(fwj rules | field 'd[0]["name"]')"
expect_exit "apply warned about it in words" 0 grep -qiE 'confirm|roll' "$WORK/apply.out"
exec 7>&-
