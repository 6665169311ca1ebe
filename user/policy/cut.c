// SPDX-License-Identifier: Apache-2.0
/* What is left of an entry when prefixes are taken out of it. */
#include "policy/cut.h"

#include <errno.h>
#include <stdlib.h>

#include "policy/prefixes.h"

int fw_cut_init(struct fw_cut *cut, const struct fw_prefix *wanted, size_t count)
{
	*cut = (struct fw_cut){.wanted = wanted,
			       .count = count,
			       .met = calloc(count + 1, sizeof(*cut->met)),
			       .held = calloc(count + 1, sizeof(*cut->held))};
	return cut->met && cut->held ? 0 : -ENOMEM;
}

void fw_cut_done(struct fw_cut *cut)
{
	free(cut->met);
	free(cut->held);
	*cut = (struct fw_cut){};
}

static bool holds(const struct fw_set *entry, const struct fw_prefix *prefix)
{
	for (size_t i = 0; i < entry->prefix_count; i++)
		if (fw_prefix_covers(&entry->prefixes[i], prefix))
			return true;
	return false;
}

/* Those that the entry, in normal form, has all of go to cut->held; returns how many. */
static size_t find_held(struct fw_cut *cut, const struct fw_set *entry)
{
	size_t count = 0;

	for (size_t i = 0; i < cut->count; i++)
		if (holds(entry, &cut->wanted[i])) {
			cut->met[i] = true;
			cut->held[count++] = cut->wanted[i];
		}
	return fw_prefixes_normalize(cut->held, count);
}

int fw_cut_entry(struct fw_cut *cut, const char *text, struct fw_set *ret_left, bool *ret_touched)
{
	struct fw_set entry = {0};
	int r = fw_entry_parse(text, &entry, NULL);
	size_t held = 0;

	if (!r) {
		entry.prefix_count = fw_prefixes_normalize(entry.prefixes, entry.prefix_count);
		held = find_held(cut, &entry);
	}
	if (held)
		r = fw_prefixes_subtract(entry.prefixes, entry.prefix_count, cut->held, held,
					 &ret_left->prefixes, &ret_left->prefix_count);
	free(entry.prefixes);
	*ret_touched = held;
	return r == -ENOMEM ? r : 0;
}

const struct fw_prefix *fw_cut_unmet(const struct fw_cut *cut)
{
	for (size_t i = 0; i < cut->count; i++)
		if (!cut->met[i])
			return &cut->wanted[i];
	return NULL;
}
