// SPDX-License-Identifier: Apache-2.0
/* What `nft -j list set` prints: elements as strings, prefixes, ranges, or wrapped with a timeout. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"

#define ELEMENT "nftables[].set.elem[]"

enum part { NAME, ADDRESS, LENGTH, RANGE, LEFT, TIMEOUT, OTHER };

static enum part part_of(const struct fw_json *json)
{
	static const struct {
		const char *path;
		enum part part;
	} parts[] = {
		{"nftables[].set.name", NAME},
		{ELEMENT, ADDRESS},
		{ELEMENT ".elem.val", ADDRESS},
		{ELEMENT ".prefix.addr", ADDRESS},
		{ELEMENT ".elem.val.prefix.addr", ADDRESS},
		{ELEMENT ".prefix.len", LENGTH},
		{ELEMENT ".elem.val.prefix.len", LENGTH},
		{ELEMENT ".range[]", RANGE},
		{ELEMENT ".elem.val.range[]", RANGE},
		{ELEMENT ".elem.expires", LEFT},
		{ELEMENT ".elem.timeout", TIMEOUT},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (fw_json_is_at(json, parts[i].path))
			return parts[i].part;
	return OTHER;
}

/* extra: 0 the set's name, 1 the prefix length, 2 the end of the range. */
static int element_ended(struct fw_feed_reader *reader)
{
	struct fw_feed_record *record = &reader->record;
	char text[2 * FW_FEED_VALUE_MAX + 2];
	int r = 0;

	if (!fw_feed_words_want(&reader->shape->fields, record->extra[0])) {
		reader->reading.filtered++;
	} else if (!*record->value) {
		fw_feed_refuse(reader, record->line, "an element is no address, prefix or range");
	} else {
		snprintf(text, sizeof(text), "%s%s%s", record->value,
			 *record->extra[1]   ? "/"
			 : *record->extra[2] ? "-"
					     : "",
			 *record->extra[1] ? record->extra[1] : record->extra[2]);
		r = fw_feed_take(reader, text, record->line, record->expires, 0);
	}
	record->value[0] = record->extra[1][0] = record->extra[2][0] = '\0';
	record->expires = 0;
	record->flags = 0;
	return r;
}

static void keep(char *into, const struct fw_json *json)
{
	snprintf(into, FW_FEED_VALUE_MAX, "%.*s", FW_FEED_VALUE_MAX - 1, json->text);
}

static int scalar(struct fw_feed_reader *reader, const struct fw_json *json)
{
	struct fw_feed_record *record = &reader->record;
	enum part part = part_of(json);
	int64_t seconds;

	switch (part) {
	case NAME:
		keep(record->extra[0], json);
		return 0;
	case ADDRESS:
		keep(record->value, json);
		record->line = json->line;
		return fw_json_is_at(json, ELEMENT) ? element_ended(reader) : 0;
	case LENGTH:
		keep(record->extra[1], json);
		return 0;
	case RANGE:
		keep(*record->value ? record->extra[2] : record->value, json);
		return 0;
	case LEFT:
	case TIMEOUT:
		if (fw_feed_duration(json->text, &seconds) && (part == LEFT || !record->flags))
			record->expires = fw_feed_expiry(reader, seconds);
		record->flags |= part == LEFT;
		return 0;
	case OTHER:
		return 0;
	}
	return 0;
}

static int on_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	struct fw_feed_reader *reader = user;

	switch (event) {
	case FW_JSON_STRING:
	case FW_JSON_NUMBER:
		return scalar(reader, json);
	case FW_JSON_OBJECT:
		if (fw_json_is_at(json, ELEMENT))
			reader->record.line = json->line;
		return 0;
	case FW_JSON_OBJECT_END:
		return fw_json_is_at(json, ELEMENT) ? element_ended(reader) : 0;
	case FW_JSON_ARRAY:
	case FW_JSON_ARRAY_END:
	case FW_JSON_TRUE:
	case FW_JSON_FALSE:
	case FW_JSON_NULL:
		return 0;
	}
	return 0;
}

static int begin(struct fw_feed_reader *reader)
{
	fw_json_init(&reader->json);
	return 0;
}

static int bytes(struct fw_feed_reader *reader, const char *from, size_t length)
{
	return fw_json_feed(&reader->json, from, length, on_value, reader, &reader->err);
}

static int end(struct fw_feed_reader *reader)
{
	return fw_json_finish(&reader->json, &reader->err);
}

const struct fw_feed_format_ops fw_feed_nft_json = {.begin = begin, .bytes = bytes, .end = end};
