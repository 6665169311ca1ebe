// SPDX-License-Identifier: Apache-2.0
/* The policy model's lifetime and look-ups. */
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/geo.h"
#include "policy/signatures.h"
#include "policy/match_keys.h"

static void names_done(struct fw_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static void uris_done(struct fw_uri_tests *tests)
{
	for (size_t i = 0; i < tests->count; i++)
		free(tests->items[i].text);
	free(tests->items);
}

#define DONE_refs(list)	     free((list)->items)
#define DONE_numbers(list)   free((list)->items)
#define DONE_protocols(list) free((list)->items)
#define DONE_ranges(list)    free((list)->items)
#define DONE_tests(list)     free((list)->items)
#define DONE_names(list)     names_done(list)
#define DONE_uris(list)	     uris_done(list)
#define DONE_bits(list)	     ((void)(list))

void fw_match_done(struct fw_match *match)
{
#define X(kind, key, key_not)                                                                                \
	DONE_##kind(&match->key);                                                                            \
	DONE_##kind(&match->key_not);
	FW_MATCH_KEYS(X)
#undef X
#define X(kind, key) DONE_##kind(&match->key);
	FW_MATCH_LOG_KEYS(X)
#undef X
	*match = (struct fw_match){0};
}

void fw_policy_rule_done(struct fw_policy_rule *rule)
{
	free(rule->name);
	fw_match_done(&rule->match);
	for (size_t i = 0; i < rule->part_count; i++)
		fw_match_done(&rule->parts[i]);
	for (size_t i = 0; i < rule->alternative_count; i++)
		free(rule->alternatives[i].parts);
	free(rule->parts);
	free(rule->alternatives);
	names_done(&rule->labels);
	free(rule->stands_in_for);
	free(rule->resource.items);
	*rule = (struct fw_policy_rule){0};
}

void fw_policy_feed_done(struct fw_feed *feed)
{
	char *const texts[] = {feed->name,   feed->url,	  feed->score,	 feed->expires, feed->header,
			       feed->secret, feed->proxy, feed->ca_file, feed->md5};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		free(texts[i]);
	names_done(&feed->fields);
	names_done(&feed->services);
	names_done(&feed->regions);
	*feed = (struct fw_feed){0};
}

static int copy_names(const struct fw_names *names, struct fw_names *ret)
{
	*ret = (struct fw_names){.items = calloc(names->count + 1, sizeof(*ret->items))};
	for (; ret->items && ret->count < names->count; ret->count++) {
		ret->items[ret->count] = strdup(names->items[ret->count]);
		if (!ret->items[ret->count])
			return -ENOMEM;
	}
	return ret->items ? 0 : -ENOMEM;
}

int fw_policy_feed_copy(const struct fw_feed *feed, struct fw_feed *ret)
{
	int r;

	*ret = *feed;
	ret->mark = (struct fw_mark){0};
	ret->fields = ret->services = ret->regions = (struct fw_names){0};
	r = copy_names(&feed->fields, &ret->fields) | copy_names(&feed->services, &ret->services) |
	    copy_names(&feed->regions, &ret->regions);
#define COPY(member)                                                                                         \
	r |= (ret->member = feed->member ? strdup(feed->member) : NULL) || !feed->member ? 0 : -ENOMEM
	COPY(name);
	COPY(url);
	COPY(score);
	COPY(expires);
	COPY(header);
	COPY(secret);
	COPY(proxy);
	COPY(ca_file);
	COPY(md5);
#undef COPY
	if (r)
		fw_policy_feed_done(ret);
	return r ? -ENOMEM : 0;
}

void fw_notify_target_done(struct fw_notify_target *target)
{
	free(target->name);
	free(target->url);
	free(target->user);
	free(target->header);
	free(target->secret);
	free(target->proxy);
	free(target->ca_file);
	names_done(&target->argv);
	names_done(&target->events);
	*target = (struct fw_notify_target){0};
}

int fw_notify_target_copy(const struct fw_notify_target *target, struct fw_notify_target *ret)
{
	const char *const from[] = {target->name,  target->url,	    target->header, target->secret,
				    target->proxy, target->ca_file, target->user};
	char **const to[] = {&ret->name,  &ret->url,	 &ret->header, &ret->secret,
			     &ret->proxy, &ret->ca_file, &ret->user};
	int r = 0;

	*ret = *target;
	ret->mark = (struct fw_mark){0};
	ret->argv = ret->events = (struct fw_names){0};
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		*to[i] = from[i] ? strdup(from[i]) : NULL;
		r = from[i] && !*to[i] ? -ENOMEM : r;
	}
	if (!r)
		r = copy_names(&target->argv, &ret->argv);
	if (!r)
		r = copy_names(&target->events, &ret->events);
	if (r)
		fw_notify_target_done(ret);
	return r;
}

void fw_suppression_done(struct fw_suppression *suppression)
{
	free(suppression->name);
	names_done(&suppression->events);
	names_done(&suppression->rules);
	free(suppression->source.items);
}

void fw_log_done(struct fw_log *log)
{
	free(log->name);
	free(log->place);
	free(log->regex);
	for (int i = 0; i < FW_LOG_FIELD_MAX_; i++)
		free(log->fields[i]);
	free(log->trusted_proxies.items);
	*log = (struct fw_log){0};
}

void fw_policy_free(struct fw_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->set_count; i++) {
		free(policy->sets[i].name);
		free(policy->sets[i].file);
		free(policy->sets[i].prefixes);
	}
	for (size_t i = 0; i < policy->rule_count; i++)
		fw_policy_rule_done(&policy->rules[i]);
	for (size_t i = 0; i < policy->feed_count; i++)
		fw_policy_feed_done(&policy->feeds[i]);
	free(policy->feeds);
	free(policy->geo.database);
	free(policy->geo.asn_database);
	fw_geo_unref(policy->geo.data);
	free(policy->signatures.file);
	fw_signatures_free(policy->signatures.list);
	for (size_t i = 0; i < policy->log_count; i++)
		fw_log_done(&policy->logs[i]);
	for (size_t i = 0; i < policy->notify_count; i++)
		fw_notify_target_done(&policy->notify[i]);
	free(policy->notify);
	for (size_t i = 0; i < policy->suppression_count; i++)
		fw_suppression_done(&policy->suppressions[i]);
	free(policy->suppressions);
	free(policy->logs);
	free(policy->interfaces);
	free(policy->never_block.items);
	free(policy->safety.resolvers.items);
	free(policy->safety.time_servers.items);
	free(policy->sets);
	free(policy->rules);
	free(policy->file);
	free(policy);
}

int fw_policy_rule_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (!strcmp(policy->rules[i].name, name))
			return (int)i;
	return -1;
}

int fw_policy_set_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++)
		if (!strcmp(policy->sets[i].name, name))
			return (int)i;
	return -1;
}

int fw_policy_feed_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->feed_count; i++)
		if (!strcmp(policy->feeds[i].name, name))
			return (int)i;
	return -1;
}

int fw_policy_log_find(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->log_count; i++)
		if (!strcmp(policy->logs[i].name, name))
			return (int)i;
	return -1;
}
