/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: owned by one agent at a time, JSON documents replaced as a whole. */
#ifndef FW_AGENT_STATE_H
#define FW_AGENT_STATE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "lib/err.h"
#include "lib/state_files.h"

#define FW_STATE_VERSION 1

struct fw_state {
	char dir[PATH_MAX];
	char boot_id[FW_BOOT_ID_MAX]; /* of this boot of the machine */
	int dir_fd;		      /* locked; -1: it could not be made, which every write tries again */
};

/* Creates the directory and takes it for this process. -EAGAIN: another agent has it, text says which. After
 * an error it can be used all the same: there is nothing in it, and writes fail until it can be made.
 */
int fw_state_open(struct fw_state *state, const char *dir, struct fw_err *err);
void fw_state_close(struct fw_state *state);

/* The document gets "version" and "boot_id"; it is complete on disk under its name, or the old one stays. */
int fw_state_write(struct fw_state *state, const char *name, json_t *document, struct fw_err *err);
/* NULL with err->code -ENOENT without one, other codes when it cannot be believed (text says why).
 * *ret_same_boot: written since this machine booted. Caller decrefs. */
json_t *fw_state_read(struct fw_state *state, const char *name, bool *ret_same_boot, struct fw_err *err);

/* For writers that stream: a file under a temporary name, put in place by _commit, which also closes. */
FILE *fw_state_stream(struct fw_state *state, const char *name, struct fw_err *err);
int fw_state_commit(struct fw_state *state, const char *name, FILE *file, struct fw_err *err);

#endif
