// SPDX-License-Identifier: Apache-2.0
/* GET /v1/bans, POST /v1/ban and /v1/unban, which is answered once a walk of the meters is over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "agent/undo.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/units.h"

#define BAN_DEFAULT_NS (3600 * FW_NS_PER_SEC)
#define LOOK_MS	       5 /* how often a waiting unban looks whether its meters are forgotten */

static json_t *ban_to_json(struct fw_agent *agent, const struct fw_ban_entry *entry, uint64_t now)
{
	char source[FW_ADDR_TEXT_MAX];

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:i}", "source",
			 fw_prefix_format(&entry->prefix, source, sizeof(source)), "origin",
			 fw_ban_origin_word(entry->ban.origin), "reason",
			 fw_leases_reason_text(agent, &entry->ban), "expires_in_seconds",
			 (json_int_t)((entry->ban.expires_ns - now + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC),
			 "packets", (json_int_t)entry->ban.packets, "strikes", (int)entry->ban.strikes);
}

static int by_prefix(const void *a, const void *b)
{
	const struct fw_ban_entry *left = a, *right = b;

	return fw_prefix_compare(&left->prefix, &right->prefix);
}

void fw_api_bans(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	struct fw_ban_entry *entries = NULL;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	json_t *list = json_array();
	struct fw_err err = {};
	size_t count = 0;

	if (fw_ban_list(agent->datapath, false, &entries, &count, &err)) {
		json_decref(list);
		fw_fail_err(answer, &err);
		return;
	}
	if (count)
		qsort(entries, count, sizeof(*entries), by_prefix);
	for (size_t i = 0; i < count; i++)
		if (entries[i].ban.expires_ns > now)
			json_array_append_new(list, ban_to_json(agent, &entries[i], now));
	free(entries);
	fw_reply(answer, list);
}

static void refuse(json_t *refused, const struct fw_prefix *prefix, const char *why)
{
	char source[FW_ADDR_TEXT_MAX];

	json_array_append_new(refused,
			      json_pack("{s:s, s:s}", "source",
					fw_prefix_format(prefix, source, sizeof(source)), "why", why));
}

/* Offences to remember; as many as there were unless they are given. */
struct strikes {
	bool given;
	uint8_t count;
};

static bool take_strikes(const struct fw_request *request, struct strikes *ret, struct fw_answer *answer)
{
	const json_t *strikes = json_object_get(request->body, "strikes");

	if (strikes && (!json_is_integer(strikes) || json_integer_value(strikes) < 0 ||
			json_integer_value(strikes) > FW_STRIKES_MAX)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-number", NULL,
			"'strikes': expected a number from 0 to %d; nothing was changed", FW_STRIKES_MAX);
		return false;
	}
	*ret = (struct strikes){.given = strikes, .count = (uint8_t)json_integer_value(strikes)};
	return true;
}

struct ban_order {
	uint64_t for_ns;
	uint32_t reason;
	struct strikes strikes;
	const char *reason_text;
	bool force;
	struct fw_own_hosts own;
	uint64_t began_ns;
	json_t *banned, *refused;
	struct fw_undo undo;
};

/* What was known of a source before: a lease, or its strikes after it; all zero: nothing. */
static struct fw_ban known_of(struct fw_agent *agent, const struct fw_prefix *prefix)
{
	struct fw_ban known = {};

	return fw_ban_get(agent->datapath, prefix, &known) ? known : (struct fw_ban){};
}

/* strikes_change: more of them are known by now, or fewer. */
static void undo_to_lease(struct fw_agent *agent, const struct fw_own_hosts *own,
			  const struct fw_prefix *prefix, const struct fw_ban *ban, bool strikes_change,
			  uint64_t now, struct fw_undo *undo)
{
	char options[160], source[FW_ADDR_TEXT_MAX], risk[FW_SOURCES_TEXT_MAX];

	fw_sources_risk(own, prefix, risk, sizeof(risk));
	fw_undo_add(undo, risk[0] ? "ban --force" : "ban", fw_prefix_format(prefix, source, sizeof(source)),
		    fw_undo_lease(ban, strikes_change, now, fw_leases_reason_text(agent, ban), options,
				  sizeof(options)));
}

