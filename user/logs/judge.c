// SPDX-License-Identifier: Apache-2.0
/* The walk over a log's rules, in the file's order. */
#include "logs/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/uri.h"

#define TELL_NS	   FW_NS_PER_SEC /* of a rule with a ban: at most once a second and client */
#define LOOK_LEAST 16384u	 /* meters, a millisecond or two */
#define LOOK_PARTS 8u

int fw_log_judge_init(struct fw_log_judge *judge, uint32_t keys, uint64_t seed, fw_log_teller *tell,
		      void *context)
{
	*judge = (struct fw_log_judge){.tell = tell, .context = context};
	judge->path = malloc(FW_LOG_LINE_MAX + 2);
	return judge->path ? fw_log_meters_new(keys, seed, &judge->meters) : -ENOMEM;
}

void fw_log_judge_done(struct fw_log_judge *judge)
{
	fw_log_meters_free(judge->meters);
	free(judge->path);
	*judge = (struct fw_log_judge){0};
}

int fw_log_judge_resize(struct fw_log_judge *judge, uint32_t keys, uint64_t seed)
{
	struct fw_log_meters *meters = NULL;

	if (fw_log_meters_size(judge->meters) == keys)
		return 0;
	if (fw_log_meters_new(keys, seed, &meters))
		return -ENOMEM;
	fw_log_meters_free(judge->meters);
	judge->meters = meters;
	judge->look = (struct fw_log_look){0};
	for (size_t id = 0; id < FW_RULE_IDS; id++)
		judge->totals[id].keys = judge->totals[id].keys_over = 0;
	return 0;
}

void fw_log_judge_set_job(struct fw_log_judge *judge, const struct fw_log_job *job, uint32_t number)
{
	judge->job = job;
	judge->job_number = number;
	for (size_t i = 0; i < job->rule_count; i++) {
		uint16_t id = job->rules[i].id;

		/* Cells that were rounded for another size of limit do not add up. */
		if (!strcmp(judge->names[id], job->rules[i].name) &&
		    judge->shifts[id] == job->rules[i].cell_shift)
			continue;
		judge->shifts[id] = job->rules[i].cell_shift;
		memcpy(judge->names[id], job->rules[i].name, sizeof(judge->names[id]));
		judge->epochs[id]++;
		judge->totals[id] = (struct fw_log_rule_totals){0};
	}
}

bool fw_log_uri_matches(const struct fw_uri_tests *tests, const char *path, size_t length)
{
	for (size_t i = 0; i < tests->count; i++) {
		const struct fw_uri_test *test = &tests->items[i];
		size_t wanted = strlen(test->text);
		bool match = false;

		switch (test->how) {
		case FW_URI_EXACT:
			match = length == wanted && !memcmp(path, test->text, wanted);
			break;
		case FW_URI_PREFIX:
			match = length >= wanted && !memcmp(path, test->text, wanted);
			break;
		case FW_URI_CONTAINS:
			match = memmem(path, length, test->text, wanted) != NULL;
		}
		if (match)
			return true;
	}
	return false;
}

static bool names_have_method(const struct fw_names *names, struct fw_log_span method)
{
	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->items[i]) == method.length &&
		    !memcmp(names->items[i], method.text, method.length))
			return true;
	return false;
}

static bool names_have_host(const struct fw_names *names, const char *host, size_t length)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->items[i];
		size_t wanted = strlen(name);

		if (name[0] == '*' && length > wanted - 1 &&
		    !memcmp(host + length - (wanted - 1), name + 1, wanted - 1))
			return true;
		if (length == wanted && !memcmp(host, name, wanted))
			return true;
	}
	return false;
}

static bool ranges_have(const struct fw_ranges *ranges, unsigned int status)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (status >= ranges->items[i].first && status <= ranges->items[i].last)
			return true;
	return false;
}

/* What several rules ask of one line, found out once. */
struct line {
	const struct fw_log_event *event;
	bool has_path;
	size_t path_length;
	char host[256];
	size_t host_length;
};

