#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A few hundred SYNs per second: runs beside another.
# What a challenge must leave alone: guests on a bridge of this host, and sockets bound to an interface above the filtered one,
# neither of which the packet program finds. And the sysctls that it needs are the operator's.
. "$(dirname "$0")/session.sh"
begin challenge_beside
need_tool floodgen
if ! command -v clang >/dev/null; then
	echo "skip $TEST: no clang: apt-get install clang"
	exit 0
fi
if ! on victim ip link add br7 type bridge 2>/dev/null; then
	echo "skip $TEST: this kernel has no bridges"
	exit 0
fi
xdp_on attacker eth0 tools/upstream.bpf.c upstream

GUEST_NS=fw-$LAB-guest GUEST_IP4=198.18.0.150
leave() {
	kill "${SERVERS[@]}" 2>/dev/null
	ip netns del "$GUEST_NS" 2>/dev/null
	finish
}
SERVERS=()
trap leave EXIT

# The victim's address moves to a bridge over the filtered interface.
on victim sh -c "ip addr flush dev eth0; ip link set eth0 master br7; ip link set br7 address $VICTIM_MAC up
	ip addr add $VICTIM_IP4/24 dev br7; ip neigh replace $CLIENT_IP4 lladdr $CLIENT_MAC dev br7 nud permanent"

# serve NAMESPACE PORT [DEVICE]: lines, one each tenth of a second, to whoever connects
serve() {
	nsenter --net="/run/netns/$1" /usr/bin/python3 - "$2" "${3:-}" <<'PYTHON' &
import socket, sys, threading, time
def talk(peer):
    with peer:
        try:
            while True:
                peer.sendall(b"x\n")
                if not peer.recv(1): return
                time.sleep(0.1)
        except OSError: pass
listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
if sys.argv[2]: listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[2].encode())
listener.bind(("::", int(sys.argv[1])))
listener.listen(64)
while True: threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()
PYTHON
	SERVERS+=($!)
}

# rounds ADDRESS PORT SECONDS: of a new connection, what came back in time; 0: it did not even begin
rounds() {
	on client /usr/bin/python3 - "$@" <<'PYTHON'
import socket, sys, time
done, end = 0, time.monotonic() + float(sys.argv[3])
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=2) as peer:
        while time.monotonic() < end:
            if peer.recv(2) != b"x\n": break
            peer.sendall(b"y")
            done += 1
except OSError: pass
print(done)
PYTHON
}
serves() { [ "$(rounds "$1" "$2" 0.3)" -gt 0 ]; }
# within SECONDS NAME COMMAND...
within() { if until_true "$1" "${@:3}"; then ok "$2"; else not_ok "$2" "$(fwj status)"; fi; }
warned() { fw status | grep -q "$1"; }

few_syns() {
	on attacker "$BUILD/tools/floodgen" --iface eth0 --dst "$VICTIM_IP4" --proto syn --dport 7001 --rate 400 --seconds 600 >/dev/null 2>&1 &
	SYNS=$!
}
challenged() { [ "$(status "len(d['challenge']['active'])")" = 1 ]; }

policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 100 connections/1s, per: total, action: challenge}
YAML
serve "$VICTIM_NS" 7001
until_true 5 serves "$VICTIM_IP4" 7001 || not_ok "the victim serves"
start_agent
expect_that "alone on its bridge and bound to nothing: no warning" 'a == []' "$(status "json.dumps(d['warnings'])")"

# A listener that is bound to the bridge
serve "$VICTIM_NS" 7002 br7
within 15 "status names the bound socket" warned "bound to 'br7', which stands on 'eth0'"
rounds "$VICTIM_IP4" 7002 6 >"$WORK/before" &
BEFORE=$!
few_syns
until_true 5 challenged || not_ok "a challenge begins" "$(fw status)"
expect_that "a bound listener accepts during the challenge" 'a >= 5' "$(rounds "$VICTIM_IP4" 7002 2)"
expect_that "and one of everywhere" 'a >= 5' "$(rounds "$VICTIM_IP4" 7001 2)"
wait $BEFORE
expect_that "a connection of the bound one goes on from before" 'a >= 40' "$(cat "$WORK/before")"
kill $SYNS "${SERVERS[1]}"

# A guest on the bridge
ip netns add "$GUEST_NS"
on victim ip link add guest0 type veth peer name eth0 netns "$GUEST_NS"
on victim ip link set guest0 master br7 up
nsenter --net="/run/netns/$GUEST_NS" sh -c "ip link set lo up; ip link set eth0 up; ip addr add $GUEST_IP4/24 dev eth0; ethtool -K eth0 tx off >/dev/null"
serve "$GUEST_NS" 7003
until_true 15 serves "$GUEST_IP4" 7003 || not_ok "the guest serves"
within 15 "status says that guests are behind" warned "by bridge 'br7'"
rounds "$GUEST_IP4" 7003 6 >"$WORK/before" &
BEFORE=$!
few_syns
until_true 15 challenged || not_ok "a challenge begins" "$(fw status)"
expect_that "a guest accepts during the challenge" 'a >= 5' "$(rounds "$GUEST_IP4" 7003 2)"
serve "$VICTIM_NS" 7003
until_true 5 serves "$VICTIM_IP4" 7003 || not_ok "the victim serves on the guest's port"
expect_that "also on a port where this host listens on every address" 'a >= 5' "$(rounds "$GUEST_IP4" 7003 2)"
expect_that "and this host itself answers there" 'a >= 5' "$(rounds "$VICTIM_IP4" 7003 2)"
wait $BEFORE
expect_that "a guest's connection goes on from before" 'a >= 40' "$(cat "$WORK/before")"
expect_that "this host's clients are challenged all the same" 'a > 100' "$(status "d['reasons']['challenged']")"
kill $SYNS

# Somebody sets the sysctls meanwhile: what is needed comes back, what he wanted is given back.
sysctl_of() { on victim sysctl -n "net.ipv4.$1"; }
is_two() { [ "$(sysctl_of tcp_syncookies)" = 2 ]; }
on victim sysctl -qw net.ipv4.tcp_syncookies=0 net.ipv4.tcp_timestamps=0
within 5 "tcp_syncookies is set again" is_two
stampless() { [ "$(status "list(d['challenge']['sysctls'])")" = "['tcp_syncookies']" ]; }
within 5 "status claims no tcp_timestamps that are switched off" stampless
expect "status says what is given back" 0 "$(status "d['challenge']['sysctls']['tcp_syncookies']['before']")"
stop_agent KILL
start_agent
fw tune syn action=police >/dev/null
expect "tcp_syncookies is what he wanted last, also after a crash" 0 "$(sysctl_of tcp_syncookies)"
expect "and so is tcp_timestamps" 0 "$(sysctl_of tcp_timestamps)"
