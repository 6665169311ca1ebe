/* SPDX-License-Identifier: Apache-2.0 */
/* How a feed's document is to be read: its format, the fields in it, the caps on it. */
#ifndef FW_FEEDS_SHAPE_H
#define FW_FEEDS_SHAPE_H

#include <stdint.h>

#include "feeds/entry.h"
#include "policy/feed_format.h"

struct fw_feed_words {
	char **items;
	size_t count;
};
void fw_feed_words_done(struct fw_feed_words *words);
int fw_feed_words_append(struct fw_feed_words *words, const char *word);
/* Whether a list of wanted names (empty or "all": every one) wants this one; case does not matter. */
bool fw_feed_words_want(const struct fw_feed_words *words, const char *word);

/* Strings are owned; zero means the default of every member but `now`. */
struct fw_feed_shape {
	enum fw_feed_format format;
	struct fw_feed_words fields; /* json, jsonl: "prefixes[].ipv4Prefix"; csv: a column's name or number;
				      * ipset: the set's name */
	char *score_field;	     /* json, jsonl, csv: a number 0 … 100 */
	char *expires_field;	     /* json, jsonl, csv: seconds from now, seconds since 1970 or RFC 3339 */
	char delimiter;		     /* csv, default ',' */
	struct fw_feed_words services; /* aws */
	struct fw_feed_words regions;  /* aws */
	enum fw_tier tier;	       /* of entries without a score of their own */
	uint64_t ttl_seconds;	       /* entries without an expiry of their own get this one */
	uint64_t sync_token;	       /* aws, json: what is in force; an older document is refused */
	uint64_t now;		       /* wall-clock seconds */
	size_t max_entries;
	uint64_t max_lines;
	size_t max_line; /* bytes */
};

#define FW_FEED_ENTRIES_DEFAULT 2000000
#define FW_FEED_LINES_DEFAULT	20000000
#define FW_FEED_LINE_DEFAULT	4096

void fw_feed_shape_done(struct fw_feed_shape *shape);

#endif
