/* SPDX-License-Identifier: Apache-2.0 */
/* One good copy of a feed as a compact, checksummed file: what the worker hands over and what survives a
 * restart. */
#ifndef FW_FEEDS_COPY_H
#define FW_FEEDS_COPY_H

#include "feeds/shape.h"

#define FW_FEED_ETAG_MAX     256
#define FW_FEED_MODIFIED_MAX 64
#define FW_FEED_NAME_MAX     64

/* Times are wall-clock seconds. */
struct fw_feed_copy {
	struct fw_feed_list entries; /* as the feed lists them: guards apply on the way to the filter */
	struct fw_feed_list removed; /* of a delta */
	enum fw_feed_format format;
	bool delta;
	uint64_t sync_token;
	uint64_t origin;  /* fingerprint of where it came from and how it was read */
	uint64_t fetched; /* when the entries last changed hands */
	uint64_t checked; /* when they were last known to be current; the file's mtime */
	uint64_t first;	  /* when this feed first succeeded */
	char etag[FW_FEED_ETAG_MAX];
	char last_modified[FW_FEED_MODIFIED_MAX];
};

void fw_feed_copy_done(struct fw_feed_copy *copy);

/* Fingerprint of a definition: a copy made by another one is not this feed's. */
uint64_t fw_feed_origin(const char *url, const struct fw_feed_shape *shape);

/* Writes at the beginning of a regular file or memfd and cuts it to size. */
int fw_feed_copy_write(int fd, const struct fw_feed_copy *copy, struct fw_err *err);
/* Trusts nothing: sizes, checksum, every prefix and every string are checked. At most max_entries. */
int fw_feed_copy_read(int fd, size_t max_entries, struct fw_feed_copy *ret, struct fw_err *err);

/* DIR/NAME.feed: written aside, synced, renamed; a reader sees the old or the new one, whatever dies. */
int fw_feed_store_save(const char *dir, const char *name, const struct fw_feed_copy *copy,
		       struct fw_err *err);
/* -ENOENT: there is none. -ESTALE: it is of another definition. Others: unreadable, and text says what that
 * means. Expired entries are left out. */
int fw_feed_store_load(const char *dir, const char *name, uint64_t origin, size_t max_entries, uint64_t now,
		       struct fw_feed_copy *ret, struct fw_err *err);
/* The source said "not modified": the copy is current as of now, without writing it again. */
int fw_feed_store_touch(const char *dir, const char *name, uint64_t now, struct fw_err *err);
int fw_feed_store_remove(const char *dir, const char *name, struct fw_err *err);

#endif
