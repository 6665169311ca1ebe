/* SPDX-License-Identifier: Apache-2.0 */
/* A packet program of the test's own, without interface: a policy as text, a clock that stands still until
 * moved. */
#ifndef FW_TESTS_PROG_LAB_H
#define FW_TESTS_PROG_LAB_H

#include <sched.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "fw_reason.h"
#include "kern/bans.h"
#include "kern/nic.h"
#include "kern/publish.h"
#include "kern/replay.h"
#include "kern/stats.h"
#include "packets.h"
#include "policy/image.h"

static const char *const lab_words[] = {
#define X(id, action, by, word, help) [FW_REASON_##id] = (word),
	FW_REASONS(X)
#undef X
		[FW_REASON_UNDECIDED] = "UNDECIDED",
};

struct lab {
	struct fw_datapath *datapath;
	struct fw_runner *runner;
	struct fw_rule_ids ids;
	struct fw_image *image; /* as published last */
	struct fw_trace trace;	/* of the packet run last */
	uint64_t now_ns;
	uint32_t count_ifaces;
	const struct fw_feed_part *parts; /* what feeds list from the next publication on */
	size_t part_count;
};

#define LAB_SEED     4711u /* of the hashes */
#define LAB_START_NS (100 * FW_NS_PER_SEC)
#define MS	     1000000ULL
#define SECONDS	     FW_NS_PER_SEC

static inline void lab_needs_root(void)
{
	char missing[128];

	if (fw_missing_capabilities(missing, sizeof(missing)))
		cr_skip_test("running the packet program takes %s: run as root", missing);
}

/* The packets that follow come by this CPU. false: the machine has none of that number. */
static inline bool lab_go_to_cpu(unsigned int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

static inline void lab_compile(struct lab *lab, const char *policy_text)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	int r = fw_policy_parse(policy_text, strlen(policy_text), "test.yaml", "/", &diags, &policy);

	if (r)
		fw_diags_render(&diags, stderr);
	cr_assert_eq(r, 0, "the policy of the test does not load");
	fw_image_free(lab->image);
	lab->image = NULL;
	r = fw_image_compile(policy,
			     &(struct fw_image_input){.parts = lab->parts,
						      .part_count = lab->part_count,
						      .tick_ns = fw_datapath_tick_ns(lab->datapath)},
			     &lab->ids, &diags, &lab->image);
	if (r)
		fw_diags_render(&diags, stderr);
	cr_assert_eq(r, 0, "the policy of the test does not compile");
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

static inline uint32_t lab_put(struct lab *lab, bool lists)
{
	struct fw_err err = {0};
	uint32_t generation = 0;
	int r = fw_publish(lab->datapath, lab->image, lab->count_ifaces, lists, &generation, &err);

	cr_assert_eq(r, 0, "publish: %s", err.text);
	return generation;
}

static inline uint32_t lab_publish(struct lab *lab, const char *policy_text)
{
	lab_compile(lab, policy_text);
	return lab_put(lab, true);
}

static inline void lab_open_with(struct lab *lab, const char *policy_text, struct fw_datapath_options options,
				 bool frags)
{
	struct fw_err err = {0};

	lab_needs_root();
	*lab = (struct lab){.now_ns = LAB_START_NS};
	options.virtual_clock = options.trace = true;
	options.seed = LAB_SEED;
	cr_assert_eq(fw_datapath_open(&options, &lab->datapath, NULL, NULL, &err), 0, "open: %s", err.text);
	cr_assert_eq(fw_runner_open(lab->datapath, frags, &lab->runner, &err), 0, "runner: %s", err.text);
	if (policy_text)
		lab_publish(lab, policy_text);
}

static inline void lab_open(struct lab *lab, const char *policy_text)
{
	lab_open_with(lab, policy_text, (struct fw_datapath_options){.sources = 4096, .bans = 1024}, false);
}

static inline void lab_close(struct lab *lab)
{
	fw_runner_close(lab->runner);
	fw_datapath_close(lab->datapath);
	fw_image_free(lab->image);
}

/* Runs one frame and returns the reason; verdict and rule are in lab->trace. */
static inline enum fw_reason lab_run(struct lab *lab, const struct packet *packet)
{
	struct fw_err err = {0};
	uint32_t action = XDP_ABORTED;
	int r = fw_runner_run(lab->runner, lab->now_ns, packet->bytes, packet->length, &action, &lab->trace,
			      &err);

	cr_assert_eq(r, 0, "run: %s", err.text);
	cr_assert_lt(lab->trace.reason, FW_REASON_MAX_, "no reason was written");
	cr_assert_eq(action,
		     lab->trace.verdict != FW_VERDICT_DROP	 ? XDP_PASS
		     : lab->trace.reason == FW_REASON_CHALLENGED ? XDP_TX
								 : XDP_DROP,
		     "action %u for %s", action, lab_words[lab->trace.reason]);
	return (enum fw_reason)lab->trace.reason;
}

static inline const char *lab_rule(const struct lab *lab)
{
	return lab->trace.rule < FW_RULE_IDS ? lab->ids.name[lab->trace.rule] : "";
}

static inline struct fw_addr lab_addr(const char *text)
{
	struct fw_addr addr;

	cr_assert_eq(fw_addr_parse(text, &addr, NULL), 0);
	return addr;
}

static inline struct fw_prefix lab_prefix(const char *text)
{
	struct fw_prefix prefix;

	cr_assert_eq(fw_prefix_parse_lax(text, &prefix, NULL), 0);
	return prefix;
}

/* What an unban does to meters. */
static inline void lab_forget(struct lab *lab, const struct fw_prefix *sources, size_t count)
{
	struct fw_meter_forget forget;

	cr_assert_eq(fw_meter_forget_prepare(lab->datapath, sources, count, &forget), 0);
	cr_assert_eq(fw_meter_forget_run(&forget), 0);
	fw_meter_forget_done(&forget);
}

static inline struct fw_rule_count lab_counts(struct lab *lab, const char *rule)
{
	for (uint16_t id = 0; id < FW_RULE_IDS; id++)
		if (!strcmp(lab->ids.name[id], rule))
			return fw_stats_rule(lab->datapath, id);
	cr_assert_fail("no rule %s", rule);
	return (struct fw_rule_count){0};
}

/* expect(&lab, FW_REASON_X, PACKET(…)): which row failed is in the line number. */
#define expect(lab, reason, ...)                                                                             \
	do {                                                                                                 \
		struct packet packet_ = (__VA_ARGS__);                                                       \
		enum fw_reason found_ = lab_run(lab, &packet_);                                              \
		cr_expect_eq(found_, reason, "%s: expected %s, got %s (rule '%s')", #__VA_ARGS__,            \
			     lab_words[reason], lab_words[found_], lab_rule(lab));                           \
	} while (0)

#define expect_rule(lab, reason, rule_name, ...)                                                             \
	do {                                                                                                 \
		expect(lab, reason, __VA_ARGS__);                                                            \
		cr_expect_str_eq(lab_rule(lab), rule_name, "%s: decided by '%s', expected '%s'",             \
				 #__VA_ARGS__, lab_rule(lab), rule_name);                                    \
	} while (0)

/* Sends `count` packets in a row and returns how many passed. */
static inline unsigned int lab_send(struct lab *lab, struct packet packet, unsigned int count)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < count; i++) {
		lab_run(lab, &packet);
		passed += lab->trace.verdict != FW_VERDICT_DROP;
	}
	return passed;
}

#endif
