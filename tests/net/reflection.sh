#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# A reflected flood of DNS, NTP and memcached answers while this host asks a real resolver: what was reflected is dropped,
# the lookups succeed. With the resolver not spared, its answers compete with the flood's for the budget and lose.
. "$(dirname "$0")/session.sh"
begin reflection
if ! command -v dnsmasq >/dev/null; then
	echo "skip $TEST: no dnsmasq: apt-get install dnsmasq-base"
	exit 0
fi
ADDRESS=203.0.113.7
nsenter --net="/run/netns/$CLIENT_NS" dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces \
	--listen-address="$CLIENT_IP4" --pid-file= --user=root --address="/lookup.example/$ADDRESS" >"$WORK/dnsmasq.log" 2>&1 &
RESOLVER=$!
stop_resolver() {
	kill $RESOLVER 2>/dev/null
	finish
}
trap stop_resolver EXIT

with_resolvers() {
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
signatures: $ROOT/configs/signatures.yaml
safety: {resolvers: $1}
rules:
  - {name: reflected, match: {signature: any}, limit: 100 packets/1s, per: destination, action: police, mode: enforce}
YAML
}
flood() {
	on attacker /usr/bin/python3 "$ROOT/tests/net/reflection.py" flood eth0 "$ATTACKER_MAC" "$VICTIM_MAC" "$VICTIM_IP4" 20000 "$1" >"$WORK/flood.json" 2>"$WORK/flood.err" &
	FLOOD=$!
}
lookups() {
	on victim /usr/bin/python3 "$ROOT/tests/net/reflection.py" lookups "$CLIENT_IP4" lookup.example "$ADDRESS" "$1" 50 >"$WORK/lookups.json" 2>"$WORK/lookups.err"
	field 'd["answered"]' <"$WORK/lookups.json"
}
answers() { [ "$(lookups 1)" = 1 ]; }
signature() { fw metrics | sed -n "s/^floodwall_signature_packets_total{signature=\"$1\".*} //p"; }

with_resolvers "[$CLIENT_IP4]"
expect_exit "check reads the list with the policy" 0 "$BUILD/floodwall" check "$WORK/policy.yaml"
start_agent
if until_true 10 answers; then ok "the resolver answers in peace"; else not_ok "the resolver answers in peace" "$(cat "$WORK/dnsmasq.log" "$WORK/lookups.err")"; fi
flood 8
sleep 1
expect_that "lookups succeed during the flood" "a >= 247" "$(lookups 250)"
wait $FLOOD
sent=$(field 'd["sent"]' <"$WORK/flood.json")
dropped=$(rule reflected dropped)
echo "# $sent reflected packets sent, $dropped dropped"
expect_that "what was reflected is dropped, but for the budget" "a > 20000 and $dropped >= a - 1.1 * 100 * 10" "$sent"
for name in dns_amplification ntp_monlist memcached; do
	expect_that "metrics count $name" "abs(a - $sent / 3) <= $sent / 30" "$(signature $name)"
done
expect "attacks tells them apart by name" "udp from port 11211 (memcached), udp from port 123 (ntp), udp from port 53 (dns)" \
	"$(fwj attacks | field '", ".join(sorted(v["vector"] for v in (d["active"] + d["recent"])[0]["vectors"]))')"
expect_that "answers passed as such" "a >= 247" "$(status 'd["reasons"]["resolver"]')"
fw explain "$CLIENT_IP4" >"$WORK/explain"
expect_words "explain says what of a resolver passes" 'resolver of this host: its answers pass up to their limit' "$WORK/explain"

# The other way, side by side: nobody is spared.
stop_agent
with_resolvers "[192.0.2.53]"
start_agent
flood 12
sleep 1
answered=$(lookups 10)
wait $FLOOD
echo "# not spared: $answered of 10 lookups succeeded"
expect_that "without it lookups fail, so the test can" "a <= 4" "$answered"
