// SPDX-License-Identifier: Apache-2.0
/* The control path: how long lists take to be live, what they weigh, how soon a tuned limit is in force, and
 * how many packets slip through while a policy is replaced. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "fw_types.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "target.h"

#define MAPS_MAX 128
#define RELOADS	 5

static const uint32_t list_lengths[] = {1000, 10000, 100000, 1000000};

static int command(const struct bench *bench, const char *const words[], double *ret_ms, struct fw_err *err)
{
	char cli[BENCH_PATH_MAX], socket[BENCH_PATH_MAX];
	const char *argv[PROCESS_ARGS] = {cli, "--socket", socket};
	uint64_t start = fw_monotonic_ns();
	int r;

	(void)snprintf(cli, sizeof(cli), "%.200s/floodwall", bench->build);
	(void)snprintf(socket, sizeof(socket), "%.200s/api.sock", bench->workdir);
	for (int i = 0; words[i]; i++)
		argv[3 + i] = words[i];
	r = process_must(argv, err);
	*ret_ms = (fw_monotonic_ns() - start) / 1e6;
	return r;
}

/* One "Name: N kB" line of a /proc file. */
static double proc_number(const char *path, const char *name)
{
	FW_FCLOSE FILE *file = fopen(path, "re");
	unsigned long long number;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), " %llu", &number) == 1)
			return number;
	}
	return 0;
}

static double memory_of(int map)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map);
	return proc_number(path, "memlock:");
}

/* The maps in a map: the kernel charges them to nobody else. */
static double memory_inside(int map, uint32_t slots)
{
	double bytes = 0;

	for (uint32_t slot = 0; slot < slots; slot++) {
		uint32_t id;
		FW_CLOSE int inner = bpf_map_lookup_elem(map, &slot, &id) ? -1 : bpf_map_get_fd_by_id(id);

		if (inner >= 0)
			bytes += memory_of(inner);
	}
	return bytes;
}

static double map_bytes(uint32_t id)
{
	FW_CLOSE int map = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = {};
	uint32_t length = sizeof(info);

	if (map < 0 || bpf_obj_get_info_by_fd(map, &info, &length))
		return 0;
	return memory_of(map) +
	       (info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS ? memory_inside(map, info.max_entries) : 0);
}

/* Kernel memory of every map the program holds, in MiB. */
static double program_mib(int program)
{
	uint32_t ids[MAPS_MAX], length = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids};
	double bytes = 0;

	if (bpf_obj_get_info_by_fd(program, &info, &length))
		return 0;
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
		bytes += map_bytes(ids[i]);
	return bytes / 1048576;
}

static double agent_mib(const struct process *agent)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)agent->pid);
	return proc_number(path, "VmRSS:") / 1024;
}

static int measure_list(struct bench *bench, uint32_t length, struct fw_err *err)
{
	struct target target = {
		.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "prefixes.yaml", .prefixes = length};
	uint64_t start = fw_monotonic_ns();
	struct prefix_list list = {};
	struct samples reload = {};
	struct target_run run;
	double start_s, ms = 0;
	int r = prefix_list_make(length, &list, err);

	if (r)
		return r;
	prefix_list_done(&list); /* its shares stay */
	r = target_up(bench, &target, &run, err);
	if (r)
		return r;
	start_s = (fw_monotonic_ns() - start) / 1e9;
	for (unsigned int i = 0; i < bench->repeats && !r; i++) {
		r = command(bench, (const char *const[]){"reload", "--wait", NULL}, &ms, err);
		samples_add(&reload, ms / 1000);
	}
	if (!r) {
		printf("  %8u prefixes (%.2f %% of the /24s marked, %.3f %% of addresses listed): reloaded "
		       "in %.3f s, "
		       "agent %.0f MiB, maps %.0f MiB\n",
		       length, 100 * list.marked24, 100 * list.listed, samples_median(&reload),
		       agent_mib(&run.agent), program_mib(run.program));
		fflush(stdout);
		bench_add(bench, "control",
			  json_pack("{s:s, s:i, s:f, s:f, s:f, s:o, s:f, s:f}", "scenario", "load",
				    "prefixes", (int)length, "marked24", list.marked24, "listed", list.listed,
				    "start_seconds", start_s, "reload_seconds", samples_json(&reload),
				    "agent_mib", agent_mib(&run.agent), "maps_mib",
				    program_mib(run.program)));
	}
	target_down(bench, &run);
	return r;
}

