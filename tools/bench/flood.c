// SPDX-License-Identifier: Apache-2.0
/* Packets received under a flood at the generator's maximum, over what a bare drop receives in the same
 * round. The generator has CPU 0, the victim's receive thread CPU 1. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "fw_types.h"
#include "lib/clock.h"
#include "target.h"

#define WARM_UP_NS	400000000ULL
#define WINDOW_NS	800000000ULL
#define WINDOW_QUICK_NS 100000000ULL
#define LIST		10000 /* prefixes that everybody drops from */

enum traffic { TRAFFIC_RANDOM, TRAFFIC_OFFENDER, TRAFFIC_LISTED, TRAFFIC_SINGLE, TRAFFIC_MAX };

static const struct {
	const char *name;
	const char *source;
} traffics[TRAFFIC_MAX] = {
	[TRAFFIC_RANDOM] = {"random sources", "random4"},
	[TRAFFIC_OFFENDER] = {"one offender", "198.18.0.2"},
	[TRAFFIC_LISTED] = {"listed source", TARGET_LISTED},
	[TRAFFIC_SINGLE] = {"list of one", TARGET_LISTED},
};

#define ALL                                                                                                  \
	(1 << TRAFFIC_RANDOM | 1 << TRAFFIC_OFFENDER |                                                       \
	 1 << TRAFFIC_LISTED) /* the whole job of policies/flood.yaml */
#define ONE (1 << TRAFFIC_SINGLE)

/* The first is what the others are measured against. */
static const struct contender {
	struct target target;
	unsigned int traffics; /* what it can do at all */
} contenders[] = {
	{{.kind = TARGET_BARE_DROP, .name = "bare drop"}, ALL | ONE},
	{{.kind = TARGET_BARE_READ, .name = "read, then drop"}, ALL | ONE},
	{{.kind = TARGET_BARE_PASS, .name = "bare pass"}, ALL | ONE},
	{{.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "flood.yaml", .prefixes = LIST}, ALL},
	{{.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "listed.yaml"}, ONE},
	{{.kind = TARGET_NAIVE, .name = "naive LPM + LRU", .limit = 2000, .prefixes = LIST}, ALL},
	{{.kind = TARGET_PEER, .name = "nftables", .prefixes = LIST}, ALL},
	{{.kind = TARGET_PEER, .name = "iptables", .prefixes = LIST}, ALL},
	{{.kind = TARGET_PEER, .name = "xdp-filter"}, ONE}, /* addresses, no prefixes and no limits */
};

#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))

struct cell {
	struct samples mpps;
	struct samples ratio;
};

static void pause_ns(uint64_t ns)
{
	struct timespec pause = {.tv_sec = ns / FW_NS_PER_SEC, .tv_nsec = ns % FW_NS_PER_SEC};

	while (nanosleep(&pause, &pause))
		;
}

static int received_mpps(struct bench *bench, const char *source, double *ret, struct fw_err *err)
{
	char generator[BENCH_PATH_MAX];
	const char *const argv[] = {"nsenter", bench->attacker, generator, "--iface",	"eth0", "--source",
				    source,    "--cpu",		"0",	   "--seconds", "30",	NULL};
	uint64_t before = 0, after = 0, start, end;
	struct process flood;
	int r;

	(void)snprintf(generator, sizeof(generator), "%.200s/tools/floodgen", bench->build);
	r = process_start(argv, NULL, &flood, err);
	if (r)
		return r;
	pause_ns(WARM_UP_NS);
	start = fw_monotonic_ns();
	r = bench_received(bench, &before, err);
	pause_ns(bench->quick ? WINDOW_QUICK_NS : WINDOW_NS);
	end = fw_monotonic_ns();
	if (!r)
		r = bench_received(bench, &after, err);
	process_stop(&flood);
	if (!r && after == before)
		r = fw_err_set(err, -EIO, "no packet of the flood arrived");
	*ret = (double)(after - before) * 1000 / (end - start);
	return r;
}

static int measure_contender(struct bench *bench, const struct contender *contender, double bare[TRAFFIC_MAX],
			     struct cell cells[TRAFFIC_MAX], struct fw_err *err)
{
	struct target_run run;
	int r = target_up(bench, &contender->target, &run, err);

	if (r)
		return r;
	for (int i = 0; i < TRAFFIC_MAX && !r; i++) {
		double mpps = 0;

		if (!(contender->traffics & 1 << i))
			continue;
		r = received_mpps(bench, traffics[i].source, &mpps, err);
		if (r)
			break;
		if (contender == contenders)
			bare[i] = mpps;
		samples_add(&cells[i].mpps, mpps);
		samples_add(&cells[i].ratio, mpps / bare[i]);
	}
	target_down(bench, &run);
	return r;
}

static void report_contender(struct bench *bench, const struct contender *contender,
			     const struct cell cells[TRAFFIC_MAX])
{
	for (int i = 0; i < TRAFFIC_MAX; i++) {
		if (!(contender->traffics & 1 << i))
			continue;
		printf("  %-16s %-16s %6.2f %6.2f..%-6.2f %6.2f %6.2f..%-6.2f\n", contender->target.name,
		       traffics[i].name, samples_median(&cells[i].mpps), samples_min(&cells[i].mpps),
		       samples_max(&cells[i].mpps), samples_median(&cells[i].ratio),
		       samples_min(&cells[i].ratio), samples_max(&cells[i].ratio));
		bench_add(bench, "flood",
			  json_pack("{s:s, s:s, s:i, s:o, s:o}", "program", contender->target.name,
				    "scenario", traffics[i].name, "prefixes", (int)contender->target.prefixes,
				    "received_mpps", samples_json(&cells[i].mpps), "ratio",
				    samples_json(&cells[i].ratio)));
	}
	fflush(stdout);
}

void bench_flood(struct bench *bench)
{
	struct cell cells[CONTENDERS][TRAFFIC_MAX] = {};
	bool out[CONTENDERS] = {};
	double bare[TRAFFIC_MAX] = {};

	printf("\nreceived Mpps under a UDP flood, and over a bare drop of the same round (median of %u, "
	       "range)\n"
	       "  %-16s %-16s %6s %6s..%-6s %6s %6s..%-6s\n",
	       bench->repeats, "program", "flood", "Mpps", "min", "max", "ratio", "min", "max");
	fflush(stdout);
	for (unsigned int round = 0; round < bench->repeats; round++) {
		for (size_t i = 0; i < CONTENDERS; i++) {
			struct fw_err err = {};

			if (out[i] || !measure_contender(bench, &contenders[i], bare, cells[i], &err))
				continue;
			out[i] = true;
			bench_fail(bench, "flood", contenders[i].target.name, "all", &err);
			if (i == 0)
				return;
		}
	}
	for (size_t i = 0; i < CONTENDERS; i++) {
		if (!out[i])
			report_contender(bench, &contenders[i], cells[i]);
	}
}
