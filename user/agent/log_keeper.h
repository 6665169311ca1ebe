/* SPDX-License-Identifier: Apache-2.0 */
/* A process beside the agent that may read any file and does nothing but open the logs a policy names, watch
 * them being rotated, run journalctl, and start the log worker, which may read nothing at all. */
#ifndef FW_AGENT_LOG_KEEPER_H
#define FW_AGENT_LOG_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define FW_KEEPER_SLOTS	   32
#define FW_KEEPER_TEXT_MAX 256

/* What it is told. */
enum fw_keeper_order_kind {
	FW_KEEPER_FOLLOW,  /* slot, text: absolute path; read from its end */
	FW_KEEPER_JOURNAL, /* slot, text: unit */
	FW_KEEPER_FORGET,  /* slot */
	FW_KEEPER_START,   /* text: program of the worker; one that runs is ended */
	FW_KEEPER_STOP,	   /* the worker */
};
struct fw_keeper_order {
	uint32_t kind;
	uint32_t slot;
	uint32_t serial; /* comes back in the slot's news */
	char text[FW_KEEPER_TEXT_MAX];
};

/* What it tells. */
enum fw_keeper_news_kind {
	FW_KEEPER_OPENED, /* slot, a descriptor to read from; error set: there is none, and why */
	FW_KEEPER_BACK,	  /* slot: the file that was gone is the same again */
	FW_KEEPER_WORKER, /* pid and a descriptor: its socket; error set: it could not be started */
	FW_KEEPER_ENDED,  /* pid, status: the worker */
};
struct fw_keeper_news {
	uint32_t kind;
	uint32_t slot;
	uint32_t serial;
	int32_t pid;
	int32_t status;
	int32_t error;
};

/* Call before any thread exists and before capabilities go. Returns its socket or -errno. */
int fw_keeper_fork(struct fw_err *err);

/* keeper_children.c: what it starts. Each closes what it was given. */
pid_t fw_keeper_start_journal(const char *unit, int *ret_pipe);
pid_t fw_keeper_start_worker(const char *program, int *ret_socket);

#endif
