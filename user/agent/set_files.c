// SPDX-License-Identifier: Apache-2.0
/* Notices that set files and the list of signatures change: by their directories, so that a replaced file
 * counts, and by looking every two seconds, for links and file systems that tell nothing. */
#include "agent/set_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/last_good.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "policy/setfile.h"
#include "policy/signatures.h"

#define POLL_MS	    2000
#define PATIENCE_NS (2 * FW_NS_PER_SEC) /* a file that is written without end is read all the same */

struct fw_dir_watch {
	uv_fs_event_t handle; /* first: closing frees the whole */
	struct fw_agent *agent;
	char *path;
};

static void settle_later(struct fw_agent *agent);

static void on_settled(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_set_files *files = &agent->set_files;
	bool patient = fw_monotonic_ns() - files->noticed_ns < PATIENCE_NS;

	if (fw_set_files_refresh(agent, patient))
		settle_later(agent);
	else
		files->noticed_ns = 0;
}

/* Anew with every sign of life, until patience ends. */
static void settle_later(struct fw_agent *agent)
{
	struct fw_set_files *files = &agent->set_files;
	uint64_t now = fw_monotonic_ns();

	if (!files->noticed_ns)
		files->noticed_ns = now;
	if (now - files->noticed_ns >= PATIENCE_NS && uv_is_active((uv_handle_t *)&files->settle))
		return;
	uv_update_time(&agent->loop);
	uv_timer_start(&files->settle, on_settled, FW_SETTLE_MS, 0);
}

static bool is_changed(const struct fw_set_file *file)
{
	struct fw_file_stamp now = fw_setfile_stamp(file->path);

	return !fw_file_stamp_same(&now, &file->stamp);
}

static void on_poll(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	const struct fw_set_files *files = &agent->set_files;
	bool changed = files->signatures.path && is_changed(&files->signatures);

	changed |= files->signatures_retry_ns && files->signatures_retry_ns <= fw_monotonic_ns();
	for (size_t i = 0; i < files->count && !changed; i++)
		changed = is_changed(&files->items[i]);
	if (changed)
		settle_later(agent);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void on_dir_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct fw_dir_watch *watch = (struct fw_dir_watch *)handle;
	const struct fw_set_files *files = &watch->agent->set_files;
	bool ours = !name;

	(void)events;
	(void)status;
	for (size_t i = 0; i < files->count && !ours; i++)
		ours = !strcmp(base_of(files->items[i].path), name);
	if (ours || (files->signatures.path && !strcmp(base_of(files->signatures.path), name)))
		settle_later(watch->agent);
}

static void on_dir_closed(uv_handle_t *handle)
{
	struct fw_dir_watch *watch = (struct fw_dir_watch *)handle;

	free(watch->path);
	free(watch);
}

static void forget_dirs(struct fw_set_files *files)
{
	for (size_t i = 0; i < files->dir_count; i++)
		uv_close((uv_handle_t *)&files->dirs[i]->handle, on_dir_closed);
	files->dir_count = 0;
	free(files->dirs);
	files->dirs = NULL;
}

/* Without a watch the poll has to do. */
static void watch_dir(struct fw_agent *agent, const char *file)
{
	size_t length = (size_t)(base_of(file) - file);
	struct fw_set_files *files = &agent->set_files;
	struct fw_dir_watch *watch;

	for (size_t i = 0; i < files->dir_count; i++)
		if (strlen(files->dirs[i]->path) == length && !strncmp(files->dirs[i]->path, file, length))
			return;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return;
	watch->agent = agent;
	watch->path = strndup(file, length);
	if (!watch->path || uv_fs_event_init(&agent->loop, &watch->handle)) {
		free(watch->path);
		free(watch);
		return;
	}
	if (FW_APPEND(files->dirs, files->dir_count, watch)) {
		uv_close((uv_handle_t *)&watch->handle, on_dir_closed);
		return;
	}
	uv_fs_event_start(&watch->handle, on_dir_event, watch->path, 0);
}

static void file_done(struct fw_set_file *file)
{
	free(file->set);
	free(file->path);
}

static const struct fw_set_file *find(const struct fw_set_file *items, size_t count, const char *set)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(items[i].set, set))
			return &items[i];
	return NULL;
}

/* The copy that the policy in force has instead of a file; NULL: it has the file. set NULL: signatures. */
static const struct fw_stand_in *stand_in_of(const struct fw_agent *agent, const char *set)
{
	const struct fw_stand_ins *ins = &agent->loaded->stand_ins;

	for (size_t i = 0; i < ins->count; i++)
		if (set ? ins->items[i].set && !strcmp(ins->items[i].set, set) : !ins->items[i].set)
			return &ins->items[i];
	return NULL;
}

/* What was broken and could be read now is said to be good again; what is broken now, unless it was said. */
static void tell(struct fw_agent *agent, struct fw_set_file *file, const struct fw_set_file *before,
		 const struct fw_stand_in *in)
{
	if (before)
		memcpy(file->error, before->error, sizeof(file->error));
	if (in) {
		file->good_wall_ns = in->kept_wall_ns;
		fw_set_file_broke(agent, file, in->why);
		return;
	}
	if (file->error[0])
		fw_set_file_mended(agent, file);
	fw_set_file_keep(agent, file);
}

