// SPDX-License-Identifier: Apache-2.0
/* What a packet costs in machine instructions: net of the same harness before a bare drop, as the bench
 * measures nanoseconds, under a qemu whose clock counts one nanosecond an instruction (-icount shift=0). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "kern/datapath.h"
#include "lib/addr.h"
#include "plan.h"
#include "subject.h"
#include "bench/bare.skel.h"
#include "bench/harness.skel.h"

#define REPEAT	20000
#define SOURCES 2048 /* so few that the gate closes at once */

#define RULES                                                                                                \
	"  - {name: tiny, match: {protocol: gre, length: 102}, action: block}\n"                             \
	"  - {name: service, match: {protocol: udp, dest_port: 27003}, limit: 2000 packets/10s, action: "    \
	"block}\n"                                                                                           \
	"  - {name: tcp, match: {protocol: tcp, dest_port: 20004}, limit: 1000 packets/10s, action: "        \
	"block}\n"                                                                                           \
	"  - {name: reflect, match: {protocol: udp, source_port: 1, dest_port: 1-79}, limit: 100 "           \
	"packets/1s, "                                                                                       \
	"per: total, action: police}\n"                                                                      \
	"  - {name: blanket, limit: 7000 packets/5m, action: block}\n"                                       \
	"  - {name: everything, limit: 100M packets/1s, per: total, action: police}\n"
#define HEAD "version: 1\ninterfaces: [lo]\n"

static const struct {
	const char *name, *policy, *proto, *dst, *source;
} rows[] = {
	{"no rule", HEAD, "udp", LAB_VICTIM_IP4, "random4"},
	{"1 rule", HEAD "rules:\n  - {name: blanket, limit: 7000 packets/5m, action: block}\n", "udp",
	 LAB_VICTIM_IP4, "random4"},
	{"UDP4", HEAD "rules:\n" RULES, "udp", LAB_VICTIM_IP4, "random4"},
	{"UDP4 and a list",
	 HEAD "sets:\n  listed: {entries: [203.0.113.0/24, 192.0.2.0/24]}\nrules:\n"
	      "  - {name: listed, match: {source: [listed]}, mode: count, action: block}\n" RULES,
	 "udp", LAB_VICTIM_IP4, "random4"},
	{"SYN4", HEAD "rules:\n" RULES, "syn", LAB_VICTIM_IP4, "random4"},
	{"UDP6", HEAD "rules:\n" RULES, "udp", LAB_VICTIM_IP6, "random6"},
	{"offender", HEAD "rules:\n" RULES, "udp", LAB_VICTIM_IP4, "198.18.0.2"},
	{"4 K sources", HEAD "rules:\n" RULES, "udp", LAB_VICTIM_IP4, "pool:4096"},
	{"total over",
	 HEAD "rules:\n  - {name: blanket, limit: 7000 packets/5m, action: block}\n"
	      "  - {name: everything, limit: 1000 packets/1s, per: total, action: police}\n",
	 "udp", LAB_VICTIM_IP4, "random4"},
};

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int plan(const char *proto, const char *dst, const char *source, struct packet_plan *ret)
{
	struct plan_wish wish = {
		.dst_mac = {2, 0, 0, 0, 0, 1}, .src_mac = {2, 0, 0, 0, 0, 2}, .dport = 80, .sport = -1};
	struct fw_err err = {};
	int r = fw_addr_parse(dst, &wish.dst, &err);

	if (!r)
		r = plan_proto_parse(proto, &wish.proto, &err);
	if (!r)
		r = plan_source_parse(source, &wish, &err);
	return r ? r : plan_make(&wish, ret, &err);
}

static double measure(const struct packet_plan *plan, int program)
{
	struct harness_bpf *skel = harness_bpf__open();
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = plan->bytes, .data_size_in = plan->length,
		    .repeat = REPEAT);
	uint32_t slot = 0;
	double ns = -1;

	skel->rodata->plan = *plan;
	if (!harness_bpf__load(skel) &&
	    !bpf_map_update_elem(bpf_map__fd(skel->maps.under_test), &slot, &program, BPF_ANY)) {
		for (int i = 0; i < 2; i++)
			if (!bpf_prog_test_run_opts(bpf_program__fd(skel->progs.harness), &run))
				ns = run.duration;
	}
	harness_bpf__destroy(skel);
	return ns;
}

int main(void)
{
	struct bare_bpf *drop;
	int good = 1;

	libbpf_set_print(print_nothing);
	drop = bare_bpf__open_and_load();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fw_datapath *datapath;
		struct packet_plan packets;
		struct fw_err err = {};
		int program = -1;
		double bare, floodwall;

		if (subject_open_policy(rows[i].policy, false, SOURCES, &datapath) ||
		    fw_datapath_load_program(datapath, 0, false, &program, &err) ||
		    plan(rows[i].proto, rows[i].dst, rows[i].source, &packets)) {
			printf("not ok %s: %s\n", rows[i].name, err.text);
			good = 0;
			continue;
		}
		bare = measure(&packets, bpf_program__fd(drop->progs.bare_drop));
		floodwall = measure(&packets, program);
		printf("# instructions %-20s %6.0f (bare %.0f)\n", rows[i].name, floodwall - bare, bare);
		fw_datapath_close(datapath);
	}
	return good ? 0 : 1;
}
