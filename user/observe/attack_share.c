// SPDX-License-Identifier: Apache-2.0
/* Whose packets dropped samples are: single addresses that stand out, then prefixes, then who is attacked
 * already, then single addresses among what these leave, then a wider prefix around the rest, then everybody;
 * where there are more than there is room for, all others together. */
#include <stdlib.h>
#include <string.h>

#include "observe/attack_look.h"

#define STANDS_OUT  0.25 /* part of all weight that makes a target of its own */
#define LEAST_ALONE 4	 /* samples of one address before it is more than chance */
#define NEARLY_ALL  0.9	 /* part of what stands out nowhere that makes a wider prefix the target */

static int compare(const struct fw_drop_sample *left, uint8_t family, const struct fw_addr *dest)
{
	return left->family != family ? left->family - family : memcmp(&left->dest, dest, sizeof(*dest));
}

static int by_address(const void *a, const void *b)
{
	const struct fw_drop_sample *right = *(const struct fw_drop_sample *const *)b;

	return compare(*(const struct fw_drop_sample *const *)a, right->family, &right->dest);
}

bool fw_attack_covers(const struct fw_attack_target *outer, const struct fw_attack_target *inner)
{
	if (outer->others || inner->others)
		return outer->others && inner->others;
	if (outer->everything || inner->everything)
		return outer->everything;
	return fw_prefix_covers(&outer->prefix, &inner->prefix);
}

struct split {
	const struct fw_drop_sample **samples;
	size_t count;
	struct fw_attack_share *shares;
	size_t share_count;
	uint8_t *share_of;
};

static bool is_free(const struct split *split, size_t i)
{
	return split->share_of[i] == FW_ATTACK_SHARES;
}

static struct fw_prefix prefix_of(const struct fw_drop_sample *sample, const uint8_t bits[FW_FAMILY_MAX_])
{
	uint8_t keep = bits ? bits[sample->family] : 128;

	return (struct fw_prefix){.addr = fw_addr_masked(&sample->dest, keep), .bits = keep};
}

static double weight_left(const struct split *split)
{
	double weight = 0;

	for (size_t i = 0; i < split->count; i++)
		if (is_free(split, i))
			weight += split->samples[i]->weight;
	return weight;
}

/* Samples first … end-1 lie in one prefix; those nobody has taken yet become a share if there are enough, by
 * number and by weight. */
static bool take(struct split *split, size_t first, size_t end, const struct fw_attack_target *target,
		 size_t least, double enough)
{
	double weight = 0;
	size_t samples = 0;

	for (size_t i = first; i < end; i++)
		if (is_free(split, i)) {
			weight += split->samples[i]->weight;
			samples++;
		}
	if (samples < least || weight < enough ||
	    split->share_count == (target->others ? FW_ATTACK_SHARES : FW_ATTACK_SHARES - 1))
		return false;
	split->shares[split->share_count] =
		(struct fw_attack_share){.target = *target, .part = weight, .samples = samples};
	for (size_t i = first; i < end; i++)
		if (is_free(split, i))
			split->share_of[i] = (uint8_t)split->share_count;
	split->share_count++;
	return true;
}

/* Runs of one prefix; bits NULL: of one address. Whether there was any. */
static bool take_runs(struct split *split, const uint8_t bits[FW_FAMILY_MAX_], size_t least, double enough)
{
	size_t before = split->share_count;

	for (size_t first = 0, end; first < split->count; first = end) {
		struct fw_attack_target target = {.prefix = prefix_of(split->samples[first], bits)};

		for (end = first + 1; end < split->count; end++)
			if (!fw_prefix_contains(&target.prefix, &split->samples[end]->dest))
				break;
		take(split, first, end, &target, least, enough);
	}
	return split->share_count > before;
}

/* The widest prefix that still says who is meant, in 128-bit space. */
static const uint8_t widest[FW_FAMILY_MAX_] = {[FW_FAMILY_V4] = FW_V4_BITS + 8, [FW_FAMILY_V6] = 16};

/* The narrowest prefix around nearly all that is left: a carpet over many of the prefixes that stand out by
 * themselves. */
static bool take_around(struct split *split, const uint8_t bits[FW_FAMILY_MAX_], double enough)
{
	double nearly_all = NEARLY_ALL * weight_left(split);
	uint8_t wider[FW_FAMILY_MAX_];
	bool narrows = true;

	if (nearly_all <= 0)
		return false;
	memcpy(wider, bits, sizeof(wider));
	while (narrows) {
		narrows = false;
		for (int family = 0; family < FW_FAMILY_MAX_; family++)
			if (wider[family] > widest[family]) {
				wider[family]--;
				narrows = true;
			}
		if (narrows &&
		    take_runs(split, wider, LEAST_ALONE, nearly_all > enough ? nearly_all : enough))
			return true;
	}
	return false;
}

static bool is_wider(const struct fw_attack_target *target, const uint8_t bits[FW_FAMILY_MAX_])
{
	return target->prefix.bits < bits[fw_addr_family(&target->prefix.addr)];
}

