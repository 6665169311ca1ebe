/* SPDX-License-Identifier: Apache-2.0 */
/* Set files and the list of signatures while the agent runs: a changed one is read again, a broken one leaves
 * its last good content in force. */
#ifndef FW_AGENT_SET_FILES_H
#define FW_AGENT_SET_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "policy/policy.h"

struct fw_agent;
struct fw_dir_watch;

struct fw_set_file {
	char *set, *path;	     /* set NULL: the list of signatures */
	struct fw_file_stamp stamp;  /* of what was read last, well or not */
	char error[FW_ERR_TEXT_MAX]; /* why it cannot be used; "": what it says is in force */
	uint64_t good_wall_ns;	     /* when the content in force was read */
};

struct fw_set_files {
	struct fw_set_file *items;
	size_t count;
	struct fw_set_file signatures; /* path NULL: no rule asks for any */
	uint64_t signatures_retry_ns;  /* of one that cannot be put in force, for whatever else stands in the
					  way */
	struct fw_dir_watch **dirs;
	size_t dir_count;
	uv_timer_t poll, settle;
	uint64_t noticed_ns; /* a change waits to be read since then, 0: none does */
};

void fw_set_files_init(struct fw_agent *agent);
/* What was broken already when the agent started. */
void fw_set_files_say(struct fw_agent *agent);
/* From now on changes are noticed. */
void fw_set_files_start(struct fw_agent *agent);
/* The policy in force is another one: its files have just been read, or copies stand in for them. */
void fw_set_files_follow(struct fw_agent *agent);
void fw_set_files_done(struct fw_set_files *files);

/* NULL for sets that come from no file. */
const struct fw_set_file *fw_set_files_find(const struct fw_agent *agent, const char *set);
/* Appends a sentence for each file that cannot be used. */
void fw_set_files_warn(const struct fw_agent *agent, json_t *warnings);

/* set_refresh.c: reads what differs from its stamp and puts it in force. True when a file is still being
 * written and must be looked at again; `patient`: such a file may be given time. */
bool fw_set_files_refresh(struct fw_agent *agent, bool patient);
/* Why a file cannot be used: "/etc/floodwall/sets/bad.txt:17: 'x' is no address (and 3 more bad lines)". */
void fw_set_file_describe(const struct fw_diags *diags, const char *path, char *text, size_t size);
void fw_set_file_say(struct fw_agent *agent, const struct fw_set_file *file); /* that it is broken */
/* Says that a file is broken or good again, when that is news. */
void fw_set_file_broke(struct fw_agent *agent, struct fw_set_file *file, const char *why);
void fw_set_file_mended(struct fw_agent *agent, struct fw_set_file *file);

/* Keeps what is in force for an agent that starts while the file cannot be used. */
void fw_set_file_keep(struct fw_agent *agent, const struct fw_set_file *file);

/* signature_refresh.c: the same for the list of signatures. The policy in force is built anew from its text
 * and its tunes, as rules know signatures by their places in the list. */
bool fw_signatures_refresh(struct fw_agent *agent, bool patient);
/* The file changed less than FW_SETTLE_MS ago. */
bool fw_set_file_is_young(const struct fw_file_stamp *stamp);

#define FW_SIGNATURES_RETRY_NS (60 * FW_NS_PER_SEC) /* of a list that cannot be put in force */
#define FW_SETTLE_MS	       200 /* a file that changed less than that ago is being written */

#endif
