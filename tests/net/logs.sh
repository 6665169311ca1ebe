#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Log rules: nginx over TLS and its access log, from the line to the ban; proxies; logs that rotate, vanish, shrink and rot.
. "$(dirname "$0")/session.sh"
begin logs
if ! command -v nginx >/dev/null || ! command -v openssl >/dev/null; then
	echo "skip $TEST: no nginx or openssl: apt-get install nginx-light openssl"
	exit 0
fi
LOGS=$WORK/logs LOG=$WORK/logs/access.log
mkdir -p "$LOGS"
: >"$LOG"
# Nobody but root and its group: the worker gets a descriptor, not the right.
chmod 750 "$LOGS"
chmod 640 "$LOG"
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
never_block: {sets: [203.0.113.250], limit: 10k packets/1s}
sets:
  cdn: {entries: [$ATTACKER_IP4, 198.51.100.0/24]}
logs:
  web: {path: $LOG, format: combined, trusted_proxies: [cdn]}
  sys: {syslog: "unix:$WORK/log.sock", format: regex, regex: 'Failed password for .* from <HOST> port'}
rules:
  - {name: login, match: {log: web, uri: {prefix: /login}}, limit: 150 requests/5m, action: block, ban: {for: 10s, escalate: [10s, 1h]}}
  - {name: guess, match: {log: web, uri: {exact: /wp-login.php}, status: [401, 403]}, limit: 5 requests/1m, action: block, ban: 1h}
  - {name: brief, match: {log: web, uri: {prefix: /brief}}, limit: 5 requests/2s, action: block}
  - {name: watch, match: {log: web, uri: {contains: watched}}, limit: 2 requests/1m, action: block, ban: 1h, mode: count}
  - {name: ssh, match: {log: sys}, limit: 3 requests/10m, action: block, ban: 1h}
YAML
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
	log_format fw '\$remote_addr - \$remote_user [\$time_local] "\$request" \$status \$body_bytes_sent "\$http_referer" '
		'"\$http_user_agent" "\$http_x_forwarded_for"';
	access_log $LOG fw;
	keepalive_requests 10000;
	server {
		listen 443 ssl http2;
		listen [::]:443 ssl http2;
		ssl_certificate $WORK/cert.pem;
		ssl_certificate_key $WORK/key.pem;
		location / { return 200 "the shop is open\n"; }
	}
}
CONF
on victim nginx -c "$WORK/nginx.conf" 2>>"$WORK/nginx.log" &
start_agent
until_true 5 test -s "$WORK/nginx.pid"
# shellcheck disable=SC2317  # called through until_true
reading() { [ "$(fwj status | field "[l['state'] for l in d['logs']]")" = "['reading', 'reading']" ]; }
expect "both logs are read within 3 s" 0 "$(until_true 3 reading; echo $?)"
worker() { pgrep -f "^$BUILD/floodwall-log" -P "$(pgrep -P "$AGENT_PID" floodwall-logs)" | head -n 1; }
expect_words "the worker is an ordinary user" '^Uid:\s+[1-9]' "/proc/$(worker)/status"
expect_words "without a capability" '^CapEff:\s+0000000000000000' "/proc/$(worker)/status"
expect_words "and gets none" '^NoNewPrivs:\s+1' "/proc/$(worker)/status"

login() { on "$1" /usr/bin/python3 "$ROOT/tests/net/logs.py" login "${@:2}"; }
log_count() { fwj status | field "[l for l in d['logs'] if l['name']=='web'][0]['$1']"; }
rule_says() { [ "$(rule "$1" "$2")" = "$3" ]; }
banned() { fwj bans | field "sorted(b['source'] for b in d)"; }
is_banned() { [[ "$(banned)" = *"'$1'"* ]]; }
line() { printf '%s - - [25/Nov/2026:00:00:00 +0000] "GET %s HTTP/1.1" %s 5 "-" "-"\n' "$1" "$2" "${3:-200}" >>"$LOG"; }
lines() { for _ in $(seq "$1"); do line "${@:2}"; done; }

