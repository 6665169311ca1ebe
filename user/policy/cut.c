// SPDX-License-Identifier: Apache-2.0
/* What is left of an entry when prefixes are taken out of it. */
#include "policy/cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/prefixes.h"

int fw_cut_init(struct fw_cut *cut, const struct fw_prefix *wanted, size_t count)
{
	*cut = (struct fw_cut){.wanted = wanted,
			       .count = count,
			       .met = calloc(count + 1, sizeof(*cut->met)),
			       .normal = calloc(count + 1, sizeof(*cut->normal))};
	if (!cut->met || !cut->normal)
		return -ENOMEM;
	if (count)
		memcpy(cut->normal, wanted, count * sizeof(*wanted));
	cut->normal_count = fw_prefixes_normalize(cut->normal, count);
	return 0;
}

void fw_cut_done(struct fw_cut *cut)
{
	free(cut->met);
	free(cut->normal);
	*cut = (struct fw_cut){};
}

static bool meets(struct fw_cut *cut, const struct fw_set *entry)
{
	bool any = false;

	for (size_t i = 0; i < cut->count; i++)
		for (size_t j = 0; j < entry->prefix_count; j++)
			if (fw_prefix_overlaps(&cut->wanted[i], &entry->prefixes[j]))
				any = cut->met[i] = true;
	return any;
}

int fw_cut_entry(struct fw_cut *cut, const char *text, struct fw_set *ret_left, bool *ret_touched)
{
	struct fw_set entry = {0};
	int r = fw_entry_parse(text, &entry, NULL);
	bool touched = !r && meets(cut, &entry);

	if (touched)
		r = fw_prefixes_subtract(
			entry.prefixes, fw_prefixes_normalize(entry.prefixes, entry.prefix_count),
			cut->normal, cut->normal_count, &ret_left->prefixes, &ret_left->prefix_count);
	free(entry.prefixes);
	*ret_touched = touched;
	return r == -ENOMEM ? r : 0;
}

const struct fw_prefix *fw_cut_unmet(const struct fw_cut *cut)
{
	for (size_t i = 0; i < cut->count; i++)
		if (!cut->met[i])
			return &cut->wanted[i];
	return NULL;
}
