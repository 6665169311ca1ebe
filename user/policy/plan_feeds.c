// SPDX-License-Identifier: Apache-2.0
/* What a plan says about feeds. Pure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/describe_feed.h"
#include "policy/plan_line.h"

static int feed_added(struct fw_plan *plan, const struct fw_feed *feed)
{
	FW_FREE char *detail = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&detail, &size);
	const char *comma = "";

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < fw_feed_aspects(); i++) {
		FW_FREE char *text = fw_feed_aspect_text(feed, i);

		if (!text || !*text)
			continue;
		fprintf(out, "%s%s: %s", comma, fw_feed_aspect_key(i), text);
		comma = ", ";
	}
	return fclose(out) ? -ENOMEM : fw_plan_line(plan, '+', "feed", feed->name, "%s", detail);
}

static int feed_changed(struct fw_plan *plan, const struct fw_feed *old, const struct fw_feed *new)
{
	FW_FREE char *detail = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&detail, &size);
	const char *comma = "";

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < fw_feed_aspects(); i++) {
		FW_FREE char *before = fw_feed_aspect_text(old, i);
		FW_FREE char *after = fw_feed_aspect_text(new, i);

		if (!before || !after || !strcmp(before, after))
			continue;
		fprintf(out, "%s%s %s -> %s", comma, fw_feed_aspect_key(i), *before ? before : "default",
			*after ? after : "default");
		comma = ", ";
	}
	if (fclose(out))
		return -ENOMEM;
	return *comma ? fw_plan_line(plan, '~', "feed", new->name, "%s", detail) : 0;
}

int fw_plan_feeds(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < wanted->feed_count && !r; i++) {
		const struct fw_feed *feed = &wanted->feeds[i];
		int old = fw_policy_feed_find(running, feed->name);

		r = old < 0 ? feed_added(plan, feed) : feed_changed(plan, &running->feeds[old], feed);
	}
	for (size_t i = 0; i < running->feed_count && !r; i++)
		if (fw_policy_feed_find(wanted, running->feeds[i].name) < 0)
			r = fw_plan_line(plan, '-', "feed", running->feeds[i].name, "%s",
					 running->feeds[i].url);
	return r;
}
