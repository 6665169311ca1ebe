// SPDX-License-Identifier: Apache-2.0
/* A recommendation while memory is short: no attacker passes for honest. The linker leads calloc here. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

#include "history/recommend.h"

static size_t left = SIZE_MAX; /* allocations until one fails */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
	return left-- ? __real_calloc(count, size) : NULL;
}

/* 40 honest sources and an attacker far above; *ret is what it was when there is no answer. */
Test(recommend_memory, without_memory_there_is_no_limit)
{
	struct fw_seen sources[41] = {0};
	struct fw_evidence evidence = {.seen = sources, .seen_count = 41};
	struct fw_recommendation advice = {.limit = 4711};

	for (size_t i = 0; i < 41; i++)
		sources[i] = (struct fw_seen){.highest = i ? 1000 - i : 1000000, .windows = 1};
	for (size_t allowed = 0;; allowed++) {
		int r;

		left = allowed;
		r = fw_recommend(&evidence, 2, &advice);
		left = SIZE_MAX;
		if (!r)
			break;
		cr_assert_eq(r, -ENOMEM, "%zu allocations: %d", allowed, r);
		cr_assert_eq(advice.limit, 4711, "%zu allocations: limit %lu", allowed,
			     (unsigned long)advice.limit);
	}
	cr_assert_eq(advice.apart, 1);
	cr_assert_lt(advice.limit, 1000000);
}
