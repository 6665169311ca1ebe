/* SPDX-License-Identifier: Apache-2.0 */
/* A push parser for JSON: documents of any size in constant memory, every value with its path. */
#ifndef FW_FEEDS_JSON_H
#define FW_FEEDS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/feed_format.h"

#define FW_JSON_DEPTH_MAX FW_FEED_PATH_DEPTH_MAX
#define FW_JSON_TEXT_MAX  512 /* a longer string is cut and marked: no address is that long */
#define FW_JSON_KEY_MAX	  FW_FEED_PATH_KEY_MAX

enum fw_json_event {
	FW_JSON_STRING,
	FW_JSON_NUMBER,
	FW_JSON_TRUE,
	FW_JSON_FALSE,
	FW_JSON_NULL,
	FW_JSON_OBJECT,
	FW_JSON_OBJECT_END,
	FW_JSON_ARRAY,
	FW_JSON_ARRAY_END,
};

/* Where a value stands: level[0 … depth) are the containers around it, outermost first. */
struct fw_json_level {
	bool array;
	char key[FW_JSON_KEY_MAX]; /* of the value being read, in objects */
};

struct fw_json {
	struct fw_json_level level[FW_JSON_DEPTH_MAX];
	unsigned int depth;
	uint32_t line;
	char text[FW_JSON_TEXT_MAX + 1]; /* of the string or number of the event, terminated */
	size_t length;
	bool cut; /* text is only its beginning */
	/* private */
	int state;
	bool in_key;
	unsigned int hex_digits, hex;
};

/* Called for every value; for containers before their first and after their last member, with depth not
 * counting the container itself. Non-zero ends the parsing with that code. */
typedef int (*fw_json_fn)(void *user, const struct fw_json *json, enum fw_json_event event);

void fw_json_init(struct fw_json *json);
/* -EBADMSG with text when this is no JSON, otherwise what fn returned. */
int fw_json_feed(struct fw_json *json, const char *bytes, size_t length, fw_json_fn fn, void *user,
		 struct fw_err *err);
/* -EBADMSG when the document is incomplete. A number at the top level is complete here. */
int fw_json_finish(struct fw_json *json, struct fw_err *err);

/* Whether the value of an event stands at "prefixes[].ipv4Prefix"; keys with dots or brackets cannot be
 * named. */
bool fw_json_is_at(const struct fw_json *json, const char *path);

#endif
