// SPDX-License-Identifier: Apache-2.0
/* Net nanoseconds per packet: the program under test behind a harness that varies the packet, less the same
 * harness in front of a bare drop, the two measured in turn. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "harness.h"
#include "plan.h"
#include "target.h"
#include "bare.skel.h"

#define REPEAT	     1000000
#define RUN_NS	     400000000.0 /* a slow program need not run as often to be known as well */
#define REPEAT_QUICK 20000
#define SLICES	     9 /* of a repeat, the bare drop and the program in turn in each */

struct scenario {
	const char *name;
	struct target target;
	const char *proto;
	const char *dst;
	const char *source;
	int verdict; /* of the last packet; a figure for another verdict would be of another thing */
	double goal; /* DESIGN §1, 0: none */
};

/* clang-format off */
#define FLOODWALL(...)	{.kind = TARGET_FLOODWALL, .name = "floodwall", __VA_ARGS__}
#define NAIVE(...)	{.kind = TARGET_NAIVE, .name = "naive LPM + LRU", __VA_ARGS__}
#define XDP_FILTER	{.kind = TARGET_PEER, .name = "xdp-filter"}
#define RULES(n)	.policy = "rules-" #n ".yaml"
#define UNMATCHED(n)	.policy = "unmatched-" #n ".yaml"
#define LIST(n)		.policy = "prefixes.yaml", .prefixes = n
#define WHOLE(n)	.policy = "whole.yaml", .prefixes = n
#define LIST6(n)	.policy = "prefixes.yaml", .prefixes = n, .ipv6 = true
#define JOB		.policy = "flood.yaml", .prefixes = 10000
#define NO_LIMIT	.limit = 1u << 30
#define V4		LAB_VICTIM_IP4
#define V6		LAB_VICTIM_IP6
#define POOL		"pool:65536"
#define BANNED		"203.0.113.9"
#define ANY		HARNESS_ANY_VERDICT