static void prepare(const struct fw_log_judge *judge, struct line *line)
{
	struct fw_log_span target = line->event->fields[FW_LOG_URI], host = line->event->fields[FW_LOG_HOST];
	struct fw_uri_parts parts = {0};

	if (target.text && target.length <= FW_LOG_LINE_MAX) {
		fw_uri_normalize(target.text, target.length, judge->path, &parts);
		line->has_path = true;
		line->path_length = parts.path_length;
		fw_uri_lower(judge->path, parts.path_length);
	}
	if (parts.host)
		host = (struct fw_log_span){parts.host, parts.host_length};
	line->host_length =
		host.text ? fw_uri_host(host.text, host.length, line->host, sizeof(line->host)) : 0;
}

static bool path_is(const struct fw_log_judge *judge, const struct line *line,
		    const struct fw_uri_tests *tests)
{
	return line->has_path && fw_log_uri_matches(tests, judge->path, line->path_length);
}

/* What a line does not say is none of anything. */
static bool part_matches(const struct fw_log_judge *judge, const struct fw_log_job_part *part,
			 const struct line *line)
{
	struct fw_log_span method = line->event->fields[FW_LOG_METHOD];
	unsigned int status = line->event->status;

	if ((part->status.count && !ranges_have(&part->status, status)) ||
	    ranges_have(&part->status_not, status))
		return false;
	if ((part->method.count && !names_have_method(&part->method, method)) ||
	    names_have_method(&part->method_not, method))
		return false;
	if ((part->uri.count && !path_is(judge, line, &part->uri)) || path_is(judge, line, &part->uri_not))
		return false;
	return (!part->host.count || names_have_host(&part->host, line->host, line->host_length)) &&
	       !names_have_host(&part->host_not, line->host, line->host_length);
}

static bool rule_matches(const struct fw_log_judge *judge, const struct fw_log_job_rule *rule,
			 const struct line *line)
{
	if (!part_matches(judge, &rule->always, line))
		return false;
	for (size_t i = 0; i < rule->alternative_count; i++) {
		const struct fw_alternative *one = &rule->alternatives[i];
		size_t part = 0;

		while (part < one->count && part_matches(judge, &rule->parts[one->parts[part]], line))
			part++;
		if (part == one->count)
			return true;
	}
	return !rule->alternative_count;
}

static bool part_needs_path(const struct fw_log_job_part *part)
{
	return part->uri.count || part->uri_not.count || part->host.count || part->host_not.count;
}

static bool needs_path(const struct fw_log_job *job, unsigned int log)
{
	bool needs = false;

	for (size_t i = 0; i < job->rule_count && !needs; i++) {
		const struct fw_log_job_rule *rule = &job->rules[i];

		if (rule->log != log)
			continue;
		needs = part_needs_path(&rule->always);
		for (size_t j = 0; j < rule->part_count; j++)
			needs |= part_needs_path(&rule->parts[j]);
	}
	return needs;
}

/* A lease without a ban follows the window: told again when what was told is too short by now. */
static bool should_tell(const struct fw_log_job_rule *rule, const struct fw_log_meter *meter, bool crossed,
			uint64_t now_ns, uint64_t until_ns)
{
	if (rule->leases)
		return until_ns > meter->told_ns;
	return crossed || !meter->told_ns || now_ns - meter->told_ns >= TELL_NS;
}

static void tell(struct fw_log_judge *judge, const struct fw_log_job_rule *rule, struct fw_log_meter *meter,
		 const struct fw_log_event *event, uint64_t amount, uint64_t now_ns, uint64_t *counts)
{
	uint64_t until_ns = fw_log_meter_over_until(meter, rule->limit, rule->cell_shift);
	struct fw_log_record record = {.kind = FW_LOG_OFFENCE,
				       .job = judge->job_number,
				       .rule = rule->id,
				       .log = (uint16_t)rule->log,
				       .client = event->client};
	bool crossed = !meter->over;

	if (!should_tell(rule, meter, crossed, now_ns, until_ns)) {
		meter->over = true;
		return;
	}
	record.values[FW_LOG_AMOUNT] = amount;
	record.values[FW_LOG_LASTS_NS] = until_ns > now_ns ? until_ns - now_ns : 0;
	if (!judge->tell(judge->context, &record))
		return; /* still "crossed" at the next line */
	meter->over = true;
	meter->told_ns = rule->leases ? until_ns : now_ns;
	counts[FW_LOG_COUNT_OFFENCES]++;
}

