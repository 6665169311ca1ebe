// SPDX-License-Identifier: Apache-2.0
/* What a worker says about its job, as JSON and back. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "feeds/job.h"
#include "lib/cleanup.h"

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}
#define FW_JSON FW_CLEANUP(cleanup_json)

static const char *const states[] = {
	[FW_FEED_STATE_FAILED] = "failed",
	[FW_FEED_STATE_NEW] = "new",
	[FW_FEED_STATE_NOT_MODIFIED] = "not_modified",
};
#define STATE_COUNT (sizeof(states) / sizeof(states[0]))

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	{"retry_after", offsetof(struct fw_feed_status, retry_after)},
	{"bytes", offsetof(struct fw_feed_status, bytes)},
	{"wire_bytes", offsetof(struct fw_feed_status, wire_bytes)},
	{"redirects", offsetof(struct fw_feed_status, redirects)},
	{"lines", offsetof(struct fw_feed_status, lines)},
	{"entries", offsetof(struct fw_feed_status, entries)},
	{"refused", offsetof(struct fw_feed_status, refused)},
	{"filtered", offsetof(struct fw_feed_status, filtered)},
	{"milliseconds", offsetof(struct fw_feed_status, milliseconds)},
};
#define NUMBER_COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* Text from far away, fit for JSON, logs and terminals. */
static void make_plain(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

int fw_feed_status_encode(const struct fw_feed_status *status, char **ret, struct fw_err *err)
{
	FW_JSON json_t *root = json_object();
	struct fw_feed_status plain = *status;
	json_t *reasons = json_array();
	bool failed;

	make_plain(plain.error);
	failed = json_object_set_new(root, "state", json_string(states[status->state])) ||
		 json_object_set_new(root, "error", json_string(plain.error)) ||
		 json_object_set_new(root, "format", json_string(fw_feed_format_word(status->format))) ||
		 json_object_set_new(root, "http", json_integer(status->http)) ||
		 json_object_set_new(root, "reasons", reasons);
	for (size_t i = 0; i < NUMBER_COUNT && !failed; i++) {
		const uint64_t *number = (const uint64_t *)((const char *)status + numbers[i].offset);

		failed = json_object_set_new(
			root, numbers[i].name,
			json_integer((json_int_t)(*number > INT64_MAX ? INT64_MAX : *number)));
	}
	for (size_t i = 0; i < plain.reason_count && !failed; i++) {
		make_plain(plain.reasons[i]);
		failed = json_array_append_new(reasons, json_string(plain.reasons[i]));
	}
	*ret = failed ? NULL : json_dumps(root, JSON_COMPACT);
	return *ret ? 0 : fw_err_set(err, -ENOMEM, "out of memory");
}

static void take_text(const json_t *value, char *into, size_t size)
{
	const char *text = json_string_value(value);

	snprintf(into, size, "%s", text ? text : "");
	make_plain(into);
}

static bool take_reasons(const json_t *reasons, struct fw_feed_status *status)
{
	size_t index;
	json_t *reason;

	if (!json_is_array(reasons) || json_array_size(reasons) > FW_FEED_REASONS_MAX)
		return false;
	json_array_foreach (reasons, index, reason)
		take_text(reason, status->reasons[status->reason_count++], FW_FEED_REASON_MAX);
	return true;
}

int fw_feed_status_decode(const char *text, struct fw_feed_status *ret, struct fw_err *err)
{
	json_error_t where;
	FW_JSON json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	struct fw_feed_status status = {0};
	const char *state = json_string_value(json_object_get(root, "state"));
	const char *format = json_string_value(json_object_get(root, "format"));
	bool good = state && format && !fw_feed_format_from_word(format, &status.format) &&
		    take_reasons(json_object_get(root, "reasons"), &status);
	size_t at = 0;

	while (good && at < STATE_COUNT && strcmp(state, states[at]))
		at++;
	for (size_t i = 0; i < NUMBER_COUNT && good; i++) {
		const json_t *number = json_object_get(root, numbers[i].name);

		good = json_is_integer(number) && json_integer_value(number) >= 0;
		if (good)
			*(uint64_t *)((char *)&status + numbers[i].offset) =
				(uint64_t)json_integer_value(number);
	}
	if (!good || at == STATE_COUNT)
		return fw_err_set(err, -EBADMSG, "the worker's status cannot be read");
	status.state = (enum fw_feed_state)at;
	status.http = (long)json_integer_value(json_object_get(root, "http"));
	take_text(json_object_get(root, "error"), status.error, sizeof(status.error));
	*ret = status;
	return 0;
}
