/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors a worker reads: files at their end, pipes, datagram sockets; rotated files to their last
 * line. */
#ifndef FW_LOGS_INPUTS_H
#define FW_LOGS_INPUTS_H

#include "logs/lines.h"
#include "logs/record.h"

#define FW_INPUTS_MAX 64

struct fw_input {
	int fd;
	unsigned int log;
	enum fw_log_input kind;
	struct fw_lines lines;
	bool retired;	  /* another took its place: closed when nothing has come for a while */
	uint64_t last_ns; /* when something came */
};

/* What happens to lines, and what to know of an input. */
struct fw_inputs_events {
	void (*line)(void *context, unsigned int log, char *line, size_t length, bool cut);
	void (*truncated)(void *context, unsigned int log);
	void (*ended)(void *context, unsigned int log); /* a pipe */
	void *context;
};

struct fw_inputs {
	struct fw_input items[FW_INPUTS_MAX];
	size_t count;
};

/* Takes fd over, also on failure. The log's input so far is retired. -ENOMEM. */
int fw_inputs_add(struct fw_inputs *inputs, int fd, unsigned int log, enum fw_log_input kind,
		  uint64_t now_ns);
/* Closes all. A file's offset goes back to the start of an unfinished line: whoever has the same open file
 * reads on from there. */
void fw_inputs_clear(struct fw_inputs *inputs);
/* Reads what is there, a bounded amount of each; true: there may be more. */
bool fw_inputs_read(struct fw_inputs *inputs, uint64_t now_ns, const struct fw_inputs_events *events);

#endif
