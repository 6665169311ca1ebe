// SPDX-License-Identifier: Apache-2.0
/* The busiest sources, from the samples that the packet path takes. */
#include "agent/top.h"

#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "kern/bans.h"
#include "lib/clock.h"
#include "lib/reason.h"

#define SPAN_MIN_NS (900 * 1000000ULL)	 /* shorter is noise */
#define SPAN_MAX_NS (5 * FW_NS_PER_SEC)	 /* longer is history */
#define A_HANDFUL   5			 /* samples that a rate is made of, at least */
#define LATELY_NS   (10 * FW_NS_PER_SEC) /* as long as a challenge lasts on */

static int by_address(const void *a, const void *b)
{
	const struct fw_source_entry *left = a, *right = b;

	return memcmp(&left->addr, &right->addr, sizeof(left->addr));
}

static int look(struct fw_agent *agent)
{
	struct fw_top *top = &agent->top;
	struct fw_source_entry *entries = NULL;
	size_t count = 0;
	int r = fw_sources_list(agent->datapath, &entries, &count);

	if (r)
		return r;
	qsort(entries, count, sizeof(*entries), by_address);
	free(top->before);
	top->before = top->now;
	top->before_count = top->now_count;
	top->before_ns = top->now_ns;
	top->before_period = top->now_period;
	top->now = entries;
	top->now_count = count;
	top->now_ns = fw_monotonic_ns();
	top->now_period =
		fw_sources_period(agent->datapath, fw_datapath_now_ns(agent->datapath) - SPAN_MAX_NS);
	return 0;
}

unsigned int fw_top_wait_ms(struct fw_agent *agent, struct fw_err *err)
{
	struct fw_top *top = &agent->top;
	uint64_t age = fw_monotonic_ns() - top->now_ns;

	if (top->now_ns && top->before_ns && age < SPAN_MIN_NS && top->now_ns - top->before_ns <= SPAN_MAX_NS)
		return 0; /* several askers share one look */
	if (top->now_ns && age < SPAN_MIN_NS)
		return (unsigned int)((SPAN_MIN_NS - age) / 1000000) + 1;
	if (look(agent)) {
		fw_err_set(err, -EIO, "the kernel does not list the sampled sources");
		return 0;
	}
	return top->before_ns && top->now_ns - top->before_ns <= SPAN_MAX_NS ? 0 : SPAN_MIN_NS / 1000000 + 1;
}

struct rate {
	const struct fw_source_entry *entry;
	double packets, bytes, dropped;
	uint64_t counted; /* packets behind it, by samples */
};

static double per_second(uint64_t now, uint64_t before, uint64_t span_ns)
{
	return now > before ? (double)(now - before) * 1e9 / (double)span_ns : 0;
}

static struct rate rate_of(const struct fw_top *top, const struct fw_source_entry *entry)
{
	const struct fw_source_entry *old =
		top->before_count ? bsearch(entry, top->before, top->before_count, sizeof(*entry), by_address)
				  : NULL;
	struct fw_source none = {};
	const struct fw_source *before =
		old && old->source.packets <= entry->source.packets ? &old->source : &none;
	uint64_t span = top->now_ns - top->before_ns;

	return (struct rate){.entry = entry,
			     .counted = entry->source.packets - before->packets,
			     .packets = per_second(entry->source.packets, before->packets, span),
			     .bytes = per_second(entry->source.bytes, before->bytes, span),
			     .dropped = per_second(entry->source.dropped, before->dropped, span)};
}

static int by_value(double a, double b)
{
	return (a < b) - (a > b);
}
static int by_packets(const void *a, const void *b)
{
	return by_value(((const struct rate *)a)->packets, ((const struct rate *)b)->packets);
}
static int by_bytes(const void *a, const void *b)
{
	return by_value(((const struct rate *)a)->bytes, ((const struct rate *)b)->bytes);
}
static int by_drops(const void *a, const void *b)
{
	return by_value(((const struct rate *)a)->dropped, ((const struct rate *)b)->dropped);
}

