// SPDX-License-Identifier: Apache-2.0
/* What a policy's words about a feed mean for its worker, its guards and its schedule. Pure. */
#include <errno.h>
#include <string.h>

#include "agent/feeds_inside.h"
#include "feeds/schedule.h"
#include "fw_types.h"

void fw_feed_guard_of(const struct fw_feed *feed, struct fw_guard *ret)
{
	*ret = (struct fw_guard){
		.max_entries = feed->max_entries,
		.shortest_v4 = (unsigned char)feed->shortest4,
		.shortest_v6 = (unsigned char)feed->shortest6,
		.allow_bogons = feed->allow_private,
		.max_growth_percent = feed->growth,
		.max_shrink_percent = feed->shrink,
	};
}

static int copy_text(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int copy_words(const struct fw_names *names, struct fw_feed_words *ret)
{
	int r = 0;

	for (size_t i = 0; i < names->count && !r; i++)
		r = fw_feed_words_append(ret, names->items[i]);
	return r;
}

int fw_feed_job_of(const struct fw_feed *feed, struct fw_feed_job *ret)
{
	struct fw_feed_job job = {
		.max_bytes = feed->max_bytes,
		.max_seconds = feed->timeout_ns / FW_NS_PER_SEC,
		.shape = {.format = feed->format,
			  .delimiter = feed->delimiter,
			  .tier = feed->tier,
			  .ttl_seconds = feed->ttl_ns / FW_NS_PER_SEC,
			  .max_entries = feed->max_entries},
	};
	int r = copy_text(feed->url, &job.url);

	r = r ? r : copy_text(feed->header, &job.header);
	r = r ? r : copy_text(feed->proxy, &job.proxy);
	r = r ? r : copy_text(feed->ca_file, &job.ca_file);
	r = r ? r : copy_text(feed->md5, &job.md5);
	r = r ? r : copy_text(feed->score, &job.shape.score_field);
	r = r ? r : copy_text(feed->expires, &job.shape.expires_field);
	r = r ? r : copy_words(&feed->fields, &job.shape.fields);
	r = r ? r : copy_words(&feed->services, &job.shape.services);
	r = r ? r : copy_words(&feed->regions, &job.shape.regions);
	if (r)
		fw_feed_job_done(&job);
	else
		*ret = job;
	return r;
}

struct fw_feed_timing fw_feed_timing_of(const struct fw_feed_watch *watch)
{
	return (struct fw_feed_timing){.every_ns = watch->definition.every_ns,
				       .failures = watch->failures,
				       .retry_after_ns = watch->retry_after_ns,
				       .stale_after_ns = watch->definition.stale_after_ns};
}
