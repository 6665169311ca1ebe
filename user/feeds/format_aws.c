// SPDX-License-Identifier: Apache-2.0
/* Amazon's ip-ranges.json: prefixes by service and region, a serial number in front. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"

#define NAMES_SHOWN 24

enum { SERVICE, REGION };

static void keep(char *into, const struct fw_json *json)
{
	snprintf(into, FW_FEED_VALUE_MAX, "%.*s", FW_FEED_VALUE_MAX - 1, json->text);
}

static int remember_service(struct fw_feed_reader *reader, const char *service)
{
	struct fw_feed_words *known = &reader->known;

	if (known->count >= NAMES_SHOWN || !*service)
		return 0;
	for (size_t i = 0; i < known->count; i++)
		if (!strcmp(known->items[i], service))
			return 0;
	return fw_feed_words_append(known, service) ? fw_feed_fail(reader, -ENOMEM, "out of memory") : 0;
}

static int prefix_ended(struct fw_feed_reader *reader, const struct fw_json *json)
{
	struct fw_feed_record record = reader->record;
	const struct fw_feed_shape *shape = reader->shape;
	int r = remember_service(reader, record.extra[SERVICE]);

	reader->record = (struct fw_feed_record){0};
	if (r)
		return r;
	if (!*record.value) {
		fw_feed_refuse(reader, json->line, "has neither ip_prefix nor ipv6_prefix");
		return 0;
	}
	if (!fw_feed_words_want(&shape->services, record.extra[SERVICE]) ||
	    !fw_feed_words_want(&shape->regions, record.extra[REGION])) {
		reader->reading.filtered++;
		return 0;
	}
	return fw_feed_take(reader, record.value, record.line, 0, 0);
}

static int string(struct fw_feed_reader *reader, const struct fw_json *json)
{
	struct fw_feed_record *record = &reader->record;

	if (fw_json_is_at(json, "syncToken"))
		return fw_feed_sync_token(reader, json->text);
	if (fw_json_is_at(json, "prefixes[].ip_prefix") ||
	    fw_json_is_at(json, "ipv6_prefixes[].ipv6_prefix")) {
		keep(record->value, json);
		record->line = json->line;
	} else if (fw_json_is_at(json, "prefixes[].service") ||
		   fw_json_is_at(json, "ipv6_prefixes[].service")) {
		keep(record->extra[SERVICE], json);
	} else if (fw_json_is_at(json, "prefixes[].region") ||
		   fw_json_is_at(json, "ipv6_prefixes[].region")) {
		keep(record->extra[REGION], json);
	}
	return 0;
}

static int on_value(void *user, const struct fw_json *json, enum fw_json_event event)
{
	struct fw_feed_reader *reader = user;

	switch (event) {
	case FW_JSON_STRING:
	case FW_JSON_NUMBER:
		return string(reader, json);
	case FW_JSON_OBJECT_END:
		if (fw_json_is_at(json, "prefixes[]") || fw_json_is_at(json, "ipv6_prefixes[]"))
			return prefix_ended(reader, json);
		return 0;
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
	char names[512] = "";
	size_t used = 0;
	int r = fw_json_finish(&reader->json, &reader->err);

	if (r)
		return r;
	if (!reader->reading.sync_token)
		return fw_feed_fail(reader, -EPROTO, "no syncToken: this is not Amazon's ip-ranges.json");
	if (reader->reading.entries.count || !reader->reading.filtered)
		return 0;
	for (size_t i = 0; i < reader->known.count && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%.40s", i ? ", " : "",
					 reader->known.items[i]);
	return fw_feed_fail(
		reader, -ENODATA,
		"none of its %zu prefixes is of the services and regions asked for; its services: %s",
		reader->reading.filtered, names);
}

const struct fw_feed_format_ops fw_feed_aws = {.begin = begin, .bytes = bytes, .end = end};
