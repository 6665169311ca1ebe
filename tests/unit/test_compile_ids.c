// SPDX-License-Identifier: Apache-2.0
/* Rule ids follow names, and those in force stay. */
#include <stdio.h>

#include "compiled.h"
#include "lib/cleanup.h"

Test(compile_ids, ids_follow_names)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled c = compile_with(
		"version: 1\nrules:\n  - {name: a, action: count}\n  - {name: b, action: count}\n", ids);
	uint16_t a = c.image->slot->rules[0].id, b = c.image->slot->rules[1].id;

	cr_expect(a && b && a != b);
	done(&c);
	/* 252 other names pass through, 60 at a time; b stays in use, a does not. */
	for (unsigned int round = 0; round < 6; round++) {
		FW_FREE char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		bool seen[FW_RULE_IDS] = {0};

		fprintf(out, "version: 1\nrules:\n");
		for (unsigned int i = 0; i < 60; i++)
			fprintf(out, "  - {name: n%u, action: count}\n", round * 60 + i);
		fprintf(out, "  - {name: b, action: count}\n");
		fclose(out);
		c = compile_with(text, ids);
		for (unsigned int i = 0; i < c.image->rule_count; i++) {
			uint16_t id = c.image->slot->rules[i].id;

			cr_expect(id > 0 && id < FW_RULE_NEVER_BLOCK, "id %u", id);
			cr_expect(!seen[id], "id %u twice", id);
			cr_expect_str_eq(ids->name[id], c.policy->rules[i].name);
			seen[id] = true;
		}
		cr_expect_eq(c.image->slot->rules[60].id, b, "round %u", round);
		done(&c);
	}
	cr_expect_str_neq(ids->name[a], "a", "the id unused for longest is used again");
	free(ids);
}

static struct compiled compile_names(char prefix, unsigned int first, struct fw_rule_ids *ids)
{
	FW_FREE char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "version: 1\nrules:\n");
	for (unsigned int i = 0; i < FW_RULES_MAX; i++)
		fprintf(out, "  - {name: %c%u, action: count}\n", prefix, first + i);
	fclose(out);
	return compile_with(text, ids);
}

Test(compile_ids, ids_in_force_stay_whatever_fails_after_them)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled in_force = compile_names('f', 0, ids);

	for (unsigned int round = 0; round < 8; round++) {
		struct compiled refused;

		fw_rule_ids_hold(ids, in_force.image->slot);
		refused = compile_names('n', round * FW_RULES_MAX, ids);
		for (unsigned int i = 0; i < FW_RULES_MAX; i++)
			cr_expect_str_eq(ids->name[in_force.image->slot->rules[i].id],
					 in_force.policy->rules[i].name, "round %u", round);
		done(&refused);
	}
	done(&in_force);
	free(ids);
}