void fw_set_file_keep(struct fw_agent *agent, const struct fw_set_file *file)
{
	const struct fw_policy *policy = agent->loaded->policy;
	int index = file->set ? fw_policy_set_find(policy, file->set) : -1;
	struct fw_err err = {};

	if (index >= 0)
		fw_last_good_keep_set(&agent->state, &policy->sets[index], &err);
	else if (!file->set && policy->signatures.list)
		fw_last_good_keep_signatures(&agent->state, policy->signatures.list, &err);
	if (err.code)
		fw_log(FW_LOG_WARNING,
		       "what %s says now is not kept for a start without it, an older copy may be: %s",
		       file->path, err.text);
}

static void add_file(struct fw_agent *agent, const struct fw_set *set, const struct fw_set_file *before)
{
	struct fw_set_files *files = &agent->set_files;
	struct fw_set_file file = {.set = strdup(set->name),
				   .path = strdup(set->file),
				   .stamp = set->stamp,
				   .good_wall_ns = fw_wall_ns()};

	if (!file.set || !file.path || FW_APPEND(files->items, files->count, file)) {
		file_done(&file);
		fw_log(FW_LOG_WARNING, "set '%s': changes of %s go unnoticed: out of memory", set->name,
		       set->file);
		return;
	}
	tell(agent, &files->items[files->count - 1], before, stand_in_of(agent, set->name));
	watch_dir(agent, set->file);
}

static void follow_signatures(struct fw_agent *agent)
{
	const struct fw_signature_list *list = agent->loaded->policy->signatures.list;
	struct fw_set_file *file = &agent->set_files.signatures, before = *file;
	const struct fw_stand_in *in = stand_in_of(agent, NULL);

	*file = (struct fw_set_file){.path = list ? strdup(list->file) : NULL};
	agent->set_files.signatures_retry_ns = 0;
	if (list && !file->path)
		fw_log(FW_LOG_WARNING, "changes of %s go unnoticed: out of memory", list->file);
	if (file->path) {
		file->stamp = list->stamp;
		file->good_wall_ns = fw_wall_ns();
		tell(agent, file, &before, in);
		if (in && in->readable)
			agent->set_files.signatures_retry_ns = fw_monotonic_ns() + FW_SIGNATURES_RETRY_NS;
		watch_dir(agent, file->path);
	}
	file_done(&before);
}

void fw_set_files_follow(struct fw_agent *agent)
{
	const struct fw_policy *policy = agent->loaded->policy;
	struct fw_set_files *files = &agent->set_files;
	struct fw_set_file *before = files->items;
	size_t count = files->count;

	files->items = NULL;
	files->count = 0;
	forget_dirs(files);
	for (size_t i = 0; i < policy->set_count; i++)
		if (policy->sets[i].kind == FW_SET_FILE)
			add_file(agent, &policy->sets[i], find(before, count, policy->sets[i].name));
	follow_signatures(agent);
	for (size_t i = 0; i < count; i++)
		file_done(&before[i]);
	free(before);
}

void fw_set_files_init(struct fw_agent *agent)
{
	struct fw_set_files *files = &agent->set_files;

	uv_timer_init(&agent->loop, &files->poll);
	uv_timer_init(&agent->loop, &files->settle);
	files->poll.data = files->settle.data = agent;
}

void fw_set_files_start(struct fw_agent *agent)
{
	uv_timer_start(&agent->set_files.poll, on_poll, POLL_MS, POLL_MS);
}

void fw_set_files_say(struct fw_agent *agent)
{
	const struct fw_set_files *files = &agent->set_files;

	for (size_t i = 0; i < files->count; i++)
		if (files->items[i].error[0])
			fw_set_file_say(agent, &files->items[i]);
	if (files->signatures.error[0])
		fw_set_file_say(agent, &files->signatures);
}

const struct fw_set_file *fw_set_files_find(const struct fw_agent *agent, const char *set)
{
	return find(agent->set_files.items, agent->set_files.count, set);
}

void fw_set_files_warn(const struct fw_agent *agent, json_t *warnings)
{
	for (size_t i = 0; i < agent->set_files.count; i++) {
		const struct fw_set_file *file = &agent->set_files.items[i];

		if (file->error[0])
			json_array_append_new(
				warnings, json_sprintf("set '%s': %s; its last good content stays in force",
						       file->set, file->error));
	}
	if (agent->set_files.signatures.error[0])
		json_array_append_new(warnings,
				      json_sprintf("signatures: %s; the list read before stays in force",
						   agent->set_files.signatures.error));
}

/* The handles go with the loop, and that with the process. */
void fw_set_files_done(struct fw_set_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		file_done(&files->items[i]);
	file_done(&files->signatures);
	free(files->items);
	files->items = NULL;
	files->count = 0;
}
