// SPDX-License-Identifier: Apache-2.0
/* Events: kept in a ring, logged with fields, handed to followers. */
#include "agent/event_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "lib/log.h"

#define FOLLOWERS_MAX	  32
#define QUEUE_MAX	  4096
#define LOGGED_PER_SECOND 50
#define FIELDS_MAX	  12
#define FIELD_BYTES	  160

struct fw_follower {
	struct fw_event_log *log;
	struct fw_follower *next;
	struct fw_event_line *queue[QUEUE_MAX];
	size_t first, count, sent; /* sent: bytes of the first line */
	bool behind, ended;	   /* behind: takes nothing new, ends when what it has is read */
	void (*wake)(void *context);
	void *context;
};

static void unreference(struct fw_event_line *line)
{
	if (line && --line->references == 0)
		free(line);
}

json_t *fw_event_time(void)
{
	uint64_t now = fw_wall_ns();
	time_t seconds = (time_t)(now / FW_NS_PER_SEC);
	char text[48];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	return json_sprintf("%s.%06luZ", text, (unsigned long)(now % FW_NS_PER_SEC / 1000));
}

static struct fw_event_line *line_of(const json_t *event)
{
	char *text = json_dumps(event, JSON_COMPACT);
	size_t length = text ? strlen(text) : 0;
	struct fw_event_line *line = text ? malloc(sizeof(*line) + length + 2) : NULL;

	if (line) {
		line->references = 1;
		line->length = length + 1;
		memcpy(line->text, text, length);
		memcpy(line->text + length, "\n", 2);
	}
	free(text);
	return line;
}

static void enqueue(struct fw_follower *follower, struct fw_event_line *line)
{
	if (follower->behind || follower->count == QUEUE_MAX) {
		follower->behind = true;
		return;
	}
	line->references++;
	follower->queue[(follower->first + follower->count++) % QUEUE_MAX] = line;
}

/* A flood of bans must not become a flood of log lines. */
static bool may_log(struct fw_event_log *log)
{
	uint64_t second = fw_monotonic_ns() / FW_NS_PER_SEC;

	if (second != log->log_second) {
		if (log->log_suppressed)
			fw_log(FW_LOG_NOTICE,
			       "%lu more events were not logged; 'floodwall events' has the last %d",
			       (unsigned long)log->log_suppressed, FW_EVENTS_KEPT);
		log->log_second = second;
		log->logged_in_second = log->log_suppressed = 0;
	}
	if (log->logged_in_second++ < LOGGED_PER_SECOND)
		return true;
	log->log_suppressed++;
	return false;
}

/* Everything but strings as JSON writes it, cut to size. */
static void write_value(const json_t *value, char *text, size_t size)
{
	char *whole = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	snprintf(text, size, "%s", whole ? whole : "");
	free(whole);
}

/* Journal fields from the event's members: FLOODWALL_SRC_IP=… */
static void write_log(const json_t *event, enum fw_log_level level, const char *message)
{
	char fields[FIELDS_MAX][FIELD_BYTES];
	const char *list[FIELDS_MAX + 1];
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)event, key, value) {
		char *field = fields[count];
		size_t used;

		if (count == FIELDS_MAX || !strcmp(key, "timestamp") || json_is_null(value))
			continue;
		used = (size_t)snprintf(field, FIELD_BYTES, "FLOODWALL_%.32s=", key);
		for (size_t i = 0; i < used; i++)
			if (field[i] >= 'a' && field[i] <= 'z')
				field[i] = (char)(field[i] - 'a' + 'A');
		if (json_is_string(value))
			snprintf(field + used, FIELD_BYTES - used, "%s", json_string_value(value));
		else
			write_value(value, field + used, FIELD_BYTES - used);
		list[count++] = field;
	}
	list[count] = NULL;
	fw_log_fields(level, message, list);
}

/* It says that something went wrong. */
static bool has_failed(const json_t *event)
{
	const char *error = json_string_value(json_object_get(event, "error"));

	return (error && *error) || json_is_false(json_object_get(event, "ok"));
}