/* The first sample that is not before the prefix. */
static size_t find_first(const struct split *split, const struct fw_prefix *prefix)
{
	uint8_t family = (uint8_t)fw_addr_family(&prefix->addr);
	size_t first = 0, end = split->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (compare(split->samples[middle], family, &prefix->addr) < 0)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* Who is attacked already has his share as long as there is anything of it. wider: of prefixes wider than
 * those of bits. */
static void take_attacked(struct split *split, const struct fw_attacks *attacks,
			  const uint8_t bits[FW_FAMILY_MAX_], bool wider)
{
	for (size_t i = 0; i < attacks->active_count; i++) {
		const struct fw_attack_target *target = &attacks->active[i].target;
		size_t first, end;

		if (target->everything || target->others || is_wider(target, bits) != wider)
			continue;
		first = find_first(split, &target->prefix);
		for (end = first; end < split->count; end++)
			if (!fw_prefix_contains(&target->prefix, &split->samples[end]->dest))
				break;
		if (take(split, first, end, target, 1, 0))
			split->shares[split->share_count - 1].is_small = true;
	}
}

/* Who stands out among the rest and would be an attack alone: a big flood must not hide a smaller one at
 * another address. */
static void take_smaller(struct split *split, double least)
{
	size_t before;

	do {
		double enough = STANDS_OUT * weight_left(split);

		before = split->share_count;
		if (before)
			take_runs(split, NULL, LEAST_ALONE, enough > least ? enough : least);
	} while (split->share_count > before);
}

bool fw_attacks_are_full(const struct fw_attacks *attacks)
{
	const struct fw_attack_target others = {.others = true};

	return attacks->active_count + (fw_attack_find(attacks, &others) < 0) >= FW_ATTACKS_ACTIVE;
}

/* More are attacked than there is room for: what is left is theirs, so that nothing is missing in the sums.
 */
static void take_others(struct split *split, const struct fw_attacks *attacks, double least)
{
	const struct fw_attack_target others = {.others = true};
	bool lasts = fw_attack_find(attacks, &others) >= 0;

	if (!lasts && split->share_count < FW_ATTACK_SHARES - 1 && !fw_attacks_are_full(attacks))
		return;
	if (take(split, 0, split->count, &others, 1, lasts ? 0 : least))
		split->shares[split->share_count - 1].is_small = true;
}

static void widest_first(struct split *split)
{
	struct fw_attack_share reversed[FW_ATTACK_SHARES];
	size_t count = split->share_count;

	for (size_t i = 0; i < count; i++)
		reversed[i] = split->shares[count - 1 - i];
	memcpy(split->shares, reversed, count * sizeof(*reversed));
	for (size_t i = 0; i < split->count; i++)
		if (!is_free(split, i))
			split->share_of[i] = (uint8_t)(count - 1 - split->share_of[i]);
}

/* What stands nowhere goes to the others in proportion. */
static void make_whole(struct split *split)
{
	double sum = 0;

	for (size_t i = 0; i < split->share_count; i++)
		sum += split->shares[i].part;
	for (size_t i = 0; i < split->share_count; i++)
		split->shares[i].part /= sum;
}

size_t fw_attack_shares(const struct fw_drop_sample **samples, size_t count,
			const uint8_t bits[FW_FAMILY_MAX_], const struct fw_attacks *attacks, double least,
			struct fw_attack_share ret[FW_ATTACK_SHARES], uint8_t *share_of)
{
	struct split split = {.samples = samples, .count = count, .shares = ret, .share_of = share_of};
	const struct fw_attack_target everything = {.everything = true};
	double total, enough;

	if (!count)
		return 0;
	qsort(samples, count, sizeof(*samples), by_address);
	memset(share_of, FW_ATTACK_SHARES, count);
	total = weight_left(&split);
	enough = STANDS_OUT * total;
	take_runs(&split, NULL, count < LEAST_ALONE ? count : LEAST_ALONE, enough);
	take_runs(&split, bits, 1, enough);
	take_attacked(&split, attacks, bits, false);
	take_smaller(&split, least * total);
	take_around(&split, bits, enough);
	take_attacked(&split, attacks, bits, true);
	take(&split, 0, count, &everything, 1, enough);
	if (!split.share_count) /* many prefixes, none stands out */
		take(&split, 0, count, &everything, 1, 0);
	take_others(&split, attacks, least * total);
	widest_first(&split);
	make_whole(&split);
	return split.share_count;
}

size_t fw_attack_share_out(struct fw_attack_look *look, double least,
			   struct fw_attack_share ret[FW_ATTACK_SHARES])
{
	uint8_t share_of[FW_ATTACK_SAMPLES];
	size_t count = fw_attack_shares(look->samples, look->sample_count, look->cause->bits, look->attacks,
					least, ret, share_of);
	size_t next[FW_ATTACK_SHARES + 2] = {0};

	for (size_t i = 0; i < look->sample_count; i++)
		next[share_of[i] + 1]++;
	for (size_t i = 1; i < FW_ATTACK_SHARES + 2; i++)
		next[i] += next[i - 1];
	memcpy(look->first_of, next, sizeof(next));
	memcpy(look->own->room, look->samples, look->sample_count * sizeof(*look->samples));
	for (size_t i = 0; i < look->sample_count; i++)
		look->samples[next[share_of[i]]++] = look->own->room[i];
	return count;
}
