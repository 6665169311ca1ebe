#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# The shipped sshd example against a journal of its own: failed logins in the journal become bans, forged ones do not.
if [ "${1:-}" != --inside ] && [ "$(id -u)" = 0 ]; then
	exec unshare --mount "$0" --inside
fi
. "$(dirname "$0")/session.sh"
begin journal
JOURNALD=/lib/systemd/systemd-journald
if [ ! -x $JOURNALD ] || ! command -v journalctl >/dev/null || [ ! -s /etc/machine-id ]; then
	echo "skip $TEST: no systemd-journald, journalctl or /etc/machine-id"
	exit 0
fi
# In this mount namespace only: the host's journal stays what it is.
mkdir -p /run/log /run/systemd
mount -t tmpfs journal /run/log
mount -t tmpfs journal /run/systemd
mkdir -p /run/systemd/journal
$JOURNALD 2>"$WORK/journald.err" &
JOURNALD_PID=$!
trap 'kill $JOURNALD_PID; finish' EXIT
until_true 5 test -S /run/systemd/journal/socket
sed "s/^interfaces:.*/interfaces: [{name: $IFACE, xdp: native}]/" "$ROOT/configs/examples/sshd-failed-logins.yaml" | policy
start_agent
# shellcheck disable=SC2317  # called through until_true
reading() { [ "$(fwj status | field "d['logs'][0]['state']")" = reading ]; }
expect "the journal is read within 3 s" 0 "$(until_true 3 reading; echo $?)"
expect_words "journalctl runs as an ordinary user" '^Uid:\s+[1-9]' "/proc/$(pgrep -P "$(pgrep -P "$AGENT_PID" floodwall-logs)" journalctl)/status"
sleep 0.5

# say COUNT MESSAGE: as journald hears it from a program of root's about ssh.service
say() {
	python - "$@" <<'PYTHON'
import socket, struct, sys
message = sys.argv[2].encode().decode("unicode_escape").encode("latin-1")
body = b"OBJECT_SYSTEMD_UNIT=ssh.service\nMESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n"
sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[1])):
    sender.sendto(body, "/run/systemd/journal/socket")
PYTHON
}
# shellcheck disable=SC2317
is_banned() { fwj bans | field "[b['source'] for b in d]" | grep -qF "'$1'"; }

say 5 "Failed password for root from 203.0.113.1 port 4711 ssh2"
sleep 0.5
expect "five failures are no ban" 1 "$(is_banned 203.0.113.1; echo $?)"
say 1 "Failed password for invalid user admin from 203.0.113.1 port 4712 ssh2"
expect "the sixth is" 0 "$(until_true 2 is_banned 203.0.113.1; echo $?)"
say 9 "Failed password for invalid user x from 203.0.113.2 port 1 ssh2 from 203.0.113.3 port 4711 ssh2"
expect "a user name that looks like the end of a message: the client is banned" 0 "$(until_true 2 is_banned 203.0.113.3; echo $?)"
say 9 'Accepted for a\nFailed password for root from 203.0.113.4 port 4711 ssh2'
say 9 'Failed password for \xff\x00\x01 from 203.0.113.5 port 4711 ssh2'
say 9 "Invalid user  from 2001:db8:5::1 port 22"
expect "IPv6 by its /64" 0 "$(until_true 2 is_banned 2001:db8:5::/64; echo $?)"
sleep 0.3
expect "neither the one he names nor one on a second line" "1 1" "$(is_banned 203.0.113.2; echo -n "$? "; is_banned 203.0.113.4; echo $?)"
expect_that "all lines were seen" 'a >= 42' "$(sleep 0.6; fwj status | field 'd["logs"][0]["lines"]')"
kill "$(pgrep -P "$(pgrep -P "$AGENT_PID" floodwall-logs)" journalctl)"
expect_words "journalctl that ends is said" "journalctl ended" <(sleep 0.3; fwj status)
expect "and started again" 0 "$(until_true 4 reading; echo $?)"
sleep 0.5
say 6 "Failed password for root from 203.0.113.6 port 4711 ssh2"
expect "to the same end" 0 "$(until_true 2 is_banned 203.0.113.6; echo $?)"
