#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods a little: runs beside another.
# A router whose own server listens on every address: what it passes on is never answered for that server, while its own
# addresses, as they come and go, are. Nor is a port that DNAT takes to a container before Docker's proxy could see it.
. "$(dirname "$0")/session.sh"
begin challenge_others
need_tool floodgen
if ! command -v clang >/dev/null; then
	echo "skip $TEST: no clang: apt-get install clang"
	exit 0
fi
xdp_on attacker eth0 tools/upstream.bpf.c upstream
BEHIND=fw-$LAB-behind SERVER=198.18.2.9 SERVER6=fd00:18:2::9 COMING=198.18.0.77 COMING6=fd00:18::77 ANYIP=198.18.0.128/25
SERVERS=() FLOODS=()
behind() { nsenter --net="/run/netns/$BEHIND" "$@"; }
# shellcheck disable=SC2317  # the trap calls it
leave() {
	local code=$?
	kill "${SERVERS[@]}" 2>/dev/null
	kill "${FLOODS[@]}" 2>/dev/null
	ip netns del "$BEHIND" 2>/dev/null
	(exit $code)
	finish
}
trap leave EXIT

ip netns add "$BEHIND"
ip link add name eth0 netns "$BEHIND" type veth peer name back netns "$VICTIM_NS"
behind sh -c 'ip link set lo up; ip link set eth0 up; ethtool -K eth0 tx off >/dev/null'
on victim sh -c 'ip link set back up; ethtool -K back tx off >/dev/null'
for family in "-4 198.18.2.1/24 $SERVER/24 198.18.2.1 198.18.2.0/24 $VICTIM_IP4" \
	"-6 fd00:18:2::1/64 $SERVER6/64 fd00:18:2::1 fd00:18:2::/64 $VICTIM_IP6"; do
	read -r version near far gateway network router <<<"$family"
	nodad=$([ "$version" = -4 ] || echo nodad)
	# shellcheck disable=SC2086  # nothing or one word
	on victim ip "$version" addr add "$near" dev back $nodad
	# shellcheck disable=SC2086
	behind ip "$version" addr add "$far" dev eth0 $nodad
	behind ip "$version" route add default via "$gateway"
	on client ip "$version" route add "$network" via "$router"
done
forwards() { on victim sh -c "echo $1 >/proc/sys/net/ipv4/ip_forward; echo $1 >/proc/sys/net/ipv6/conf/all/forwarding"; }
forwards 1

# serve NAMESPACE PORT WORD [ARGUMENTS...]: the word, to whoever connects, whatever the address; with arguments as Docker's proxy
serve() {
	nsenter --net="/run/netns/$1" /usr/bin/python3 - "${@:4}" <<PYTHON &
import socket, sys
if len(sys.argv) > 1: open("/proc/self/comm", "w").write("docker-proxy")
listener = socket.create_server(("::", $2), family=socket.AF_INET6, backlog=64, dualstack_ipv6=True)
while True:
    peer, _ = listener.accept()
    with peer: peer.sendall(b"$3")
PYTHON
	SERVERS+=($!)
}
# heard ADDRESS PORT COUNT: what so many connections were told, each word with its number, what went wrong as its error
heard() {
	on client /usr/bin/python3 - "$@" <<'PYTHON'
import collections, socket, sys
said = collections.Counter()
for _ in range(int(sys.argv[3])):
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as peer:
            said[peer.recv(16).decode()] += 1
    except OSError as error:
        said[type(error).__name__] += 1
print(*(f"{word} {count}" for word, count in sorted(said.items())))
PYTHON
}
hears() { [ "$(heard "$1" "$2" 1)" = "$3 1" ]; }

policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 200 connections/1s, per: total, action: challenge}
YAML
serve "$VICTIM_NS" 7001 router
serve "$BEHIND" 7001 behind
start_agent
for address in "$VICTIM_IP4" "$VICTIM_IP6"; do until_true 5 hears "$address" 7001 router || not_ok "the router serves on $address"; done
for address in "$SERVER" "$SERVER6"; do until_true 5 hears "$address" 7001 behind || not_ok "$address serves"; done

