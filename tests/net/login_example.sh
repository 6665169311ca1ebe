#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# The shipped nginx example as it is: who is refused ten times at the login page is out, other visitors are not.
. "$(dirname "$0")/session.sh"
begin login-example
if ! command -v nginx >/dev/null || ! command -v curl >/dev/null; then
	echo "skip $TEST: no nginx or curl: apt-get install nginx-light curl"
	exit 0
fi
LOG=$WORK/access.log
: >"$LOG"
sed -e "s/^interfaces:.*/interfaces: [{name: $IFACE, xdp: native}]/" -e "s#/var/log/nginx/access.log#$LOG#" \
	-e "s#198.51.100.0/24#$ATTACKER_IP4#" "$ROOT/configs/examples/nginx-login.yaml" | policy
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
	log_format behind_cdn '\$remote_addr - \$remote_user [\$time_local] "\$request" \$status \$body_bytes_sent "\$http_referer" '
		'"\$http_user_agent" "\$http_x_forwarded_for"';
	access_log $LOG behind_cdn;
	server {
		listen 80;
		listen [::]:80;
		location /login { return 401 "no\n"; }
		location / { return 200 "here\n"; }
	}
}
CONF
on victim nginx -c "$WORK/nginx.conf" 2>>"$WORK/nginx.log" &
start_agent
until_true 5 test -s "$WORK/nginx.pid"
# shellcheck disable=SC2317  # called through until_true
reading() { [ "$(fwj status | field "d['logs'][0]['state']")" = reading ]; }
expect "the log is read within 3 s" 0 "$(until_true 3 reading; echo $?)"
# try FROM COUNT PATH [OPTIONS]: prints how many were answered
try() { on "$1" curl -s -m 1 -o /dev/null -w '%{http_code}\n' "${@:4}" "http://$VICTIM_IP4$3?[1-$2]" | grep -c '^[1-5]'; }
is_banned() { fwj bans | field "[b['source'] for b in d]" | grep -qF "'$1'"; }
expect "ten refused logins" 10 "$(try client 10 /login -d user=a)"
sleep 0.3
expect "are no ban" 1 "$(is_banned "$CLIENT_IP4"; echo $?)"
expect "one more" 1 "$(try client 1 /%6cogin/ -d user=a)"
expect "is one" 0 "$(until_true 2 is_banned "$CLIENT_IP4"; echo $?)"
expect "nothing more is answered" 0 "$(try client 1 /)"
expect "behind the CDN eleven of one visitor" 11 "$(try attacker 11 /login -d user=a -H 'X-Forwarded-For: 192.0.2.200, 203.0.113.7')"
expect "ban the visitor" 0 "$(until_true 2 is_banned 203.0.113.7; echo $?)"
expect "not the CDN, which goes on" 5 "$(try attacker 5 / -H 'X-Forwarded-For: 203.0.113.8')"
expect "and not the address he made up, which is the office's besides" 1 "$(is_banned 192.0.2.200; echo $?)"
kill "$(cat "$WORK/nginx.pid")"
