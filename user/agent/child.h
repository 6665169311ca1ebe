/* SPDX-License-Identifier: Apache-2.0 */
/* Processes forked from the agent before it gives up its rights, which hold fewer of them and talk to it over
 * a socket. */
#ifndef FW_AGENT_CHILD_H
#define FW_AGENT_CHILD_H

#include "lib/err.h"

#define FW_CHILD_FD 3 /* the child's end of the socket; nothing above it is open */

struct fw_child {
	const char *name;     /* as ps shows it */
	int (*become)(void);  /* gives up what it need not have; not 0: the child ends */
	void (*live)(int fd); /* until the agent is gone */
};

/* Forks it. Call before any thread exists and before capabilities go. Returns its socket, which keeps
 * messages apart (SOCK_SEQPACKET), or -errno. The child ends with the agent and ignores what a terminal or
 * systemd sends to the whole group. */
int fw_child_fork(const struct fw_child *child, struct fw_err *err);
/* Inside the child: SIGCHLD as a descriptor to poll. */
int fw_child_deaths_fd(void);

#endif
