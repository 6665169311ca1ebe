#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Floods, and bears company: runs beside another flood.
# An honest source at 90 % of the limit loses no packet, while an offender beside it is dropped.
. "$(dirname "$0")/session.sh"
begin honest
need_tool floodgen
policy <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: 2000 packets/4s, action: block}
YAML
start_agent
receiver book 7777
flood --dst "$VICTIM_IP4" --source 198.19.0.9 --dport 7777 --rate 50000 --seconds 11
send client "$VICTIM_IP4" 7777 5000 450 &
SENDER=$!
send client "$VICTIM_IP6" 7777 5000 450
wait $SENDER
wait "$FLOOD_PID"
settled book
for address in "$CLIENT_IP4" "$CLIENT_IP6"; do
	expect "$address: 450 packets/s of 2000 per 4 s, all 5000 arrive" "5000 [[0, 4999]]" \
		"$(received book "'%d %s' % (d['$address']['count'], d['$address']['numbers'])")"
done
expect_that "the offender got its limit and nothing more" "0 < a <= 2200" "$(received book "d.get('198.19.0.9', {'count': 0})['count']")"
sent=$(field 'd["sent"]' <"$WORK/flood.json")
expect_that "the offender's packets were dropped" "20000 < $sent and abs(a - $sent) <= 2200" "$(rule blanket dropped)"