static const struct scenario scenarios[] = {
	/* packets, program under test, protocol, to, from, expected verdict, goal */
	{"random UDP4, no rule",	FLOODWALL(.policy = "none.yaml"), "udp", V4, "random4",	XDP_PASS, 0},
	{"random UDP4, 1 rule",		FLOODWALL(RULES(1)),		"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4",			FLOODWALL(RULES(16)),		"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4, 64 rules",	FLOODWALL(RULES(64)),		"udp", V4, "random4",	XDP_PASS, 0},
	{"random UDP4, none of 1 rule matches", FLOODWALL(UNMATCHED(1)), "udp", V4, "random4",	XDP_PASS, 0},
	{"random UDP4, none of 64 rules matches", FLOODWALL(UNMATCHED(64)), "udp", V4, "random4", XDP_PASS, 0},
	{"random UDP4, others banned",	FLOODWALL(RULES(16), .ban = BANNED), "udp", V4, "random4", XDP_PASS, 0},
	{"random UDP4, 10 prefixes",	FLOODWALL(LIST(10)),		"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4, 1 k prefixes",	FLOODWALL(LIST(1000)),		"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4, 100 k prefixes",	FLOODWALL(LIST(100000)),	"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4, 1 M prefixes",	FLOODWALL(LIST(1000000)),	"udp", V4, "random4",	XDP_PASS, 40},
	{"random UDP4, geo on",		FLOODWALL(.policy = "geo.yaml", .world = true), "udp", V4, "random4", XDP_PASS, 0},
	{"random UDP4, blanket and 10 prefixes", FLOODWALL(WHOLE(10)),	"udp", V4, "random4",	XDP_PASS, 60},
	{"random UDP4, blanket and 1 M prefixes", FLOODWALL(WHOLE(1000000)), "udp", V4, "random4", XDP_PASS, 60},
	{"random SYN4",			FLOODWALL(RULES(16)),		"syn", V4, "random4",	XDP_PASS, 60},
	{"random UDP6",			FLOODWALL(RULES(16)),		"udp", V6, "random6",	XDP_PASS, 60},
	{"random UDP6, 1 k prefixes",	FLOODWALL(LIST6(1000)),		"udp", V6, "random6",	XDP_PASS, 0},
	{"random UDP6, 1 M prefixes",	FLOODWALL(LIST6(1000000)),	"udp", V6, "random6",	XDP_PASS, 0},
	{"64 K sources under the limit", FLOODWALL(RULES(16)),		"udp", V4, POOL,	XDP_PASS, 100},
	{"one offender over the limit",	FLOODWALL(RULES(16)),		"udp", V4, "198.18.0.2", XDP_DROP, 30},
	{"banned source",		FLOODWALL(RULES(16), .ban = BANNED), "udp", V4, BANNED,	XDP_DROP, 0},
	{"allow-listed source",		FLOODWALL(.policy = "allowed.yaml"), "udp", V4, TARGET_LISTED, XDP_PASS, 0},
	{"listed source",		FLOODWALL(JOB),			"udp", V4, TARGET_LISTED, XDP_DROP, 0},
	{"list of one",			FLOODWALL(.policy = "listed.yaml"), "udp", V4, TARGET_LISTED, XDP_DROP, 0},
	{"random UDP4, list of one",	FLOODWALL(.policy = "listed.yaml"), "udp", V4, "random4", XDP_PASS, 0},
	/* Two and two: what a rule about paths adds to requests, and to packets of its port that are none. */
	{"HTTP request, no URI rule",	FLOODWALL(.policy = "uri-off.yaml"), "request", V4, "198.18.0.2", XDP_PASS, 0},
	{"HTTP request, URI rule",	FLOODWALL(.policy = "uri.yaml"), "request", V4, "198.18.0.2", XDP_PASS, 0},
	{"data to port 80, no URI rule", FLOODWALL(.policy = "uri-off.yaml"), "data", V4, "198.18.0.2", XDP_PASS, 0},
	{"data to port 80, URI rule",	FLOODWALL(.policy = "uri.yaml"), "data", V4, "198.18.0.2", XDP_PASS, 0},
	{"data to port 80, SNI rule",	FLOODWALL(.policy = "sni.yaml"), "data", V4, "198.18.0.2", XDP_PASS, 0},
	{"random UDP4",			NAIVE(NO_LIMIT),		"udp", V4, "random4",	XDP_PASS, 0},
	{"random UDP4, 100 k prefixes",	NAIVE(NO_LIMIT, .prefixes = 100000), "udp", V4, "random4", ANY, 0},
	{"random UDP4, 1 M prefixes",	NAIVE(NO_LIMIT, .prefixes = 1000000), "udp", V4, "random4", ANY, 0},
	{"random SYN4",			NAIVE(NO_LIMIT),		"syn", V4, "random4",	XDP_PASS, 0},
	{"random UDP6",			NAIVE(NO_LIMIT),		"udp", V6, "random6",	XDP_PASS, 0},
	{"64 K sources under the limit", NAIVE(NO_LIMIT),		"udp", V4, POOL,	XDP_PASS, 0},
	{"one offender over the limit",	NAIVE(.limit = 100),		"udp", V4, "198.18.0.2", XDP_DROP, 0},
	{"listed source",		NAIVE(NO_LIMIT, .prefixes = 10000), "udp", V4, TARGET_LISTED, XDP_DROP, 0},
	{"list of one",			XDP_FILTER,			"udp", V4, TARGET_LISTED, XDP_DROP, 0},
	{"random UDP4, list of one",	XDP_FILTER,			"udp", V4, "random4",	XDP_PASS, 0},
};
/* clang-format on */

/* One repeat: the median of slices that alternate, so that a neighbour of the machine who takes the cache for
 * a few milliseconds spoils a slice or two, or both sides of them, instead of the repeat. */
static int measure_once(const struct scenario *scenario, const struct harness *bare,
			const struct harness *under_test, unsigned int repeat, struct samples *base,
			struct samples *net, struct fw_err *err)
{
	struct samples drops = {}, differences = {};
	double drop_ns = 0, ns = 0;

