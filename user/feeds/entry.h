/* SPDX-License-Identifier: Apache-2.0 */
/* What a feed lists: prefixes with the line they stand on, their tier and how long they hold. */
#ifndef FW_FEEDS_ENTRY_H
#define FW_FEEDS_ENTRY_H

#include <stdint.h>

#include "lib/addr.h"
#include "policy/tier.h"

/* Times are wall-clock seconds since 1970; u32 lasts until 2106. */
struct fw_feed_entry {
	struct fw_prefix prefix;
	uint32_t line;	     /* where it stands in the document, from 1; 0 = not from a document */
	uint32_t expires;    /* 0 = holds until the feed drops it */
	uint32_t first_seen; /* 0 = not known yet */
	uint8_t tier;	     /* enum fw_tier */
	uint8_t score;	     /* 0 … 100 as the feed says it, 0 = none */
};

struct fw_feed_list {
	struct fw_feed_entry *items;
	size_t count;
};

void fw_feed_list_done(struct fw_feed_list *list);
int fw_feed_list_append(struct fw_feed_list *list, const struct fw_feed_entry *entry);

/* By prefix, then by line. */
void fw_feed_list_sort(struct fw_feed_list *list);
bool fw_feed_list_is_sorted(const struct fw_feed_list *list);
/* Sorts and merges what is listed twice: the higher tier, the later expiry, the first line. */
void fw_feed_list_normalize(struct fw_feed_list *list);
/* Drops what has expired at `now`; returns how many. */
size_t fw_feed_list_expire(struct fw_feed_list *list, uint64_t now);
/* When the next entry expires, 0 = none ever. */
uint64_t fw_feed_list_next_expiry(const struct fw_feed_list *list);
/* Entries of `list` that `before` lists too keep their first_seen, the others get `now`. Both normalized. */
void fw_feed_list_age(struct fw_feed_list *list, const struct fw_feed_list *before, uint64_t now);
/* `base` without the prefixes of `removed`, with `added`; normalized. A prefix in both stays. */
int fw_feed_list_apply(const struct fw_feed_list *base, const struct fw_feed_list *added,
		       const struct fw_feed_list *removed, struct fw_feed_list *ret);
/* The entry that lists an address, the longest if there are several, or NULL. For explanations: linear. */
const struct fw_feed_entry *fw_feed_list_find(const struct fw_feed_list *list, const struct fw_addr *addr);

#endif
