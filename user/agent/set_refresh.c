// SPDX-License-Identifier: Apache-2.0
/* Reads changed set files again and puts what they say in force, all of it or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/set_files.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "policy/check.h"
#include "policy/setfile.h"

/* A file's new content on its way into the policy; after the exchange it holds what was there before. */
struct fresh {
	struct fw_set_file *file;
	struct fw_set *set; /* of the policy in force */
	struct fw_prefix *prefixes;
	size_t count;
};

struct batch {
	struct fresh *items;
	size_t count;
};

/* A quoted line may be anything; JSON takes UTF-8 only. */
static void make_text(char *text)
{
	json_t *string = json_string(text);

	for (char *byte = text; *byte; byte++)
		if ((unsigned char)*byte < 0x20 || *byte == 0x7f || (!string && (unsigned char)*byte > 0x7f))
			*byte = '?';
	json_decref(string);
}

void fw_set_file_broke(struct fw_agent *agent, struct fw_set_file *file, const char *why)
{
	char text[FW_ERR_TEXT_MAX];

	snprintf(text, sizeof(text), "%s", why);
	make_text(text);
	if (!strcmp(file->error, text))
		return;
	memcpy(file->error, text, sizeof(text));
	if (agent->ready) /* whom to tell is not known before, see fw_set_files_say */
		fw_set_file_say(agent, file);
}

void fw_set_file_say(struct fw_agent *agent, const struct fw_set_file *file)
{
	if (!file->set) {
		fw_event(agent, "signatures", "agent",
			 json_pack("{s:s, s:s, s:s}", "change", "broken", "file", file->path, "error",
				   file->error),
			 "signatures: %s; the list read before stays in force", file->error);
		return;
	}
	fw_event(agent, "set", "agent",
		 json_pack("{s:s, s:s, s:s, s:s}", "name", file->set, "change", "broken", "file", file->path,
			   "error", file->error),
		 "set '%s': %s; its last good content stays in force", file->set, file->error);
}

void fw_set_file_mended(struct fw_agent *agent, struct fw_set_file *file)
{
	file->error[0] = '\0';
	if (!file->set) {
		fw_event(agent, "signatures", "agent",
			 json_pack("{s:s, s:s}", "change", "mended", "file", file->path),
			 "signatures: %s can be used again, and is in force", file->path);
		return;
	}
	fw_event(agent, "set", "agent",
		 json_pack("{s:s, s:s, s:s}", "name", file->set, "change", "mended", "file", file->path),
		 "set '%s': %s can be used again, and is in force", file->set, file->path);
}

void fw_set_file_describe(const struct fw_diags *diags, const char *path, char *text, size_t size)
{
	const struct fw_diag *first = NULL;
	size_t used;

	for (size_t i = 0; i < diags->count && !first; i++)
		if (diags->items[i].severity == FW_SEVERITY_ERROR)
			first = &diags->items[i];
	if (!first) {
		snprintf(text, size, "%s cannot be read: out of memory", path);
		return;
	}
	used = (size_t)(first->mark.line
				? snprintf(text, size, "%s:%d: %s", path, first->mark.line, first->message)
				: snprintf(text, size, "%s%s%s", strstr(first->message, path) ? "" : path,
					   strstr(first->message, path) ? "" : ": ", first->message));
	if (first->hint && used < size)
		used += (size_t)snprintf(text + used, size - used, " (%s)", first->hint);
	if (diags->errors > 1 && used < size)
		snprintf(text + used, size - used, " (and %zu more bad %s)", diags->errors - 1,
			 diags->errors > 2 ? "lines" : "line");
	make_text(text);
}