void fw_event(struct fw_agent *agent, const char *type, const char *by, json_t *details, const char *format,
	      ...)
{
	struct fw_event_log *log = &agent->events;
	json_t *event = json_pack("{s:o, s:s}", "timestamp", fw_event_time(), "event_type", type);
	const char *expected;
	bool failed;
	struct fw_event_line *line;
	char message[768];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (details)
		json_object_update(event, details);
	json_decref(details);
	/* What somebody did is no finding. */
	expected = strcmp(by, "agent") ? NULL : fw_suppressed_by(agent, event);
	if (expected)
		json_object_set_new(event, "suppressed", json_string(expected));
	json_object_set_new(event, "by", json_string(by));
	json_object_set_new(event, "message", json_string(message));
	failed = has_failed(event);
	if (may_log(log)) {
		json_t *logged = json_copy(event);

		json_object_del(logged, "message");
		write_log(logged, expected ? FW_LOG_INFO : failed ? FW_LOG_WARNING : FW_LOG_NOTICE, message);
		json_decref(logged);
	}
	fw_recorder_on_event(agent, type, event);
	fw_notifier_offer(agent, event, failed);
	line = line_of(event);
	json_decref(event);
	if (!line)
		return;
	for (struct fw_follower *follower = log->followers; follower; follower = follower->next)
		enqueue(follower, line);
	unreference(log->kept[log->total % FW_EVENTS_KEPT]);
	log->kept[log->total++ % FW_EVENTS_KEPT] = line;
	for (struct fw_follower *follower = log->followers, *next; follower; follower = next) {
		next = follower->next;
		follower->wake(follower->context);
	}
}

static size_t kept_count(const struct fw_event_log *log)
{
	return log->total < FW_EVENTS_KEPT ? (size_t)log->total : FW_EVENTS_KEPT;
}

json_t *fw_event_last(const struct fw_event_log *log, size_t count)
{
	size_t kept = kept_count(log);
	json_t *list = json_array();

	if (count > kept)
		count = kept;
	for (uint64_t i = log->total - count; i < log->total; i++)
		json_array_append_new(list, json_loads(log->kept[i % FW_EVENTS_KEPT]->text, 0, NULL));
	return list;
}

struct fw_follower *fw_follower_new(struct fw_event_log *log, size_t past, void (*wake)(void *context),
				    void *context)
{
	struct fw_follower *follower =
		log->follower_count < FOLLOWERS_MAX ? calloc(1, sizeof(*follower)) : NULL;
	size_t kept = kept_count(log);

	if (!follower)
		return NULL;
	follower->log = log;
	follower->wake = wake;
	follower->context = context;
	if (past > kept)
		past = kept;
	for (uint64_t i = log->total - past; i < log->total; i++)
		enqueue(follower, log->kept[i % FW_EVENTS_KEPT]);
	follower->next = log->followers;
	log->followers = follower;
	log->follower_count++;
	return follower;
}

void fw_follower_free(struct fw_follower *follower)
{
	struct fw_follower **link;

	if (!follower)
		return;
	for (link = &follower->log->followers; *link && *link != follower; link = &(*link)->next)
		;
	if (*link) {
		*link = follower->next;
		follower->log->follower_count--;
	}
	while (follower->count) {
		unreference(follower->queue[follower->first]);
		follower->first = (follower->first + 1) % QUEUE_MAX;
		follower->count--;
	}
	free(follower);
}

static struct fw_event_line *farewell(void)
{
	json_t *event = json_pack(
		"{s:o, s:s, s:s, s:s}", "timestamp", fw_event_time(), "event_type", "dropped", "by", "agent",
		"message",
		"this reader was too slow and is cut off; 'floodwall events' has the last 1000 events");
	struct fw_event_line *line = line_of(event);

	json_decref(event);
	return line;
}

ptrdiff_t fw_follower_read(struct fw_follower *follower, char *buffer, size_t size)
{
	size_t used = 0;

	while (used < size && follower->count) {
		struct fw_event_line *line = follower->queue[follower->first];
		size_t left = line->length - follower->sent;
		size_t part = left < size - used ? left : size - used;

		memcpy(buffer + used, line->text + follower->sent, part);
		used += part;
		follower->sent += part;
		if (follower->sent < line->length)
			break;
		unreference(line);
		follower->sent = 0;
		follower->first = (follower->first + 1) % QUEUE_MAX;
		if (--follower->count == 0 && follower->behind && !follower->ended) {
			follower->queue[follower->first] = farewell();
			follower->count = follower->queue[follower->first] ? 1 : 0;
			follower->ended = true;
		}
	}
	if (used)
		return (ptrdiff_t)used;
	return follower->ended ? -1 : 0;
}

void fw_event_log_done(struct fw_event_log *log)
{
	for (size_t i = 0; i < FW_EVENTS_KEPT; i++) {
		unreference(log->kept[i]);
		log->kept[i] = NULL;
	}
	log->total = 0;
}
