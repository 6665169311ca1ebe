// SPDX-License-Identifier: Apache-2.0
/* Geo databases are replaced by whoever fetches them: noticed within seconds where the file system tells,
 * within a minute where it does not. A file that cannot be used changes nothing. */
#include "agent/geo_watch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SETTLE_MS  1000 /* a file is written in many pieces */
#define RECHECK_MS 60000

static struct fw_geo_file file_now(const char *path)
{
	struct stat status;

	return path && !stat(path, &status) ? fw_geo_file_of(&status) : (struct fw_geo_file){};
}

/* True when a file is another one than was last tried; remembers it. A missing file is no news: it is being
 * replaced. */
static bool is_news(struct fw_geo_watch *watch)
{
	bool news = false;

	for (int i = 0; i < FW_GEO_WATCHED; i++) {
		struct fw_geo_file now = file_now(watch->paths[i]);

		if (!now.inode || fw_geo_same_file(&now, &watch->tried[i]))
			continue;
		watch->tried[i] = now;
		news = true;
	}
	return news;
}

static void refused(struct fw_agent *agent, const char *why)
{
	fw_event(agent, "geo", "agent", json_pack("{s:b, s:s}", "ok", 0, "error", why),
		 "the geo database changed and is not used: %s; the one read before stays in force", why);
}

static void refresh(struct fw_agent *agent)
{
	struct fw_policy *policy = agent->loaded->policy;
	struct fw_geo *fresh = NULL, *old = policy->geo.data;
	struct fw_diags diags = {};
	struct fw_err err = {};
	bool changed;
	int r = fw_geo_read(policy, &diags, &fresh);

	if (r || !fresh) {
		const char *why = "out of memory";

		for (size_t i = 0; i < diags.count; i++)
			if (diags.items[i].severity == FW_SEVERITY_ERROR)
				why = diags.items[i].message;
		refused(agent, why);
		fw_diags_done(&diags);
		return;
	}
	fw_diags_done(&diags);
	changed = !old || old->digest != fresh->digest;
	policy->geo.data = fresh;
	if (fw_force_recompile(agent, false, &err)) {
		policy->geo.data = old;
		fw_geo_unref(fresh);
		refused(agent, err.text);
		return;
	}
	fw_geo_unref(old);
	fw_force_save_soon(agent);
	fw_event(agent, "geo", "agent",
		 json_pack("{s:b, s:b, s:I, s:I}", "ok", 1, "changed", (int)changed, "groups",
			   (json_int_t)fresh->class_count, "generation", (json_int_t)agent->generation),
		 "geo database read again: %s, generation %u is in force",
		 changed ? "addresses have moved between the rules' countries and networks"
			 : "nothing changed that rules ask for",
		 agent->generation);
}

static void on_settled(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	if (agent->loaded && is_news(&agent->geo_watch))
		refresh(agent);
}

static void on_change(uv_fs_event_t *event, const char *name, int events, int status)
{
	struct fw_agent *agent = event->data;
	const struct fw_geo_watch *watch = &agent->geo_watch;
	bool ours = !name;

	(void)events;
	(void)status;
	/* Others write in that directory too, and must not put our reading off. */
	for (int i = 0; i < FW_GEO_WATCHED && !ours; i++) {
		const char *slash = watch->paths[i] ? strrchr(watch->paths[i], '/') : NULL;

		ours = slash && !strcmp(slash + 1, name);
	}
	if (ours)
		uv_timer_start(&agent->geo_watch.settle, on_settled, SETTLE_MS, 0);
}

static void watch_directory(struct fw_agent *agent, int which)
{
	struct fw_geo_watch *watch = &agent->geo_watch;
	char copy[PATH_MAX];
	int r;

	uv_fs_event_stop(&watch->directories[which]);
	if (!watch->paths[which] || snprintf(copy, sizeof(copy), "%s", watch->paths[which]) >= PATH_MAX)
		return;
	r = uv_fs_event_start(&watch->directories[which], on_change, dirname(copy), 0);
	if (r)
		fw_log(FW_LOG_NOTICE, "changes of %s are noticed within a minute only: %s",
		       watch->paths[which], uv_strerror(r));
}

void fw_geo_watch_init(struct fw_agent *agent)
{
	struct fw_geo_watch *watch = &agent->geo_watch;

	for (int i = 0; i < FW_GEO_WATCHED; i++) {
		uv_fs_event_init(&agent->loop, &watch->directories[i]);
		watch->directories[i].data = agent;
	}
	uv_timer_init(&agent->loop, &watch->settle);
	uv_timer_init(&agent->loop, &watch->recheck);
	watch->settle.data = watch->recheck.data = agent;
	watch->ready = true;
}

void fw_geo_watch_follow(struct fw_agent *agent)
{
	struct fw_geo_watch *watch = &agent->geo_watch;
	const struct fw_policy *policy = agent->loaded->policy;

	if (!watch->ready)
		return;
	for (int i = 0; i < FW_GEO_WATCHED; i++) {
		const char *path = policy->geo.data ? fw_geo_path(policy, (unsigned int)i) : NULL;

		free(watch->paths[i]);
		watch->paths[i] = path && policy->geo.data->files[i].inode ? strdup(path) : NULL;
		watch->tried[i] = policy->geo.data ? policy->geo.data->files[i] : (struct fw_geo_file){};
		watch_directory(agent, i);
	}
	if (policy->geo.data)
		uv_timer_start(&watch->recheck, on_settled, RECHECK_MS, RECHECK_MS);
	else
		uv_timer_stop(&watch->recheck);
}

void fw_geo_watch_done(struct fw_agent *agent)
{
	for (int i = 0; i < FW_GEO_WATCHED; i++)
		free(agent->geo_watch.paths[i]);
}