/* To a source that is not banned, with its strikes. */
static void undo_to_strikes(const struct fw_prefix *prefix, unsigned int strikes, struct fw_undo *undo)
{
	char options[24] = "", source[FW_ADDR_TEXT_MAX];

	if (strikes)
		snprintf(options, sizeof(options), " --strikes %u", strikes);
	fw_undo_add(undo, "unban", fw_prefix_format(prefix, source, sizeof(source)), options);
}

/* 0 also when it was refused with a reason; an error is the kernel's. */
static int ban_one(struct fw_request *request, const struct fw_prefix *prefix, struct ban_order *order,
		   struct fw_err *err)
{
	struct fw_agent *agent = request->agent;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	struct fw_ban ban = {.expires_ns = now + order->for_ns,
			     .since_ns = now,
			     .rule = FW_RULE_NONE,
			     .origin = FW_BAN_MANUAL,
			     .strikes = order->strikes.count,
			     .reason = order->reason};
	const struct fw_ban known = known_of(agent, prefix);
	/* Named twice: the first has said it. */
	bool replaces = known.expires_ns > now, again = replaces && known.since_ns >= order->began_ns;
	char why[FW_SOURCES_TEXT_MAX], source[FW_ADDR_TEXT_MAX], duration[32];
	int r;

	fw_sources_protector(agent, prefix, why, sizeof(why));
	if (!why[0] && !order->force)
		fw_sources_risk(&order->own, prefix, why, sizeof(why));
	if (why[0]) {
		refuse(order->refused, prefix, why);
		return 0;
	}
	r = order->strikes.given ? fw_ban_put(agent->datapath, prefix, &ban, err)
				 : fw_ban_add(agent->datapath, prefix, &ban, err);
	if (r)
		return r;
	fw_prefix_format(prefix, source, sizeof(source));
	if (replaces && !again)
		undo_to_lease(agent, &order->own, prefix, &known, order->strikes.given, now, &order->undo);
	else if (!again)
		undo_to_strikes(prefix, known.strikes, &order->undo);
	agent->leases.added[FW_BAN_MANUAL]++;
	json_array_append_new(order->banned, json_pack("{s:s, s:I}", "source", source, "expires_in_seconds",
						       (json_int_t)(order->for_ns / FW_NS_PER_SEC)));
	fw_event(agent, "ban", request->by,
		 json_pack("{s:s, s:s, s:s, s:I}", "src_ip", source, "origin", "manual", "reason",
			   order->reason_text, "expires_in_seconds",
			   (json_int_t)(order->for_ns / FW_NS_PER_SEC)),
		 "ban %s for %s by %s%s%s", source,
		 fw_duration_format(order->for_ns, duration, sizeof(duration)), request->by,
		 order->reason_text[0] ? ": " : "", order->reason_text);
	return 0;
}

static void reply_banned(struct fw_answer *answer, struct ban_order *order, const struct fw_err *err)
{
	size_t done = json_array_size(order->banned), refused = json_array_size(order->refused);

	if (err->code && done) {
		struct fw_err partly = *err;

		fw_err_prefix(&partly, "%zu banned, then", done);
		fw_fail_err(answer, &partly);
	} else if (err->code) {
		fw_fail_err(answer, err);
	} else if (!done && refused) {
		const json_t *first = json_array_get(order->refused, 0);
		char more[48] = "";

		if (refused > 1)
			snprintf(more, sizeof(more), "; and %zu more %s refused", refused - 1,
				 refused == 2 ? "is" : "are");
		fw_fail(answer, 409, FW_EXIT_CONFIG, "refused", NULL, "%s is not banned: %s%s",
			json_string_value(json_object_get(first, "source")),
			json_string_value(json_object_get(first, "why")), more);
		json_object_set(answer->json, "refused", order->refused);
	} else {
		fw_reply(answer, json_pack("{s:O, s:O, s:o}", "banned", order->banned, "refused",
					   order->refused, "undo", fw_undo_to_json(&order->undo)));
	}
}

