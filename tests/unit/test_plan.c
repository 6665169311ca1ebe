// SPDX-License-Identifier: Apache-2.0
/* What plan says of two policies. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/image.h"

static struct fw_policy *parse(const char *text)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy);

	cr_assert_eq(r, 0, "%s", diags.count ? diags.items[0].message : "");
	fw_diags_done(&diags);
	return policy;
}

/* "~ rule a limit 1 packets/1s -> 2 packets/1s\n…" */
static char *plan_text(const char *running_text, const char *wanted_text)
{
	struct fw_policy *running = parse(running_text), *wanted = parse(wanted_text);
	struct fw_plan plan = {0};
	char *text = NULL;
	size_t size = 0, kinds[3] = {0};
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(fw_plan_diff(running, wanted, &plan), 0);
	for (size_t i = 0; i < plan.count; i++) {
		const struct fw_plan_line *line = &plan.lines[i];

		fprintf(out, "%c %s %s %s\n", line->kind, line->object, line->name, line->detail);
		kinds[line->kind == '+' ? 0 : line->kind == '~' ? 1 : 2]++;
	}
	cr_expect_eq(kinds[0], plan.added);
	cr_expect_eq(kinds[1], plan.changed);
	cr_expect_eq(kinds[2], plan.removed);
	fclose(out);
	fw_plan_done(&plan);
	fw_policy_free(running);
	fw_policy_free(wanted);
	return text;
}

#define HEAD "version: 1\n"

