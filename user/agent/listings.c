// SPDX-License-Identifier: Apache-2.0
/* Finds the entries of sets, their files, feeds and live changes that hold an address. */
#include "agent/listings.h"

#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "policy/setfile.h"

static const struct fw_prefix *longest(const struct fw_set *set, const struct fw_addr *addr)
{
	const struct fw_prefix *best = NULL;

	for (size_t i = 0; i < set->prefix_count; i++)
		if (fw_prefix_contains(&set->prefixes[i], addr) &&
		    (!best || set->prefixes[i].bits > best->bits))
			best = &set->prefixes[i];
	return best;
}

/* The lines of the file now; what is in force but not on any line came from an earlier content. */
static size_t in_file(const struct fw_agent *agent, const struct fw_set *set, const struct fw_prefix *inside,
		      const struct fw_addr *addr, struct fw_listing *ret, size_t most)
{
	const struct fw_set_file *file = fw_set_files_find(agent, set->name);
	bool broken = file && file->error[0];
	struct fw_setfile_hit hits[FW_LISTINGS_MAX];
	int found = broken ? 0
			   : fw_setfile_find(set->file, addr, hits,
					     most < FW_LISTINGS_MAX ? (unsigned int)most : FW_LISTINGS_MAX);

	for (int i = 0; i < found; i++) {
		ret[i] = (struct fw_listing){.file = set->file, .line = hits[i].line};
		snprintf(ret[i].entry, sizeof(ret[i].entry), "%s", hits[i].text);
	}
	if (found > 0)
		return (size_t)found;
	ret[0] = (struct fw_listing){.file = set->file, .outdated = true};
	fw_prefix_format(inside, ret[0].entry, sizeof(ret[0].entry));
	return 1;
}

static size_t in_policy(const struct fw_agent *agent, const struct fw_set *set, const struct fw_addr *addr,
			struct fw_listing *ret, size_t most)
{
	const struct fw_prefix *inside = longest(set, addr);

	if (!inside || !most)
		return 0;
	if (set->file)
		return in_file(agent, set, inside, addr, ret, most);
	ret[0] = (struct fw_listing){.file = set->mark.file, .line = set->mark.line};
	fw_prefix_format(inside, ret[0].entry, sizeof(ret[0].entry));
	return 1;
}

static size_t in_feed(const struct fw_agent *agent, const struct fw_set *set, const struct fw_addr *addr,
		      struct fw_listing *ret)
{
	const struct fw_feed_watch *watch = fw_feeds_find(agent, set->name);
	uint64_t now = fw_wall_ns() / FW_NS_PER_SEC;
	bool in_force = false;
	const struct fw_feed_entry *entry = watch ? fw_feed_entry_of(watch, addr, &in_force) : NULL;

	if (!entry)
		return 0;
	*ret = (struct fw_listing){.kind = FW_LISTING_FEED,
				   .line = (int)entry->line,
				   .idle = !in_force,
				   .on_trial = fw_feed_trial_until(watch) != 0,
				   .tier = entry->tier,
				   .first_seen = entry->first_seen,
				   .left_ns =
					   entry->expires > now ? (entry->expires - now) * FW_NS_PER_SEC : 0};
	fw_prefix_format(&entry->prefix, ret->entry, sizeof(ret->entry));
	return 1;
}

static struct fw_listing live(const struct fw_set_edit *edit, uint64_t now)
{
	const struct fw_set_change *change = &edit->change;
	struct fw_listing listing = {.kind = change->removed ? FW_LISTING_REMOVED : FW_LISTING_ADDED,
				     .by = edit->by,
				     .left_ns = change->expires_ns ? change->expires_ns - now : 0};

	fw_prefix_format(&change->prefix, listing.entry, sizeof(listing.entry));
	return listing;
}

size_t fw_listings_of(const struct fw_agent *agent, unsigned int set, const struct fw_addr *addr,
		      struct fw_listing *ret, size_t most)
{
	const struct fw_set *known = &agent->loaded->policy->sets[set];
	size_t count = known->kind == FW_SET_FEED ? in_feed(agent, known, addr, ret)
						  : in_policy(agent, known, addr, ret, most);
	uint64_t now = fw_monotonic_ns();

	for (size_t i = 0; i < agent->drift.set_count && most; i++) {
		const struct fw_set_edit *edit = &agent->drift.sets[i];

		if (strcmp(edit->change.set, known->name) ||
		    (edit->change.expires_ns && edit->change.expires_ns <= now) ||
		    !fw_prefix_contains(&edit->change.prefix, addr))
			continue;
		/* A removal ends what came before it, an addition a removal. */
		if (edit->change.removed || (count && ret[count - 1].kind == FW_LISTING_REMOVED))
			count = 0;
		if (count < most)
			ret[count++] = live(edit, now);
	}
	return count;
}

bool fw_listings_hold(const struct fw_listing *listings, size_t count)
{
	return count && listings[count - 1].kind != FW_LISTING_REMOVED && !listings[count - 1].idle;
}
