// SPDX-License-Identifier: Apache-2.0
/* Policies prepared with the last good content of files that cannot be used. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/setfile.h"

/* One reading of a policy's files. */
struct reading {
	struct fw_agent *agent;
	const char *refusal; /* why the files as they are make no policy; NULL: those that can be read are
				taken */
	bool differs;	     /* some file that was taken says something else than its copy */
	struct fw_stand_ins ins;
};

/* The policy is read before the state directory is needed: one that is not there, or another agent's, has no
 * copies.
 */
static struct fw_state *state_of(const struct reading *reading)
{
	struct fw_state *state = &reading->agent->state;
	const char *dir = reading->agent->options.state_dir;

	if (state->dir_fd < 0 && (access(dir, F_OK) || fw_state_open(state, dir, NULL)))
		fw_state_close(state);
	return state->dir_fd < 0 ? NULL : state;
}

/* set NULL: signatures. A refused file is one that can be read. */
static int note(struct reading *reading, const char *set, const char *path, const char *why,
		uint64_t kept_wall_ns)
{
	struct fw_stand_in in = {
		.set = set ? strdup(set) : NULL, .readable = !*why, .kept_wall_ns = kept_wall_ns};

	if (*why)
		snprintf(in.why, sizeof(in.why), "%s", why);
	else
		snprintf(in.why, sizeof(in.why), "%.200s cannot be put in force: %.600s", path,
			 reading->refusal);
	if ((set && !in.set) || FW_APPEND(reading->ins.items, reading->ins.count, in)) {
		free(in.set);
		return -ENOMEM;
	}
	return 0;
}

/* Whether the copy is to be taken instead of a file that can be read. */
static bool is_refused(struct reading *reading, const char *set, const char *path, uint64_t digest)
{
	struct fw_state *state = state_of(reading);
	struct fw_last_good_head head;

	if (!state || fw_last_good_head(state, set, path, &head, NULL) || head.digest == digest)
		return false;
	reading->differs = true;
	return reading->refusal;
}

static void say_no_copy(struct fw_diags *diags, struct fw_mark mark, const char *what, const char *why)
{
	fw_diag_add(diags, mark, FW_SEVERITY_NOTE, "no-copy", NULL,
		    "there is no last good content of %s to go on with: %s", what, why);
}

static int set_from_copy(struct reading *reading, struct fw_set *set, const char *file_why,
			 struct fw_err *err)
{
	struct fw_state *state = state_of(reading);
	uint64_t kept_wall_ns = 0;
	int r = state ? fw_last_good_read_set(state, set, &kept_wall_ns, err)
		      : fw_err_set(err, -ENOENT, "none was kept in %s", reading->agent->options.state_dir);

	if (!r && note(reading, set->name, set->file, file_why, kept_wall_ns)) {
		free(set->prefixes);
		set->prefixes = NULL;
		set->prefix_count = 0;
		r = fw_err_set(err, -ENOMEM, "out of memory");
	}
	return r;
}

static int read_set(void *context, struct fw_set *set, struct fw_mark mark, struct fw_diags *diags)
{
	struct reading *reading = context;
	struct fw_set file = {.name = set->name, .file = set->file};
	char why[FW_ERR_TEXT_MAX] = "", what[FW_NAME_MAX + 8];
	struct fw_diags own = {};
	struct fw_err err = {};
	int r;

	if (set->prefix_count || !set->name)
		return fw_setfile_read(set, mark, diags);
	r = fw_setfile_read(&file, (struct fw_mark){}, &own);
	set->stamp = file.stamp;
	if (r || own.errors)
		fw_set_file_describe(&own, set->file, why, sizeof(why));
	if (*why || is_refused(reading, set->name, set->file, fw_last_good_digest(&file))) {
		free(file.prefixes);
		r = set_from_copy(reading, set, why, &err);
	} else {
		set->prefixes = file.prefixes;
		set->prefix_count = file.prefix_count;
	}
	fw_diags_done(&own);
	if (!r)
		return 0;
	r = fw_setfile_read(set, mark, diags);
	snprintf(what, sizeof(what), "set '%s'", set->name);
	say_no_copy(diags, mark, what, err.text);
	return r;
}

