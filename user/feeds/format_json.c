// SPDX-License-Identifier: Apache-2.0
/* JSON by field paths: one document, or one object a line. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"

/* Where the lists people use keep their prefixes: Google and Bing, Azure, Cloudflare, Oracle, Fastly, plain.
 */
static const char *const document_paths[] = {
	"prefixes[].ipv4Prefix",
	"prefixes[].ipv6Prefix",
	"values[].properties.addressPrefixes[]",
	"result.ipv4_cidrs[]",
	"result.ipv6_cidrs[]",
	"regions[].cidrs[].cidr",
	"addresses[]",
	"ipv6_addresses[]",
	"[]",
	"[].cidr",
	"[].ip",
};
static const char *const line_paths[] = {"cidr", "ip", "prefix", "address", "network"};

static bool is_address(const struct fw_feed_reader *reader, const struct fw_json *json)
{
	const struct fw_feed_words *fields = &reader->shape->fields;
	bool lines = reader->reading.format == FW_FEED_JSONL;
	const char *const *paths = lines ? line_paths : document_paths;
	size_t count = lines ? sizeof(line_paths) / sizeof(*line_paths)
			     : sizeof(document_paths) / sizeof(*document_paths);

	for (size_t i = 0; i < fields->count; i++)
		if (fw_json_is_at(json, fields->items[i]))
			return true;
	for (size_t i = 0; !fields->count && i < count; i++)
		if (fw_json_is_at(json, paths[i]))
			return true;
	return false;
}

/* The address whose object is over, with the score and expiry that stood beside it. */
static int flush(struct fw_feed_reader *reader)
{
	struct fw_feed_record record = reader->record;
	uint64_t now = reader->shape->now;

	reader->record = (struct fw_feed_record){0};
	if (!*record.value)
		return 0;
	if (record.expires && record.expires <= now) {
		reader->reading.filtered++;
		return 0;
	}
	return fw_feed_take(reader, record.value, record.line, record.expires, record.score);
}

static int address_found(struct fw_feed_reader *reader, const struct fw_json *json)
{
	struct fw_feed_record *record = &reader->record;
	int r = *record->value ? flush(reader) : 0;

	snprintf(record->value, sizeof(record->value), "%.*s", FW_FEED_VALUE_MAX - 1, json->text);
	record->depth = json->depth;
	record->line = json->line;
	if (!json->length || json->cut)
		fw_feed_refuse(reader, json->line, "an address is empty or too long");
	return r;
}

static int value_found(struct fw_feed_reader *reader, const struct fw_json *json, enum fw_json_event event)
{
	const struct fw_feed_shape *shape = reader->shape;
	struct fw_feed_record *record = &reader->record;

	if (event == FW_JSON_STRING && is_address(reader, json))
		return address_found(reader, json);
	if (shape->score_field && fw_json_is_at(json, shape->score_field)) {
		record->depth = json->depth;
		if (!fw_feed_score_parse(json->text, &record->score))
			fw_feed_refuse(reader, json->line, "score '%.20s' is not a number from 0 to 100",
				       json->text);
	}
	if (shape->expires_field && fw_json_is_at(json, shape->expires_field)) {
		record->depth = json->depth;
		if (!fw_feed_expiry_parse(reader, json->text, &record->expires))
			fw_feed_refuse(reader, json->line, "expiry '%.40s' is no time", json->text);
	}
	if (reader->reading.format == FW_FEED_JSON && fw_json_is_at(json, "syncToken"))
		return fw_feed_sync_token(reader, json->text);
	return 0;
}

static int on_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	struct fw_feed_reader *reader = user;

	switch (event) {
	case FW_JSON_STRING:
	case FW_JSON_NUMBER:
		return value_found(reader, json, event);
	case FW_JSON_OBJECT_END:
		/* Also when it has no address: its score must not stick to the next one. */
		return json->depth < reader->record.depth ? flush(reader) : 0;
	case FW_JSON_OBJECT:
	case FW_JSON_ARRAY:
	case FW_JSON_ARRAY_END:
	case FW_JSON_TRUE:
	case FW_JSON_FALSE:
	case FW_JSON_NULL:
		return 0;
	}
	return 0;
}

static int json_begin(struct fw_feed_reader *reader)
{
	fw_json_init(&reader->json);
	return 0;
}

static int json_bytes(struct fw_feed_reader *reader, const char *bytes, size_t length)
{
	return fw_json_feed(&reader->json, bytes, length, on_value, reader, &reader->err);
}

static int json_end(struct fw_feed_reader *reader)
{
	int r = fw_json_finish(&reader->json, &reader->err);

	if (!r)
		r = flush(reader);
	if (!r && !reader->reading.entries.count && !reader->reading.refused && !reader->reading.filtered)
		return fw_feed_fail(
			reader, -EPROTO, "no address is where %s would have it; name its path in 'field'",
			reader->shape->fields.count ? reader->shape->fields.items[0] : "a known list");
	return r;
}

const struct fw_feed_format_ops fw_feed_json = {.begin = json_begin, .bytes = json_bytes, .end = json_end};

/* Spamhaus ends its lists with {"type":"metadata", …, "records":N}. */
static int on_line_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	struct fw_feed_reader *reader = user;

	if (event == FW_JSON_STRING && fw_json_is_at(json, "type") && !strcmp(json->text, "metadata"))
		reader->record.flags = 1;
	if (event == FW_JSON_NUMBER && reader->record.flags && fw_json_is_at(json, "records") &&
	    !fw_feed_number(json->text, &reader->count.announced))
		reader->count.announced = 0;
	if (event == FW_JSON_OBJECT_END && reader->record.flags) {
		reader->record = (struct fw_feed_record){.flags = 1};
		return 0;
	}
	return on_value(user, json, event);
}

static int jsonl_line(struct fw_feed_reader *reader, char *line)
{
	struct fw_feed_reading *reading = &reader->reading;
	size_t before = reading->entries.count + reading->refused + reading->filtered;
	struct fw_err err = {0};
	int r;

	line = fw_feed_trim(line);
	if (!*line || *line == '#')
		return 0;
	reader->record = (struct fw_feed_record){0};
	fw_json_init(&reader->json);
	reader->json.line = reader->line;
	r = fw_json_feed(&reader->json, line, strlen(line), on_line_value, reader, &err);
	if (!r)
		r = fw_json_finish(&reader->json, &err);
	if (r == -EBADMSG) {
		fw_feed_refuse(reader, reader->line, "%.150s", err.text);
		return 0;
	}
	if (r || reader->record.flags)
		return r;
	if (before == reading->entries.count + reading->refused + reading->filtered)
		fw_feed_refuse(reader, reader->line, "has no field that holds an address");
	reader->count.seen++;
	return 0;
}

/* A tenth of slack: the count is the publisher's, and may be of something slightly else. */
static int jsonl_end(struct fw_feed_reader *reader)
{
	uint64_t announced = reader->count.announced;

	if (reader->count.seen >= announced - announced / 10)
		return 0;
	return fw_feed_fail(reader, -EBADMSG, "the list announces %llu records and has %zu: it was cut off",
			    (unsigned long long)announced, reader->count.seen);
}

const struct fw_feed_format_ops fw_feed_jsonl = {.line = jsonl_line, .end = jsonl_end};
