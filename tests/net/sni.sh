#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# A limit on handshakes for one server name: nginx over TLS and curl; other names and sources do not meet the rule.
. "$(dirname "$0")/session.sh"
begin sni
if ! command -v nginx >/dev/null || ! command -v curl >/dev/null || ! command -v openssl >/dev/null; then
	echo "skip $TEST: no nginx, curl or openssl: apt-get install nginx-light curl openssl"
	exit 0
fi
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: shop, match: {protocol: tcp, dest_port: 443, sni: [shop.example, "*.shop.example"]}, limit: 20 packets/5m, action: block}
YAML
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 1024; }
http {
	access_log off;
	server {
		listen 443 ssl http2; listen [::]:443 ssl http2;
		ssl_certificate $WORK/cert.pem;
		ssl_certificate_key $WORK/key.pem;
		location / { return 200 "here\n"; }
	}
}
CONF
on victim nginx -c "$WORK/nginx.conf" 2>>"$WORK/nginx.log" &
start_agent
until_true 5 test -s "$WORK/nginx.pid"
for host in attacker client; do
	on $host sysctl -qw net.ipv4.tcp_orphan_retries=1
done

# shake FROM ADDRESS COUNT URL [OPTIONS]: so many handshakes; prints how many requests were answered
shake() {
	for _ in $(seq "$3"); do
		on "$1" curl -sk -m 0.8 --connect-to "::$2:" -o /dev/null -w '%{http_code}\n' "${@:5}" "$4"
	done | grep -c '^200'
}

expect "10 handshakes for the name are answered" 10 "$(shake client "$VICTIM_IP4" 10 https://shop.example/)"
expect "and counted once each" 10 "$(rule shop packets)"
expect "in TLS 1.2, in capitals and of a host below: 9 more" 9 "$(($(shake client "$VICTIM_IP4" 3 https://shop.example/ --tls-max 1.2) +
	$(shake client "$VICTIM_IP4" 3 https://SHOP.Example/) + $(shake client "$VICTIM_IP4" 3 https://www.shop.example/)))"
expect "counted too" 19 "$(rule shop packets)"
expect "the 20th is answered" 1 "$(shake client "$VICTIM_IP4" 1 https://shop.example/)"
expect "the 21st is not" 0 "$(shake client "$VICTIM_IP4" 1 https://shop.example/)"
expect "nor a later one" 0 "$(shake client "$VICTIM_IP4" 1 https://a.shop.example/)"
sleep 1.5
before=$(rule shop packets)
expect "other names are, and no name" 9 "$(($(shake client "$VICTIM_IP4" 5 https://other.example/) + $(shake client "$VICTIM_IP4" 4 "https://$VICTIM_IP4/")))"
expect "without meeting the rule" "$before" "$(rule shop packets)"
expect "another source is" 5 "$(shake attacker "$VICTIM_IP4" 5 https://shop.example/)"
expect "and the same host by IPv6" 5 "$(shake client "[$VICTIM_IP6]" 5 https://shop.example/)"
expect "every hello was read" 0 "$(status 'd["faults"]["sni_not_seen"]')"
# As a client with a large key share: the name comes with the second segment.
on client /usr/bin/python3 - "$VICTIM_IP4" <<'PYTHON'
import socket, ssl, sys, time
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = context.wrap_bio(incoming, outgoing, server_hostname="shop.example")
try:
    connection.do_handshake()
except ssl.SSLWantReadError:
    pass
hello = outgoing.read()
wire = socket.create_connection((sys.argv[1], 443))
wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
wire.sendall(hello[:90])
time.sleep(0.1)
wire.sendall(hello[90:])
PYTHON
expect "a hello over two segments is counted as not seen" 1 "$(status 'd["faults"]["sni_not_seen"]')"
is_dated() { fw status | grep -qE '^attention sni_not_seen 1 times(, last [0-9]+s ago| and going on): '; }
if until_true 3 is_dated; then ok "with when it came last"; else not_ok "with when it came last" "$(fw status)"; fi
stop_agent && start_agent
expect "an agent that has not seen it come only knows the count" "1 None" "$(status '"%s %s" % (d["faults"]["sni_not_seen"], d["fault_ages"]["sni_not_seen"])')"
expect "which needs nobody's attention" 0 "$(fw status | grep -c sni_not_seen)"
kill "$(cat "$WORK/nginx.pid")"
