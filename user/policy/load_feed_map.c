// SPDX-License-Identifier: Apache-2.0
/* The map of feeds: each becomes a set of its name, and its keys must fit its format and each other. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fw_types.h"
#include "lib/grow.h"
#include "lib/units.h"
#include "policy/load.h"

#define FEEDS_MAX 256

/* A key that the format has no use for: the operator expects something that will not happen. */
static void check_format(struct fw_loader *loader, const struct fw_node *node, const struct fw_feed *feed)
{
	static const struct {
		const char *key;
		enum fw_feed_key kind;
	} keys[] = {
		{"fields", FW_FEED_KEY_FIELDS},	      {"column", FW_FEED_KEY_FIELDS},
		{"score", FW_FEED_KEY_SCORE},	      {"expires", FW_FEED_KEY_SCORE},
		{"delimiter", FW_FEED_KEY_DELIMITER}, {"services", FW_FEED_KEY_SERVICES},
		{"regions", FW_FEED_KEY_SERVICES},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct fw_node *value = fw_node_get(node, keys[i].key);

		if (value && !value->broken && !fw_feed_format_has(feed->format, keys[i].kind))
			fw_complain(loader, value->key, "bad-feed", "remove the key, or name another format",
				    "format '%s' has no '%s'", fw_feed_format_word(feed->format),
				    keys[i].key);
	}
}

static void check_paths(struct fw_loader *loader, const struct fw_node *node, const struct fw_feed *feed)
{
	static const char *const keys[] = {"fields", "column", "score", "expires"};
	bool json = feed->format == FW_FEED_JSON || feed->format == FW_FEED_JSONL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct fw_node *value = fw_node_get(node, keys[i]);

		if (!value || value->broken)
			continue;
		if (feed->format == FW_FEED_CSV && value->count > 1) {
			fw_complain(loader, value, "bad-feed", "name the one that holds the address",
				    "csv has one column of addresses");
			continue;
		}
		fw_node_each (item, value) {
			struct fw_err err;

			if (json && item->kind == FW_NODE_SCALAR && fw_feed_path_check(item->text, &err))
				fw_complain(loader, item, "bad-field", NULL, "%s", err.text);
		}
	}
}

static void check_secret(struct fw_loader *loader, const struct fw_node *node, const struct fw_feed *feed)
{
	const struct fw_node *secret = fw_node_get(node, "secret"), *header = fw_node_get(node, "header");

	if (header && !secret)
		fw_complain(loader, header->key, "bad-feed", "add secret: PATH",
			    "'header' has nothing to carry without 'secret'");
	if (!secret || !feed->url)
		return;
	if (!strncmp(feed->url, "http://", 7))
		fw_diag_add(loader->diags, secret->key->mark, FW_SEVERITY_WARNING, "feed-secret-unencrypted",
			    "use https://", "the credential of this feed is sent without encryption");
	else if (strncmp(feed->url, "https://", 8))
		fw_complain(loader, secret->key, "bad-feed", "remove it", "a file needs no credential");
}

static void check_times(struct fw_loader *loader, const struct fw_node *node, const struct fw_feed *feed)
{
	const struct fw_node *stale = fw_node_get(node, "stale_after"), *ttl = fw_node_get(node, "ttl");
	char every[32], text[32];

	fw_duration_format(feed->every_ns, every, sizeof(every));
	if (stale && feed->stale_after_ns && feed->stale_after_ns < feed->every_ns)
		fw_diag_add(loader->diags, stale->mark, FW_SEVERITY_WARNING, "feed-always-stale",
			    "make it at least twice 'every'",
			    "stale_after %s is shorter than every %s: this feed is called stale between any "
			    "two updates",
			    fw_duration_format(feed->stale_after_ns, text, sizeof(text)), every);
	if (ttl && feed->ttl_ns && feed->ttl_ns < feed->every_ns)
		fw_diag_add(loader->diags, ttl->mark, FW_SEVERITY_WARNING, "feed-gaps",
			    "make it at least twice 'every'",
			    "ttl %s is shorter than every %s: the entries are gone until the next update",
			    fw_duration_format(feed->ttl_ns, text, sizeof(text)), every);
}

static void check_feed(struct fw_loader *loader, const struct fw_node *node, const struct fw_feed *feed)
{
	check_format(loader, node, feed);
	check_paths(loader, node, feed);
	check_secret(loader, node, feed);
	check_times(loader, node, feed);
}

static bool add_set(struct fw_loader *loader, struct fw_feed *feed)
{
	struct fw_policy *policy = loader->policy;
	struct fw_set set = {.name = strdup(feed->name), .kind = FW_SET_FEED, .mark = feed->mark};

	if (!set.name || FW_APPEND(policy->sets, policy->set_count, set)) {
		free(set.name);
		loader->out_of_memory = true;
		return false;
	}
	feed->set = (unsigned int)policy->set_count - 1;
	return true;
}

static void load_feed(struct fw_loader *loader, const struct fw_node *value)
{
	struct fw_feed feed = {.every_ns = FW_FEED_EVERY_DEFAULT_NS, .mark = value->key->mark};
	struct fw_policy *policy = loader->policy;
	const char *name;

	if (value->broken || !fw_read_name(loader, value->key, "feed", &name))
		return;
	if (fw_load_set_find(loader, name) >= 0) {
		fw_complain(loader, value->key, "duplicate-name", "a feed is a set of its own: rename one",
			    "'%s' is the name of a set already", name);
		return;
	}
	snprintf(loader->where, sizeof(loader->where), "feed '%s'", name);
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write {url: \"https://…\", every: 12h}",
			    "%s must be a map of keys", loader->where);
		return;
	}
	fw_load_object(loader, value, "feed", loader->where, &feed);
	check_feed(loader, value, &feed);
	feed.name = strdup(name);
	if (!feed.name || !add_set(loader, &feed) || FW_APPEND(policy->feeds, policy->feed_count, feed)) {
		loader->out_of_memory = true;
		fw_policy_feed_done(&feed);
	}
}

void fw_load_feeds(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write feeds: {NAME: {url: \"https://…\"}}",
			    "feeds must be a map of names");
		return;
	}
	if (value->count > FEEDS_MAX) {
		fw_complain(loader, value, "too-many", NULL, "more than %d feeds", FEEDS_MAX);
		return;
	}
	for (const struct fw_node *feed = value->first; feed; feed = feed->next)
		load_feed(loader, feed);
	fw_load_sets_index(loader);
}
