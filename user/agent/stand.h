/* SPDX-License-Identifier: Apache-2.0 */
/* A policy with everything needed to have it again: its text, where that came from, and the live changes on
 * top. */
#ifndef FW_AGENT_STAND_H
#define FW_AGENT_STAND_H

#include <jansson.h>

#include "policy/image.h"

/* One KEY=VALUE of `floodwall tune`. */
struct fw_tune {
	char rule[FW_NAME_MAX];
	char key[16];
	char *value;
	char by[64];
	uint64_t expires_ns; /* monotonic, 0 = until it is changed */
};

struct fw_stand {
	char *text;
	size_t length;
	char *name;	/* absolute path of the file it was */
	char *base_dir; /* relative set files resolve against it */
	struct fw_tune *tunes;
	size_t tune_count;
};

void fw_stand_done(struct fw_stand *stand);
int fw_stand_copy(const struct fw_stand *stand, struct fw_stand *ret);
/* From a file; -ENOENT, -EACCES, … with text. No tunes. */
int fw_stand_read(const char *path, struct fw_stand *ret, struct fw_err *err);
/* The same for a file that was read before: what is no regular file, such as the pipe of a shell, is gone:
 * -ESTALE. */
int fw_stand_reread(const char *path, struct fw_stand *ret, struct fw_err *err);
json_t *fw_stand_to_json(const struct fw_stand *stand);
int fw_stand_from_json(const json_t *document, struct fw_stand *ret); /* -EINVAL */

/* A file that a policy names and that was not taken as it is: its last good content stands in for it. */
struct fw_stand_in {
	char *set; /* NULL: the list of signatures */
	char why[FW_ERR_TEXT_MAX];
	bool readable; /* but what it says cannot be put in force */
	uint64_t kept_wall_ns;
};
struct fw_stand_ins {
	struct fw_stand_in *items;
	size_t count;
};

void fw_stand_ins_done(struct fw_stand_ins *ins);

/* A stand that was parsed; image once compiled. Never moves: the policy's marks point into diags. */
struct fw_loaded {
	struct fw_stand stand;
	struct fw_diags diags;
	struct fw_policy *policy;     /* tunes applied; NULL after errors, which diags has */
	struct fw_policy_rule *rules; /* as the text has them: a shallow copy, to undo tunes */
	struct fw_image *image;
	struct fw_stand_ins stand_ins; /* of when it was read */
};

/* Takes the stand's contents over. NULL only when out of memory. */
struct fw_loaded *fw_loaded_new(struct fw_stand *stand);
/* The same with its files read by somebody else; NULL: as they are. */
struct fw_loaded *fw_loaded_new_by(struct fw_stand *stand, const struct fw_file_reader *reader);
void fw_loaded_free(struct fw_loaded *loaded);

/* Applies the stand's tunes to the file's rules afresh. A tune whose rule is gone or that no longer fits is
 * dropped from the stand and its reason appended to `dropped` (JSON strings, may be NULL). */
void fw_loaded_tune(struct fw_loaded *loaded, json_t *dropped);
/* Forgets tunes that say what the file says anyway, as after `tune --save`. */
void fw_loaded_prune(struct fw_loaded *loaded);

#endif