got=$(login client "$VICTIM_IP4" 443 150 "/%6cogin?a=1")
expect_that "150 logins of a source are answered, and other requests" 'a["answered"] == 150 and a["after"] == "answered"' "$got"
got=$(login client "$VICTIM_IP4" 443 1 "//./login")
expect_that "the 151st is its last: 100 ms later nothing is answered" 'a["answered"] == 1 and a["after"] != "answered"' "$got"
expect "by a ban" "['$CLIENT_IP4']" "$(banned)"
expect "rules show what the log rule counted" 151 "$(until_true 2 rule_says login packets 151; rule login packets)"
expect_that "explain names the ban" 'a == "banned"' "$(fwj explain "$CLIENT_IP4" | field 'd["reason"]' | sed 's/.*/"&"/')"
sleep 10.1
got=$(login client "$VICTIM_IP4" 443 1 /login)
expect_that "the window still holds 151: a second ban follows the first" 'a["after"] != "answered"' "$got"
expect_that "and lasts longer" 'a > 3000' "$(fwj bans | field 'd[0]["expires_in_seconds"]')"
fw unban "$CLIENT_IP4" >/dev/null

got=$(/usr/bin/python3 "$ROOT/tests/net/logs.py" latency "$LOG" "$BUILD/floodwall" --socket "$WORK/api.sock" --json events)
# 100 ms is the promise, printed; what a busy machine adds is not asserted away.
expect_that "20 offenders are banned soon after their line: $got" 'a["bans"] == 20 and a["median_ms"] <= 250 and a["worst_ms"] <= 1000' "$got"
lines 6 203.0.113.250 /wp-login.php 401
lines 9 203.0.113.99 /wp-login.php 200
lines 9 203.0.113.98 /watched
lines 9 127.0.0.1 /wp-login.php 401
sleep 0.3
expect "rules keys: 22 clients over 5 requests/1m, those that are spared among them" "22 True" \
	"$(fwj rules keys guess --over | field '"%d %s" % (len(d["keys"]), any(k["source"] == "203.0.113.250" for k in d["keys"]))')"
expect "rules: the same number" 22 "$(until_true 2 rule_says guess keys_over 22; rule guess keys_over)"
expect_words "rules keys as a table" '203\.0\.113\.7 .* 6 .*OVER' <(fw rules keys guess)
expect "never_block, another status, count mode and this host: nobody is banned" no \
	"$(for a in 203.0.113.250 203.0.113.99 203.0.113.98 127.0.0.1; do is_banned $a && echo $a; done; echo no)"
expect "count mode counts what it would do" 7 "$(until_true 2 rule_says watch would_drop 7; rule watch would_drop)"

got=$(login attacker "$VICTIM_IP4" 443 151 /login 192.0.2.66)
expect "behind a trusted proxy the client is banned, not the proxy" "True False" \
	"$(sleep 0.2; is_banned 192.0.2.66 && echo -n "True " || echo -n "False "; is_banned "$ATTACKER_IP4" && echo True || echo False)"
got=$(login attacker "$VICTIM_IP4" 443 151 /login "192.0.2.7, 192.0.2.77, 198.51.100.9")
expect "the last hop that is not trusted counts; what stands before is hearsay" "True False" \
	"$(sleep 0.2; is_banned 192.0.2.77 && echo -n "True " || echo -n "False "; is_banned 192.0.2.7 && echo True || echo False)"
got=$(login client "$VICTIM_IP6" 443 151 /login 192.0.2.88)
expect "from anybody else X-Forwarded-For is nothing, IPv6 goes by /64" "False True" \
	"$(sleep 0.2; is_banned 192.0.2.88 && echo -n "True " || echo -n "False "; is_banned "fd00:18::/64" && echo True || echo False)"
fw unban fd00:18::/64 >/dev/null

lines 6 203.0.113.60 /brief
sleep 0.2
expect "without ban a source is blocked" True "$(is_banned 203.0.113.60 && echo True)"
sleep 2.4
expect "until its window falls under the limit" False "$(is_banned 203.0.113.60 || echo False)"

for i in 1 2 3 4; do
	echo "<38>Nov 25 00:00:0$i host sshd[1]: Failed password for root from 203.0.113.70 port $i ssh2" |
		socat -u - "UNIX-SENDTO:$WORK/log.sock"
done
sleep 0.2
expect "syslog over a UNIX socket" True "$(is_banned 203.0.113.70 && echo True)"

