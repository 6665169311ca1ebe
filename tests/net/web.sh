# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A real nginx, its real clients, and floods beside them. Sourced behind session.sh, not run.

# need_web: what all of it takes, or the test is skipped
need_web() {
	local tool
	need_tool floodgen
	need_tool httpload
	for tool in nginx:nginx-light clang:clang; do
		if ! command -v "${tool%:*}" >/dev/null; then
			echo "skip $TEST: no ${tool%:*}: apt-get install ${tool#*:}"
			exit 0
		fi
	done
}

# web_conf [DIRECTIVES]: $WORK/nginx.conf of a server with files under $WORK/www
web_conf() {
	mkdir -p "$WORK/www"
	echo hello >"$WORK/www/index.html"
	cat >"$WORK/nginx.conf" <<CONF
daemon off;
pid $WORK/nginx.pid;
error_log $WORK/nginx.log;
worker_processes 1;
events { worker_connections 4096; }
http { access_log off; server { listen 80 $1; listen [::]:80 $1; root $WORK/www; } }
CONF
}

# serve [DIRECTIVES]: nginx in the victim
serve() {
	web_conf "$1"
	on victim nginx -c "$WORK/nginx.conf" &
	disown
	until_true 5 on client curl -sf -o /dev/null "http://$VICTIM_IP4:80/" || not_ok "nginx answers"
}

# web_keeps_to CPUS: nginx and its clients from now on
web_keeps_to() {
	local pid
	WEB_CPUS=$1
	for pid in $(cat "$WORK/nginx.pid") $(pgrep -P "$(cat "$WORK/nginx.pid")"); do
		taskset -pc "$WEB_CPUS" "$pid" >/dev/null
	done
}

sysctl_of() { on victim cat "/proc/sys/net/ipv4/$1"; }
sysctl_set() { on victim sh -c "echo $2 >/proc/sys/net/ipv4/$1"; }

# stolen_ticks: what the host took of each CPU, hundredths of a second
stolen_ticks() { awk '/^cpu[0-9]/ {printf "%s ", $9}' /proc/stat; }

# stood BEFORE: whether the machine itself ran all the while since that stolen_ticks, and its clients sent each request in time. A
# fifth of a second away is a fifth of a second's requests late, whatever is filtered.
stood() {
	field "d['late_ms'] < 200 and all(int(now) - int(then) < 20 for then, now in zip('$1'.split(), '$(stolen_ticks)'.split()))" \
		<"$WORK/http.json" | grep -q True
}

# honest URL: what 600 requests of real clients in two seconds got, "99.8 % of 600, p99 5 ms"; again, at most twice, if the machine
# was away meanwhile. share and p99 of the last one
CLIENT=()
honest() {
	local attempt before
	for attempt in 1 2 3; do
		before=$(stolen_ticks)
		on client ${WEB_CPUS:+taskset -c "$WEB_CPUS"} "$BUILD/tools/httpload" --url "$1" --rate 300 --seconds 2 "${CLIENT[@]}" >"$WORK/http.json"
		stood "$before" && break
		echo "#   the machine was away, attempt $attempt: $(share) answered, sent up to $(field "d['late_ms']" <"$WORK/http.json") ms late" >&2
	done
	field "'%.1f %% of %d, p99 %s ms' % (100*d['ok']/d['requests'], d['requests'], d['p99_ms'])" <"$WORK/http.json"
}

share() { field "d['ok']/d['requests'] if d['requests'] else 0" <"$WORK/http.json"; }
p99() { field "d['p99_ms']" <"$WORK/http.json"; }

# beside FLOOD...: real clients of $URL beside a flood at the generator's maximum, or at the rate it is told. FLOOD_CPUS: which
# make it, CPU 0 if none is named
beside() {
	floods "${FLOOD_CPUS:-0}" "$@"
	sleep 0.5
	honest "$URL"
	end_floods
}

# syn_policy LINE: a rule that challenges, and a line of other settings, which may be empty
syn_policy() {
	policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
$1
rules:
  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 2k connections/1s, per: destination, action: challenge}
YAML
}

# begin_syn NAME LAB-OPTIONS...: nginx behind a rule that challenges, and eth1, which drops all, to aim the same flood at
begin_syn() {
	begin "$@" --direct
	need_web
	syn_policy ''
	SYN=(--dst "$VICTIM_IP4" --source random4 --proto syn --dport 80)
	URL="http://$VICTIM_IP4:80/"
	serve_syn
}

# serve_syn: in a lab that has come up, or come up anew
serve_syn() {
	xdp_on attacker eth0 tools/upstream.bpf.c upstream
	xdp_on victim eth1 tools/bench/bare.bpf.c bare_drop
	serve '' # nginx's own backlog of 511, as everywhere
}

beside_bare_drop() { beside --iface eth1 --dst-mac 02:00:00:00:01:01 "${SYN[@]}"; }
