// SPDX-License-Identifier: Apache-2.0
/* One good copy of a feed as bytes: a header of fixed size, then 32 bytes an entry. */
#include "feeds/copy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "lib/cleanup.h"

#define MAGIC	    "FWFEED1"
#define ENDIAN_MARK 0x01020304u
#define BATCH	    2048

struct header {
	char magic[8];
	uint32_t endian_mark; /* the file does not travel between machines */
	uint32_t payload_crc;
	uint64_t entries, removed;
	uint64_t sync_token, origin, fetched, first;
	uint32_t format, delta;
	char etag[FW_FEED_ETAG_MAX];
	char last_modified[FW_FEED_MODIFIED_MAX];
	uint32_t zero;
	uint32_t header_crc; /* of all before it */
};
_Static_assert(sizeof(struct header) == 400, "the header of a feed's copy changed: change MAGIC too");

struct record {
	struct fw_addr addr;
	uint32_t line, expires, first_seen;
	uint8_t bits, tier, score, zero;
};
_Static_assert(sizeof(struct record) == 32, "a record of a feed's copy changed: change MAGIC too");

void fw_feed_copy_done(struct fw_feed_copy *copy)
{
	fw_feed_list_done(&copy->entries);
	fw_feed_list_done(&copy->removed);
	*copy = (struct fw_feed_copy){0};
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	/* The NUL is hashed too, so that "a","b" differs from "ab". NULL is one more word. */
	if (!text)
		return (hash ^ 0xff) * 1099511628211ULL;
	do {
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	} while (*text++);
	return hash;
}

static uint64_t hash_words(uint64_t hash, const struct fw_feed_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		hash = hash_text(hash, words->items[i]);
	return hash_text(hash, NULL);
}

uint64_t fw_feed_origin(const char *url, const struct fw_feed_shape *shape)
{
	char numbers[] = {(char)('a' + shape->format), (char)('a' + shape->tier),
			  shape->delimiter ? shape->delimiter : ',', '\0'};
	uint64_t hash = hash_text(14695981039346656037ULL, url);

	hash = hash_text(hash, numbers);
	hash = hash_words(hash, &shape->fields);
	hash = hash_words(hash, &shape->services);
	hash = hash_words(hash, &shape->regions);
	hash = hash_text(hash, shape->score_field);
	hash = hash_text(hash, shape->expires_field);
	return (hash ^ shape->ttl_seconds) * 1099511628211ULL;
}

