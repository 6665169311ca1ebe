// SPDX-License-Identifier: Apache-2.0
/* Reading. A regular file cannot be polled, and inotify needs rights that a worker has not: files are asked.
 */
#include "logs/inputs.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/event.h"

#define READS_AT_ONCE	  16
#define DATAGRAMS_AT_ONCE 2048
#define RETIRED_NS	  (30 * FW_NS_PER_SEC) /* a server may write to the old file until it is told */

static void remove_input(struct fw_inputs *inputs, size_t index)
{
	close(inputs->items[index].fd);
	fw_lines_done(&inputs->items[index].lines);
	memmove(&inputs->items[index], &inputs->items[index + 1],
		(--inputs->count - index) * sizeof(inputs->items[0]));
}

int fw_inputs_add(struct fw_inputs *inputs, int fd, unsigned int log, enum fw_log_input kind, uint64_t now_ns)
{
	struct fw_input *input;
	size_t oldest = 0;
	int r;

	for (size_t i = 0; i < inputs->count; i++)
		if (inputs->items[i].log == log)
			inputs->items[i].retired = true;
	/* There are more places than logs, so one of them is retired. */
	if (inputs->count == FW_INPUTS_MAX) {
		while (oldest + 1 < inputs->count && !inputs->items[oldest].retired)
			oldest++;
		remove_input(inputs, oldest);
	}
	input = &inputs->items[inputs->count];
	*input = (struct fw_input){.fd = fd, .log = log, .kind = kind, .last_ns = now_ns};
	r = fw_lines_init(&input->lines);
	if (r) {
		close(fd);
		return r;
	}
	inputs->count++;
	return 0;
}

void fw_inputs_clear(struct fw_inputs *inputs)
{
	while (inputs->count) {
		struct fw_input *last = &inputs->items[inputs->count - 1];

		if (last->kind == FW_LOG_INPUT_FILE && last->lines.used)
			(void)lseek(last->fd, -(off_t)last->lines.used, SEEK_CUR);
		remove_input(inputs, inputs->count - 1);
	}
}

struct taker {
	const struct fw_inputs_events *events;
	unsigned int log;
};

static void take(void *context, char *line, size_t length, bool cut)
{
	const struct taker *taker = context;

	taker->events->line(taker->events->context, taker->log, line, length, cut);
}

/* copytruncate, or `> file`: what is there now was not read. */
static void check_truncated(struct fw_input *input, const struct fw_inputs_events *events)
{
	off_t offset = lseek(input->fd, 0, SEEK_CUR);
	struct stat status;

	if (offset <= 0 || fstat(input->fd, &status) || status.st_size >= offset)
		return;
	(void)lseek(input->fd, 0, SEEK_SET);
	fw_lines_reset(&input->lines);
	events->truncated(events->context, input->log);
}

/* 1: there may be more; 0: not now; -EPIPE: the end. */
static int read_stream(struct fw_input *input, const struct fw_inputs_events *events, bool *came)
{
	struct taker taker = {events, input->log};

	for (int i = 0; i < READS_AT_ONCE; i++) {
		size_t room;
		char *to = fw_lines_room(&input->lines, &room);
		ssize_t got = read(input->fd, to, room < FW_LINES_READ ? room : FW_LINES_READ);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -EPIPE;
		if (!got && input->kind == FW_LOG_INPUT_PIPE)
			return -EPIPE;
		if (!got) {
			check_truncated(input, events);
			return 0;
		}
		*came = true;
		fw_lines_add(&input->lines, (size_t)got, take, &taker);
	}
	return 1;
}

static int read_datagrams(struct fw_input *input, const struct fw_inputs_events *events, bool *came)
{
	for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
		size_t room;
		char *to = fw_lines_room(&input->lines, &room);
		ssize_t got = recv(input->fd, to, FW_LOG_LINE_MAX, MSG_DONTWAIT | MSG_TRUNC);
		bool cut = got > FW_LOG_LINE_MAX;

		if (got < 0)
			return 0;
		*came = true;
		got = cut ? FW_LOG_LINE_MAX : got;
		while (got && (to[got - 1] == '\n' || to[got - 1] == '\0'))
			got--;
		if (got)
			events->line(events->context, input->log, to, (size_t)got, cut);
	}
	return 1;
}

bool fw_inputs_read(struct fw_inputs *inputs, uint64_t now_ns, const struct fw_inputs_events *events)
{
	bool more = false;

	for (size_t i = 0; i < inputs->count; i++) {
		struct fw_input *input = &inputs->items[i];
		bool came = false;
		int r = input->kind == FW_LOG_INPUT_DATAGRAMS ? read_datagrams(input, events, &came)
							      : read_stream(input, events, &came);

		more |= r > 0;
		if (came)
			input->last_ns = now_ns;
		if (r == -EPIPE && !input->retired)
			events->ended(events->context, input->log);
		if (r == -EPIPE || (input->retired && now_ns - input->last_ns > RETIRED_NS))
			remove_input(inputs, i--);
	}
	return more;
}
