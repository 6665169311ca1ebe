#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Time servers by name: lists are compared with the addresses that the agent learned, and a name without one is told, not passed over.
. "$(dirname "$0")/session.sh"
begin time_servers
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
safety: {protect_gateways: false}
sets:
  listed: {entries: [198.18.0.33]}
rules:
  - {name: out, match: {source: [listed]}, action: block}
YAML

# Programs that see files of their own in /etc: names of time servers, one of them known to /etc/hosts.
mkdir -p "$WORK/build"
cat >"$WORK/in_etc" <<'SHELL'
#!/bin/sh
exec unshare --mount sh -ec '
	mount -t tmpfs etc /mnt
	mkdir /mnt/upper /mnt/work
	echo "198.18.0.33 listed.ntp.test" >/mnt/upper/hosts
	echo "pool listed.ntp.test iburst\nserver nobody.ntp.test" >/mnt/upper/chrony.conf
	mount -t overlay etc -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
	exec "$@"' sh "$@"
SHELL
printf '#!/bin/sh\nexec %s %s "$@"\n' "$WORK/in_etc" "$BUILD/floodwalld" >"$WORK/build/floodwalld"
chmod +x "$WORK/in_etc" "$WORK/build/floodwalld"

on victim "$WORK/in_etc" "$BUILD/floodwall" check "$WORK/policy.yaml" >"$WORK/checked" 2>&1
expect_words "check asks nobody: both names were not compared" 'warning: .*not known here: listed.ntp.test, nobody.ntp.test; ' "$WORK/checked"
on victim "$WORK/in_etc" "$BUILD/floodwall" doctor "$IFACE" --policy "$WORK/policy.yaml" >"$WORK/examined" 2>&1
expect_words "doctor neither" 'lists +WARNING +.*not known here: listed.ntp.test, nobody.ntp.test; ' "$WORK/examined"

BUILD="$WORK/build" start_agent
warned() {
	fw apply "$WORK/policy.yaml" >"$WORK/applied" 2>&1
	grep -q "$1" "$WORK/applied"
}
expect_exit "the agent learns a name and finds its address listed" 0 until_true 20 warned 'drops 198.18.0.33, a time server of this host'
expect_words "a name that nobody knows is told" 'not known here: nobody.ntp.test; ' "$WORK/applied"
expect "though no answers are spared" drop "$(fwj explain 198.18.0.33 | field 'd["verdict"]')"
sed -i 's/protect_gateways: false/protect_gateways: true/' "$WORK/policy.yaml"
expect_exit "those that are spared need no word" 0 fw apply "$WORK/policy.yaml"
expect "on either" 0 "$(grep -c 'time server\|ntp.test' "$WORK/out")"
