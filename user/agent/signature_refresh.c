// SPDX-License-Identifier: Apache-2.0
/* Reads a changed list of signatures again and puts it in force, all of it or nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "agent/set_files.h"
#include "lib/clock.h"
#include "policy/setfile.h"
#include "policy/signatures.h"

/* Whether the list itself can be read; *why is said with its own lines. */
static int try_list(const char *path, char *why, size_t size)
{
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {};
	int r = fw_signatures_read(path, &diags, &list);

	if (r && !diags.errors)
		snprintf(why, size, "cannot read the list of signatures %.300s: %s", path, strerror(-r));
	else if (r)
		fw_set_file_describe(&diags, path, why, size);
	fw_signatures_free(list);
	fw_diags_done(&diags);
	return r;
}

/* The policy in force with the list as it is now. */
static int put_in_force(struct fw_agent *agent, const char *path, char *why, size_t size)
{
	struct fw_loaded *loaded = NULL;
	struct fw_stand stand = {};
	struct fw_err err = {};
	int r = fw_stand_copy(&agent->loaded->stand, &stand);

	if (r)
		fw_err_set(&err, r, "out of memory");
	else
		r = fw_last_good_prepare(agent, &stand, false, &loaded, NULL, &err);
	if (r && loaded && loaded->diags.errors) {
		char first[FW_ERR_TEXT_MAX / 2];

		fw_set_file_describe(&loaded->diags, loaded->stand.name, first, sizeof(first));
		fw_err_set(&err, r, "%s", first);
	}
	if (r)
		fw_loaded_free(loaded);
	else
		r = fw_force_install(agent, loaded, &err);
	fw_stand_done(&stand);
	if (r)
		snprintf(why, size, "%.200s cannot be put in force: %.600s", path, err.text);
	return r;
}

static void say_read(struct fw_agent *agent)
{
	const struct fw_signature_list *list = agent->loaded->policy->signatures.list;

	if (!list)
		return;
	fw_event(agent, "signatures", "agent",
		 json_pack("{s:s, s:s, s:I, s:I}", "change", "read", "file", list->file, "entries",
			   (json_int_t)list->count, "generation", (json_int_t)agent->generation),
		 "signatures: %s changed: %zu in force, generation %u", list->file, list->count,
		 agent->generation);
}

bool fw_signatures_refresh(struct fw_agent *agent, bool patient)
{
	struct fw_set_files *files = &agent->set_files;
	struct fw_set_file *file = &files->signatures;
	bool again = files->signatures_retry_ns && files->signatures_retry_ns <= fw_monotonic_ns();
	char why[FW_ERR_TEXT_MAX];
	struct fw_file_stamp now;

	if (!file->path)
		return false;
	now = fw_setfile_stamp(file->path);
	if (!again && fw_file_stamp_same(&now, &file->stamp))
		return false;
	if (patient && fw_set_file_is_young(&now))
		return true;
	file->stamp = now;
	files->signatures_retry_ns = 0;
	if (try_list(file->path, why, sizeof(why))) {
		fw_set_file_broke(agent, file, why);
		return false;
	}
	if (put_in_force(agent, file->path, why, sizeof(why))) {
		files->signatures_retry_ns = fw_monotonic_ns() + FW_SIGNATURES_RETRY_NS;
		fw_set_file_broke(agent, file, why);
		return false;
	}
	fw_force_save_soon(agent);
	if (!file->error[0]) /* it may have broken since it was tried */
		say_read(agent);
	return false;
}
