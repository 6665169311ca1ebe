// SPDX-License-Identifier: Apache-2.0
/* A job out of its text, on the side of the worker. Pure. */
#include "logs/job.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/prefixes.h"

static char *copy_text(const json_t *value)
{
	return json_is_string(value) ? strdup(json_string_value(value)) : NULL;
}

static int trust_from_json(const json_t *list, struct fw_log_trust *trust)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		struct fw_prefix prefix;

		if (!json_is_string(item) || fw_prefix_parse(json_string_value(item), &prefix, NULL))
			return -EINVAL;
		if (FW_APPEND(trust->prefixes, trust->count, prefix))
			return -ENOMEM;
	}
	trust->count = fw_prefixes_normalize(trust->prefixes, trust->count);
	return 0;
}

static int log_from_json(const json_t *item, struct fw_log_job_log *log)
{
	json_t *regex, *fields, *trusted;
	const char *name;
	int source, format;

	if (json_unpack((json_t *)item, "{s:s, s:i, s:i, s:o, s:o, s:o}", "name", &name, "source", &source,
			"format", &format, "regex", &regex, "fields", &fields, "trusted", &trusted) ||
	    source < 0 || source > FW_LOG_SYSLOG_UNIX || format < 0 || format > FW_LOG_REGEX)
		return -EINVAL;
	log->name = strdup(name);
	log->source = (enum fw_log_source)source;
	log->format = (enum fw_log_format)format;
	log->regex = copy_text(regex);
	for (size_t i = 0; i < FW_LOG_FIELD_MAX_; i++)
		log->fields[i] = copy_text(json_array_get(fields, i));
	return log->name ? trust_from_json(trusted, &log->trust) : -ENOMEM;
}

static int uris_from_json(const json_t *list, struct fw_uri_tests *tests)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		struct fw_uri_test test = {0};
		const char *text;
		int how;

		if (json_unpack(item, "[i, s]", &how, &text) || how < 0 || how > FW_URI_CONTAINS)
			return -EINVAL;
		test.how = (enum fw_uri_how)how;
		test.text = strdup(text);
		if (!test.text || FW_APPEND(tests->items, tests->count, test)) {
			free(test.text);
			return -ENOMEM;
		}
	}
	return 0;
}

static int names_from_json(const json_t *list, struct fw_names *names)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		char *copy = copy_text(item);

		if (!copy || FW_APPEND(names->items, names->count, copy)) {
			free(copy);
			return -ENOMEM;
		}
	}
	return 0;
}

static int ranges_from_json(const json_t *list, struct fw_ranges *ranges)
{
	json_t *item;
	size_t i;

	json_array_foreach ((json_t *)list, i, item) {
		int first, last;

		if (json_unpack(item, "[i, i]", &first, &last))
			return -EINVAL;
		if (FW_APPEND(ranges->items, ranges->count,
			      (struct fw_range){(uint16_t)first, (uint16_t)last}))
			return -ENOMEM;
	}
	return 0;
}

static int part_from_json(const json_t *item, struct fw_log_job_part *part)
{
	json_t *uri, *uri_not, *method, *method_not, *host, *host_not, *status, *status_not;
	int r = 0;

	if (json_unpack((json_t *)item, "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "uri", &uri, "uri_not",
			&uri_not, "method", &method, "method_not", &method_not, "host", &host, "host_not",
			&host_not, "status", &status, "status_not", &status_not))
		return -EINVAL;
	r = r ? r : uris_from_json(uri, &part->uri);
	r = r ? r : uris_from_json(uri_not, &part->uri_not);
	r = r ? r : names_from_json(method, &part->method);
	r = r ? r : names_from_json(method_not, &part->method_not);
	r = r ? r : names_from_json(host, &part->host);
	r = r ? r : names_from_json(host_not, &part->host_not);
	r = r ? r : ranges_from_json(status, &part->status);
	return r ? r : ranges_from_json(status_not, &part->status_not);
}

static int parts_from_json(const json_t *list, struct fw_log_job_rule *rule)
{
	json_t *item;
	size_t i;
	int r = 0;

	rule->parts = calloc(json_array_size(list) + 1, sizeof(*rule->parts));
	if (!rule->parts)
		return -ENOMEM;
	json_array_foreach ((json_t *)list, i, item)
		r = r ? r : part_from_json(item, &rule->parts[rule->part_count++]);
	return r;
}

static int alternative_from_json(const json_t *list, size_t part_count, struct fw_alternative *alternative)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return -EINVAL;
	alternative->parts = calloc(json_array_size(list) + 1, sizeof(*alternative->parts));
	if (!alternative->parts)
		return -ENOMEM;
	json_array_foreach ((json_t *)list, i, item) {
		json_int_t part = json_integer_value(item);

		if (!json_is_integer(item) || part < 0 || (size_t)part >= part_count)
			return -EINVAL;
		alternative->parts[alternative->count++] = (unsigned int)part;
	}
	return 0;
}

