// SPDX-License-Identifier: Apache-2.0
/* So many prefixes of both families that either bitmap takes all its words: who is listed, who is not and who
 * is added or taken away in place is answered as the merged list says. */
#include "lab.h"

#include "kern/instance.h"
#include "policy/lists.h"
#include "policy/prefixes.h"

#define MANY	400000
#define PROBES	4000
#define CHANGES 60

static const char policy_text[] = "version: 1\ncapacity: {sources: 4096, bans: 1024}\n"
				  "sets: {many: {entries: [192.0.2.1]}}\nrules:\n"
				  "  - {name: listed, match: {source: [many]}, action: block, force: true}\n";

struct many {
	struct fw_prefix *prefixes;
	struct fw_policy *policy;
	struct fw_feed_part part;
	struct fw_set_change changes[CHANGES];
	struct fw_image_input input;
	uint64_t state;
};

static uint32_t roll(struct many *many)
{
	many->state = many->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(many->state >> 32);
}

/* Anywhere in 1.0.0.0 to 223.255.255.255 and in 2000::/3. */
static struct fw_addr random_addr(struct many *many, bool v4)
{
	struct fw_addr addr = {};

	if (v4) {
		addr.w[2] = htonl(0xffff);
		addr.w[3] = htonl((1 + roll(many) % 223) << 24 | (roll(many) & 0xffffff));
	} else {
		addr.w[0] = htonl(0x20000000 | (roll(many) & 0x1fffffff));
		addr.w[1] = roll(many);
	}
	return addr;
}

static struct fw_prefix random_prefix(struct many *many, bool v4)
{
	struct fw_prefix prefix = {.addr = random_addr(many, v4), .bits = v4 ? 128 : 48};

	prefix.addr = fw_addr_masked(&prefix.addr, prefix.bits);
	return prefix;
}

static void publish(struct lab *lab, struct many *many)
{
	struct fw_diags diags = {0};

	fw_image_free(lab->image);
	lab->image = NULL;
	cr_assert_eq(fw_image_compile(many->policy, &many->input, &lab->ids, &diags, &lab->image), 0);
	fw_diags_done(&diags);
	lab_put(lab, true);
}

static void open_many(struct lab *lab, struct many *many)
{
	struct fw_diags diags = {0};
	uint32_t masks = 0;

	many->prefixes = calloc(MANY, sizeof(*many->prefixes));
	cr_assert(many->prefixes);
	for (size_t i = 0; i < MANY; i++)
		many->prefixes[i] = random_prefix(many, i % 2);
	cr_assert_eq(
		fw_policy_parse(policy_text, strlen(policy_text), "test.yaml", "/", &diags, &many->policy),
		0);
	fw_diags_done(&diags);
	many->policy->sets[0].kind = FW_SET_FEED;
	many->part = (struct fw_feed_part){.feed = "many",
					   .prefixes = many->prefixes,
					   .count = fw_prefixes_normalize(many->prefixes, MANY)};
	many->input =
		(struct fw_image_input){.parts = &many->part, .part_count = 1, .changes = many->changes};
	lab_open(lab, NULL);
	publish(lab, many);
	for (int slot = 0; slot < FW_SLOTS; slot++)
		masks |= lab->datapath->policy[slot].lists.bitmap_mask4 &
			 lab->datapath->policy[slot].lists.bitmap_mask6;
	cr_assert(fw_list_is_ample(masks), "so many take %u words", masks + 1);
}

static void close_many(struct lab *lab, struct many *many)
{
	lab_close(lab);
	fw_policy_free(many->policy);
	free(many->prefixes);
}

/* In place, as the agent does it. */
static void change(struct lab *lab, struct many *many)
{
	struct fw_list_delta delta = {0};
	struct fw_diags diags = {0};
	struct fw_err err = {0};

	cr_assert_eq(fw_image_change(many->policy, &many->input, lab->image, &diags, &delta), 0);
	cr_assert_eq(fw_publish_change(lab->datapath, lab->image, &delta, &err), 0, "%s", err.text);
	fw_list_delta_done(&delta);
	fw_diags_done(&diags);
}

static bool is_listed(const struct lab *lab, const struct fw_addr *addr)
{
	return fw_bit_test(lab->image->class_sets[fw_image_classify(lab->image, addr)], 0);
}

static void expect_listed(struct lab *lab, const struct fw_addr *addr, bool listed)
{
	char text[FW_ADDR_TEXT_MAX];

	cr_assert_eq(is_listed(lab, addr), listed);
	fw_addr_format(addr, text, sizeof(text));
	expect(lab, listed ? FW_REASON_RULE_BLOCK : FW_REASON_NO_RULE, PACKET(.from = text));
}

Test(many_lists, answer_as_the_merged_list_does, .timeout = 600)
{
	struct many many = {.state = 4711};
	struct lab lab;

	open_many(&lab, &many);
	for (int i = 0; i < PROBES; i++) {
		struct fw_addr addr = many.prefixes[roll(&many) % many.part.count].addr;

		expect_listed(&lab, &addr, true);
		addr = random_addr(&many, i % 2);
		expect_listed(&lab, &addr, is_listed(&lab, &addr));
	}
	close_many(&lab, &many);
}

Test(many_lists, follow_changes_in_place, .timeout = 600)
{
	struct many many = {.state = 4712};
	struct lab lab;

	open_many(&lab, &many);
	for (size_t i = 0; i < CHANGES; i++) {
		bool removed = i % 3 == 2;
		struct fw_prefix prefix =
			removed ? many.prefixes[roll(&many) % many.part.count] : random_prefix(&many, i % 2);

		many.changes[i] = (struct fw_set_change){.set = "many", .prefix = prefix, .removed = removed};
		many.input.change_count = i + 1;
		change(&lab, &many);
		expect_listed(&lab, &prefix.addr, !removed);
	}
	/* And back: what was added goes, what was removed is there again. */
	while (many.input.change_count) {
		struct fw_set_change *last = &many.changes[--many.input.change_count];

		change(&lab, &many);
		expect_listed(&lab, &last->prefix.addr, last->removed);
	}
	close_many(&lab, &many);
}
