/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a feed's document in, entries out; streaming, capped, with reasons for what was refused. */
#ifndef FW_FEEDS_READER_H
#define FW_FEEDS_READER_H

#include "feeds/shape.h"

#define FW_FEED_REASONS_MAX 5
#define FW_FEED_REASON_MAX  200

struct fw_feed_reading {
	struct fw_feed_list entries; /* in document order */
	struct fw_feed_list removed; /* crowdsec: decisions taken back; ipset: `nomatch` exceptions */
	enum fw_feed_format format;  /* as detected */
	bool delta;	     /* entries and removed change the list in force instead of replacing it */
	uint64_t sync_token; /* 0 = the format has none */
	uint64_t lines;
	size_t refused;	 /* lines or values that are no entry */
	size_t filtered; /* what the shape did not ask for: other services, other scopes, expired */
	char reasons[FW_FEED_REASONS_MAX][FW_FEED_REASON_MAX]; /* of the first ones refused */
	size_t reason_count;
};

void fw_feed_reading_done(struct fw_feed_reading *reading);

struct fw_feed_reader;

/* The shape is borrowed and must outlive the reader. -EINVAL: a field that the format cannot have. */
int fw_feed_reader_new(struct fw_feed_reader **ret, const struct fw_feed_shape *shape, struct fw_err *err);
void fw_feed_reader_free(struct fw_feed_reader **reader);
/* Negative: the document as a whole is refused, *err says why, and nothing more may be fed. */
int fw_feed_reader_feed(struct fw_feed_reader *reader, const char *bytes, size_t length, struct fw_err *err);
/* The end of the document. A document without a usable entry is refused (-ENODATA), except where the
 * format says "nothing" on purpose (crowdsec). */
int fw_feed_reader_finish(struct fw_feed_reader *reader, struct fw_feed_reading *ret, struct fw_err *err);

#endif