bool fw_top_is_own_limit(const struct fw_rule *rule)
{
	return rule->unit != FW_UNIT_NONE && rule->action != FW_ACTION_ALLOW &&
	       (rule->per == FW_PER_SOURCE || rule->per == FW_PER_SOURCE_PREFIX ||
		rule->per == FW_PER_SOURCE_DEST_PORT);
}

bool fw_top_is_rough(uint64_t packets, uint32_t sampled_one_in)
{
	return sampled_one_in > 1 && packets < (uint64_t)A_HANDFUL * sampled_one_in;
}

/* Whether the source is over a limit of its own: its last packet says so, if it was dropped by one, else the
 * meters do. A key that takes a port is only known to the packet. */
static bool is_over(const struct fw_agent *agent, const struct fw_addr *addr, const struct fw_source *source)
{
	const struct fw_policy_slot *slot = agent->loaded ? agent->loaded->image->slot : NULL;
	const struct fw_addr nobody = {};
	bool limited =
		source->last_reason == FW_REASON_OVER_LIMIT || source->last_reason == FW_REASON_POLICED;

	for (size_t i = 0; slot && i < agent->loaded->policy->rule_count; i++) {
		const struct fw_rule *rule = &slot->rules[i];
		struct fw_meter_entry entry;

		if (!fw_top_is_own_limit(rule))
			continue;
		if (limited && rule->id == source->last_rule)
			return true;
		if (rule->per != FW_PER_SOURCE_DEST_PORT &&
		    !fw_meter_read(agent->datapath, rule, addr, &nobody, 0, &entry) && entry.over)
			return true;
	}
	return false;
}

/* Whatever it sends; of those that are spared up to a limit, as long as nothing is dropped. */
static bool passes(const struct fw_agent *agent, const struct rate *rate)
{
	const struct fw_spared_entry *spared = fw_spared_find(agent, &rate->entry->addr);

	return spared && (spared->kind != FW_SPARED_SSH || rate->dropped <= 0);
}

/* Over is by its own doing: dropped is also, who is ok, by a rule for all together. */
static const char *state_of(struct fw_agent *agent, const struct rate *rate)
{
	const struct fw_source *source = &rate->entry->source;
	struct fw_ban_entry ban;

	if (passes(agent, rate) || source->last_reason == FW_REASON_NEVER_BLOCK ||
	    source->last_reason == FW_REASON_RULE_ALLOW)
		return "allowed";
	if (!fw_ban_find(agent->datapath, &rate->entry->addr, &ban))
		return "banned";
	return rate->dropped > 0 && is_over(agent, &rate->entry->addr, source) ? "over" : "ok";
}

/* Not dropped, nor passed. While all that is challenged only counts, it passes. */
static bool is_answered(const struct fw_agent *agent, const struct rate *rate)
{
	return fw_reason_facts(rate->entry->source.last_reason)->action == FW_REASON_IS_ANSWER &&
	       fw_challenge_answered(agent) > 0;
}

/* One packet in how many is behind the rates. */
static json_int_t sampled_one_in(const struct fw_top *top)
{
	return top->before_period > top->now_period ? top->before_period : top->now_period;
}

static json_t *to_json(struct fw_agent *agent, const struct rate *rate)
{
	struct fw_prefix source = fw_source_of(&rate->entry->addr);
	const char *rule = fw_rule_name_of(agent, rate->entry->source.last_rule);
	char text[FW_ADDR_TEXT_MAX];

	return json_pack("{s:s, s:f, s:f, s:f, s:s, s:s?, s:s, s:b, s:b, s:I}", "source",
			 fw_prefix_format(&source, text, sizeof(text)), "packets_per_second", rate->packets,
			 "bytes_per_second", rate->bytes, "dropped_per_second", rate->dropped, "state",
			 state_of(agent, rate), "rule", rule, "reason",
			 fw_reason_facts(rate->entry->source.last_reason)->word, "answered",
			 (int)is_answered(agent, rate), "rough",
			 (int)fw_top_is_rough(rate->counted, (uint32_t)sampled_one_in(&agent->top)),
			 "sampled_one_in", sampled_one_in(&agent->top));
}