void fw_api_ban(struct fw_request *request, struct fw_answer *answer)
{
	json_t *texts = fw_request_texts(request, "sources", answer);
	const json_t *reason = json_object_get(request->body, "reason");
	struct ban_order order = {.force = json_is_true(json_object_get(request->body, "force"))};
	FW_FREE struct fw_prefix *prefixes = NULL;
	struct fw_err err = {};

	if (!texts || !fw_request_seconds(request, "for_seconds", &order.for_ns, answer) ||
	    !fw_sources_parse(texts, &prefixes, answer) || !take_strikes(request, &order.strikes, answer))
		return;
	order.for_ns = order.for_ns ? order.for_ns : BAN_DEFAULT_NS;
	order.reason_text = json_is_string(reason) ? json_string_value(reason) : "";
	order.reason = fw_leases_reason(request->agent, order.reason_text);
	order.began_ns = fw_datapath_now_ns(request->agent->datapath);
	order.banned = json_array();
	order.refused = json_array();
	fw_own_hosts_read(request->agent, &order.own);
	for (size_t i = 0; i < json_array_size(texts) && !err.code; i++)
		ban_one(request, &prefixes[i], &order, &err);
	if (json_array_size(order.banned))
		fw_leases_changed(request->agent);
	reply_banned(answer, &order, &err);
	json_decref(order.banned);
	json_decref(order.refused);
	fw_undo_done(&order.undo);
	fw_own_hosts_done(&order.own);
}

/* The meters are forgotten in a thread, then the leases end on the loop, then the answer goes out: a source
 * that is no longer banned never meets what was counted before. */
struct fw_unban {
	struct fw_errand errand;
	struct fw_agent *agent;
	char by[sizeof(((struct fw_request *)NULL)->by)];
	struct fw_prefix *prefixes;
	size_t count;
	struct strikes strikes;
	struct fw_meter_forget meters;
	int forgot; /* 0, or why not all of them */
	bool over;
	json_t *unbanned, *not_banned;
	struct fw_own_hosts own;
	struct fw_undo undo;
	struct fw_err err;
};

/* The lease goes; strikes to remember stay behind as one that is over. */
static int end_lease(struct fw_agent *agent, const struct fw_prefix *prefix, uint64_t now, uint8_t strikes,
		     struct fw_err *err)
{
	const struct fw_ban over = {.expires_ns = now,
				    .since_ns = now,
				    .rule = FW_RULE_NONE,
				    .origin = FW_BAN_MANUAL,
				    .strikes = strikes};
	int r = strikes ? fw_ban_put(agent->datapath, prefix, &over, err)
			: fw_ban_remove(agent->datapath, prefix, err);

	if (r != -ENOENT)
		return r;
	err->code = 0;
	return 0;
}

/* A rule must not block the source again at once: its offences start from zero, also those of a lease that is
 * over, as its meters have. */
static int unban_one(struct fw_unban *unban, const struct fw_prefix *prefix)
{
	struct fw_agent *agent = unban->agent;
	uint64_t now = fw_datapath_now_ns(agent->datapath);
	struct fw_ban_entry covering;
	const struct fw_ban known = known_of(agent, prefix);
	char source[FW_ADDR_TEXT_MAX], wider[FW_ADDR_TEXT_MAX];
	bool banned = known.expires_ns > now;
	int r = end_lease(agent, prefix, now, unban->strikes.count, &unban->err);

	fw_prefix_format(prefix, source, sizeof(source));
	if (r)
		return r;
	if (!banned && known.strikes != unban->strikes.count)
		undo_to_strikes(prefix, known.strikes, &unban->undo);
	if (banned) {
		json_array_append_new(unban->unbanned, json_string(source));
		undo_to_lease(agent, &unban->own, prefix, &known, unban->strikes.given, now, &unban->undo);
		agent->leases.removed_manual++;
		fw_event(agent, "unban", unban->by, json_pack("{s:s}", "src_ip", source), "unban %s by %s",
			 source, unban->by);
	} else if (!fw_ban_find(agent->datapath, &prefix->addr, &covering)) {
		json_array_append_new(unban->not_banned,
				      json_sprintf("%s (but %s is, which covers it)", source,
						   fw_prefix_format(&covering.prefix, wider, sizeof(wider))));
	} else {
		json_array_append_new(unban->not_banned, json_string(source));
	}
	return 0;
}

