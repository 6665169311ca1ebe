// SPDX-License-Identifier: Apache-2.0
/* A CrowdSec decision stream: decisions new and taken back, each with what is left of its duration. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feeds/formats.h"

enum { SCOPE, DURATION, TYPE };
enum { SIMULATED = 1 };

/* `bouncers` act on bans; captchas and the like are for a proxy. */
static bool is_for_us(const struct fw_feed_record *record)
{
	return (!strcasecmp(record->extra[SCOPE], "ip") || !strcasecmp(record->extra[SCOPE], "range")) &&
	       (!*record->extra[TYPE] || !strcasecmp(record->extra[TYPE], "ban")) &&
	       !(record->flags & SIMULATED);
}

static int decision_ended(struct fw_feed_reader *reader, const struct fw_json *json, bool deleted)
{
	struct fw_feed_record record = reader->record;
	int64_t seconds;

	reader->record = (struct fw_feed_record){0};
	if (!*record.value || !*record.extra[SCOPE]) {
		fw_feed_refuse(reader, json->line, "a decision without scope or value");
		return 0;
	}
	if (!is_for_us(&record)) {
		reader->reading.filtered++;
		return 0;
	}
	if (deleted)
		return fw_feed_take_removed(reader, record.value, record.line);
	if (!fw_feed_duration(record.extra[DURATION], &seconds)) {
		fw_feed_refuse(reader, record.line, "duration '%.40s' is none such as 3h59m10s",
			       record.extra[DURATION]);
		return 0;
	}
	if (seconds <= 0) {
		reader->reading.filtered++;
		return 0;
	}
	return fw_feed_take(reader, record.value, record.line, fw_feed_expiry(reader, seconds), 0);
}

static void member(struct fw_feed_reader *reader, const struct fw_json *json)
{
	static const struct {
		const char *key;
		int extra;
	} keys[] = {{"value", -1}, {"scope", SCOPE}, {"duration", DURATION}, {"type", TYPE}};
	const char *key = json->level[2].key;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key))
			continue;
		snprintf(keys[i].extra < 0 ? reader->record.value : reader->record.extra[keys[i].extra],
			 FW_FEED_VALUE_MAX, "%.*s", FW_FEED_VALUE_MAX - 1, json->text);
	}
	reader->record.line = json->line;
}

/* Inside new[] or deleted[]; *deleted says which. */
static bool is_in_decisions(const struct fw_json *json, bool *deleted)
{
	if (json->depth < 2 || json->level[0].array || !json->level[1].array)
		return false;
	*deleted = !strcmp(json->level[0].key, "deleted");
	return *deleted || !strcmp(json->level[0].key, "new");
}

static int on_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	struct fw_feed_reader *reader = user;
	bool deleted = false;

	if (json->depth == 1 && !json->level[0].array &&
	    (!strcmp(json->level[0].key, "new") || !strcmp(json->level[0].key, "deleted")))
		reader->count.seen++;
	if (!is_in_decisions(json, &deleted))
		return 0;
	switch (event) {
	case FW_JSON_STRING:
		if (json->depth == 3 && !json->level[2].array)
			member(reader, json);
		return 0;
	case FW_JSON_TRUE:
		if (json->depth == 3 && !strcmp(json->level[2].key, "simulated"))
			reader->record.flags |= SIMULATED;
		return 0;
	case FW_JSON_OBJECT_END:
		return json->depth == 2 ? decision_ended(reader, json, deleted) : 0;
	case FW_JSON_NUMBER:
	case FW_JSON_OBJECT:
	case FW_JSON_ARRAY:
	case FW_JSON_ARRAY_END:
	case FW_JSON_FALSE:
	case FW_JSON_NULL:
		return 0;
	}
	return 0;
}

static int begin(struct fw_feed_reader *reader)
{
	fw_json_init(&reader->json);
	reader->reading.delta = true;
	return 0;
}

static int bytes(struct fw_feed_reader *reader, const char *from, size_t length)
{
	return fw_json_feed(&reader->json, from, length, on_value, reader, &reader->err);
}

static int end(struct fw_feed_reader *reader)
{
	int r = fw_json_finish(&reader->json, &reader->err);

	if (!r && !reader->count.seen)
		return fw_feed_fail(reader, -EPROTO, "neither new nor deleted decisions: no CrowdSec stream");
	return r;
}

const struct fw_feed_format_ops fw_feed_crowdsec = {
	.begin = begin, .bytes = bytes, .end = end, .may_be_empty = true};
