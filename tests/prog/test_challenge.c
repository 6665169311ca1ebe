// SPDX-License-Identifier: Apache-2.0
/* Action challenge: when it begins and ends, whom it is for and whom it spares. */
#include "challenge_scene.h"

Test(challenge, begins_over_the_limit_and_ends_with_hysteresis)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 5), 5, "within the limit nothing is challenged");
	expect_rule(lab, FW_REASON_CHALLENGED, "syn", SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	lab->now_ns += 2 * SECONDS; /* the rate is nothing, the challenge holds on */
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 7 * SECONDS;
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 3), 0,
		     "three are more than half of the limit: it goes on");
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST));
	cr_expect_eq(lab_counts(lab, "syn").packets, 12);
	cr_expect_eq(lab_counts(lab, "syn").dropped, 6);
	scene_close(&scene);
}

Test(challenge, per_destination)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, PER_IP);
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to = VICTIM_OTHER));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	scene_close(&scene);
}

Test(challenge, of_nobody_who_listens)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81));
	flood(&scene, VICTIM);
	expect_rule(lab, FW_REASON_CHALLENGE_NO_LISTENER, "syn", SYN(.from = HONEST, .to_port = 81));
	expect(lab, FW_REASON_CHALLENGE_NO_LISTENER, SYN(.from = HONEST6, .to_port = 81));
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_FORWARDS);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81)); /* may be for somebody behind */
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* Whoever ends a challenge does it at once, also when another rule asks who is verified. */
Test(challenge, ends_with_the_rule)
{
	static const char asks[] = "version: 1\nrules: [{name: r, match: {verified: false, dest_port: 9}, "
				   "action: block}]\n";
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	expect(&scene.lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(&scene.lab, asks);
	expect(&scene.lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

Test(challenge, count_mode_answers_nobody)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct packet syn = SYN(.from = HONEST);

	scene_open(&scene, "version: 1\n" RULE("per: total, mode: count, "));
	flood(&scene, VICTIM);
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_NO_RULE);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(scene.answer_length == syn.length && !memcmp(scene.answer, syn.bytes, syn.length),
		  "the frame is as it came");
	cr_expect_eq(lab_counts(lab, "syn").would_drop, 4);
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(lab, "version: 1\nmode: count\n" RULE("per: total, "));
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(!memcmp(scene.answer, syn.bytes, syn.length), "the frame is as it came");
	scene_close(&scene);
}

Test(challenge, spares_never_block_and_earlier_rules)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, "version: 1\nnever_block: [office]\nsets: {office: {entries: [" OFFICE
			   "]}}\n" RULE("per: total, "));
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_NEVER_BLOCK, SYN(.from = OFFICE));
	expect(lab, FW_REASON_NEVER_BLOCK, TCP(TCP_RST, .from = OFFICE));
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	scene_close(&scene);
}
