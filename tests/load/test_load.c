// SPDX-License-Identifier: Apache-2.0
/* What loading takes: a clock that is right, and the three capabilities that are promised and no more. */
#include <cap-ng.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "kern/calibrate.h"
#include "kern/local.h"
#include "lib/clock.h"
#include "place.h"

/* now = jiffies × tick + offset is CLOCK_MONOTONIC, at most a tick late. */
Test(load, clock_is_calibrated)
{
	struct fw_datapath_options options = {SMALL};
	struct fw_datapath *datapath;
	struct fw_layout layout;
	struct fw_err err = {0};
	uint32_t zero = 0;
	uint64_t tick;

	needs_root();
	cr_assert_eq(fw_datapath_open(&options, &datapath, NULL, NULL, &err), 0, "%s", err.text);
	tick = fw_datapath_tick_ns(datapath);
	cr_assert_eq(bpf_map_lookup_elem(fw_datapath_map_fd(datapath, "fw_layout_map"), &zero, &layout), 0);
	cr_expect_eq(layout.tick_ns, tick, "adopters use the same clock");
	cr_expect_neq(layout.seed, 0);
	cr_expect_geq(tick, 1000000000ULL / 1200);
	cr_expect_leq(tick, 1000000000ULL / 24);
	for (int i = 0; i < 20; i++) {
		uint64_t before = fw_monotonic_ns(), now = fw_datapath_now_ns(datapath),
			 after = fw_monotonic_ns();

		cr_expect_leq(now, after);
		/* Read between the two, so it may be later than the first. */
		cr_expect_leq(before, now + tick + (after - before), "%lu ns late",
			      (unsigned long)(before - now));
		usleep(700);
	}
	fw_datapath_close(datapath);
}

static void become(uid_t uid, const unsigned int *capabilities, size_t count)
{
	cr_assert_eq(prctl(PR_SET_KEEPCAPS, 1), 0);
	cr_assert_eq(setgroups(0, NULL), 0);
	cr_assert_eq(setresgid(uid, uid, uid), 0);
	cr_assert_eq(setresuid(uid, uid, uid), 0);
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < count; i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, capabilities[i]);
	cr_assert_eq(capng_apply(CAPNG_SELECT_CAPS), 0);
	prctl(PR_SET_DUMPABLE, 1); /* or /proc/self would belong to root */
}

static void live_a_day(struct fw_datapath *datapath)
{
	struct fw_policy_slot *slot = calloc(1, sizeof(*slot));
	struct fw_class none = {0};
	struct fw_image image = {.slot = slot, .classes = &none, .class_count = 1};
	struct fw_ban ban = {.expires_ns = fw_datapath_now_ns(datapath) +
					   3600000000000ULL, /* emulated machines are slow */
			     .rule = FW_RULE_NONE};
	struct fw_map_usage usage[FW_MAP_USAGE_MAX];
	struct fw_iface_counts counts;
	struct fw_spared_entry *spared;
	struct fw_err err = {0};
	struct fw_prefix prefix;
	uint32_t generation;
	size_t used;

	cr_assert_eq(fw_prefix_parse("203.0.113.0/24", &prefix, &err), 0);
	for (int i = 0; i < 3; i++)
		cr_expect_eq(fw_publish(datapath, &image, 0, true, &generation, &err), 0, "publish: %s",
			     err.text);
	cr_expect_eq(fw_ban_add(datapath, &prefix, &ban, &err), 0, "ban: %s", err.text);
	cr_expect_eq(fw_ban_collect(datapath, 0), 0);
	cr_expect_eq(fw_ban_remove(datapath, &prefix, &err), 0, "unban: %s", err.text);
	cr_expect_eq(fw_stats_iface(datapath, 0, &counts), 0);
	cr_expect_eq(fw_spared_set(datapath,
				   &(struct fw_spared_entry){.addr = prefix.addr, .kind = FW_SPARED_SSH}, 1,
				   &err),
		     0, "%s", err.text);
	cr_expect_eq(fw_spared_list(datapath, &spared), 1);
	free(spared);
	cr_expect_eq(fw_local_set(datapath, &prefix, 1), 0); /* an empty trie takes no memory */
	cr_assert_eq(fw_stats_map_usage(datapath, usage, FW_MAP_USAGE_MAX, &used), 0);
	for (size_t i = 0; i < used; i++)
		cr_expect_gt(usage[i].memory_bytes, 0, "%s", usage[i].map);
	free(slot);
}

