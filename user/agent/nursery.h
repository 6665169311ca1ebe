/* SPDX-License-Identifier: Apache-2.0 */
/* The process that starts unprivileged workers for an agent that cannot change users any more. */
#ifndef FW_AGENT_NURSERY_H
#define FW_AGENT_NURSERY_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

#define FW_NURSERY_FEEDS    4 /* feed workers at the same time */
#define FW_NURSERY_NOTIFYS  4 /* workers that tell somebody something */
#define FW_NURSERY_FDS	    5
#define FW_NURSERY_USER_MAX 64
#define FW_NURSERY_NO_USER  125 /* a worker's exit code: it could not become that user */

enum fw_nursery_kind {
	FW_NURSERY_START, /* floodwall-web; descriptor: its listening socket. News come on the nursery's
			     socket */
	FW_NURSERY_STOP,  /* and its end */
	FW_NURSERY_FEED,  /* floodwall-feed; descriptors: a socket for the news, then job, status, result and,
			   * maybe, secret. The worker is killed when the other end of the news closes. */
	FW_NURSERY_NOTIFY, /* floodwall-notify; a socket for the news, then job, status and, maybe, secret */
};
/* What the nursery is told and tells. */
struct fw_nursery_order {
	enum fw_nursery_kind kind;
	char program[256], socket[128];
	char user[FW_NURSERY_USER_MAX]; /* FW_NURSERY_NOTIFY: who it runs as, "": floodwall or nobody */
};
struct fw_nursery_news {
	pid_t pid; /* of the child */
	int ended; /* 0: it was started; else its wait status is in `status` */
	int status;
	int error; /* errno when it could not be started */
};

/* Forks it. Call before any thread exists and before capabilities go. Returns its socket or -errno. */
int fw_nursery_fork(struct fw_err *err);
/* One that can start workers as other users: it keeps the capabilities for that, and for ending them, and no
 * others. For policies that name a user; the same rules hold. */
int fw_nursery_fork_changer(struct fw_err *err);
/* Never waits: -EAGAIN when the nursery does not read. */
int fw_nursery_send(int nursery_fd, const struct fw_nursery_order *order, const int *fds, size_t count);
/* Where a program is: beside the agent, as in a build tree, else where it is installed. */
void fw_nursery_program(const char *name, char *path, size_t size);

#endif