static int measure_tune(struct bench *bench, struct fw_err *err)
{
	struct target target = {.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "flood.yaml"};
	struct samples tune = {}, status = {};
	struct target_run run = {};
	char limit[64];
	double ms = 0;
	int r = target_up(bench, &target, &run, err);

	for (unsigned int i = 0; i < bench->repeats && !r; i++) {
		(void)snprintf(limit, sizeof(limit), "limit=%u/1s", 2000 + i);
		r = command(bench, (const char *const[]){"tune", "blanket", limit, NULL}, &ms, err);
		samples_add(&tune, ms);
		if (!r)
			r = command(bench, (const char *const[]){"status", NULL}, &ms, err);
		samples_add(&status, ms);
	}
	if (run.agent.pid)
		target_down(bench, &run);
	if (r)
		return r;
	printf("  tune, from the shell and back: %.1f ms (%.1f..%.1f); of that any command: %.1f ms\n",
	       samples_median(&tune), samples_min(&tune), samples_max(&tune), samples_median(&status));
	bench_add(bench, "control",
		  json_pack("{s:s, s:o, s:o}", "scenario", "tune", "tune_ms", samples_json(&tune),
			    "status_ms", samples_json(&status)));
	return 0;
}

/* UDP datagrams that reached the server's stack. */
static uint64_t udp_seen(void)
{
	FW_FCLOSE FILE *file = fopen("/proc/self/net/snmp", "re");
	unsigned long long in = 0, no_ports = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Udp: %llu %llu", &in, &no_ports) == 2)
			break;
	}
	return in + no_ports;
}

static int measure_gap(struct bench *bench, struct fw_err *err)
{
	struct target target = {
		.kind = TARGET_FLOODWALL, .name = "floodwall", .policy = "flood.yaml", .prefixes = 10000};
	char generator[BENCH_PATH_MAX];
	const char *const argv[] = {"nsenter", bench->attacker, generator,     "--iface",
				    "eth0",    "--source",	TARGET_LISTED, "--rate",
				    "200k",    "--seconds",	"30",	       NULL};
	uint64_t before, leaked, sent_before = 0, sent_after = 0;
	struct process flood;
	struct target_run run;
	double ms = 0;
	int r = target_up(bench, &target, &run, err);

	if (r)
		return r;
	(void)snprintf(generator, sizeof(generator), "%.200s/tools/floodgen", bench->build);
	before = udp_seen();
	flood = (struct process){};
	r = process_start(argv, NULL, &flood, err);
	(void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	(void)bench_received(bench, &sent_before, NULL);
	for (int i = 0; i < RELOADS && !r; i++)
		r = command(bench, (const char *const[]){"reload", "--wait", NULL}, &ms, err);
	(void)bench_received(bench, &sent_after, NULL);
	process_stop(&flood);
	leaked = udp_seen() - before;
	target_down(bench, &run);
	if (!r && sent_after == sent_before)
		return fw_err_set(err, -EIO, "no packet of the flood arrived");
	if (r)
		return r;
	printf("  %d reloads under a flood of a listed source: %llu of %llu packets slipped through\n",
	       RELOADS, (unsigned long long)leaked, (unsigned long long)(sent_after - sent_before));
	bench_add(bench, "control",
		  json_pack("{s:s, s:i, s:I, s:I}", "scenario", "reload gap", "reloads", RELOADS, "packets",
			    (json_int_t)(sent_after - sent_before), "slipped", (json_int_t)leaked));
	return 0;
}

void bench_control(struct bench *bench)
{
	struct fw_err err = {};

	printf("\ncontrol\n");
	fflush(stdout);
	for (size_t i = 0; i < sizeof(list_lengths) / sizeof(list_lengths[0]); i++) {
		char scenario[32];

		if (bench->quick && list_lengths[i] > 10000)
			continue;
		(void)snprintf(scenario, sizeof(scenario), "%u prefixes", list_lengths[i]);
		if (measure_list(bench, list_lengths[i], &err))
			bench_fail(bench, "control", "floodwall", scenario, &err);
	}
	if (measure_tune(bench, &err))
		bench_fail(bench, "control", "floodwall", "tune", &err);
	if (measure_gap(bench, &err))
		bench_fail(bench, "control", "floodwall", "reload gap", &err);
}