static int signatures_from_copy(struct reading *reading, const char *path, const char *file_why,
				struct fw_signature_list **ret, struct fw_err *err)
{
	struct fw_state *state = state_of(reading);
	const struct fw_file_stamp stamp = fw_setfile_stamp(path);
	uint64_t kept_wall_ns = 0;
	int r = state ? fw_last_good_read_signatures(state, path, ret, &kept_wall_ns, err)
		      : fw_err_set(err, -ENOENT, "none was kept in %s", reading->agent->options.state_dir);

	if (r)
		return r;
	(*ret)->stamp = stamp;
	if (!note(reading, NULL, path, file_why, kept_wall_ns))
		return 0;
	fw_signatures_free(*ret);
	*ret = NULL;
	return fw_err_set(err, -ENOMEM, "out of memory");
}

static int read_signatures(void *context, const char *path, struct fw_diags *diags,
			   struct fw_signature_list **ret)
{
	struct reading *reading = context;
	struct fw_signature_list *list = NULL;
	char why[FW_ERR_TEXT_MAX] = "";
	struct fw_diags own = {};
	struct fw_err err = {};
	int r = fw_signatures_read(path, &own, &list);

	if (r && !own.errors)
		snprintf(why, sizeof(why), "cannot read the list of signatures %.300s: %s", path,
			 strerror(-r));
	else if (r)
		fw_set_file_describe(&own, path, why, sizeof(why));
	fw_diags_done(&own);
	if (!r &&
	    !(list->text && is_refused(reading, NULL, path, fw_force_digest(list->text, list->length)))) {
		*ret = list;
		return 0;
	}
	fw_signatures_free(list);
	if (r == -ENOMEM)
		return r;
	if (!signatures_from_copy(reading, path, why, ret, &err))
		return 0;
	say_no_copy(diags, (struct fw_mark){.file = fw_diags_file(diags, path)}, "the list of signatures",
		    err.text);
	return fw_signatures_read(path, diags, ret);
}

static int attempt(struct fw_stand *stand, struct reading *reading, struct fw_loaded **ret, json_t *notes,
		   struct fw_err *err)
{
	const struct fw_file_reader reader = {
		.set = read_set, .signatures = read_signatures, .context = reading};
	json_t *said = json_array();
	int r = fw_force_prepare_by(reading->agent, stand, &reader, ret, said, err);

	if (*ret)
		(*ret)->stand_ins = reading->ins;
	else
		fw_stand_ins_done(&reading->ins);
	if (!r && notes)
		json_array_extend(notes, said);
	json_decref(said);
	return r;
}

int fw_last_good_prepare(struct fw_agent *agent, struct fw_stand *stand, bool refused_too,
			 struct fw_loaded **ret, json_t *notes, struct fw_err *err)
{
	struct reading first = {.agent = agent}, second = {.agent = agent};
	struct fw_loaded *loaded = NULL;
	struct fw_stand copy = {};
	char refusal[FW_ERR_TEXT_MAX];
	struct fw_err again = {};
	int r;

	*ret = NULL;
	if (fw_stand_copy(stand, &copy))
		return fw_err_set(err, -ENOMEM, "out of memory for the policy; the one in force stays");
	r = attempt(stand, &first, ret, notes, err);
	if (r && r != -ENOMEM && *ret && first.differs && refused_too) {
		snprintf(refusal, sizeof(refusal), "%s", err->text);
		if ((*ret)->diags.errors)
			fw_set_file_describe(&(*ret)->diags, copy.name, refusal, sizeof(refusal));
		second.refusal = refusal;
		if (!attempt(&copy, &second, &loaded, notes, &again)) {
			fw_loaded_free(*ret);
			*ret = loaded;
			*err = (struct fw_err){};
			r = 0;
		} else {
			fw_loaded_free(loaded);
		}
	}
	fw_stand_done(&copy);
	return r;
}
