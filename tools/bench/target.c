// SPDX-License-Identifier: Apache-2.0
/* Puts programs in front of the server and takes them away again. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "lib/cleanup.h"
#include "bare.skel.h"
#include "naive.skel.h"

#define READY_MS 120000

static int attach(const struct bench *bench, struct target_run *run, struct fw_err *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);

	run->link = bpf_link_create(run->program, bench->ifindex, BPF_XDP, &options);
	return run->link < 0 ? fw_err_set(err, run->link, "cannot attach '%s' to eth0: %s", run->target->name,
					  strerror(-run->link))
			     : 0;
}

static int bare_up(const struct bench *bench, struct target_run *run, struct fw_err *err)
{
	struct bare_bpf *skel = bare_bpf__open_and_load();

	if (!skel)
		return fw_err_set(err, -errno, "cannot load the bare programs: %s", strerror(errno));
	run->skeleton = skel;
	run->program = bpf_program__fd(run->target->kind == TARGET_BARE_DROP   ? skel->progs.bare_drop
				       : run->target->kind == TARGET_BARE_READ ? skel->progs.bare_read
									       : skel->progs.bare_pass);
	return attach(bench, run, err);
}

struct naive_key {
	uint32_t bits;
	uint8_t address[16];
};

static int naive_deny(int map, uint32_t address, uint8_t bits)
{
	struct naive_key key = {.bits = 96 + bits, .address = {[10] = 0xff, [11] = 0xff}};
	uint32_t value = 1;

	for (int i = 0; i < 4; i++)
		key.address[12 + i] = address >> (24 - 8 * i);
	return bpf_map_update_elem(map, &key, &value, BPF_ANY);
}

static int naive_up(const struct bench *bench, struct target_run *run, struct fw_err *err)
{
	struct naive_bpf *skel = naive_bpf__open();
	struct prefix_list list = {};
	int map, r;

	if (!skel)
		return fw_err_set(err, -errno, "cannot open the naive program: %s", strerror(errno));
	run->skeleton = skel;
	skel->rodata->limit = run->target->limit;
	r = naive_bpf__load(skel);
	if (r)
		return fw_err_set(err, r, "cannot load the naive program: %s", strerror(-r));
	map = bpf_map__fd(skel->maps.deny);
	r = prefix_list_make(run->target->prefixes, &list, err);
	for (uint32_t i = 0; !r && i < list.count; i++)
		r = naive_deny(map, list.address[i], list.bits[i]);
	prefix_list_done(&list);
	if (!r)
		r = naive_deny(map, 203u << 24 | 113 << 8 | 7, 32);
	if (r)
		return fw_err_set(err, r, "cannot fill the naive trie: %s", strerror(-r));
	run->program = bpf_program__fd(skel->progs.naive);
	return attach(bench, run, err);
}

/* The list every policy and peer names, fresh for each target. */
static int write_list(const struct bench *bench, const struct target *target, char path[BENCH_PATH_MAX],
		      struct fw_err *err)
{
	struct prefix_list list = {};
	FW_FCLOSE FILE *file = NULL;
	int r;

	(void)snprintf(path, BENCH_PATH_MAX, "%.200s/listed.txt", bench->workdir);
	if (target->ipv6) {
		r = prefix6_list_write(target->prefixes, path, err);
	} else {
		r = prefix_list_make(target->prefixes, &list, err);
		if (!r)
			r = prefix_list_write(&list, path, err);
		prefix_list_done(&list);
	}
	if (r)
		return r;
	file = fopen(path, "ae");
	if (!file || fprintf(file, TARGET_LISTED "/32\n") < 0)
		return fw_err_set(err, -EIO, "cannot write %s", path);
	return 0;
}

