# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every network test begins with: a lab of its own, an agent in its victim, and words for results. Sourced, not run.
#
#   begin NAME [lab options]   skip without root, lab up, $WORK made, all of it taken down at exit
#   policy <<EOF ... EOF       write $WORK/policy.yaml
#   start_agent [options]      floodwalld in the victim's namespace, waits for "ready"
#   fw / fwj COMMAND           the CLI on this agent's socket, plain or --json
#   expect NAME WANT GOT       one result; so do expect_that, expect_exit and expect_words
set -u

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(cd "$ROOT" && realpath -m "${BUILD:-build}")
FAILED=0 AGENT_PID='' LAB_IS_UP=no

ok() { echo "ok $TEST: $1"; }

not_ok() {
	FAILED=1
	echo "not ok $TEST: $1"
	shift
	printf '%s\n' "$@" | sed 's/^/#   /'
}

# expect NAME WANT GOT
expect() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expects $2" "got     $3"; fi
}

# expect_that NAME PYTHON-EXPRESSION [DETAIL]: arithmetic and JSON live in python, a is the detail
expect_that() {
	if python - "$2" "${3:-}" <<'PYTHON'; then ok "$1"; else not_ok "$1" "not so: $2" "with: ${3:-}"; fi
import json, sys
try:
    a = json.loads(sys.argv[2]) if sys.argv[2] else None
except ValueError:
    a = sys.argv[2]
try:
    good = eval(sys.argv[1])
except (TypeError, KeyError, IndexError):
    good = False
sys.exit(0 if good else 1)
PYTHON
}

# expect_exit NAME CODE[|CODE] COMMAND...: output and errors go to $WORK/out and $WORK/err
expect_exit() {
	local name=$1 want=$2 got=0
	shift 2
	"$@" >"$WORK/out" 2>"$WORK/err" || got=$?
	if [[ "|$want|" = *"|$got|"* ]]; then ok "$name"; else
		not_ok "$name" "exit $want expected, got $got from: $*" "$(head -c 600 "$WORK/out")" "$(head -c 1200 "$WORK/err")"
	fi
}

# expect_words NAME REGEX FILE...
expect_words() {
	local name=$1 regex=$2
	shift 2
	if grep -qiE -- "$regex" "$@"; then ok "$name"; else
		not_ok "$name" "no line matches: $regex" "$(tail -n 12 "$@")"
	fi
}