# syns_to ADDRESS [4|6]: instead of whom they went to before
syns_to() {
	[ ${#FLOODS[@]} = 0 ] || end_floods 2>/dev/null
	floods 0 --dst "$1" --source "random${2:-4}" --proto syn --dport 7001 --rate 4000
}
reason() { status "d['reasons'].get('$1', 0)"; }
# grows REASON: by more than what a client or two bring
grows() {
	local before
	before=$(reason "$1")
	sleep 0.5
	[ $(($(reason "$1") - before)) -gt 800 ]
}
stands() {
	local before
	before=$(reason "$1")
	sleep 0.5
	[ $(($(reason "$1") - before)) -lt 20 ]
}

syns_to "$VICTIM_IP4"
expect_exit "a flood on the router's own server is answered" 0 until_true 10 grows challenged
for address in "$SERVER" "$SERVER6"; do
	expect "every connection through the router is whole: $address" "behind 40" "$(heard "$address" 7001 40)"
done
for address in "$VICTIM_IP4" "$VICTIM_IP6"; do
	expect "every connection to itself as well: $address" "router 40" "$(heard "$address" 7001 40)"
done
expect_words "explain says of whom no SYN is answered" 'no address of this host: SYNs are not answered, and pass' <(fw explain "$CLIENT_IP4" --to "$SERVER:7001/tcp" --flags syn)
expect_words "and of whom each is" 'over the limit: SYNs are answered with cookies' <(fw explain "$CLIENT_IP4" --to "$VICTIM_IP4:7001/tcp" --flags syn)
expect_words "status says what is not" "^challenge .* not answered: what is not for this host's own addresses" <(fw status)
expect_that "to programs as well" 'a[0] and a[1] >= 4 and a[2] == []' "$(status 'json.dumps([d["challenge"][x] for x in ("passes_on", "own_prefixes", "container_ports")])')"
about_challenge() { on victim "$BUILD/floodwall" --json doctor "$IFACE" | field '" ".join(f["level"] + ": " + f["detail"] for f in d["findings"] if f["check"].startswith("challenge"))'; }
expect_that "doctor says that it forwards, and nothing is plainly ok" '"ok:" not in a and "this host forwards: challenge answers SYNs to" in a' "$(about_challenge)"

# An address that is not the router's, then is, then is not.
syns_to "$COMING"
expect_exit "SYNs to a foreign address are not answered" 0 until_true 10 stands challenged
expect_exit "they are passed on within a budget" 0 until_true 5 grows challenge_budget
on victim ip addr add "$COMING/24" dev "$IFACE"
expect_exit "the router gets that address: it answers" 0 until_true 5 grows challenged
on victim ip addr del "$COMING/24" dev "$IFACE"
expect_exit "and loses it: it does not" 0 until_true 5 stands challenged
syns_to "$COMING6" 6
expect_exit "the same of IPv6: a foreign address" 0 until_true 5 stands challenged
on victim ip -6 addr add "$COMING6/64" dev "$IFACE" nodad
expect_exit "that comes" 0 until_true 5 grows challenged
on victim ip -6 addr del "$COMING6/64" dev "$IFACE"
expect_exit "and goes" 0 until_true 5 stands challenged
syns_to "${ANYIP%.*}.200"
expect_exit "of a prefix nobody answers" 0 until_true 5 grows challenge_budget
on victim ip route add local "$ANYIP" dev lo
expect_exit "until it is local" 0 until_true 5 grows challenged
on victim ip route del local "$ANYIP" dev lo
expect_exit "and only so long" 0 until_true 5 stands challenged

own_knows() { fw explain "$CLIENT_IP4" --to "$COMING:7001/tcp" --flags syn | grep -q "SYNs are answered"; }
# What its predecessor knew is put right at once.
on victim ip addr add "$COMING/24" dev "$IFACE"
until_true 5 own_knows
stop_agent KILL
on victim ip addr del "$COMING/24" dev "$IFACE"
start_agent
syns_to "$COMING"
expect_exit "an address that went while no agent ran is not answered" 0 until_true 5 grows challenge_budget
expect "by nobody" 0 "$(stands challenged; echo $?)"

# A host that passes nothing on drops what is not its own.
forwards 0
expect_exit "without forwarding they are dropped" 0 until_true 10 grows challenge_no_listener
expect_words "explain says so" 'SYNs are dropped: their destination is no address of this host' <(fw explain "$CLIENT_IP4" --to "$COMING:7001/tcp" --flags syn)
# One interface can forward where the host does not.
on victim sh -c "echo 1 >/proc/sys/net/ipv4/conf/$IFACE/forwarding"
expect_exit "forwarding by this interface alone is enough for the budget" 0 until_true 15 grows challenge_budget
expect_words "status says which" "what comes by interface '$IFACE' is forwarded" <(fw status)
forwards 1

# More than fit: nothing is answered on a guess.
many() { python -c 'for i in range(16384): print(f"route '"$1"' local 10.{64 + i // 65536}.{i // 256 % 256}.{i % 256} dev lo")' | on victim ip -batch -; }
syns_to "$VICTIM_IP4"
expect_exit "a challenge is on" 0 until_true 10 grows challenged
many add
warns() { fw status | grep -q 'NOTHING is challenged, the rules behind decide: this host takes 16[0-9]* prefixes for its own'; }
expect_exit "status says that there are too many" 0 until_true 10 warns
expect "nobody is answered then" 0 "$(stands challenged; echo $?)"
expect_that "nor are they counted as known" 'a is None' "$(status "json.dumps(d['challenge']['own_prefixes'])")"
expect_that "doctor says so" '"prefixes for its own, and 16384 fit" in a' "$(about_challenge)"
many del
expect_exit "and with fewer it goes on" 0 until_true 10 grows challenged

# A published port.
if on victim nft -f - 2>"$WORK/nft.err" <<NFT; then
table ip box {
	chain first {
		type nat hook prerouting priority dstnat
		ip daddr $VICTIM_IP4 tcp dport 17081 dnat to $SERVER:7001
	}
}
NFT
	serve "$VICTIM_NS" 17081 proxy -proto tcp -host-ip 0.0.0.0 -host-port 17081 -container-ip "$SERVER" -container-port 7001
	names_port() { [ "$(status "d['challenge']['container_ports']")" = '[17081]' ]; }
	expect_exit "status knows the published port" 0 until_true 15 names_port
	syns_to "$VICTIM_IP4"
	expect_exit "a challenge goes on" 0 until_true 10 grows challenged
	expect "every connection to a container is whole" "behind 40" "$(heard "$VICTIM_IP4" 17081 40)"
	expect_words "explain says whose port it is" 'docker-proxy publishes that port: SYNs are for a container' <(fw explain "$CLIENT_IP4" --to "$VICTIM_IP4:17081/tcp" --flags syn)
	expect_words "so does status" 'nor TCP port 17081 \(docker-proxy publishes it for a container\)' <(fw status)
	expect_that "and doctor" '"docker-proxy publishes TCP port 17081" in a' "$(about_challenge)"
	kill "${SERVERS[-1]}"
	forgets_port() { [ "$(status "d['challenge']['container_ports']")" = '[]' ]; }
	expect_exit "and forgets it" 0 until_true 15 forgets_port
else
	echo "# no DNAT: this kernel or nft has no nat: $(head -1 "$WORK/nft.err")"
fi
