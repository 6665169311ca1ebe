/* SPDX-License-Identifier: Apache-2.0 */
/* `floodwall-feed --try`: one attempt by hand, the way the agent makes it, for operators and drills. */
#ifndef FW_FEEDS_TRY_H
#define FW_FEEDS_TRY_H

#include "feeds/guard.h"

struct fw_feed_try {
	const char *worker;
	const char *dir;
	const char *name;
	const char *secret_file;
	const char *list_file; /* NULL, or where the prefixes in force are written, one a line */
	struct fw_guard guard;
	struct fw_protected *protected;
	size_t protected_count;
	bool everything;
};

/* Reads a job on stdin, prints one JSON object. 0: in force and current; 1: failed or held. */
int fw_feed_try(const struct fw_feed_try *settings, struct fw_err *err);

#endif