static int write_all(int fd, const void *bytes, size_t size, off_t at)
{
	while (size) {
		ssize_t done = pwrite(fd, bytes, size, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		bytes = (const char *)bytes + done;
		size -= (size_t)done;
		at += done;
	}
	return 0;
}

static int read_all(int fd, void *bytes, size_t size, off_t at)
{
	while (size) {
		ssize_t done = pread(fd, bytes, size, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -ENODATA;
		bytes = (char *)bytes + done;
		size -= (size_t)done;
		at += done;
	}
	return 0;
}

static struct record record_of(const struct fw_feed_entry *entry)
{
	return (struct record){.addr = entry->prefix.addr,
			       .bits = entry->prefix.bits,
			       .line = entry->line,
			       .expires = entry->expires,
			       .first_seen = entry->first_seen,
			       .tier = entry->tier,
			       .score = entry->score};
}

static int write_list(int fd, const struct fw_feed_list *list, off_t *at, uLong *crc)
{
	FW_FREE struct record *batch = malloc(BATCH * sizeof(*batch));
	size_t done = 0;

	if (!batch)
		return -ENOMEM;
	while (done < list->count) {
		size_t count = list->count - done < BATCH ? list->count - done : BATCH;
		int r;

		for (size_t i = 0; i < count; i++)
			batch[i] = record_of(&list->items[done + i]);
		*crc = crc32(*crc, (const Bytef *)batch, (uInt)(count * sizeof(*batch)));
		r = write_all(fd, batch, count * sizeof(*batch), *at);
		if (r)
			return r;
		*at += (off_t)(count * sizeof(*batch));
		done += count;
	}
	return 0;
}

static struct header header_of(const struct fw_feed_copy *copy)
{
	struct header header = {.magic = MAGIC,
				.endian_mark = ENDIAN_MARK,
				.entries = copy->entries.count,
				.removed = copy->removed.count,
				.sync_token = copy->sync_token,
				.origin = copy->origin,
				.fetched = copy->fetched,
				.first = copy->first,
				.format = (uint32_t)copy->format,
				.delta = copy->delta};

	memcpy(header.etag, copy->etag, sizeof(header.etag));
	memcpy(header.last_modified, copy->last_modified, sizeof(header.last_modified));
	return header;
}

int fw_feed_copy_write(int fd, const struct fw_feed_copy *copy, struct fw_err *err)
{
	struct header header = header_of(copy);
	off_t at = sizeof(header);
	uLong crc = crc32(0, NULL, 0);
	int r = write_list(fd, &copy->entries, &at, &crc);

	if (!r)
		r = write_list(fd, &copy->removed, &at, &crc);
	if (!r && ftruncate(fd, at))
		r = -errno;
	header.payload_crc = (uint32_t)crc;
	header.header_crc = (uint32_t)crc32(0, (const Bytef *)&header, offsetof(struct header, header_crc));
	if (!r)
		r = write_all(fd, &header, sizeof(header), 0);
	return r ? fw_err_set(err, r, "cannot write the copy: %s", strerror(-r)) : 0;
}

static bool is_valid(const struct record *record)
{
	struct fw_addr masked;

	if (record->bits > 128 || record->tier >= FW_TIER_MAX_ || record->score > 100)
		return false;
	masked = fw_addr_masked(&record->addr, record->bits);
	return !memcmp(&masked, &record->addr, sizeof(masked));
}

static int read_list(int fd, size_t wanted, off_t *at, uLong *crc, struct fw_feed_list *list)
{
	FW_FREE struct record *batch = malloc(BATCH * sizeof(*batch));
	int r = batch ? 0 : -ENOMEM;

	while (!r && list->count < wanted) {
		size_t count = wanted - list->count < BATCH ? wanted - list->count : BATCH;

		r = read_all(fd, batch, count * sizeof(*batch), *at);
		if (!r)
			*crc = crc32(*crc, (const Bytef *)batch, (uInt)(count * sizeof(*batch)));
		*at += (off_t)(count * sizeof(*batch));
		for (size_t i = 0; i < count && !r; i++) {
			struct fw_feed_entry entry = {.prefix = {batch[i].addr, batch[i].bits},
						      .line = batch[i].line,
						      .expires = batch[i].expires,
						      .first_seen = batch[i].first_seen,
						      .tier = batch[i].tier,
						      .score = batch[i].score};

			r = is_valid(&batch[i]) ? fw_feed_list_append(list, &entry) : -EBADMSG;
		}
	}
	return r;
}

/* Text that goes into a request's header again. */
static bool is_clean(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return length < size;
}

static int check_header(const struct header *header, off_t size, size_t max_entries)
{
	uLong crc = crc32(0, (const Bytef *)header, offsetof(struct header, header_crc));

	if (memcmp(header->magic, MAGIC, sizeof(header->magic)) || header->endian_mark != ENDIAN_MARK ||
	    header->header_crc != (uint32_t)crc || header->format >= FW_FEED_FORMAT_MAX_ ||
	    header->delta > 1 || !is_clean(header->etag, sizeof(header->etag)) ||
	    !is_clean(header->last_modified, sizeof(header->last_modified)))
		return -EBADMSG;
	if (header->entries > max_entries || header->removed > max_entries)
		return -E2BIG;
	if ((uint64_t)size != sizeof(*header) + (header->entries + header->removed) * sizeof(struct record))
		return -EBADMSG;
	return 0;
}

static int read_copy(int fd, size_t max_entries, struct fw_feed_copy *copy)
{
	struct header header;
	struct stat status;
	off_t at = sizeof(header);
	uLong crc = crc32(0, NULL, 0);
	int r = fstat(fd, &status) ? -errno : read_all(fd, &header, sizeof(header), 0);

	if (!r)
		r = check_header(&header, status.st_size, max_entries);
	if (!r)
		r = read_list(fd, header.entries, &at, &crc, &copy->entries);
	if (!r)
		r = read_list(fd, header.removed, &at, &crc, &copy->removed);
	if (!r && header.payload_crc != (uint32_t)crc)
		r = -EBADMSG;
	if (r)
		return r;
	copy->format = header.format;
	copy->delta = header.delta;
	copy->sync_token = header.sync_token;
	copy->origin = header.origin;
	copy->fetched = header.fetched;
	copy->first = header.first;
	copy->checked = (uint64_t)status.st_mtim.tv_sec;
	memcpy(copy->etag, header.etag, sizeof(copy->etag));
	memcpy(copy->last_modified, header.last_modified, sizeof(copy->last_modified));
	return 0;
}

int fw_feed_copy_read(int fd, size_t max_entries, struct fw_feed_copy *ret, struct fw_err *err)
{
	struct fw_feed_copy copy = {0};
	int r = read_copy(fd, max_entries ? max_entries : FW_FEED_ENTRIES_DEFAULT, &copy);

	if (!r) {
		*ret = copy;
		return 0;
	}
	fw_feed_copy_done(&copy);
	if (r == -EBADMSG || r == -ENODATA)
		return fw_err_set(err, -EBADMSG, "the copy is damaged: size or checksum do not fit");
	if (r == -E2BIG)
		return fw_err_set(err, r, "the copy has more entries than this feed may have");
	return fw_err_set(err, r, "cannot read the copy: %s", strerror(-r));
}
