#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A host that forwards nothing and translates its own connections: what is on the wire is not what their sockets have, and
# a SYN flood on another port must not cost them. Chains for translation that translate nothing change nothing.
. "$(dirname "$0")/session.sh"
begin challenge_nat
need_tool floodgen
if ! command -v clang >/dev/null; then
	echo "skip $TEST: no clang: apt-get install clang"
	exit 0
fi
if ! on victim nft 'add table ip nat; add chain ip nat pre { type nat hook prerouting priority dstnat; }' 2>"$WORK/nft.err"; then
	echo "skip $TEST: this kernel or nft has no nat: $(head -1 "$WORK/nft.err")"
	exit 0
fi
xdp_on attacker eth0 tools/upstream.bpf.c upstream
KEPT=() FLOODS=()
# shellcheck disable=SC2317  # the trap calls it
leave() {
	local code=$?
	kill "${KEPT[@]}" 2>/dev/null
	kill "${FLOODS[@]}" 2>/dev/null
	(exit $code)
	finish
}
trap leave EXIT

# echoes NAMESPACE PORT: back what comes
echoes() {
	nsenter --net="/run/netns/$1" /usr/bin/python3 - <<PYTHON &
import socket, threading
def serve(peer):
    with peer:
        while data := peer.recv(64): peer.sendall(data)
listener = socket.create_server(("::", $2), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True)
while True: threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PYTHON
	KEPT+=($!)
}
# keeps NAME NAMESPACE ADDRESS PORT: four connections, of which answers NAME says how many still answer
keeps() {
	rm -f "$WORK/$1".*
	nsenter --net="/run/netns/$2" /usr/bin/python3 - "$3" "$4" "$WORK/$1" <<'PYTHON' 2>"$WORK/$1.err" &
import os, socket, sys, time
address, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
kept = [socket.create_connection((address, port), timeout=5) for _ in range(4)]
def answers(peer):
    peer.settimeout(5)
    try:
        peer.sendall(b"?")
        return peer.recv(1) == b"?"
    except OSError:
        return False
assert all(answers(peer) for peer in kept)
open(name + ".there", "w").close()
while not os.path.exists(name + ".ask"): time.sleep(0.1)
with open(name + ".new", "w") as file: file.write(str(sum(answers(peer) for peer in kept)))
os.rename(name + ".new", name + ".said")
PYTHON
	KEPT+=($!)
	until_true 10 test -e "$WORK/$1.there" || not_ok "$1 connects" "$(cat "$WORK/$1.err")"
}
answers() {
	touch "$WORK/$1.ask"
	until_true 30 test -e "$WORK/$1.said"
	cat "$WORK/$1.said"
}
reason() { status "d['reasons'].get('$1', 0)"; }
# grows REASON: by more than what a client or two bring
grows() {
	local before
	before=$(reason "$1")
	sleep 0.5
	[ $(($(reason "$1") - before)) -gt 300 ]
}
flush() { on victim nft flush ruleset; }
warns() { fw status | grep -q 'this host translates addresses or ports of its own connections'; }
silent() { ! warns; }
scope() { on victim "$@" "$BUILD/floodwall" --json doctor "$IFACE" | field '" ".join(f["level"] + ": " + f["detail"] for f in d["findings"] if f["check"] == "challenge scope")'; }

flush
# Chains of type nat without a rule that translates, one of them as firewalld makes it.
on victim nft -f - <<NFT
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat
	}
}
table inet firewalld {
	chain filter {
		type filter hook input priority filter
		tcp dport 1 drop
	}
	chain zones {
		return
	}
	chain pre {
		type nat hook prerouting priority -90
		jump zones
	}
}
NFT
expect_that "doctor: chains that translate nothing cost nothing" 'a.startswith("ok: ")' "$(scope)"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn, dest_port: 7002}, limit: 200 connections/1s, per: total, action: challenge}
YAML
echoes "$VICTIM_NS" 7001
echoes "$VICTIM_NS" 7002
echoes "$CLIENT_NS" 7003
start_agent
until_true 10 fw status
expect_exit "nor does status warn" 0 silent
floods 0 --dst "$VICTIM_IP4" --source random4 --proto syn --dport 7002 --rate 4000
expect_exit "a flood is answered" 0 until_true 10 grows challenged
nsenter --net="/run/netns/$ATTACKER_NS" "$BUILD/tools/floodgen" --iface eth0 --seconds 600 --cpu 1 --dst "$VICTIM_IP4" --source random4 \
	--proto ack --dport 7002 --rate 2000 >/dev/null 2>&1 &
