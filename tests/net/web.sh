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

# xdp_on ROLE IFACE SOURCE SECTION: a small program of the tests' own
xdp_on() {
	if ! clang -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" -c "$ROOT/$3" -o "$WORK/$4.o" ||
		! on "$1" ip link set dev "$2" xdpdrv obj "$WORK/$4.o" sec "$4"; then
		not_ok "$1 runs $3 on $2"
	fi
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

# serve [DIRECTIVES]: nginx in the victim. WEB_CPU: it and its clients keep to that CPU
serve() {
	web_conf "$1"
	on victim ${WEB_CPU:+taskset -c "$WEB_CPU"} nginx -c "$WORK/nginx.conf" &
	disown
	until_true 5 on client curl -sf -o /dev/null "http://$VICTIM_IP4:80/" || not_ok "nginx answers"
}

sysctl_of() { on victim cat "/proc/sys/net/ipv4/$1"; }
sysctl_set() { on victim sh -c "echo $2 >/proc/sys/net/ipv4/$1"; }

# honest URL SECONDS: what real clients got, "99.8 % of 800, p99 5 ms"; share and p99 of the last one
CLIENT=()
honest() {
	on client ${WEB_CPU:+taskset -c "$WEB_CPU"} "$BUILD/tools/httpload" --url "$1" --rate 200 --seconds "${2:-4}" "${CLIENT[@]}" >"$WORK/http.json"
	field "'%.1f %% of %d, p99 %s ms' % (100*d['ok']/d['requests'], d['requests'], d['p99_ms'])" <"$WORK/http.json"
}

share() { field "d['ok']/d['requests'] if d['requests'] else 0" <"$WORK/http.json"; }
p99() { field "d['p99_ms']" <"$WORK/http.json"; }
rate_of_flood() { field "'%.2f million/s' % (d['pps']/1e6)" <"$WORK/flood.json"; }

# beside FLOOD...: real clients of $URL beside a flood at the generator's maximum, or at the rate it is told
beside() {
	flood "$@" --seconds 5 --cpu 0
	sleep 1
	honest "$URL" 3
	wait "$FLOOD_PID"
}
