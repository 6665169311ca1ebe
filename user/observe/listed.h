/* SPDX-License-Identifier: Apache-2.0 */
/* One place that lists an address, in words: which set or feed, which line or entry, since when, until when.
 */
#ifndef FW_OBSERVE_LISTED_H
#define FW_OBSERVE_LISTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "policy/policy.h"

enum fw_listing_kind {
	FW_LISTING_ENTRY, /* of the policy or of a set's file */
	FW_LISTING_FEED,
	FW_LISTING_ADDED,   /* live */
	FW_LISTING_REMOVED, /* live: the address is not in the set because of it */
};

struct fw_listing {
	enum fw_listing_kind kind;
	char entry[2 * FW_ADDR_TEXT_MAX]; /* as it is written there */
	const char *file;		  /* borrowed; NULL: none is known */
	int line;			  /* 0: not known */
	bool outdated;			  /* the file cannot be used now, this is its last good content */
	bool idle;			  /* of a feed: listed, but expired or taken out by a guard */
	bool on_trial;			  /* of a feed: counts only */
	enum fw_tier tier;
	uint64_t first_seen; /* wall-clock seconds, 0: not known */
	uint64_t left_ns;    /* until it ends, 0: it has no end */
	const char *by;	     /* who changed it live; borrowed */
};

#define FW_LISTINGS_MAX 8 /* of one set, said of one address */

/* "set 'bad' (/etc/floodwall/sets/bad.txt:17, 192.0.2.0/24); rule known-bad asks for it" */
const char *fw_listing_format(const struct fw_policy *policy, unsigned int set,
			      const struct fw_listing *listing, char *buffer, size_t size);

#endif