	for (int i = 0; i < SLICES; i++) {
		if (harness_measure(bare, repeat, XDP_DROP, &drop_ns, err) ||
		    harness_measure(under_test, repeat, scenario->verdict, &ns, err))
			return err->code;
		samples_add(&drops, drop_ns);
		samples_add(&differences, ns - drop_ns);
	}
	samples_add(base, samples_median(&drops));
	samples_add(net, samples_median(&differences));
	return 0;
}

static int measure_in_turn(const struct bench *bench, const struct scenario *scenario,
			   const struct harness *bare, const struct harness *under_test, struct samples *base,
			   struct samples *net, struct fw_err *err)
{
	unsigned int repeat = bench->quick ? REPEAT_QUICK : REPEAT;
	double ns = 0;

	/* Once for nothing: caches, meters and maps as they are under way. */
	if (harness_measure(under_test, repeat, scenario->verdict, &ns, err))
		return err->code;
	if (ns * repeat > RUN_NS)
		repeat = RUN_NS / ns;
	for (unsigned int i = 0; i < bench->repeats; i++) {
		if (measure_once(scenario, bare, under_test, repeat / SLICES, base, net, err))
			return err->code;
	}
	return 0;
}

static int scenario_measure(struct bench *bench, const struct scenario *scenario, struct target_run *run,
			    struct samples *base, struct samples *net, struct fw_err *err)
{
	struct bare_bpf *drop = bare_bpf__open_and_load();
	struct harness bare = {}, under_test = {};
	struct packet_plan plan;
	int r = harness_plan(scenario->proto, scenario->dst, scenario->source, &plan, err);

	if (!drop)
		r = fw_err_set(err, -errno, "cannot load the bare drop: %s", strerror(errno));
	if (!r)
		r = harness_open(&plan, bpf_program__fd(drop->progs.bare_drop), &bare, err);
	if (!r)
		r = harness_open(&plan, run->program, &under_test, err);
	if (!r) {
		bare.ifindex = under_test.ifindex = bench->ifindex;
		r = measure_in_turn(bench, scenario, &bare, &under_test, base, net, err);
	}
	harness_close(&bare);
	harness_close(&under_test);
	bare_bpf__destroy(drop);
	return r;
}

static void scenario_report(struct bench *bench, const struct scenario *scenario, const struct samples *base,
			    const struct samples *net)
{
	const struct target *target = &scenario->target;

	printf("  %-16s %-30s %8.0f %8.0f..%-6.0f", target->name, scenario->name, samples_median(net),
	       samples_min(net), samples_max(net));
	if (scenario->goal > 0)
		printf(" <= %.0f", scenario->goal);
	printf("\n");
	fflush(stdout);
	bench_add(bench, "cost",
		  json_pack("{s:s, s:s, s:i, s:f, s:o, s:o}", "program", target->name, "scenario",
			    scenario->name, "prefixes", (int)target->prefixes, "goal_ns", scenario->goal,
			    "net_ns", samples_json(net), "bare_drop_ns", samples_json(base)));
}

static int scenario_run(struct bench *bench, const struct scenario *scenario, struct fw_err *err)
{
	struct samples base = {}, net = {};
	struct target_run run;
	int r = target_up(bench, &scenario->target, &run, err);

	if (r)
		return r;
	r = scenario_measure(bench, scenario, &run, &base, &net, err);
	target_down(bench, &run);
	if (!r)
		scenario_report(bench, scenario, &base, &net);
	return r;
}

void bench_cost(struct bench *bench)
{
	printf("\nnet ns/packet over a bare XDP_DROP (median of %u, range)\n  %-16s %-30s %8s %8s..%-6s "
	       "goal\n",
	       bench->repeats, "program", "packets", "median", "min", "max");
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		const struct target *target = &scenarios[i].target;
		struct fw_err err = {};
		char row[128];

		if (bench->quick && target->prefixes > 100000)
			continue;
		snprintf(row, sizeof(row), "%s: %s", target->name, scenarios[i].name);
		if (bench->rows && regexec(bench->rows, row, 0, NULL, 0))
			continue;
		if (scenario_run(bench, &scenarios[i], &err))
			bench_fail(bench, "cost", target->name, scenarios[i].name, &err);
	}
}