ACKS=$!
KEPT+=("$ACKS")
expect_exit "and TCP of no connection is dropped" 0 until_true 10 grows challenge_no_state

# Rules that translate come, in the middle of it.
on victim nft -f - <<NFT
table ip nat {
	chain pre {
		tcp dport 17001 redirect to :7001
	}
	chain post {
		type nat hook postrouting priority srcnat
		ip daddr $CLIENT_IP4 tcp dport 7003 snat to $VICTIM_IP4:30000-31000
	}
}
table ip6 own {
	chain pre {
		type nat hook prerouting priority dstnat
		tcp dport 17001 redirect to :7001
	}
}
NFT
expect_exit "status warns within its ten seconds" 0 until_true 20 warns
expect_words "and names the table" "(nftables table 'ip nat')" <(fw status)
expect_words "so does the log" "challenge: this host translates" "$WORK/agent.log"
expect_that "and doctor" '"note: this host translates addresses or ports" in a and "TCP of no connection is not dropped" in a' "$(scope)"
drops_none() {
	local before
	before=$(reason challenge_no_state)
	sleep 0.5
	[ "$(reason challenge_no_state)" = "$before" ]
}
expect_exit "TCP of no connection is not dropped any more" 0 until_true 10 drops_none
expect_words "explain says why" 'not every socket is seen from here' <(fw explain "$CLIENT_IP4" --to "$VICTIM_IP4:7001/tcp" --flags ack)
kill "$ACKS"
end_floods 2>/dev/null
stop_agent

# What was there before the flood.
rm -rf "$WORK/state"
start_agent
keeps redirected "$CLIENT_NS" "$VICTIM_IP4" 17001
keeps redirected6 "$CLIENT_NS" "$VICTIM_IP6" 17001
keeps outgoing "$VICTIM_NS" "$CLIENT_IP4" 7003
floods 0 --dst "$VICTIM_IP4" --source random4 --proto syn --dport 7002 --rate 4000
expect_exit "a flood is answered, and by one limit for all every destination is challenged" 0 until_true 10 grows challenged
for kind in redirected redirected6 outgoing; do expect "connections outlive it: $kind" 4 "$(answers $kind)"; done
keeps new "$CLIENT_NS" "$VICTIM_IP4" 17001
keeps direct "$CLIENT_NS" "$VICTIM_IP4" 7002
for kind in new direct; do expect "and begin in it: $kind" 4 "$(answers $kind)"; done

# Both kinds of iptables.
flush
expect_that "doctor: no table, no translation" 'a.startswith("ok: ")' "$(scope)"
expect_that "nor is it ok where it may not ask" 'a.startswith("note: whether this host translates") and "if it does, challenge answers" in a' \
	"$(scope setpriv --bounding-set -net_admin)"
expect_exit "status is silent again" 0 until_true 20 silent
# told COMMAND WHERE: by a rule of its own, and by none that only lets pass, if the command is there
told() {
	if ! on victim "$1" -t nat -A OUTPUT -p tcp --dport 9 -j DNAT --to-destination "$3" 2>"$WORK/tables.err"; then
		echo "# no $1: $(head -1 "$WORK/tables.err")"
		return
	fi
	expect_words "doctor knows a rule of $1" "$2" <(scope)
	on victim "$1" -t nat -F
	expect_that "and that of $1's table nothing is left but its chains" 'a.startswith("ok: ")' "$(scope)"
}
told iptables-legacy '\(iptables-legacy -t nat\)' 198.18.0.99
told ip6tables-legacy '\(ip6tables-legacy -t nat\)' fd00:18::99
told iptables-nft "\(nftables table 'ip nat'\)" 198.18.0.99
if on victim iptables-nft -t nat -A PREROUTING -p tcp --dport 9 -j NETMAP --to 198.18.0.0/15 2>/dev/null; then
	expect_words "one that nftables has no expression for" "\(nftables table 'ip nat'\)" <(scope)
fi
