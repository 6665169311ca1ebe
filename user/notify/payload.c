// SPDX-License-Identifier: Apache-2.0
/* Writes what is told of an event. Pure. */
#include "notify/payload.h"

#include <stdlib.h>
#include <string.h>

#include "notify/job.h"

#define LONG_MEMBER 512

static void set_text(json_t *object, const char *key, json_t *text)
{
	json_object_set_new(object, key, text ? text : json_string(""));
}

static json_t *shape(const json_t *event, const struct fw_notify_about *about)
{
	json_t *object = json_copy((json_t *)event);
	const char *message = json_string_value(json_object_get(event, "message"));

	if (!object)
		return NULL;
	json_object_set_new(object, "host", json_string(about->host));
	/* An attack has a target of its own. */
	json_object_set_new(object, "notify_target", json_string(about->target));
	set_text(object, "text",
		 json_sprintf("floodwall on %s: %s", about->host, message ? message : "something happened"));
	if (about->held_back)
		json_object_set_new(object, "held_back", json_integer((json_int_t)about->held_back));
	if (about->dropped)
		json_object_set_new(object, "dropped", json_integer((json_int_t)about->dropped));
	return object;
}

/* Whatever takes much room goes, the two texts for people are cut. */
static void shorten(json_t *object)
{
	static const char *const texts[] = {"message", "text"};
	void *next;
	const char *key;
	json_t *value;

	json_object_foreach_safe(object, next, key, value)
	{
		char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		bool is_long = !text || strlen(text) > LONG_MEMBER;

		free(text);
		if (is_long && strcmp(key, "message") && strcmp(key, "text"))
			json_object_del(object, key);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *text = json_string_value(json_object_get(object, texts[i]));
		size_t length = text ? strlen(text) : 0;

		if (length <= 4 * LONG_MEMBER)
			continue;
		length = 4 * LONG_MEMBER;
		while (length && (text[length] & 0xc0) == 0x80)
			length--; /* not within a character */
		json_object_set_new(object, texts[i], json_stringn(text, length));
	}
	json_object_set_new(object, "truncated", json_true());
}

char *fw_notify_payload(const json_t *event, const struct fw_notify_about *about)
{
	json_t *object = shape(event, about);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (text && strlen(text) > FW_NOTIFY_BODY_MAX) {
		free(text);
		shorten(object);
		text = json_dumps(object, JSON_COMPACT);
	}
	/* A thousand short members: nothing of ours, but nothing may be longer. */
	if (text && strlen(text) > FW_NOTIFY_BODY_MAX) {
		free(text);
		text = strdup("{\"truncated\":true}");
	}
	json_decref(object);
	return text;
}