mv "$LOG" "$LOG.1"
lines 3 203.0.113.80 /wp-login.php 401 && mv "$LOG" "$LOG.new"
for _ in 1 2; do printf '203.0.113.80 - - [x] "GET /wp-login.php HTTP/1.1" 401 5 "-" "-"\n' >>"$LOG.1"; done
sleep 0.15
expect_words "a log that vanished is said" "No such file" <(fwj status)
mv "$LOG.new" "$LOG"
sleep 0.15
line 203.0.113.80 /wp-login.php 401
sleep 0.2
expect "rotated: the new file from its start, the old one to its end" True "$(is_banned 203.0.113.80 && echo True)"
expect "all is well again" 0 "$(until_true 2 reading; echo $?)"
cp "$LOG" "$LOG.2" && : >"$LOG"
sleep 0.1
lines 6 203.0.113.81 /wp-login.php 401
sleep 0.2
expect "truncated in place" True "$(is_banned 203.0.113.81 && echo True)"
expect_that "and counted" 'a >= 1' "$(sleep 0.6; log_count truncations)"

told() { fwj events | field "[e['change'] for e in d['events'] if e['event_type']=='log' and e.get('log')=='web']"; }
said() { [ "$(told)" = "$1" ]; }
expect "a rotation is no news" "[]" "$(told)"
mv "$LOG" "$LOG.gone"
expect_exit "a log that stays away is an event" 0 until_true 9 said "['blind']"
expect_words "which says what it means" "log 'web': cannot read .*No such file.*see nothing new until that is mended" <(fw events)
mv "$LOG.gone" "$LOG"
expect_exit "and so is its return" 0 until_true 5 said "['blind', 'mended']"
for i in $(seq 120); do echo "{\"remote\": \"203.0.113.1\", \"number\": $i}"; done >>"$LOG"
expect_exit "a log in another format is an event" 0 until_true 9 said "['blind', 'mended', 'blind']"
expect_words "status says it as well" "attention log 'web': [0-9]+ of its last [0-9]+ lines are not in its format" <(fw status)
lines 120 203.0.113.1 /
expect_exit "and when it is as it was" 0 until_true 5 said "['blind', 'mended', 'blind', 'mended']"

before=$(log_count unparsed)
{
	head -c 1000000 /dev/zero | tr '\0' x
	echo
	head -c 200000 /dev/urandom
	printf '\n203.0.113.82 \xc3\x28\xff "GET /\xe2\x82 HTTP/1.1" 200 \xf0\x9f\n\0\0\n'
} >>"$LOG"
lines 6 203.0.113.83 /wp-login.php 401
sleep 0.3
expect "a line of 1 MB, random bytes, broken UTF-8 and NUL, then the next offender" True "$(is_banned 203.0.113.83 && echo True)"
expect_that "the long line is counted as one" 'a >= 1' "$(sleep 0.6; log_count overlong)"
expect_that "the others as not in the format" "a > ${before:-0}" "$(log_count unparsed)"

# What time a line says it is, is hearsay: windows go by when it came.
for year in 1970 2099 2026 0000 9999 2026; do
	printf '203.0.113.87 - - [01/Jan/%s:00:00:00 +0000] "GET /wp-login.php HTTP/1.1" 401 5 "-" "-"\n' $year >>"$LOG"
done
sleep 0.2
expect "lines of all ages count when they come" True "$(is_banned 203.0.113.87 && echo True)"

python - >"$WORK/many" <<'PYTHON'
for i in range(400000):
    print(f'100.{64 + i % 64}.{i // 64 % 256}.{i % 251} - - [25/Nov/2026:00:00:00 +0000] "GET /item/{i}?q=1 HTTP/2.0" 200 5120 '
          '"https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"')
PYTHON
# shellcheck disable=SC2317  # called through until_true
all_read() { [ "$(log_count lines)" -ge $((before + 400000)) ]; }
before=$(log_count lines)
cat "$WORK/many" >>"$LOG"
expect "400 000 lines at once are read within 2 s" 0 "$(until_true 2 all_read; echo $?)"

old=$(worker)
kill -9 "$old"
lines 6 203.0.113.84 /wp-login.php 401
expect "a killed worker comes back and reads on where the other stopped" 0 "$(until_true 5 is_banned 203.0.113.84; echo $?)"
fw tune guess limit=2/1m >/dev/null
lines 3 203.0.113.85 /wp-login.php 401
sleep 0.3
expect "a tuned limit holds" True "$(is_banned 203.0.113.85 && echo True)"
expect_words "metrics know the log" 'floodwall_log_lines_total\{log="web"\} [1-9]' <(fw metrics)
expect "logs cost no terms: a packet meets none of their rules" 0 "$(fwj status | field 'd["reasons"]["over_limit"]')"
kill "$(cat "$WORK/nginx.pid")"
