// SPDX-License-Identifier: Apache-2.0
/* One attempt by hand: load the last good copy, fetch, judge, keep, filter, tell. */
#include "feeds/try.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "feeds/update.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

static int read_job(struct fw_feed_job *job, struct fw_err *err)
{
	FW_FREE char *text = malloc(FW_FEED_JOB_MAX + 1);
	size_t length = text ? fread(text, 1, FW_FEED_JOB_MAX, stdin) : 0;

	if (!length)
		return fw_err_set(err, -EINVAL,
				  "expects a job as JSON on stdin, such as {\"url\":\"https://...\"}");
	text[length] = '\0';
	return fw_feed_job_decode(text, job, err);
}

static int write_list(const char *path, const struct fw_feed_list *list, struct fw_err *err)
{
	FW_FCLOSE FILE *file = fopen(path, "we");
	char text[FW_ADDR_TEXT_MAX];

	if (!file)
		return fw_err_set(err, -errno, "cannot write '%.200s': %s", path, strerror(errno));
	for (size_t i = 0; i < list->count; i++)
		fprintf(file, "%s\n", fw_prefix_format(&list->items[i].prefix, text, sizeof(text)));
	return ferror(file) ? fw_err_set(err, -EIO, "cannot write '%.200s'", path) : 0;
}

/* What is in force now, as the filter would get it. */
static int filtered(const struct fw_feed_copy *copy, const struct fw_feed_try *settings,
		    struct fw_feed_list *list, struct fw_guard_report *report)
{
	int r = 0;

	for (size_t i = 0; copy && i < copy->entries.count && !r; i++)
		r = fw_feed_list_append(list, &copy->entries.items[i]);
	return r ? r
		 : fw_guard_filter(list, &settings->guard, settings->protected, settings->protected_count,
				   report);
}

static int print(const struct fw_feed_update *update, const struct fw_feed_copy *in_force,
		 const struct fw_feed_list *list, const struct fw_guard_report *report)
{
	const struct fw_feed_status *status = &update->status;
	char described[1024];
	json_t *reasons = json_array();
	json_t *root;

	for (size_t i = 0; i < status->reason_count; i++)
		json_array_append_new(reasons, json_string(status->reasons[i]));
	root = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "state",
			 fw_feed_outcome_word(update->outcome), "error", update->why, "format",
			 fw_feed_format_word(status->format), "entries",
			 (json_int_t)(in_force ? in_force->entries.count : 0), "in_force",
			 (json_int_t)list->count, "http", (json_int_t)status->http, "refused_lines",
			 (json_int_t)status->refused, "filtered", (json_int_t)status->filtered,
			 "last_success", (json_int_t)(in_force ? in_force->checked : 0), "retry_after",
			 (json_int_t)status->retry_after, "milliseconds", (json_int_t)status->milliseconds,
			 "guard", fw_guard_describe(report, described, sizeof(described)), "reasons",
			 reasons);
	if (!root || json_dumpf(root, stdout, 0) || printf("\n") < 0) {
		json_decref(root);
		return -EIO;
	}
	json_decref(root);
	return 0;
}

static int attempt(const struct fw_feed_try *settings, struct fw_feed_job *job, struct fw_err *err)
{
	uint64_t now = fw_wall_ns() / FW_NS_PER_SEC, origin = fw_feed_origin(job->url, &job->shape);
	struct fw_feed_copy kept = {0};
	struct fw_err load_err = {0};
	int r = fw_feed_store_load(settings->dir, settings->name, origin, 0, now, &kept, &load_err);
	struct fw_feed_copy *in_force = r ? NULL : &kept;
	struct fw_feed_attempt one = {.runner = {.worker = settings->worker},
				      .dir = settings->dir,
				      .name = settings->name,
				      .job = job,
				      .secret_file = settings->secret_file,
				      .guard = &settings->guard,
				      .in_force = in_force,
				      .everything = settings->everything,
				      .now = now};
	struct fw_feed_update update = {0};
	struct fw_guard_report report;
	struct fw_feed_list list = {0};

	if (r && r != -ENOENT)
		fprintf(stderr, "floodwall-feed: %s, starting without it\n", load_err.text);
	r = fw_feed_attempt(&one, &update);
	if (!r && update.has_copy)
		in_force = &update.copy;
	else if (!r && in_force && update.outcome == FW_FEED_UNCHANGED)
		in_force->checked = now;
	if (!r)
		r = filtered(in_force, settings, &list, &report);
	if (!r)
		r = print(&update, in_force, &list, &report);
	if (!r && settings->list_file)
		r = write_list(settings->list_file, &list, err);
	if (!r)
		r = update.outcome == FW_FEED_FAILED || update.outcome == FW_FEED_HELD;
	else if (!err->code)
		fw_err_set(err, r, "%s", strerror(-r));
	fw_feed_list_done(&list);
	fw_feed_update_done(&update);
	fw_feed_copy_done(&kept);
	return r;
}

int fw_feed_try(const struct fw_feed_try *settings, struct fw_err *err)
{
	struct fw_feed_job job = {0};
	int r = read_job(&job, err);

	if (!r)
		r = attempt(settings, &job, err);
	fw_feed_job_done(&job);
	return r;
}