python() { /usr/bin/python3 "$@"; }
# field EXPRESSION: of the JSON document d on stdin; "?" when there is none
field() { python -c 'import json,sys
try: d=json.load(sys.stdin); print(eval(sys.argv[1]))
except Exception as e: print("?", type(e).__name__, e)' "$1"; }

lab() { "$ROOT/tools/lab" "$1" --id "$LAB" "${@:2}"; }
on() { lab exec "$@"; }
fw() { "$BUILD/floodwall" --socket "$WORK/api.sock" "$@"; }
fwj() { "$BUILD/floodwall" --socket "$WORK/api.sock" --json "$@"; }
status() { fwj status | field "$1"; }
rule() { fwj rules | field "[r for r in d if r['name']=='$1'][0]['$2']"; }
policy() { cat >"$WORK/${1:-policy.yaml}"; }

# until_true SECONDS COMMAND...: polls ten times a second
until_true() {
	local tries=$(($1 * 10))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# another_agent OPTIONS...: one more floodwalld that is expected to end by itself, in the foreground
another_agent() {
	timeout 20 nsenter --net="/run/netns/$VICTIM_NS" "$BUILD/floodwalld" --state-dir "$WORK/another" --socket "$WORK/another.sock" "$@"
}

# has_program IFACE: whether an XDP program sits on an interface of the victim, "yes" or "no"
has_program() {
	if on victim ip -o link show "$1" | grep -q prog/xdp; then echo yes; else echo no; fi
}

start_agent() {
	: >"$WORK/agent.out"
	nsenter --net="/run/netns/$VICTIM_NS" "$BUILD/floodwalld" --config "$WORK/policy.yaml" --state-dir "$WORK/state" \
		--socket "$WORK/api.sock" "$@" >"$WORK/agent.out" 2>>"$WORK/agent.log" &
	AGENT_PID=$!
	if ! until_true 15 grep -q '^ready' "$WORK/agent.out"; then
		not_ok "the agent gets ready within 15 s" "$(tail -n 20 "$WORK/agent.log")"
		exit 1
	fi
}

stop_agent() {
	[ -n "$AGENT_PID" ] || return 0
	kill -"${1:-TERM}" "$AGENT_PID" 2>/dev/null
	wait "$AGENT_PID" 2>/dev/null
	AGENT_PID=''
}

finish() {
	local code=$?
	stop_agent
	[ $LAB_IS_UP = no ] || lab down
	if [ "$FAILED" = 1 ] && [ -s "$WORK/agent.log" ]; then
		echo "# the agent's log:"
		tail -n 25 "$WORK/agent.log" | sed 's/^/#   /'
	fi
	rm -rf "$WORK"
	[ "$FAILED" = 0 ] && [ $code = 0 ] || exit 1
}

begin() {
	TEST=$1
	shift
	if [ "$(id -u)" != 0 ]; then
		echo "skip $TEST needs root: network namespaces and XDP"
		exit 0
	fi
	local binary
	for binary in floodwalld floodwall; do
		if [ ! -x "$BUILD/$binary" ]; then
			echo "not ok $TEST: $BUILD/$binary is not built; run make"
			exit 1
		fi
	done
	WORK=$(mktemp -d "/tmp/fw-net-$TEST-XXXXXX") LAB=t$$
	chmod 755 "$WORK"
	# Ahead of other work on the machine: a flood and honest traffic share two CPUs with it.
	[ ! -w /proc/self/autogroup ] || echo -20 >/proc/self/autogroup
	trap finish EXIT
	trap 'exit 130' INT TERM
	lab up "$@" || { not_ok "the lab comes up"; exit 1; }
	LAB_IS_UP=yes
	eval "$(lab names)"
}

# need_tool NAME: one of the project's own tools
need_tool() {
	[ -x "$BUILD/tools/$1" ] || { not_ok "$BUILD/tools/$1 is built" "run: make tests-build"; exit 1; }
}

# xdp_on ROLE IFACE SOURCE PROGRAM: a small program that is not the filter
xdp_on() {
	if ! clang -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -c "$ROOT/$3" -o "$WORK/$4.o" ||
		! on "$1" ip link set dev "$2" xdpdrv obj "$WORK/$4.o" program "$4"; then
		not_ok "$1 runs $3 on $2"
	fi
}

# flood OPTIONS...: floodgen out of the attacker's side of the victim's wire, in the background
flood() {
	on attacker "$BUILD/tools/floodgen" --iface eth0 "$@" >"$WORK/flood.json" 2>"$WORK/flood.err" &
	# shellcheck disable=SC2034  # for the test to wait on
	FLOOD_PID=$!
}

# floods CPUS OPTIONS...: one out of each of these CPUs, until end_floods
floods() {
	local cpu cpus=$1
	shift
	FLOODS=()
	rm -f "$WORK"/flood*.json
	for cpu in $cpus; do
		nsenter --net="/run/netns/$ATTACKER_NS" "$BUILD/tools/floodgen" --iface eth0 --seconds 600 --cpu "$cpu" "$@" \
			>"$WORK/flood$cpu.json" 2>"$WORK/flood$cpu.err" &
		FLOODS+=($!)
	done
}

end_floods() {
	kill "${FLOODS[@]}"
	wait "${FLOODS[@]}"
}

# flood_mpps: what they sent together
flood_mpps() { tail -qn 1 "$WORK"/flood?.json | python -c 'import json, sys; print("%.2f" % (sum(json.loads(l)["pps"] for l in sys.stdin) / 1e6))'; }

# receiver NAME PORT: counts numbered datagrams in the victim; received NAME EXPRESSION reads what it has so far
receiver() {
	rm -f "$WORK/$1.json"
	on victim /usr/bin/python3 "$ROOT/tests/net/datagrams.py" receive "$2" "$WORK/$1.json" 2>"$WORK/$1.err" &
	disown
	until_true 5 test -s "$WORK/$1.json"
}

received() {
	sleep 0.35
	field "$2" <"$WORK/$1.json"
}

# settled NAME: waits until nothing more arrives, 8 s at most (for a receiver that lags behind its socket)
settled() {
	local before='' now tries=0
	while now=$(cat "$WORK/$1.json"); [ "$now" != "$before" ] && [ $tries -lt 8 ]; do
		before=$now tries=$((tries + 1))
		sleep 1
	done
}

# send FROM DEST PORT COUNT RATE [START]: numbered datagrams out of a role
send() { on "$1" /usr/bin/python3 "$ROOT/tests/net/datagrams.py" send "$2" "$3" "$4" "$5" "${6:-0}"; }

# count: datagrams of the client that the receiver "book" has so far
count() { received book "d.get('$CLIENT_IP4', {'count': 0})['count']"; }

# passes: how many of 20 more, to port 7777, get there
passes() {
	local before
	before=$(count)
	send client "$VICTIM_IP4" 7777 20 1000
	echo $(($(count) - before))
}