static int alternatives_from_json(const json_t *list, struct fw_log_job_rule *rule)
{
	json_t *item;
	size_t i;
	int r = 0;

	rule->alternatives = calloc(json_array_size(list) + 1, sizeof(*rule->alternatives));
	if (!rule->alternatives)
		return -ENOMEM;
	json_array_foreach ((json_t *)list, i, item)
		r = r ? r
		      : alternative_from_json(item, rule->part_count,
					      &rule->alternatives[rule->alternative_count++]);
	return r;
}

static int rule_from_json(const json_t *item, size_t log_count, struct fw_log_job_rule *rule)
{
	json_t *always, *parts, *any;
	int id, log, shift, bits4, bits6, leases, ends, r;
	json_int_t limit, sub_us;
	const char *name;

	if (json_unpack((json_t *)item, "{s:i, s:s, s:i, s:I, s:I, s:i, s:i, s:i, s:b, s:b, s:o, s:o, s:o}",
			"id", &id, "name", &name, "log", &log, "limit", &limit, "sub_us", &sub_us, "shift",
			&shift, "bits4", &bits4, "bits6", &bits6, "leases", &leases, "ends", &ends, "always",
			&always, "parts", &parts, "any", &any) ||
	    id < 0 || id >= FW_RULE_IDS || log < 0 || (size_t)log >= log_count || shift < 0 || shift > 32 ||
	    bits4 < 0 || bits4 > 128 || bits6 < 0 || bits6 > 128 || sub_us < 1 || sub_us >= 1 << 28 ||
	    limit < 1)
		return -EINVAL;
	snprintf(rule->name, sizeof(rule->name), "%s", name);
	rule->id = (uint16_t)id;
	rule->log = (unsigned int)log;
	rule->limit = (uint64_t)limit;
	rule->sub_us = (uint32_t)sub_us;
	rule->cell_shift = (uint8_t)shift;
	rule->bits[FW_FAMILY_V4] = (uint8_t)bits4;
	rule->bits[FW_FAMILY_V6] = (uint8_t)bits6;
	rule->leases = leases;
	rule->ends = ends;
	r = part_from_json(always, &rule->always);
	if (!r)
		r = parts_from_json(parts, rule);
	return r ? r : alternatives_from_json(any, rule);
}

int fw_log_job_decode(const char *text, size_t length, struct fw_log_job *ret)
{
	json_t *document = json_loadb(text, length, 0, NULL), *logs, *rules, *item;
	struct fw_log_job job = {0};
	size_t i;
	json_int_t clients = 0;
	int r = json_unpack(document, "{s:o, s:o, s:I}", "logs", &logs, "rules", &rules, "clients", &clients)
			? -EINVAL
			: 0;

	if (!r && (clients < 1 || clients > FW_LOG_CLIENTS_MAX))
		r = -EINVAL;
	for (job.clients = 1; !r && job.clients < clients;)
		job.clients *= 2;
	if (!r) {
		job.logs = calloc(json_array_size(logs) + 1, sizeof(*job.logs));
		job.rules = calloc(json_array_size(rules) + 1, sizeof(*job.rules));
		if (!job.logs || !job.rules || json_array_size(logs) > FW_LOGS_MAX)
			r = -ENOMEM;
	}
	if (!r)
		json_array_foreach (logs, i, item)
			r = r ? r : log_from_json(item, &job.logs[job.log_count++]);
	if (!r)
		json_array_foreach (rules, i, item)
			r = r ? r : rule_from_json(item, job.log_count, &job.rules[job.rule_count++]);
	json_decref(document);
	if (r)
		fw_log_job_done(&job);
	else
		*ret = job;
	return r;
}

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

static void part_done(struct fw_log_job_part *part)
{
	uris_done(&part->uri);
	uris_done(&part->uri_not);
	names_done(&part->method);
	names_done(&part->method_not);
	names_done(&part->host);
	names_done(&part->host_not);
	free(part->status.items);
	free(part->status_not.items);
}

static void rule_done(struct fw_log_job_rule *rule)
{
	part_done(&rule->always);
	for (size_t i = 0; i < rule->part_count; i++)
		part_done(&rule->parts[i]);
	for (size_t i = 0; i < rule->alternative_count; i++)
		free(rule->alternatives[i].parts);
	free(rule->parts);
	free(rule->alternatives);
}

void fw_log_job_done(struct fw_log_job *job)
{
	for (size_t i = 0; i < job->log_count; i++) {
		free(job->logs[i].name);
		free(job->logs[i].regex);
		for (int field = 0; field < FW_LOG_FIELD_MAX_; field++)
			free(job->logs[i].fields[field]);
		free(job->logs[i].trust.prefixes);
	}
	for (size_t i = 0; i < job->rule_count; i++)
		rule_done(&job->rules[i]);
	free(job->logs);
	free(job->rules);
	*job = (struct fw_log_job){0};
}
