#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Who is told of events: a real agent, a real little server and real programs, at their best and at their worst.
. "$(dirname "$0")/session.sh"
begin notify
if ! command -v openssl >/dev/null; then
	echo "skip $TEST: no openssl: apt-get install openssl"
	exit 0
fi
HELPERS=()
end_helpers() {
	for pid in "${HELPERS[@]}"; do kill "$pid" 2>/dev/null; done
	finish
}
trap end_helpers EXIT
chmod 755 "$WORK"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=hooks -addext subjectAltName=IP:127.0.0.1 -keyout "$WORK/key.pem" \
	-out "$WORK/cert.pem" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout "$WORK/other-key.pem" -out "$WORK/other.pem" 2>/dev/null
chmod 644 "$WORK"/*.pem
printf 'Bearer s3cret-token\n' >"$WORK/secret"
chmod 600 "$WORK/secret"
: >"$WORK/requests"
nsenter --net="/run/netns/$VICTIM_NS" /usr/bin/python3 "$ROOT/tests/net/notify_server.py" "$WORK/requests" 8080 2>>"$WORK/server.err" &
HELPERS+=($!)
nsenter --net="/run/netns/$VICTIM_NS" /usr/bin/python3 "$ROOT/tests/net/notify_server.py" "$WORK/requests" 8443 "$WORK/cert.pem" "$WORK/key.pem" 2>>"$WORK/server.err" &
HELPERS+=($!)

# Programs: what they are told goes into files that nobody may create but they.
mkdir -m 777 "$WORK/told"
cat >"$WORK/tell" <<SCRIPT
#!/bin/sh
cat >"$WORK/told/\$1.json"
env | sort >"$WORK/told/\$1.env"
grep CapEff /proc/self/status >>"$WORK/told/\$1.env"
id -u >"$WORK/told/\$1.uid"
SCRIPT
printf '#!/bin/sh\necho "the pager is off" >&2\nexit 3\n' >"$WORK/fails"
printf '#!/bin/sh\nsleep 300 &\necho $! >%s\nsleep 300\n' "$WORK/told/hanging.pid" >"$WORK/hangs"
printf '#!/nonexistent/shell\n' >"$WORK/broken"
chmod 755 "$WORK/tell" "$WORK/fails" "$WORK/hangs" "$WORK/broken"

# Sources of the attacker's network
network=${ATTACKER_IP4%.*}
QUIET=$network.201 BUSY=$network.202 LOUD=$network.203 NEIGHBOUR=$network.204
for address in "$QUIET" "$BUSY" "$LOUD" "$NEIGHBOUR"; do on attacker ip address add "$address/24" dev eth0; done

targets() {
	cat <<YAML
  ops:      {webhook: "https://127.0.0.1:8443/ok/ops?key=t0ken", secret: secret, ca_file: cert.pem, events: [ban, failure, tune], rate: 3/3s}
  keyed:    {webhook: "http://127.0.0.1:8080/ok/keyed", secret: secret, header: X-Api-Key, events: [attach]}
  slow:     {webhook: "http://127.0.0.1:8080/slow", events: [attach]}
  hang:     {webhook: "http://127.0.0.1:8080/hang", timeout: 1s, events: [attach]}
  error:    {webhook: "http://127.0.0.1:8080/error", events: [attach]}
  flaky:    {webhook: "http://127.0.0.1:8080/flaky", events: [allow], retries: 4}
  away:     {webhook: "http://127.0.0.1:8080/away", events: [attach]}
  moved:    {webhook: "http://127.0.0.1:8080/moved", events: [attach]}
  endless:  {webhook: "http://127.0.0.1:8080/endless", events: [attach]}
  badcert:  {webhook: "https://127.0.0.1:8443/ok/badcert", ca_file: other.pem, events: [attach]}
  nobody:   {webhook: "http://127.0.0.1:9/", events: [attach]}
  daemon:   {exec: [$WORK/tell, daemon], user: daemon, events: [attach]}
  page:     {exec: [$WORK/tell, page], events: [ban], rate: 1000/1m}
  stuck:    {webhook: "http://127.0.0.1:8080/hang", timeout: 1s, events: [ban], rate: 1000/1m, retries: 1}
  near:     {webhook: "http://127.0.0.1:8080/ok/near", events: [utilisation], rate: 100/1m}
  half:     {webhook: "http://127.0.0.1:8080/ok/half", events: [utilisation], levels: 50%, rate: 100/1m}
YAML
}
body() {
	cat <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
logs:
  sys: {syslog: "unix:$WORK/log.sock", format: regex, regex: 'Failed password for .* from <HOST> port'}
rules:
  - {name: ssh, match: {log: sys}, limit: 3 requests/10m, action: block, ban: 1h}
  - {name: game, match: {protocol: udp, dest_port: 9999}, limit: 200 packets/10s, action: count}
  - {name: blanket, limit: 1M packets/10s, action: block}
suppress:
  expected: {rule: game, source: $NEIGHBOUR}
  tested: {rule: ssh, source: 198.51.100.0/24}
notify:
YAML
}
{ body; targets; } | policy
start_agent

# offend ADDRESS...: four failed logins each
offend() {
	python - "$WORK/log.sock" "$@" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for address in sys.argv[2:]:
    for port in range(4):
        s.sendto(f"<38>sshd[1]: Failed password for root from {address} port {port} ssh2".encode(), sys.argv[1])
PYTHON
}
# requests EXPRESSION: over r, the list of what the server got
requests() {
	python - "$WORK/requests" "$1" <<'PYTHON'
import json, sys
r = [json.loads(l) for l in open(sys.argv[1])]
print(eval(sys.argv[2]))
PYTHON
}
of() { fwj notify | field "[t for t in d['targets'] if t['name']=='$1'][0]['$2']"; }
got() { [ "$(requests "$1")" = True ]; }
until_true 10 test -S "$WORK/log.sock"

expect_exit "a test through TLS with a secret" 0 fw notify test ops
expect_words "says so" 'ops: told after [0-9]+ ms, answer 200' "$WORK/out"
expect "the server got the credential" "Bearer s3cret-token" "$(requests 'r[0]["headers"]["Authorization"]')"
expect "and JSON" "application/json test True" \
	"$(requests '" ".join([r[0]["headers"]["Content-Type"], r[0]["body"]["event_type"], str("test message" in r[0]["body"]["text"])])')"
expect_exit "a header of one's own" 0 fw notify test keyed
expect "carries it" "Bearer s3cret-token" "$(requests 'r[-1]["headers"]["X-Api-Key"]')"
expect_exit "a slow server is waited for" 0 fw notify test slow
expect_exit "a server that hangs is not" 1 fw notify test hang
expect_words "and named" 'hang: NOT TOLD after 1[0-9]{3} ms: no answer from 127.0.0.1 within 1000 ms' "$WORK/out"
expect_exit "an error of the server" 1 fw notify test error
expect_words "is quoted, printably" 'answered 500:  \[31mbroken' "$WORK/out"
expect_exit "a program as another user" 0 fw notify test daemon
expect "is that user" "$(id -u daemon)" "$(cat "$WORK/told/daemon.uid")"
expect_words "and nothing more" '^CapEff:.0+$' "$WORK/told/daemon.env"
before=$(requests 'len(r)')
expect_exit "a redirect to another host is not followed" 1 fw notify test away
expect_words "and named" 'redirects \(307\) to 127.0.0.2, which is not followed' "$WORK/out"
expect "nothing went there" $((before + 1)) "$(requests 'len(r)')"
expect_exit "one within the host is" 0 fw notify test moved
expect "with the message" "/ok test" "$(requests 'r[-1]["path"] + " " + r[-1]["body"]["event_type"]')"
expect_exit "an endless answer ends" 0 fw notify test endless
expect_exit "a certificate of somebody else" 1 fw notify test badcert
expect_words "is not accepted" 'certificate of 127.0.0.1 is not accepted' "$WORK/out"
expect_exit "nobody there" 1 fw notify test nobody
expect_exit "an unknown name" 78 fw notify test opps
expect_words "is guessed" "did you mean 'ops'" "$WORK/err"
expect_exit "no agent" 69 "$BUILD/floodwall" --socket "$WORK/none.sock" notify test ops
expect "no secret and no URL in a listing" 0 "$(fwj notify | grep -cE 't0ken|s3cret')"

offend 203.0.113.1
if until_true 10 got 'any(q["body"].get("src_ip") == "203.0.113.1" for q in r)'; then ok "a ban is told"; else
	not_ok "a ban is told" "$(fwj notify)" "$(fwj events | tail -c 800)"
fi
expect_that "with rule and time" 'a == "ssh 3600"' \
	"\"$(requests '[" ".join([q["body"]["rule"], str(q["body"]["expires_in_seconds"])]) for q in r if q["body"].get("src_ip") == "203.0.113.1"][0]')\""
until_true 5 test -s "$WORK/told/page.uid"
expect "the program got it on standard input" "ban 203.0.113.1" "$(field 'd["event_type"] + " " + d["src_ip"]' <"$WORK/told/page.json")"
expect_words "and in its environment" '^FLOODWALL_SRC_IP=203.0.113.1$' "$WORK/told/page.env"
expect_that "and was not root" 'int(a) > 0' "$(cat "$WORK/told/page.uid")"
count=$(requests 'len(r)')
offend 198.51.100.7
sleep 1
expect "an expected ban is told to nobody" "$count" "$(requests 'len(r)')"
expect_that "and marked in the events" '[e for e in a["events"] if e.get("src_ip") == "198.51.100.7"][0]["suppressed"] == "tested"' "$(fwj events)"
expect "it is a ban all the same" 1 "$(fwj bans | field 'len([b for b in d if b["source"] == "198.51.100.7"])')"

# A flood: 200 bans at a rate of three in three seconds.
sleep 3
count=$(requests 'len([q for q in r if q["path"].startswith("/ok/ops")])')
mapfile -t many < <(python -c 'print("\n".join(f"203.0.113.{n}" for n in range(20, 220)))')
offend "${many[@]}"
told() { got 'sum(q["body"].get("held_back", 0) for q in r) + len([q for q in r[0:] if q["path"].startswith("/ok/ops") and q["body"]["event_type"] == "ban" and not q["body"].get("held_back")]) >= 201'; }
if until_true 15 told; then ok "every ban of a flood is told or counted"; else not_ok "every ban of a flood is told or counted" "$(fwj notify)"; fi
expect_that "in a handful of messages" 'a <= 10' "$(requests "len([q for q in r if q['path'].startswith('/ok/ops')]) - $count")"
expect_words "which say how many" 'more events of kind' "$WORK/requests"
idle() { [ "$(of "$1" queued)" = 0 ]; }
until_true 20 idle page
expect_that "the other target has its own rate and queue" 'a["delivered"] + a["dropped"] + a["queued"] >= 200 and a["held_back"] == 0' \
	"$(fwj notify | field 'json.dumps([t for t in d["targets"] if t["name"] == "page"][0])')"

# A server that hangs: 64 wait, the others are dropped and counted, and status says so.
expect_that "a target that hangs drops what is too much" 'a["dropped"] >= 100 and a["queued"] <= 64 and a["state"] == "failing"' \
	"$(fwj notify | field 'json.dumps([t for t in d["targets"] if t["name"] == "stuck"][0])')"
expect_that "and status warns of it" "any(\"'stuck'\" in w and \"dropped\" in w for w in a['warnings'])" "$(fwj status)"
expect_that "and that it does not get through" "any(\"'stuck'\" in w and \"do not get through\" in w for w in a['warnings'])" "$(fwj status)"

# The process that starts workers stands still: the agent does not wait for it.
nursery=$(pgrep -P "$AGENT_PID" -x floodwall-spawn)
kill -STOP "$nursery"
mapfile -t more < <(python -c 'print("\n".join(f"203.0.112.{n}" for n in range(1, 200)))')
offend "${more[@]}"
start=$(date +%s%N)
expect_exit "with its nursery stopped" 0 timeout 5 "$BUILD/floodwall" --socket "$WORK/api.sock" status
expect_that "the agent answers at once" 'int(a) < 1000' "$((($(date +%s%N) - start) / 1000000))"
until_true 10 eval "[ \"\$(fwj bans | field 'len(d)')\" -ge 399 ]"
expect_that "and bans" 'int(a) >= 399' "$(fwj bans | field 'len(d)')"
kill -CONT "$nursery"
expect_exit "and goes on telling afterwards" 0 fw notify test ops

# Utilisation: per key, each level once, levels of each target, expected sources to nobody.
# play SOURCE COUNT: datagrams from a source, a hundred a second
play() {
	on attacker /usr/bin/python3 - "$1" "$VICTIM_IP4" "$2" <<'PYTHON'
import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
for _ in range(int(sys.argv[3])):
    try:
        s.sendto(b"x" * 32, (sys.argv[2], 9999))
    except ConnectionRefusedError:
        pass
    time.sleep(0.01)
PYTHON
}
near() { requests "[(q['body']['src_ip'], q['body']['level']) for q in r if q['path'] == '/ok/$1']"; }
play "$QUIET" 80 &
play "$BUSY" 120 &
play "$LOUD" 190 &
play "$NEIGHBOUR" 190 &
# shellcheck disable=SC2046  # process ids
wait $(jobs -p | tail -n 4)
start=$SECONDS
if until_true 25 got "any(q['path'] == '/ok/near' and q['body']['src_ip'] == '$LOUD' and q['body']['level'] == 90 for q in r)"; then
	ok "a source at 95 % of a limit is told of"
	echo "# after $((SECONDS - start)) s"
else
	not_ok "a source at 95 % of a limit is told of" "$(fwj notify)" "$(fwj rules keys game)"
fi
until_true 20 got "any(q['path'] == '/ok/near' and q['body']['src_ip'] == '$BUSY' for q in r)"
sleep 3
expect "one at 60 % at its level" 50 "$(requests "max(q['body']['level'] for q in r if q['path'] == '/ok/near' and q['body']['src_ip'] == '$BUSY')")"
expect "one at 40 % not, though all together are far over" 0 "$(requests "len([q for q in r if q['body'].get('src_ip') == '$QUIET'])")"
expect "each level once" True "$(requests "(lambda n: len(n) == len(set(n)))([(q['body']['src_ip'], q['body']['level']) for q in r if q['path'] == '/ok/near'])")"
expect "who wants 50 % alone is told of each source once" "$(python -c 'print(sorted([(l := __import__("sys").argv)[1], l[2]]))' "$BUSY" "$LOUD")" \
	"$(requests "sorted(q['body']['src_ip'] for q in r if q['path'] == '/ok/half')")"
expect "an expected one is told to nobody" 0 "$(requests "len([q for q in r if q['body'].get('src_ip') == '$NEIGHBOUR'])")"
expect_that "and marked" "[e for e in a['events'] if e.get('src_ip') == '$NEIGHBOUR' and e['event_type'] == 'utilisation'][0]['suppressed'] == 'expected'" "$(fwj events --last 1000)"
expect_that "the listing says what it costs" 'a["looks"] >= 1 and a["last_look_milliseconds"] < 1000 and a["keys"] >= 3' "$(fwj notify | field 'json.dumps(d["utilisation"])')"

# 503 twice, then 200: after 2 s and 8 s.
expect_exit "something to tell a server that is flaky" 0 fw allow 203.0.113.250 --for 1h
delivered() { [ "$(of "$1" delivered)" = "$2" ]; }
if until_true 20 delivered flaky 1; then ok "is told in the third attempt"; else
	not_ok "is told in the third attempt" "$(fwj notify)"
fi
expect "of three" "2 0" "$(of flaky retried) $(of flaky failed)"

# A reload that fails is told; the URL of the target does not show.
cp "$WORK/policy.yaml" "$WORK/good.yaml"
echo 'nonsense: [' >>"$WORK/policy.yaml"
expect_exit "a reload that fails" 78 fw reload
if until_true 10 got 'any(q["body"]["event_type"] == "reload" and q["body"]["ok"] is False for q in r)'; then ok "is told"; else
	not_ok "is told" "$(fwj notify)" "$(fwj events | tail -c 600)"
fi
cp "$WORK/good.yaml" "$WORK/policy.yaml"

# Programs that fail, hang or are not there; targets that come and go with a reload.
{
	body
	cat <<YAML
  fails:   {exec: [$WORK/fails], events: [attach]}
  hangs:   {exec: [$WORK/hangs], events: [attach], timeout: 1s}
  gone:    {exec: [$WORK/nothing], events: [attach]}
  broken:  {exec: [$WORK/broken], events: [attach]}
  refuse:  {webhook: "http://127.0.0.1:8080/refuse", events: [attach]}
  nouser:  {exec: [$WORK/tell, nouser], user: nobody-knows-him, events: [attach]}
  daemon:  {exec: [$WORK/hangs], user: daemon, events: [attach], timeout: 1s}
  ops:     {webhook: "http://127.0.0.1:8080/slow", events: [tune], retries: 1}
YAML
} | policy
expect_exit "a reload with other targets" 0 fw reload
expect_that "those that stay keep their counts" 'int(a) > 1' "$(of ops delivered)"
expect_exit "a program that fails" 1 fw notify test fails
expect_words "is quoted" "exited with 3, it said: the pager is off" "$WORK/out"
expect_exit "one that hangs" 1 fw notify test hangs
expect_words "is killed" "did not end within 1000 ms and was killed" "$WORK/out"
hanging=$(cat "$WORK/told/hanging.pid")
expect "with what it started" gone "$(grep -q '^State:.[RSD]' "/proc/$hanging/status" 2>/dev/null && echo alive || echo gone)"
rm "$WORK/told/hanging.pid"
expect_exit "one of another user that hangs" 1 fw notify test daemon
expect_words "is killed, too" "did not end within 1000 ms and was killed" "$WORK/out"
expect_exit "a user whom nobody knows" 1 fw notify test nouser
expect_words "is named" "could not become the user 'nobody-knows-him'" "$WORK/out"
expect_exit "a refusal" 1 fw notify test refuse
expect_words "is quoted" 'answered 403: no such hook' "$WORK/out"
expect_exit "one that is not there" 1 fw notify test gone
expect_words "is named" "cannot execute '.*nothing': No such file" "$WORK/out"
expect_exit "one without an interpreter" 1 fw notify test broken
expect_words "too" "cannot execute '.*broken'" "$WORK/out"

# kill -9 of the worker while the server takes its time.
count=$(requests 'len(r)')
expect_exit "a slow message" 0 fw tune blanket limit=2M/10s
worker() { pgrep -f '^floodwall-notify' --ns "$AGENT_PID" --nslist net; }
if until_true 5 worker; then
	kill -9 "$(worker | head -n 1)"
	ok "its worker is killed"
else
	not_ok "its worker is killed" "there was none" "$(fwj notify)"
fi
if until_true 12 got "len(r) >= $count + 2"; then ok "the message is sent once more"; else not_ok "the message is sent once more" "$(fwj notify)"; fi
expect_words "the log says why" 'worker died of signal 9' "$WORK/agent.log"
expect_exit "status" 0 fw status
expect_words "has a line about it" '^notify +' "$WORK/out"
fw metrics >"$WORK/metrics"
expect_words "and so have the metrics" 'floodwall_notify_messages_total\{target="ops",result="delivered"\} [1-9]' "$WORK/metrics"
expect_words "suppressed ones too" 'floodwall_suppressed_events_total\{suppression="tested"\} 1' "$WORK/metrics"
expect_exit "without targets" 0 sh -c "sed '/^notify:/,\$d' '$WORK/policy.yaml' >'$WORK/none.yaml'; '$BUILD/floodwall' --socket '$WORK/api.sock' apply '$WORK/none.yaml'"
expect_exit "nobody is told" 0 fw notify
expect_words "and that is said" 'nobody is told' "$WORK/out"
expect "no worker was left behind" "" "$(worker)"