json_t *fw_top_list(struct fw_agent *agent, enum fw_top_by by, size_t limit)
{
	static int (*const orders[])(const void *, const void *) = {by_packets, by_bytes, by_drops};
	const struct fw_top *top = &agent->top;
	struct rate *rates = calloc(top->now_count + 1, sizeof(*rates));
	json_t *list = json_array();
	size_t count = 0;

	for (size_t i = 0; i < top->now_count && rates; i++) {
		struct rate rate = rate_of(top, &top->now[i]);

		if (rate.packets > 0)
			rates[count++] = rate;
	}
	if (rates)
		qsort(rates, count, sizeof(*rates), orders[by]);
	for (size_t i = 0; i < count && i < limit; i++)
		json_array_append_new(list, to_json(agent, &rates[i]));
	free(rates);
	return list;
}

unsigned int fw_top_seen_wait_ms(struct fw_agent *agent, const struct fw_addr *addr)
{
	struct fw_prefix source = fw_source_of(addr);
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	struct fw_source_entry found;
	struct fw_err err = {};

	if (fw_source_find(agent->datapath, &source.addr, &found) ||
	    (now > found.source.last_ns && now - found.source.last_ns > SPAN_MAX_NS))
		return 0;
	return fw_top_wait_ms(agent, &err); /* failed: there is no rate to say */
}

/* The table keys IPv6 sources by their /64. False: it is not in it. *ret_rate: since the look before, .entry
 * aside; all 0 when there is none. */
static bool find_source(const struct fw_agent *agent, const struct fw_addr *addr, struct fw_source *ret,
			struct rate *ret_rate)
{
	const struct fw_top *top = &agent->top;
	struct fw_prefix source = fw_source_of(addr);
	struct fw_source_entry found;
	const struct fw_source_entry *looked;

	if (fw_source_find(agent->datapath, &source.addr, &found))
		return false;
	*ret = found.source;
	*ret_rate = (struct rate){};
	looked = top->now_count ? bsearch(&found, top->now, top->now_count, sizeof(found), by_address) : NULL;
	if (looked && top->before_ns && fw_monotonic_ns() - top->now_ns < SPAN_MAX_NS)
		*ret_rate = rate_of(top, looked);
	return true;
}

static bool is_drop(const struct fw_source *source)
{
	return source->dropped && fw_reason_facts(source->last_reason)->action == FW_REASON_IS_DROP;
}

json_t *fw_top_seen(struct fw_agent *agent, const struct fw_addr *addr)
{
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	struct fw_source source;
	struct rate rate;

	if (!find_source(agent, addr, &source, &rate))
		return NULL;
	return json_pack("{s:f, s:f, s:f, s:s, s:s?, s:b, s:I, s:I, s:I}", "packets_per_second", rate.packets,
			 "dropped_per_second", rate.dropped, "last_seconds_ago",
			 now > source.last_ns ? (double)(now - source.last_ns) / 1e9 : 0.0, "last_reason",
			 fw_reason_facts(source.last_reason)->word, "last_rule",
			 fw_rule_name_of(agent, source.last_rule), "last_dropped", (int)is_drop(&source),
			 "packets", (json_int_t)source.packets, "dropped", (json_int_t)source.dropped,
			 "sampled_one_in", sampled_one_in(&agent->top));
}

bool fw_top_drops(void *context, const struct fw_addr *addr, struct fw_explain_drops *ret)
{
	struct fw_agent *agent = context;
	uint64_t now = fw_datapath_now_ns(agent->datapath), ago;
	struct fw_source source;
	struct rate rate;

	if (!find_source(agent, addr, &source, &rate))
		return false;
	ago = now > source.last_ns ? now - source.last_ns : 0;
	if (!(rate.dropped > 0) && !(is_drop(&source) && ago < LATELY_NS))
		return false;
	*ret = (struct fw_explain_drops){.ago_ns = ago};
	if (is_drop(&source)) {
		ret->reason = fw_reason_facts(source.last_reason)->word;
		ret->rule = fw_rule_name_of(agent, source.last_rule);
	}
	return true;
}

void fw_top_done(struct fw_top *top)
{
	free(top->before);
	free(top->now);
	*top = (struct fw_top){};
}
