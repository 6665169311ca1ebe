// SPDX-License-Identifier: Apache-2.0
/* Interned combinations of sets. A million prefixes meet few of them, so every step is remembered. */
#include "policy/combos.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/lists.h"

#define COMBOS_MAX  (1u << 20) /* far above the classes a policy may have; bounds memory */
#define FIRST_SIZE  256
#define HASH_FACTOR 0x9e3779b97f4a7c15ULL

struct fw_combo_step {
	uint32_t from, set;
	uint32_t to; /* number + 1, 0 = free */
};

static uint64_t hash_words(const uint64_t *words, size_t count)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ words[i]) * HASH_FACTOR, hash ^= hash >> 29;
	return hash;
}

static uint64_t hash_step(uint32_t from, uint32_t set)
{
	uint64_t hash = ((uint64_t)from << 32 | set) * HASH_FACTOR;

	return hash ^ hash >> 29;
}

void fw_combos_done(struct fw_combos *combos)
{
	for (size_t i = 0; i < combos->count; i++)
		free(combos->members[i]);
	free(combos->members);
	free(combos->by_members);
	free(combos->steps);
	*combos = (struct fw_combos){0};
}

static void place_members(struct fw_combos *combos, uint32_t number)
{
	size_t mask = combos->by_members_size - 1;
	size_t at = hash_words(combos->members[number], combos->words) & mask;

	while (combos->by_members[at])
		at = (at + 1) & mask;
	combos->by_members[at] = number + 1;
}

static int grow_members(struct fw_combos *combos)
{
	size_t size = combos->by_members_size ? combos->by_members_size * 2 : FIRST_SIZE;
	uint32_t *table;

	if (combos->count * 2 < combos->by_members_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	free(combos->by_members);
	combos->by_members = table;
	combos->by_members_size = size;
	for (size_t i = 0; i < combos->count; i++)
		place_members(combos, (uint32_t)i);
	return 0;
}

/* Takes ownership of members. */
static int intern(struct fw_combos *combos, uint64_t *members, uint32_t *ret)
{
	size_t at, mask;
	int r = grow_members(combos);

	if (r) {
		free(members);
		return r;
	}
	mask = combos->by_members_size - 1;
	for (at = hash_words(members, combos->words) & mask; combos->by_members[at]; at = (at + 1) & mask) {
		uint32_t number = combos->by_members[at] - 1;

		if (memcmp(combos->members[number], members, combos->words * sizeof(*members)))
			continue;
		free(members);
		*ret = number;
		return 0;
	}
	if (combos->count == COMBOS_MAX || FW_APPEND(combos->members, combos->count, members)) {
		free(members);
		return combos->count == COMBOS_MAX ? -E2BIG : -ENOMEM;
	}
	combos->by_members[at] = (uint32_t)combos->count;
	*ret = (uint32_t)combos->count - 1;
	return 0;
}

int fw_combos_init(struct fw_combos *combos, size_t set_count)
{
	uint64_t *none;
	uint32_t number;

	*combos = (struct fw_combos){.words = (set_count + 63) / 64};
	none = calloc(combos->words + 1, sizeof(*none));
	return none ? intern(combos, none, &number) : -ENOMEM;
}

static struct fw_combo_step *find_step(struct fw_combos *combos, uint32_t from, uint32_t set)
{
	size_t mask = combos->steps_size - 1, at = hash_step(from, set) & mask;

	while (combos->steps[at].to && (combos->steps[at].from != from || combos->steps[at].set != set))
		at = (at + 1) & mask;
	return &combos->steps[at];
}

static int grow_steps(struct fw_combos *combos)
{
	size_t old_size = combos->steps_size, size = old_size ? old_size * 2 : FIRST_SIZE;
	struct fw_combo_step *old = combos->steps, *table;

	if (combos->step_count * 2 < old_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	combos->steps = table;
	combos->steps_size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].to)
			*find_step(combos, old[i].from, old[i].set) = old[i];
	free(old);
	return 0;
}

int fw_combos_add(struct fw_combos *combos, uint32_t combo, uint32_t set, uint32_t *ret)
{
	struct fw_combo_step *step;
	uint64_t *members;
	uint32_t number;
	int r;

	if (fw_bit_test(combos->members[combo], set)) {
		*ret = combo;
		return 0;
	}
	r = grow_steps(combos);
	if (r)
		return r;
	step = find_step(combos, combo, set);
	if (!step->to) {
		members = calloc(combos->words + 1, sizeof(*members));
		if (!members)
			return -ENOMEM;
		memcpy(members, combos->members[combo], combos->words * sizeof(*members));
		fw_bit_set(members, set);
		r = intern(combos, members, &number);
		if (r)
			return r;
		*step = (struct fw_combo_step){.from = combo, .set = set, .to = number + 1};
		combos->step_count++;
	}
	*ret = step->to - 1;
	return 0;
}