/* Counts the line; true while the client is over the rule's limit. */
static bool count(struct fw_log_judge *judge, const struct fw_log_job_rule *rule,
		  const struct fw_log_event *event, uint64_t now_ns, uint64_t *counts)
{
	struct fw_log_rule_totals *totals = &judge->totals[rule->id];
	struct fw_log_key key = {.rule = rule->id, .epoch = judge->epochs[rule->id]}, gone;
	struct fw_log_meter *meter;
	uint64_t amount;
	bool evicted, is_new;

	key.addr = fw_addr_masked(&event->client, rule->bits[fw_addr_family(&event->client)]);
	meter = fw_log_meters_get(judge->meters, &key, now_ns, rule->sub_us, &gone, &evicted, &is_new);
	if (evicted) {
		counts[FW_LOG_COUNT_EVICTED]++;
		if (gone.epoch == judge->epochs[gone.rule] && judge->totals[gone.rule].keys)
			judge->totals[gone.rule].keys--;
	}
	totals->keys += is_new;
	totals->matched++;
	amount = fw_log_meter_count(meter, now_ns, rule->sub_us, rule->cell_shift);
	if (amount <= rule->limit) {
		meter->over = false;
		return false;
	}
	totals->over++;
	tell(judge, rule, meter, event, amount, now_ns, counts);
	return true;
}

void fw_log_judge_event(struct fw_log_judge *judge, unsigned int log, const struct fw_log_event *event,
			uint64_t now_ns, uint64_t *counts)
{
	struct line line = {.event = event};
	bool matched = false;

	if (needs_path(judge->job, log))
		prepare(judge, &line);
	for (size_t i = 0; i < judge->job->rule_count; i++) {
		const struct fw_log_job_rule *rule = &judge->job->rules[i];

		if (rule->log != log || !rule_matches(judge, rule, &line))
			continue;
		matched = true;
		if (count(judge, rule, event, now_ns, counts) && rule->ends)
			break;
	}
	counts[FW_LOG_COUNT_MATCHED] += matched;
}

/* The rule that a meter is of; NULL when that is no longer there. */
static const struct fw_log_job_rule *rule_of(const struct fw_log_judge *judge,
					     const struct fw_log_meter *meter)
{
	if (!judge->job || meter->key.epoch != judge->epochs[meter->key.rule])
		return NULL;
	for (size_t i = 0; i < judge->job->rule_count; i++)
		if (judge->job->rules[i].id == meter->key.rule)
			return &judge->job->rules[i];
	return NULL;
}

void fw_log_judge_look(struct fw_log_judge *judge, uint64_t now_ns)
{
	struct fw_log_look *look = &judge->look;
	uint32_t used = fw_log_meters_used(judge->meters), end = look->at + LOOK_LEAST + used / LOOK_PARTS;

	for (; look->at < used && look->at < end; look->at++) {
		const struct fw_log_meter *meter = fw_log_meters_at(judge->meters, look->at);
		const struct fw_log_job_rule *rule = rule_of(judge, meter);

		if (rule && fw_log_meter_amount(meter, now_ns, rule->sub_us, rule->cell_shift) > rule->limit)
			look->over[rule->id]++;
	}
	if (look->at < used)
		return;
	for (size_t id = 0; id < FW_RULE_IDS; id++)
		judge->totals[id].keys_over = look->over[id];
	*look = (struct fw_log_look){0};
}

size_t fw_log_judge_list(const struct fw_log_judge *judge, uint16_t id, uint64_t now_ns,
			 struct fw_log_listed *keys, size_t room)
{
	uint32_t used = fw_log_meters_used(judge->meters);
	size_t count = 0;

	for (uint32_t i = 0; i < used && count < room; i++) {
		const struct fw_log_meter *meter = fw_log_meters_at(judge->meters, i);
		const struct fw_log_job_rule *rule = meter->key.rule == id ? rule_of(judge, meter) : NULL;

		if (rule)
			keys[count++] = (struct fw_log_listed){
				.addr = meter->key.addr,
				.amount = fw_log_meter_amount(meter, now_ns, rule->sub_us, rule->cell_shift)};
	}
	return count;
}
