// SPDX-License-Identifier: Apache-2.0
/* Peaks of meters, and what was dropped of their keys since the last look. */
#include "agent/gather_peaks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/stats.h"
#include "lib/grow.h"

#define LOOKUPS_MAX 200000 /* of one reading: about a fifth of a second */
#define ROUNDS_KEPT 60	   /* readings that a silent key is remembered for */

struct fw_peak_drops {
	struct fw_meter_key key;
	uint32_t dropped, round; /* counter of the meter, readings since it was last seen */
};

/* A key on its way to a peak. */
struct found {
	struct fw_meter_key key;
	uint32_t rule; /* index into metered */
	struct fw_meter_peak peak;
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fw_meter_key)); /* the first member of both */
}

static bool has_keys_by_source(const struct fw_rule *rule)
{
	return rule->per == FW_PER_SOURCE || rule->per == FW_PER_SOURCE_PREFIX;
}

static struct fw_meter_key key_of(const struct fw_rule *rule, const struct fw_addr *source)
{
	const struct fw_addr *mask = &rule->key_mask[fw_addr_family(source)];
	struct fw_meter_key key = {.rule = rule->id};

	for (int i = 0; i < 4; i++)
		key.addr.w[i] = source->w[i] & mask->w[i];
	return key;
}

static unsigned char bits_of(const struct fw_addr *mask)
{
	unsigned int bits = 0;

	for (int i = 0; i < 4; i++)
		bits += (unsigned int)__builtin_popcount(mask->w[i]);
	return (unsigned char)bits;
}

/* Keys of one rule, without repetitions (several sources may share a prefix). */
static int find_keys(const struct fw_gather_step *step, const struct fw_crowd *active, uint32_t rule,
		     struct found **found, size_t *count)
{
	size_t first = *count, kept;

	for (size_t i = 0; i < active->count; i++) {
		struct found one = {.key = key_of(&step->metered[rule].kernel, &active->items[i].addr),
				    .rule = rule};

		if (FW_APPEND(*found, *count, one))
			return -ENOMEM;
	}
	if (*count == first)
		return 0;
	qsort(*found + first, *count - first, sizeof(**found), by_key);
	kept = first + 1;
	for (size_t i = first + 1; i < *count; i++)
		if (by_key(&(*found)[i], &(*found)[kept - 1]))
			(*found)[kept++] = (*found)[i];
	*count = kept;
	return 0;
}

static int look_up(struct fw_gather_step *step, const struct fw_crowd *active, uint64_t since_ns,
		   struct found **found, size_t *count)
{
	struct fw_crowd busiest = {0};
	const struct fw_crowd *asked = active;
	size_t most, rules = 0, kept = 0;
	int r = 0;

	for (size_t i = 0; i < step->metered_count; i++)
		rules += has_keys_by_source(&step->metered[i].kernel);
	most = LOOKUPS_MAX / (rules ? rules : 1);
	if (active->count > most) {
		r = fw_crowd_busiest(active, most, &busiest);
		asked = &busiest;
	}
	for (uint32_t i = 0; i < step->metered_count && !r; i++)
		if (has_keys_by_source(&step->metered[i].kernel))
			r = find_keys(step, asked, i, found, count);
	fw_crowd_done(&busiest);
	for (size_t i = 0; i < *count && !r; i++) {
		struct found *one = &(*found)[i];

		if (!fw_meter_peak(step->datapath, &step->metered[one->rule].kernel, &one->key, since_ns,
				   &one->peak))
			(*found)[kept++] = *one;
	}
	*count = kept;
	return r;
}

/* Counters as they are now, and those of silent keys for a while. */
static int remember(struct fw_peaks *peaks, const struct found *found, size_t count)
{
	struct fw_peak_drops *drops = NULL;
	size_t kept = 0, old = 0;
	int r = 0;

	for (size_t i = 0; i <= count && !r; i++) {
		struct fw_peak_drops now = {0};

		if (i < count)
			now = (struct fw_peak_drops){.key = found[i].key, .dropped = found[i].peak.dropped};
		for (; old < peaks->drop_count && (i == count || by_key(&peaks->drops[old], &now) < 0) && !r;
		     old++)
			if (peaks->drops[old].round++ < ROUNDS_KEPT)
				r = FW_APPEND(drops, kept, peaks->drops[old]);
		if (old < peaks->drop_count && i < count && !by_key(&peaks->drops[old], &now))
			old++;
		if (now.dropped && !r)
			r = FW_APPEND(drops, kept, now);
	}
	if (r) {
		free(drops);
		return r;
	}
	free(peaks->drops);
	peaks->drops = drops;
	peaks->drop_count = kept;
	return 0;
}

static int report(struct fw_peaks *peaks, const struct fw_gather_step *step, const struct found *found,
		  size_t count, bool first)
{
	for (size_t i = 0; i < count; i++) {
		const struct fw_gather_rule *rule = &step->metered[found[i].rule];
		const struct fw_peak_drops *was =
			peaks->drop_count ? bsearch(&found[i], peaks->drops, peaks->drop_count,
						    sizeof(*peaks->drops), by_key)
					  : NULL;
		struct fw_history_peak peak = {
			.rule = rule->index,
			.key = {.addr = found[i].key.addr,
				.bits = bits_of(&rule->kernel.key_mask[fw_addr_family(&found[i].key.addr)])},
			.peak = found[i].peak.amount,
			.dropped = first ? 0 : found[i].peak.dropped - (was ? was->dropped : 0)};

		if (peak.peak && FW_APPEND(peaks->items, peaks->count, peak))
			return -ENOMEM;
	}
	return 0;
}

int fw_peaks_read(struct fw_peaks *peaks, struct fw_gather_step *step, const struct fw_crowd *active,
		  uint64_t since_ns, bool first)
{
	struct found *found = NULL;
	size_t count = 0;
	int r = look_up(step, active, since_ns, &found, &count);

	free(peaks->items);
	peaks->items = NULL;
	peaks->count = 0;
	if (!r && count)
		qsort(found, count, sizeof(*found), by_key);
	if (!r)
		r = report(peaks, step, found, count, first);
	if (!r)
		r = remember(peaks, found, count);
	free(found);
	return r ? fw_err_set(&step->err, r, "out of memory for the history") : 0;
}

void fw_peaks_done(struct fw_peaks *peaks)
{
	free(peaks->items);
	free(peaks->drops);
	*peaks = (struct fw_peaks){0};
}
