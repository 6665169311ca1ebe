// SPDX-License-Identifier: Apache-2.0
/* Action challenge: how many are answered, and how many pass who cannot be. */
#include <bpf/bpf.h>

#include "challenge_scene.h"

static const char budgets[] =
	"version: 1\nsafety: {challenge_replies: 40, challenge_replies_per_prefix: 10}\n" RULE(
		"per: total, ");

/* Sources that differ by one number in `pattern`; returns how many were answered, the others were beyond a
 * budget. */
static unsigned int answered(struct lab *lab, const char *pattern, int count)
{
	unsigned int answered = 0;

	for (int i = 0; i < count; i++) {
		struct packet syn;
		char from[64];

		snprintf(from, sizeof(from), pattern, i + 1);
		syn = SYN(.from = from);
		if (lab_run(lab, &syn) == FW_REASON_CHALLENGED)
			answered++;
		else
			cr_expect_eq(lab->trace.reason, FW_REASON_CHALLENGE_BUDGET, "%s got %s", from,
				     lab_words[lab->trace.reason]);
	}
	return answered;
}

Test(challenge, answers_within_budgets)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, budgets);
	flood(&scene, VICTIM);
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "198.51.100.%d", 20), 10, "a /24");
	cr_expect_eq(answered(lab, "2001:db8:77:%d::1", 20), 10, "a /48");
	cr_expect_eq(answered(lab, "198.51.101.%d", 1), 1, "another /24");
	expect_rule(lab, FW_REASON_CHALLENGE_BUDGET, "syn", SYN(.from = "198.51.100.250"));
	cr_expect_eq(answered(lab, "10.2.%d.1", 60), 40 - 21, "all together");
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "198.51.100.%d", 20), 10, "a second later");
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "10.2.%d.1", 60), 40);
	scene_close(&scene);
}

/* The budgets are for those who may be forged. */
Test(challenge, verified_sources_are_beyond_the_budgets)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct fw_addr key = lab_addr(HONEST);
	struct fw_verified verified;

	scene_open(&scene, budgets);
	flood(&scene, VICTIM);
	verified.expires_ns = lab->now_ns + SECONDS;
	cr_assert_eq(
		bpf_map_update_elem(fw_datapath_map_fd(lab->datapath, "fw_verified_map"), &key, &verified, 0),
		0);
	cr_expect_lt(answered(lab, "10.2.%d.1", 60), 60);
	for (int i = 0; i < 50; i++)
		expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 30), 0);
	expect(lab, FW_REASON_CHALLENGE_BUDGET, SYN(.from = HONEST));
	scene_close(&scene);
}

/* Without a listener's consent, with signatures, in fragments: a few reach the stack. */
Test(challenge, who_cannot_be_answered_passes_within_a_budget)
{
	static const unsigned char md5[] = {19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	uint64_t faults[FW_FAULT_MAX_];
	struct packet syn;
	unsigned int passed;

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	lab->now_ns += 2 * SECONDS;
	syn = with_options(SYN(.from = HONEST, .tcp_options = 20), 34, md5, sizeof(md5));
	passed = lab_send(lab, syn, 900);
	cr_expect_eq(passed, 900, "%u of 900 passed", passed);
	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	cr_expect_eq(faults[FW_FAULT_COOKIE_FAILED], 900);
	cr_expect_leq(lab_send(lab, syn, 900), 100, "a thousand a second");
	expect(lab, FW_REASON_CHALLENGE_BUDGET, SYN(.from = HONEST6, .extensions = {HOP}));
	lab->now_ns += 2 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST6, .extensions = {HOP}));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .fragment = FIRST_FRAGMENT));
	/* The client's ACK follows it, and its extension may look like a TCP header. */
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST6, .extensions = {HOP}));
	syn = SYN(.from = HONEST6, .extensions = {HOP});
	syn.bytes[62 + 4] =
		0x70; /* the sequence number: where doff would be, if TCP began with the extension */
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_NO_RULE, "answered to ports that are none");
	cr_expect_leq(lab_send(lab, TCP(TCP_ACK, .from = HONEST6, .extensions = {HOP}), 2000), 1000,
		      "ACKs that cannot be read share the budget");
	lab->now_ns += 2 * SECONDS;
	cr_assert_eq(fw_ipv4_sysctl_write("tcp_syncookies", 0, NULL), 0);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST)); /* the helper refuses */
	sockets_say(&scene.lab, 0);
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 5000), 5000, "not ready: nothing is challenged");
	scene_close(&scene);
}