static bool is_same(const struct fw_set *set, const struct fw_prefix *prefixes, size_t count)
{
	if (set->prefix_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (fw_prefix_compare(&set->prefixes[i], &prefixes[i]))
			return false;
	return true;
}

static void now_good(struct fw_agent *agent, struct fw_set_file *file)
{
	file->good_wall_ns = fw_wall_ns();
	if (file->error[0])
		fw_set_file_mended(agent, file);
	fw_set_file_keep(agent, file);
}

/* Into the batch, if it can be used and says something new. */
static void read_again(struct fw_agent *agent, struct fw_set_file *file, struct batch *batch)
{
	struct fw_policy *policy = agent->loaded->policy;
	int index = fw_policy_set_find(policy, file->set);
	struct fw_set copy = {.name = file->set, .file = file->path};
	struct fw_diags diags = {};
	char why[FW_ERR_TEXT_MAX];
	int r = fw_setfile_read(&copy, (struct fw_mark){}, &diags);

	file->stamp = copy.stamp;
	if (r || diags.errors || index < 0) {
		fw_set_file_describe(&diags, file->path, why, sizeof(why));
		fw_set_file_broke(agent, file, why);
	} else if (is_same(&policy->sets[index], copy.prefixes, copy.prefix_count)) {
		now_good(agent, file);
	} else if (!FW_APPEND(batch->items, batch->count,
			      (struct fresh){.file = file,
					     .set = &policy->sets[index],
					     .prefixes = copy.prefixes,
					     .count = copy.prefix_count})) {
		copy.prefixes = NULL;
	} else {
		fw_set_file_broke(agent, file, "out of memory for its new content");
	}
	free(copy.prefixes);
	fw_diags_done(&diags);
}

static void exchange(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct fresh *fresh = &batch->items[i];
		struct fw_prefix *prefixes = fresh->set->prefixes;
		size_t count = fresh->set->prefix_count;

		fresh->set->prefixes = fresh->prefixes;
		fresh->set->prefix_count = fresh->count;
		fresh->prefixes = prefixes;
		fresh->count = count;
	}
}

/* A file must not make a rule block what the policy was not allowed to. */
static int check_shares(struct fw_agent *agent, struct fw_err *err)
{
	const struct fw_policy *policy = agent->loaded->policy;
	FW_FREE struct fw_set_change *changes = NULL;
	size_t count = fw_drift_changes(&agent->drift, &changes);
	struct fw_diags diags = {};
	int r = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		fw_rule_check_share(policy, &policy->rules[i], changes, count, &diags);
	if (diags.errors)
		r = fw_err_set(err, -EINVAL, "%s%s%s", diags.items[0].message,
			       diags.items[0].hint ? "; " : "",
			       diags.items[0].hint ? diags.items[0].hint : "");
	fw_diags_done(&diags);
	return r;
}

static void say_read(struct fw_agent *agent, const struct fresh *fresh)
{
	fw_event(agent, "set", "agent",
		 json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", fresh->set->name, "change", "read", "file",
			   fresh->file->path, "entries", (json_int_t)fresh->set->prefix_count, "generation",
			   (json_int_t)agent->generation),
		 "set '%s': %s changed: %zu in force, before it %zu", fresh->set->name, fresh->file->path,
		 fresh->set->prefix_count, fresh->count);
}

static void put_in_force(struct fw_agent *agent, struct batch *batch)
{
	char why[FW_ERR_TEXT_MAX];
	struct fw_err err = {};
	int r;

	exchange(batch);
	r = check_shares(agent, &err);
	if (!r)
		r = fw_force_relist(agent, &err);
	if (r)
		exchange(batch);
	for (size_t i = 0; i < batch->count; i++) {
		struct fresh *fresh = &batch->items[i];

		if (r) {
			snprintf(why, sizeof(why), "%.200s cannot be put in force: %.600s", fresh->file->path,
				 err.text);
			fw_set_file_broke(agent, fresh->file, why);
			continue;
		}
		say_read(agent, fresh);
		now_good(agent, fresh->file);
	}
	if (r)
		return;
	fw_drift_forget_saved(agent);
	fw_force_save_soon(agent);
}

bool fw_set_file_is_young(const struct fw_file_stamp *stamp)
{
	uint64_t now = fw_wall_ns(), at = stamp->modified_ns;

	if (stamp->changed_ns > at)
		at = stamp->changed_ns;
	return !stamp->error && at <= now && now - at < FW_SETTLE_MS * (FW_NS_PER_SEC / 1000);
}

bool fw_set_files_refresh(struct fw_agent *agent, bool patient)
{
	struct batch batch = {};
	bool again = false;

	for (size_t i = 0; i < agent->set_files.count; i++) {
		struct fw_set_file *file = &agent->set_files.items[i];
		struct fw_file_stamp now = fw_setfile_stamp(file->path);

		if (fw_file_stamp_same(&now, &file->stamp))
			continue;
		if (patient && fw_set_file_is_young(&now))
			again = true;
		else
			read_again(agent, file, &batch);
	}
	if (batch.count)
		put_in_force(agent, &batch);
	for (size_t i = 0; i < batch.count; i++)
		free(batch.items[i].prefixes);
	free(batch.items);
	/* Last: it may replace the whole policy, and with it what stands above. */
	return fw_signatures_refresh(agent, patient) || again;
}
