/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, newest last: for the journal, for `events` and for everybody who follows. */
#ifndef FW_AGENT_EVENT_LOG_H
#define FW_AGENT_EVENT_LOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fw_agent;
struct fw_follower;

#define FW_EVENTS_KEPT 1000

/* One JSON line, shared by all who have yet to send it. */
struct fw_event_line {
	unsigned int references;
	size_t length;
	char text[];
};

struct fw_event_log {
	struct fw_event_line *kept[FW_EVENTS_KEPT]; /* ring */
	uint64_t total;				    /* events so far; kept[total % FW_EVENTS_KEPT] is next */
	struct fw_follower *followers;
	size_t follower_count;
	uint64_t log_second, logged_in_second, log_suppressed;
};

/* details: an object whose members follow timestamp and event_type; stolen. The rest is the log line. */
void fw_event(struct fw_agent *agent, const char *type, const char *by, json_t *details, const char *format,
	      ...) __attribute__((format(printf, 5, 6)));
json_t *fw_event_time(void); /* now, as events write it */
/* The last `count` events as an array of objects. */
json_t *fw_event_last(const struct fw_event_log *log, size_t count);

/* A reader with a queue of its own, bounded: one that falls behind is told so and dropped. wake is called
 * when there is something to read again. */
struct fw_follower *fw_follower_new(struct fw_event_log *log, size_t past, void (*wake)(void *context),
				    void *context);
void fw_follower_free(struct fw_follower *follower);
/* Copies at most size bytes; 0 = nothing now, -1 = the end. */
ptrdiff_t fw_follower_read(struct fw_follower *follower, char *buffer, size_t size);

void fw_event_log_done(struct fw_event_log *log);

#endif
