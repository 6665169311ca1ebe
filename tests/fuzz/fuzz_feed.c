// SPDX-License-Identifier: Apache-2.0
/* Documents of feeds in every format: pieces change nothing, what comes out is clean and within the caps. The
 * first byte picks the format, the second the size of the pieces and the caps. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_ENTRIES 500

static int read_all(const struct fw_feed_shape *shape, const uint8_t *data, size_t size, size_t piece,
		    struct fw_feed_reading *reading, struct fw_err *err)
{
	struct fw_feed_reader *reader = NULL;
	int r = fw_feed_reader_new(&reader, shape, err);

	assert(!r);
	for (size_t at = 0; at < size && !r; at += piece)
		r = fw_feed_reader_feed(reader, (const char *)data + at,
					size - at < piece ? size - at : piece, err);
	if (!r)
		r = fw_feed_reader_finish(reader, reading, err);
	fw_feed_reader_free(&reader);
	assert(!r || *err->text);
	return r;
}

static void check_clean(const struct fw_feed_reading *reading)
{
	assert(reading->entries.count + reading->removed.count <= MAX_ENTRIES + 300);
	for (size_t i = 0; i < reading->entries.count; i++) {
		const struct fw_feed_entry *entry = &reading->entries.items[i];
		struct fw_addr masked = fw_addr_masked(&entry->prefix.addr, entry->prefix.bits);

		assert(entry->prefix.bits <= 128 && entry->tier < FW_TIER_MAX_ && entry->score <= 100);
		assert(!memcmp(&masked, &entry->prefix.addr, sizeof(masked)));
	}
	for (size_t i = 0; i < reading->reason_count; i++)
		for (const char *c = reading->reasons[i]; *c; c++)
			assert(*c >= ' ' && *c <= '~');
}

static void check_same(const struct fw_feed_reading *a, const struct fw_feed_reading *b)
{
	assert(a->format == b->format && a->refused == b->refused && a->filtered == b->filtered);
	assert(a->entries.count == b->entries.count && a->removed.count == b->removed.count);
	assert(a->lines == b->lines && a->sync_token == b->sync_token);
	for (size_t i = 0; i < a->entries.count; i++)
		assert(!fw_prefix_compare(&a->entries.items[i].prefix, &b->entries.items[i].prefix) &&
		       a->entries.items[i].line == b->entries.items[i].line &&
		       a->entries.items[i].expires == b->entries.items[i].expires);
}

static void add_word(struct fw_feed_words *words, const char *word)
{
	int r = fw_feed_words_append(words, word);

	assert(!r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_feed_reading whole = {0}, pieces = {0};
	struct fw_err err = {0}, other = {0};
	struct fw_feed_shape shape = {.now = 1795219200, .max_entries = MAX_ENTRIES, .max_lines = 4000};
	int r;

	if (size < 2)
		return 0;
	shape.format = (enum fw_feed_format)(data[0] % FW_FEED_FORMAT_MAX_);
	if (data[1] & 0x80) {
		add_word(&shape.fields, shape.format == FW_FEED_CSV ? "dst_ip" : "a[].ip");
		shape.score_field = strdup(shape.format == FW_FEED_CSV ? "3" : "a[].score");
		shape.expires_field = strdup(shape.format == FW_FEED_CSV ? "4" : "a[].until");
		shape.max_line = 64;
	}
	if (data[1] & 0x40)
		add_word(&shape.services, "S3");
	r = read_all(&shape, data + 2, size - 2, size, &whole, &err);
	assert(r == read_all(&shape, data + 2, size - 2, 1 + data[1] % 32, &pieces, &other));
	assert(!r || !strcmp(err.text, other.text));
	if (!r) {
		check_clean(&whole);
		check_same(&whole, &pieces);
	}
	fw_feed_reading_done(&whole);
	fw_feed_reading_done(&pieces);
	fw_feed_shape_done(&shape);
	return 0;
}