/* One for all that want one: it takes some seconds. */
static int make_world(const struct bench *bench, struct fw_err *err)
{
	char path[BENCH_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.200s/world.mmdb", bench->workdir);
	if (!access(path, R_OK))
		return 0;
	return process_must((const char *const[]){"tools/mmdb.py", path, "--world", "1", NULL}, err);
}

static int copy_policy(const struct bench *bench, const char *name, char path[BENCH_PATH_MAX],
		       struct fw_err *err)
{
	char source[BENCH_PATH_MAX];

	(void)snprintf(source, sizeof(source), "tools/bench/policies/%.100s", name);
	(void)snprintf(path, BENCH_PATH_MAX, "%.200s/policy.yaml", bench->workdir);
	return process_must((const char *const[]){"cp", source, path, NULL}, err);
}

static int attached_program(const struct bench *bench, struct fw_err *err)
{
	uint32_t id = 0;
	int r = bpf_xdp_query_id(bench->ifindex, XDP_FLAGS_DRV_MODE, &id);

	if (r || !id)
		return fw_err_set(err, r ? r : -ENOENT, "no program is attached to eth0 in native mode");
	r = bpf_prog_get_fd_by_id(id);
	return r < 0 ? fw_err_set(err, r, "cannot open program %u: %s", id, strerror(-r)) : r;
}

static int floodwall_command(const struct bench *bench, const char *command, const char *argument,
			     struct fw_err *err)
{
	char cli[BENCH_PATH_MAX], socket[BENCH_PATH_MAX];

	(void)snprintf(cli, sizeof(cli), "%s/floodwall", bench->build);
	(void)snprintf(socket, sizeof(socket), "%.200s/api.sock", bench->workdir);
	return process_must((const char *const[]){cli, "--socket", socket, command, argument, NULL}, err);
}

static int floodwall_up(struct bench *bench, struct target_run *run, struct fw_err *err)
{
	const char *dir = bench->workdir;
	char agent[BENCH_PATH_MAX], policy[BENCH_PATH_MAX], state[BENCH_PATH_MAX], socket[BENCH_PATH_MAX];
	char log[BENCH_PATH_MAX], list[BENCH_PATH_MAX];
	const char *const argv[] = {agent,    "--config",    policy, "--interface", "eth0", "--xdp",
				    "native", "--state-dir", state,  "--socket",    socket, NULL};
	int r;

	(void)snprintf(agent, sizeof(agent), "%s/floodwalld", bench->build);
	(void)snprintf(state, sizeof(state), "%.200s/state", dir);
	(void)snprintf(socket, sizeof(socket), "%.200s/api.sock", dir);
	(void)snprintf(log, sizeof(log), "%.200s/floodwalld.log", dir);
	/* A fresh start each time: what an earlier run remembered must not be adopted. */
	r = process_must((const char *const[]){"rm", "-rf", state, NULL}, err);
	if (!r && mkdir(state, 0700))
		r = fw_err_set(err, -errno, "cannot make %s: %s", state, strerror(errno));
	if (!r)
		r = write_list(bench, run->target, list, err);
	if (!r && run->target->world)
		r = make_world(bench, err);
	if (!r)
		r = copy_policy(bench, run->target->policy, policy, err);
	if (!r)
		r = process_start(argv, log, &run->agent, err);
	if (!r && process_await(&run->agent, "ready", READY_MS, err))
		r = fw_err_prefix(err, "floodwalld with policies/%s did not get ready (its log: %s)",
				  run->target->policy, log);
	if (!r && run->target->ban)
		r = floodwall_command(bench, "ban", run->target->ban, err);
	if (r)
		return r;
	run->program = attached_program(bench, err);
	return run->program < 0 ? run->program : 0;
}

static int peer_up(struct bench *bench, struct target_run *run, struct fw_err *err)
{
	char list[BENCH_PATH_MAX];
	const char *const argv[] = {
		"tools/bench/peers", run->target->name, "up", "eth0", list, TARGET_LISTED, NULL};
	int r = write_list(bench, run->target, list, err);

	if (!r)
		r = process_must(argv, err);
	if (!r) {
		run->program = attached_program(bench, NULL);
		run->link = 0; /* it stands: take it down whatever happens */
	}
	return r;
}

int target_up(struct bench *bench, const struct target *target, struct target_run *ret, struct fw_err *err)
{
	int r = 0;

	*ret = (struct target_run){.target = target, .program = -1, .link = -1};
	switch (target->kind) {
	case TARGET_NOTHING:
		break;
	case TARGET_BARE_DROP:
	case TARGET_BARE_READ:
	case TARGET_BARE_PASS:
		r = bare_up(bench, ret, err);
		break;
	case TARGET_NAIVE:
		r = naive_up(bench, ret, err);
		break;
	case TARGET_FLOODWALL:
		r = floodwall_up(bench, ret, err);
		break;
	case TARGET_PEER:
		r = peer_up(bench, ret, err);
		break;
	}
	if (r)
		target_down(bench, ret);
	return r;
}

static void floodwall_down(struct target_run *run)
{
	char pins[BENCH_PATH_MAX];
	struct stat netns;
	struct fw_err err;

	process_stop(&run->agent);
	/* Policies say on_exit: detach; this is for an agent that died before it could. */
	if (stat("/proc/self/ns/net", &netns) == 0) {
		(void)snprintf(pins, sizeof(pins), "/sys/fs/bpf/floodwall/%llu",
			       (unsigned long long)netns.st_ino);
		(void)process_must((const char *const[]){"rm", "-rf", pins, NULL}, &err);
	}
}

void target_down(struct bench *bench, struct target_run *run)
{
	struct fw_err err = {};

	(void)bench;
	if (run->target->kind == TARGET_FLOODWALL)
		floodwall_down(run);
	if (run->target->kind == TARGET_PEER && run->link == 0) {
		if (process_must((const char *const[]){"tools/bench/peers", run->target->name, "down", "eth0",
						       NULL},
				 &err))
			fprintf(stderr, "bench: %s\n", err.text);
		run->link = -1;
	}
	if (run->link >= 0)
		close(run->link);
	if (run->skeleton && run->target->kind == TARGET_NAIVE)
		naive_bpf__destroy(run->skeleton);
	else if (run->skeleton)
		bare_bpf__destroy(run->skeleton);
	else if (run->program >= 0)
		close(run->program);
	*run = (struct target_run){.target = run->target, .program = -1, .link = -1};
}