static const struct plan_case {
	const char *name, *running, *wanted, *want;
} cases[] = {
	{"nothing", HEAD "rules: [{name: a, action: count}]",
	 HEAD "rules:\n- action: count\n  name: a # same\n", ""},
	{"limit", HEAD "rules: [{name: a, limit: 1 packets/1s, action: block}]",
	 HEAD "rules: [{name: a, limit: 2 bytes/5m, action: police}]",
	 "~ rule a limit 1 packets/1s -> 2 bytes/5m, action block -> police\n"},
	{"match", HEAD "rules: [{name: a, action: count, match: {dest_port: 80}}]",
	 HEAD "rules: [{name: a, action: count, match: {dest_port: [80, 1-5], protocol: [tcp, 99], "
	      "tcp_flags: [syn, fin+psh, "
	      "none], packet: [fragment, ipv4], length: {min: 5}}}]",
	 "~ rule a match {dest_port: [80]} -> {protocol: [tcp, 99], dest_port: [80, 1-5], tcp_flags: [syn, "
	 "fin+psh, none], "
	 "length: [5-65535], packet: [fragment, ipv4]}\n"},
	{"added and removed", HEAD "rules: [{name: a, action: count}]",
	 HEAD "rules: [{name: b, limit: 1 packets/1s, action: block, ban: {escalate: [1m, 1h]}, per: "
	      "[source, dest_port]}]",
	 "+ rule b limit: 1 packets/1s, per: [source, dest_port], action: block, ban: {for: 1m, escalate: "
	 "[1m, 1h]}\n"
	 "- rule a count\n"},
	{"order", HEAD "rules: [{name: a, action: count}, {name: b, action: count}]",
	 HEAD "rules: [{name: b, action: count}, {name: a, action: count}]", "~ rules order a b -> b a\n"},
	{"sets", HEAD "sets: {a: [192.0.2.0/24], b: [192.0.2.1], c: [10.0.0.0/24, \"2001:db8::/32\"]}",
	 HEAD "sets: {a: [192.0.2.128/25, 192.0.2.0/25], d: [192.0.2.1], c: [10.0.0.0/25, 192.0.2.1]}",
	 "+ set d 1 prefixes\n~ set c 1 prefixes added, 2 removed\n- set b 1 prefixes\n"},
	{"interfaces", HEAD "interfaces: [eth0, eth1]",
	 HEAD "interfaces: [{name: eth0, xdp: native, mode: count}, eth2]",
	 "~ interface eth0 xdp: auto -> xdp: native, mode: count\n+ interface eth2 xdp: auto\n- interface "
	 "eth1 detached\n"},
	{"settings", HEAD,
	 HEAD "mode: count\non_exit: detach\nmetrics: {listen: none}\nmemory_limit: 5GiB\n"
	      "safety: {protect_ssh_clients: false, confirm_timeout: 90s, essential_limit: 5k}\n"
	      "capacity: {bans: 1024}\n",
	 "~ setting mode enforce -> count\n~ setting safety.protect_ssh_clients true -> false\n"
	 "~ setting safety.confirm_timeout 1m -> 1m30s\n~ setting safety.essential_limit 10k -> 5000\n"
	 "~ setting metrics.listen 127.0.0.1:9854 -> none\n~ setting on_exit keep -> detach\n"
	 "~ setting capacity.bans 512KiB -> 1KiB\n~ setting memory_limit none -> 5GiB\n"},
	{"the other settings", HEAD "sets: {p: [192.0.2.1]}\n",
	 HEAD "sets: {p: [192.0.2.1]}\n"
	      "safety: {protect_gateways: false, resolvers: [p], time_servers: [p], ssh_limit: 9k "
	      "packets/1s, answers_limit: 100 packets/1s, attack_from: 2500, challenge_replies: 1M, "
	      "challenge_replies_per_prefix: 2k, "
	      "synproxy_wscale: 7}\n"
	      "capacity: {sources: 2M, prefixes: 100k, log_clients: 130k}\n"
	      "history: {enabled: false, keep: 30d, size: 1GiB}\n"
	      "geo: {database: /a.mmdb, asn_database: /b.mmdb}\nsignatures: {file: /c.yaml}\n",
	 "~ setting safety.ssh_limit 2000 packets/1s -> 9000 packets/1s\n"
	 "~ setting safety.protect_gateways true -> false\n~ setting safety.resolvers none -> p\n"
	 "~ setting safety.time_servers none -> p\n"
	 "~ setting safety.answers_limit 5000 packets/1s -> 100 packets/1s\n"
	 "~ setting safety.attack_from 1000 -> 2500\n~ setting safety.challenge_replies 5M -> 1M\n"
	 "~ setting safety.challenge_replies_per_prefix 1000 -> 2000\n"
	 "~ setting safety.synproxy_wscale none -> 7\n~ setting capacity.sources 1MiB -> 2M\n"
	 "~ setting capacity.prefixes 2MiB -> 100k\n~ setting capacity.log_clients 1MiB -> 130k\n"
	 "~ setting geo.database none -> /a.mmdb\n~ setting geo.asn_database none -> /b.mmdb\n"
	 "~ setting signatures.file none -> /c.yaml\n~ setting history.enabled true -> false\n"
	 "~ setting history.keep 90d -> 30d\n~ setting history.size 512MiB -> 1GiB\n"},
	{"logs",
	 HEAD "logs: {a: {path: /a}, b: {journal: b.service, regex: '<HOST>'}}\nrules: [{name: r, match: "
	      "{log: a}, limit: "
	      "1 requests/1s, action: block}]",
	 HEAD "logs: {a: {path: /a, format: vcombined, trusted_proxies: s}, c: {syslog: "
	      "\"udp:127.0.0.1:1\"}}\nsets: {s: []}\n"
	      "rules: [{name: r, match: {log: c, uri: [{prefix: /x}, {contains: y}], method: GET, status: "
	      "[401, 500-599]}, "
	      "limit: 1 requests/1s, action: block}]",
	 "+ set s 0 prefixes\n"
	 "~ log a path: /a, format: combined -> path: /a, format: vcombined, trusted_proxies: s\n"
	 "+ log c syslog: udp:127.0.0.1:1, format: combined\n"
	 "- log b not read any more\n"
	 "~ rule r match {log: a} -> {log: c, uri: [{prefix: \"/x\"}, {contains: \"y\"}], method: [GET], "
	 "status: [401, "
	 "500-599]}\n"},
	{"never_block", HEAD "sets: {a: [192.0.2.1]}\nnever_block: a",
	 HEAD "sets: {a: [192.0.2.1], b: []}\nnever_block: {sets: [a, b], limit: 5 packets/1s}",
	 "~ setting never_block a -> a, b\n~ setting never_block.limit none -> 5 packets/1s\n+ set b 0 "
	 "prefixes\n"},
};

Test(plan, lines)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FW_FREE char *got = plan_text(cases[i].running, cases[i].wanted);

		cr_expect_str_eq(got, cases[i].want, "%s: got\n%s", cases[i].name, got);
	}
}
