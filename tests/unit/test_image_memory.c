// SPDX-License-Identifier: Apache-2.0
/* An image that is changed in place while memory is short: it is as it was, whichever allocation fails. The
 * linker leads calloc and reallocarray here. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/lists.h"

static size_t left = SIZE_MAX; /* allocations until one fails */

void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return left-- ? __real_calloc(count, size) : NULL;
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return left-- ? __real_reallocarray(old, count, size) : NULL;
}

static const char text[] = "version: 1\n"
			   "sets: {a: {entries: [192.0.2.0/24]}, b: {entries: [198.51.100.0/24]}}\n"
			   "rules:\n"
			   "  - {name: first, match: {source: [a]}, action: block}\n"
			   "  - {name: second, match: {source: [b]}, limit: 5 packets/1s, action: block}\n";

static struct fw_image *compile(const struct fw_policy *policy)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_image *image = NULL;
	struct fw_diags diags = {0};

	cr_assert_eq(fw_image_compile(policy, &(struct fw_image_input){0}, ids, &diags, &image), 0);
	fw_diags_done(&diags);
	return image;
}

static uint64_t terms_of(const struct fw_image *image, const char *address)
{
	struct fw_addr addr;

	cr_assert_eq(fw_addr_parse(address, &addr, NULL), 0);
	return image->classes[fw_image_classify(image, &addr)].source_terms;
}

/* An address of a that becomes one of b as well is in a class that is new. */
Test(image_memory, a_change_that_fails_leaves_it_as_it_was)
{
	struct fw_set_change change = {.set = "b"};
	struct fw_image_input input = {.changes = &change, .change_count = 1};
	struct fw_policy *policy = NULL;
	struct fw_diags diags = {0};
	bool failed = true;

	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0);
	cr_assert_eq(fw_prefix_parse("192.0.2.128/25", &change.prefix, NULL), 0);
	for (size_t fails = 0; failed; fails++) {
		struct fw_image *image = compile(policy);
		struct fw_list_delta delta = {0};
		size_t classes = image->class_count;
		uint64_t before = terms_of(image, "192.0.2.129");
		int r;

		left = fails;
		r = fw_image_change(policy, &input, image, &diags, &delta);
		failed = left > fails;
		left = SIZE_MAX;
		cr_assert(!r || r == -ENOMEM, "%d", r);
		cr_assert_not_null(image->classes, "allocation %zu", fails);
		if (r)
			cr_expect_eq(image->class_count, classes);
		cr_expect_eq(terms_of(image, "192.0.2.129") == before, r != 0, "allocation %zu", fails);
		cr_expect_eq(terms_of(image, "192.0.2.1"), before);
		fw_list_delta_done(&delta);
		fw_image_free(image);
		cr_assert_lt(fails, 1000);
	}
	fw_policy_free(policy);
	fw_diags_done(&diags);
}
