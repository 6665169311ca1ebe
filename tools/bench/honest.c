// SPDX-License-Identifier: Apache-2.0
/* What honest clients see during a flood: a real HTTP client, a real nginx, one CPU that receives and serves.
 */
#include <errno.h>
#include <stdio.h>

#include "target.h"

#define PORT		    "8080"
#define REQUESTS_PER_SECOND "200"
#define SECONDS		    "5"
#define SECONDS_QUICK	    "1"
#define LIST		    10000

/* At the generator's maximum the one receive queue overflows before any program sees the packet, honest
 * ones among them, unless the program is as fast as the generator: half a million is what a server meets.
 * A forged UDP flood is stopped by the cap on all UDP; one host's SYN flood by its own limit; a forged SYN
 * flood is answered with cookies, of which one CPU makes a million a second. */
static const struct {
	const char *name;
	const char *source;
	const char *proto;
	const char *rate; /* NULL: the generator's maximum */
} floods[] = {
	{"no flood", NULL, NULL, NULL},
	{"random UDP, 500 kpps", "random4", "udp", "500k"},
	{"random UDP, maximum", "random4", "udp", NULL},
	{"one host's SYN, 1 Mpps", "198.18.0.2", "syn", "1M"},
	{"random SYN, 500 kpps", "random4", "syn", "500k"},
};

static const struct target targets[] = {
	{.kind = TARGET_NOTHING, .name = "unprotected"},
	{.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "service.yaml", .prefixes = LIST},
	{.kind = TARGET_NAIVE, .name = "naive LPM + LRU", .limit = 2000, .prefixes = LIST},
	{.kind = TARGET_PEER, .name = "nftables", .prefixes = LIST},
	{.kind = TARGET_PEER, .name = "iptables", .prefixes = LIST},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int server_up(const struct bench *bench, struct process *ret, struct fw_err *err)
{
	char dir[BENCH_PATH_MAX];
	const char *const argv[] = {"taskset", "-c", "1", "tools/webserver", dir, PORT, NULL};

	(void)snprintf(dir, sizeof(dir), "%.200s/nginx", bench->workdir);
	return process_start(argv, NULL, ret, err);
}

/* A veth sends what a filter answers only to a peer that runs an XDP program itself. */
static int upstream(const struct bench *bench, bool on, struct fw_err *err)
{
	char object[BENCH_PATH_MAX];
	const char *const attach[] = {"nsenter", bench->attacker, "ip",	    "link", "set",
				      "dev",	 "eth0",	  "xdpdrv", "obj",  object,
				      "program", "upstream",	  NULL};
	const char *const detach[] = {"nsenter", bench->attacker, "ip",	    "link", "set",
				      "dev",	 "eth0",	  "xdpdrv", "off",  NULL};

	(void)snprintf(object, sizeof(object), "%.200s/tools/upstream.bpf.o", bench->build);
	return process_must(on ? attach : detach, err);
}

static int flood_start(const struct bench *bench, size_t flood, struct process *ret, struct fw_err *err)
{
	char generator[BENCH_PATH_MAX];
	const char *argv[PROCESS_ARGS] = {"nsenter",
					  bench->attacker,
					  generator,
					  "--iface",
					  "eth0",
					  "--cpu",
					  "0",
					  "--seconds",
					  "30",
					  "--dport",
					  PORT,
					  "--source",
					  floods[flood].source,
					  "--proto",
					  floods[flood].proto};

	*ret = (struct process){};
	if (!floods[flood].source)
		return 0;
	(void)snprintf(generator, sizeof(generator), "%.200s/tools/floodgen", bench->build);
	if (floods[flood].rate) {
		argv[15] = "--rate";
		argv[16] = floods[flood].rate;
	}
	return process_start(argv, NULL, ret, err);
}

static int client_run(const struct bench *bench, json_t **ret, struct fw_err *err)
{
	char client[BENCH_PATH_MAX], output[PROCESS_OUTPUT];
	const char *const argv[] = {"taskset",	   "-c",
				    "0",	   "nsenter",
				    bench->client, client,
				    "--url",	   "198.18.0.1:" PORT,
				    "--rate",	   REQUESTS_PER_SECOND,
				    "--seconds",   bench->quick ? SECONDS_QUICK : SECONDS,
				    NULL};
	int r;

	(void)snprintf(client, sizeof(client), "%.200s/tools/httpload", bench->build);
	r = process_run(argv, output, err);
	if (r < 0)
		return r;
	*ret = json_loads(output, 0, NULL);
	return r || !*ret ? fw_err_set(err, -EIO, "the HTTP client failed: %.300s", output) : 0;
}

static void report(struct bench *bench, const char *program, const char *flood, json_t *row)
{
	double requests = json_number_value(json_object_get(row, "requests"));
	double ok = json_number_value(json_object_get(row, "ok"));

	printf("  %-16s %-30s %7.2f %% %9.2f %9.2f\n", program, flood, requests > 0 ? 100 * ok / requests : 0,
	       json_number_value(json_object_get(row, "p50_ms")),
	       json_number_value(json_object_get(row, "p99_ms")));
	fflush(stdout);
	json_object_set_new(row, "program", json_string(program));
	json_object_set_new(row, "scenario", json_string(flood));
	bench_add(bench, "honest", row);
}

static int measure(struct bench *bench, const struct target *target, size_t flood, struct fw_err *err)
{
	struct process generator;
	json_t *row = NULL;
	int r = flood_start(bench, flood, &generator, err);

	if (!r)
		r = client_run(bench, &row, err);
	process_stop(&generator);
	if (r)
		json_decref(row);
	else
		report(bench, target->name, floods[flood].name, row);
	return r;
}

static void measure_target(struct bench *bench, const struct target *target)
{
	struct target_run run;
	struct fw_err err = {};

	if (target_up(bench, target, &run, &err)) {
		bench_fail(bench, "honest", target->name, "all", &err);
		return;
	}
	for (size_t flood = 0; flood < COUNT(floods); flood++) {
		if (measure(bench, target, flood, &err))
			bench_fail(bench, "honest", target->name, floods[flood].name, &err);
	}
	target_down(bench, &run);
}

void bench_honest(struct bench *bench)
{
	struct process server;
	struct fw_err err = {};

	printf("\nhonest HTTP requests, " REQUESTS_PER_SECOND
	       "/s on new connections, one CPU receives and serves\n"
	       "  %-16s %-30s %9s %9s %9s\n",
	       "program", "flood", "ok", "p50 ms", "p99 ms");
	if (upstream(bench, true, &err) || server_up(bench, &server, &err) ||
	    process_await(&server, "serving", 5000, &err)) {
		bench_fail(bench, "honest", "nginx", "all", &err);
		return;
	}
	for (size_t i = 0; i < COUNT(targets); i++)
		measure_target(bench, &targets[i]);
	process_stop(&server);
	if (upstream(bench, false, &err))
		bench_fail(bench, "honest", "upstream", "all", &err);
}