static void forget_meters(struct fw_errand *errand)
{
	struct fw_unban *unban = (struct fw_unban *)errand;

	unban->forgot = fw_meter_forget_run(&unban->meters);
}

/* Also when nobody waits for the answer any more: what was asked for is done. */
static void end_leases(struct fw_errand *errand)
{
	struct fw_unban *unban = (struct fw_unban *)errand;
	struct fw_agent *agent = unban->agent;

	fw_meter_forget_done(&unban->meters);
	if (unban->forgot)
		fw_log(FW_LOG_WARNING,
		       "not all meters of %zu unbanned sources could start from zero: %s; a rule may block "
		       "such "
		       "a source until its window is over: unban it again",
		       unban->count, strerror(-unban->forgot));
	unban->unbanned = json_array();
	unban->not_banned = json_array();
	fw_own_hosts_read(agent, &unban->own);
	for (size_t i = 0; i < unban->count && !unban->err.code; i++)
		unban_one(unban, &unban->prefixes[i]);
	if (json_array_size(unban->unbanned) || unban->undo.count)
		fw_leases_changed(agent);
	agent->unbanning = false;
	unban->over = true;
}

static void unban_free(struct fw_errand *errand)
{
	struct fw_unban *unban = (struct fw_unban *)errand;

	fw_meter_forget_done(&unban->meters);
	json_decref(unban->unbanned);
	json_decref(unban->not_banned);
	fw_undo_done(&unban->undo);
	fw_own_hosts_done(&unban->own);
	free(unban->prefixes);
	free(unban);
}

void fw_unban_drop(struct fw_unban *unban)
{
	fw_errand_drop(unban ? &unban->errand : NULL);
}

/* On its way, or answered. */
static struct fw_unban *begin_unban(const struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	json_t *texts = fw_request_texts(request, "sources", answer);
	FW_FREE struct fw_prefix *prefixes = NULL;
	struct fw_unban *unban;
	struct strikes strikes;

	if (!texts || !fw_sources_parse(texts, &prefixes, answer) || !take_strikes(request, &strikes, answer))
		return NULL;
	unban = calloc(1, sizeof(*unban));
	if (!unban) {
		fw_reply(answer, NULL);
		return NULL;
	}
	unban->errand = (struct fw_errand){.run = forget_meters, .landed = end_leases, .release = unban_free};
	unban->agent = agent;
	unban->strikes = strikes;
	unban->prefixes = TAKE_PTR(prefixes);
	unban->count = json_array_size(texts);
	memcpy(unban->by, request->by, sizeof(unban->by));
	if (fw_meter_forget_prepare(agent->datapath, unban->prefixes, unban->count, &unban->meters) ||
	    fw_errand_send(&agent->errands, &unban->errand)) {
		fw_unban_drop(unban);
		fw_reply(answer, NULL);
		return NULL;
	}
	agent->unbanning = true;
	return unban;
}

void fw_api_unban(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_unban *unban = request->unban;

	if (!unban && !request->agent->unbanning) {
		unban = request->unban = begin_unban(request, answer);
		if (!unban)
			return;
	}
	if (!unban || !unban->over)
		answer->defer_ms = LOOK_MS;
	else if (unban->err.code)
		fw_fail_err(answer, &unban->err);
	else
		fw_reply(answer, json_pack("{s:O, s:O, s:o}", "unbanned", unban->unbanned, "not_banned",
					   unban->not_banned, "undo", fw_undo_to_json(&unban->undo)));
}