#define PAUSES 12

static void calibrate_until_ended(void)
{
	struct fw_err err = {0};
	int64_t offset;
	uint64_t tick;

	for (;;)
		if (fw_calibrate(&tick, &offset, &err)) {
			fprintf(stderr, "%s\n", err.text);
			_exit(1);
		}
}

/* As on a machine that is too busy for this process: it is away for half a second, just when it measures. */
Test(load, clock_is_calibrated_by_who_is_held_up)
{
	int status = 0;
	pid_t child;

	needs_root();
	child = fork();
	cr_assert_geq(child, 0);
	if (!child)
		calibrate_until_ended();
	for (int i = 0; i < PAUSES; i++) {
		usleep(30000 + (useconds_t)i * 1300);
		kill(child, SIGSTOP);
		usleep(450000);
		kill(child, SIGCONT);
	}
	usleep(100000);
	cr_expect_eq(waitpid(child, &status, WNOHANG), 0, "it has given up: %d", WEXITSTATUS(status));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

/* What the unit file grants: three capabilities, no root. Everything the agent does in its life goes through.
 */
Test(load, three_capabilities_suffice)
{
	static const unsigned int granted[] = {CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON};
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	struct fw_attached first, second;
	struct place place;
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	become(65534, granted, 3);
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	first = attach(attachments, "fw0", FW_XDP_NATIVE);
	attach(attachments, "fw1", FW_XDP_GENERIC);
	live_a_day(datapath);
	fw_attachments_free(attachments, false);
	fw_datapath_close(datapath);

	datapath = place_datapath(&place, FW_ADOPTED_ALL);
	attachments = fw_attachments_new(datapath);
	second = attach(attachments, "fw0", FW_XDP_AUTO);
	cr_expect_eq(second.link_id, first.link_id, "the link was taken over");
	cr_expect_neq(second.prog_id, first.prog_id);
	live_a_day(datapath);
	cr_expect_eq(fw_detach(attachments, "fw0", &err), 0, "%s", err.text);
	fw_attachments_free(attachments, true);
	cr_expect_eq(fw_datapath_unpin(datapath, &err), 0, "%s", err.text);
	fw_datapath_close(datapath);
}

static void check_missing(const unsigned int *granted, size_t count, const char *missing)
{
	struct fw_datapath_options options = {SMALL};
	struct fw_datapath *datapath = NULL;
	struct fw_err err = {0};
	int fd = -1, r;

	needs_root();
	become(65534, granted, count);
	r = fw_datapath_open(&options, &datapath, NULL, NULL, &err);
	if (!r)
		r = fw_datapath_load_program(datapath, 0, false, &fd, &err);
	cr_expect_eq(r, -EPERM, "%d %s", r, err.text);
	fw_datapath_close(datapath);
	cr_expect(strstr(err.text, missing), "'%s' names %s", err.text, missing);
}

Test(load, names_missing_cap_perfmon)
{
	check_missing((const unsigned int[]){CAP_BPF, CAP_NET_ADMIN}, 2, ": CAP_PERFMON missing");
}

Test(load, names_missing_cap_net_admin)
{
	check_missing((const unsigned int[]){CAP_BPF, CAP_PERFMON}, 2, ": CAP_NET_ADMIN missing");
}

Test(load, names_all_that_is_missing)
{
	check_missing(NULL, 0, "CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON missing");
}
