/* SPDX-License-Identifier: Apache-2.0 */
/* A policy compiled from its text, for the tests that look at what comes out. */
#ifndef FW_TESTS_UNIT_COMPILED_H
#define FW_TESTS_UNIT_COMPILED_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"

#define TICK 4000000ULL

struct compiled {
	struct fw_policy *policy;
	struct fw_image *image;
	struct fw_diags diags;
	int result;
};

static inline struct compiled compile_with(const char *text, struct fw_rule_ids *ids)
{
	struct compiled c = {0};

	c.result = fw_policy_parse(text, strlen(text), "text", ".", &c.diags, &c.policy);
	cr_assert_eq(c.result, 0, "%s", c.diags.count ? c.diags.items[0].message : "");
	c.result = fw_image_compile(c.policy, &(struct fw_image_input){.tick_ns = TICK}, ids, &c.diags,
				    &c.image);
	return c;
}

static inline struct compiled compile(const char *text)
{
	struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct compiled c = compile_with(text, ids);

	free(ids);
	return c;
}

static inline void done(struct compiled *c)
{
	fw_image_free(c->image);
	fw_policy_free(c->policy);
	fw_diags_done(&c->diags);
}

#define RULE(body) "version: 1\nrules:\n  - {name: r, " body "}\n"

#endif
