// SPDX-License-Identifier: Apache-2.0
/* Suppressions: when they hold, for what, what check says of them, and what becomes of the events. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "policy/describe_notify.h"
#include "policy/event_kinds.h"
#include "policy/suppress.h"

#define HEAD                                                                                                 \
	"version: 1\nsets: {office: {entries: [192.0.2.0/24]}, nobody: {entries: []}}\n"                     \
	"rules:\n"                                                                                           \
	"  - {name: login, match: {dest_port: 22}, limit: 20 packets/10s, action: count}\n"                  \
	"  - {name: total, match: {protocol: udp}, limit: 1M packets/1s, per: total, action: police}\n"      \
	"  - {name: deny, match: {source: 203.0.113.0/24}, action: block}\n"                                 \
	"  - {name: blanket, limit: 7000 packets/5m, action: block, ban: 10m}\n"                             \
	"suppress: {x: "

static struct fw_policy *parse(const char *keys, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s}\n", HEAD, keys);
	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", diags, &policy), 0, "%s: %s", keys,
		     diags->count ? diags->items[0].message : "");
	return policy;
}

/* 2026-11-DAY is a Monday for 23. */
static struct tm moment(int day, int hour, int minute)
{
	struct tm at = {.tm_year = 126, .tm_mon = 10, .tm_mday = day, .tm_hour = hour, .tm_min = minute};

	at.tm_wday = (day - 22) % 7;
	return at;
}

Test(suppress, when_it_holds)
{
	static const struct {
		const char *name, *keys;
		int day, hour, minute;
		bool holds;
	} cases[] = {
		{"always", "{rule: blanket}", 23, 12, 0, true},
		{"first minute", "{from: \"02:00\", to: \"04:00\"}", 23, 2, 0, true},
		{"last minute", "{from: \"02:00\", to: \"04:00\"}", 23, 3, 59, true},
		{"its end is not in it", "{from: \"02:00\", to: \"04:00\"}", 23, 4, 0, false},
		{"before", "{from: \"02:00\", to: \"04:00\"}", 23, 1, 59, false},
		{"to midnight", "{from: \"22:00\", to: \"24:00\"}", 23, 23, 59, true},
		{"over midnight, evening", "{from: \"22:00\", to: \"04:00\"}", 23, 22, 0, true},
		{"over midnight, morning", "{from: \"22:00\", to: \"04:00\"}", 23, 3, 59, true},
		{"over midnight, noon", "{from: \"22:00\", to: \"04:00\"}", 23, 12, 0, false},
		{"its day", "{days: mon}", 23, 12, 0, true},
		{"another day", "{days: [tue, sun]}", 23, 12, 0, false},
		{"Sunday", "{days: sun}", 29, 12, 0, true},
		{"weekend", "{days: weekend}", 28, 0, 0, true},
		{"no weekday", "{days: weekdays}", 28, 0, 0, false},
		{"begun on its day", "{from: \"22:00\", to: \"04:00\", days: mon}", 24, 3, 0, true},
		{"not begun on its day", "{from: \"22:00\", to: \"04:00\", days: mon}", 23, 3, 0, false},
		{"begun on a Sunday", "{from: \"22:00\", to: \"04:00\", days: sun}", 23, 3, 0, true},
		{"its last day", "{until: 2026-11-23}", 23, 23, 59, true},
		{"the day behind", "{until: 2026-11-23}", 24, 0, 0, false},
		{"its last minute", "{until: \"2026-11-23T18:30\"}", 23, 18, 29, true},
		{"the minute behind", "{until: \"2026-11-23T18:30\"}", 23, 18, 30, false},
		{"an earlier year", "{until: 2025-12-31}", 23, 0, 0, false},
		{"a later month", "{until: 2026-12-01}", 23, 0, 0, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(cases[i].keys, &diags);
		struct tm at = moment(cases[i].day, cases[i].hour, cases[i].minute);

		cr_expect_eq(fw_suppression_holds_at(&policy->suppressions[0], &at), cases[i].holds, "%s",
			     cases[i].name);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

Test(suppress, what_check_says)
{
	static const struct {
		const char *name, *keys;
		const char *code; /* NULL: silence */
	} cases[] = {
		{"a rule", "{rule: blanket}", NULL},
		{"attacks are nobody's in particular", "{events: attack}", NULL},
		{"the end of attacks, too", "{events: attack_end}", NULL},
		{"attacks have no source", "{events: attack, source: office, rule: total}", "never-matches"},
		{"over", "{rule: blanket, until: 2020-01-01}", "expired"},
		{"a rule without a limit", "{rule: deny}", "never-matches"},
		{"one of two rules", "{rule: [deny, blanket]}", NULL},
		{"bans of a rule that bans nobody", "{rule: login, events: ban}", "never-matches"},
		{"utilisation of it", "{rule: login, events: utilisation}", NULL},
		{"a total has no source", "{rule: total, source: office}", "never-matches"},
		{"without a source it has", "{rule: total}", NULL},
		{"an empty set", "{rule: blanket, source: nobody}", "never-matches"},
		{"a set", "{rule: blanket, source: office}", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(cases[i].keys, &diags);
		const struct fw_diag *warning = NULL;

		for (size_t k = 0; k < diags.count; k++)
			if (diags.items[k].severity == FW_SEVERITY_WARNING)
				warning = &diags.items[k];
		cr_expect_eq(!warning, !cases[i].code, "%s: %s", cases[i].name,
			     warning ? warning->message : "nothing said");
		if (warning && cases[i].code)
			cr_expect_str_eq(warning->code, cases[i].code, "%s: %s", cases[i].name,
					 warning->message);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

/* Sunday's window, and the end is on a Friday: nothing is left of it. */
Test(suppress, an_end_before_the_next_window_is_told)
{
	static const char *const words[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	time_t now = time(NULL), end = now + 2 * 86400;
	struct fw_diags diags = {0};
	struct fw_policy *policy;
	char keys[128], date[32];
	bool found = false;
	struct tm local;

	localtime_r(&end, &local);
	strftime(date, sizeof(date), "%F", &local);
	snprintf(keys, sizeof(keys), "{rule: blanket, days: %s, until: %s}", words[(local.tm_wday + 2) % 7],
		 date);
	policy = parse(keys, &diags);
	for (size_t i = 0; i < diags.count; i++)
		found |= !strcmp(diags.items[i].code, "never-matches");
	cr_expect(found, "%s", keys);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

/* Text that is read back says the same. */
Test(suppress, described_and_read_again)
{
	static const char *const texts[] = {
		"{rule: [blanket, login]}",
		"{events: [ban, utilisation], source: [office, \"198.51.100.7/32\", \"2001:db8::/48\"]}",
		"{from: \"22:30\", to: \"04:00\", days: [mon, sun]}",
		"{rule: [blanket], until: \"2099-12-31\"}",
		"{rule: [blanket], until: \"2099-12-31T18:30\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(texts[i], &diags);
		FW_FREE char *text = fw_suppression_text(policy, &policy->suppressions[0]);
		struct fw_policy *again = parse(text, &diags);
		FW_FREE char *back = fw_suppression_text(again, &again->suppressions[0]);

		cr_expect_str_eq(back, text);
		cr_expect(strstr(text, "198.51.100.7") || strcmp(text, texts[i]) == 0, "%s: %s", texts[i],
			  text);
		fw_policy_free(policy);
		fw_policy_free(again);
		fw_diags_done(&diags);
	}
}

Test(suppress, plan_names_what_changed)
{
	struct fw_diags diags = {0};
	struct fw_policy *one = parse("{rule: blanket}, gone: {events: attack}", &diags);
	struct fw_policy *two = parse("{rule: login}, new: {days: mon}", &diags);
	struct fw_plan plan = {0};

	cr_assert_eq(fw_plan_diff(one, two, &plan), 0);
	cr_assert_eq(plan.count, 3);
	cr_expect_str_eq(plan.lines[0].detail, "{rule: [blanket]} -> {rule: [login]}");
	cr_expect_eq(plan.lines[1].kind, '+');
	cr_expect_str_eq(plan.lines[1].name, "new");
	cr_expect_eq(plan.lines[2].kind, '-');
	cr_expect_str_eq(plan.lines[2].name, "gone");
	fw_plan_done(&plan);
	fw_policy_free(one);
	fw_policy_free(two);
	fw_diags_done(&diags);
}

Test(suppress, kinds_of_events)
{
	cr_expect(fw_event_is("attack", "attack_start", false));
	cr_expect(fw_event_is("attack", "attack", false));
	cr_expect_not(fw_event_is("attack", "attacker", false));
	cr_expect_not(fw_event_is("ban", "unban", false));
	cr_expect_not(fw_event_is("would_ban", "ban", false));
	cr_expect(fw_event_is("failure", "feed", true));
	cr_expect_not(fw_event_is("failure", "feed", false));
	cr_expect(fw_event_is_finding("attack_end"));
	cr_expect_not(fw_event_is_finding("feed"));
}

static struct fw_agent *agent_new(const char *keys)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));
	struct fw_stand stand = {.name = strdup("text"), .base_dir = strdup(".")};
	struct fw_image_input input = {0};

	fw_log_init("test", FW_LOG_ERROR);
	cr_assert_geq(asprintf(&stand.text, "%s%s}\n", HEAD, keys), 0);
	stand.length = strlen(stand.text);
	agent->loaded = fw_loaded_new(&stand);
	cr_assert(agent->loaded && agent->loaded->policy);
	cr_assert_eq(fw_image_compile(agent->loaded->policy, &input, &agent->ids, &agent->loaded->diags,
				      &agent->loaded->image),
		     0);
	return agent;
}

static void agent_free(struct fw_agent *agent)
{
	free(agent->recorder.attacks);
	free(agent->recorder.open);
	fw_event_log_done(&agent->events);
	fw_loaded_free(agent->loaded);
	free(agent);
}

/* What the last event says of being expected, "" for nothing. */
static void last_suppressed(struct fw_agent *agent, char *text, size_t size)
{
	json_t *events = fw_event_last(&agent->events, 1);
	const char *name = json_string_value(json_object_get(json_array_get(events, 0), "suppressed"));

	snprintf(text, size, "%s", name ? name : "");
	json_decref(events);
}

Test(suppress, events_are_marked)
{
	static const struct {
		const char *name, *keys, *type, *by, *source, *rule;
		bool suppressed;
	} cases[] = {
		{"by rule", "{rule: blanket}", "ban", "agent", "203.0.113.1/32", "blanket", true},
		{"for some destinations", "{rule: blanket}", "ban", "agent", "203.0.113.1/32", "blanket@shop",
		 true},
		{"a longer name", "{rule: blanket}", "ban", "agent", "203.0.113.1/32", "blanket-two", false},
		{"another rule", "{rule: login}", "ban", "agent", "203.0.113.1/32", "blanket", false},
		{"no rule at all", "{rule: login}", "attack_start", "agent", NULL, NULL, false},
		{"by set", "{source: office}", "ban", "agent", "192.0.2.9/32", "blanket", true},
		{"not in the set", "{source: office}", "ban", "agent", "192.0.3.9/32", "blanket", false},
		{"a bare address", "{source: office}", "utilisation", "agent", "192.0.2.9", "login", true},
		{"wider than the set", "{source: office}", "ban", "agent", "192.0.0.0/16", "blanket", false},
		{"no source", "{source: office}", "utilisation", "agent", NULL, "total", false},
		{"a prefix", "{source: \"2001:db8::/48\"}", "ban", "agent", "2001:db8:0:7::/64", "blanket",
		 true},
		{"another kind", "{events: utilisation}", "ban", "agent", "192.0.2.9", "blanket", false},
		{"start and end", "{events: attack}", "attack_end", "agent", NULL, NULL, true},
		{"the start alone", "{events: attack_start}", "attack_end", "agent", NULL, NULL, false},
		{"somebody's own ban", "{rule: blanket}", "ban", "root", "192.0.2.9", "blanket", false},
		{"no finding", "{days: [weekdays, weekend]}", "feed", "agent", NULL, NULL, false},
		{"any finding", "{days: [weekdays, weekend]}", "would_ban", "agent", NULL, NULL, true},
		{"over", "{rule: blanket, until: 2020-01-01}", "ban", "agent", NULL, "blanket", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_agent *agent = agent_new(cases[i].keys);
		json_t *details = json_pack("{s:s*, s:s*}", "src_ip", cases[i].source, "rule", cases[i].rule);
		char name[64];

		fw_event(agent, cases[i].type, cases[i].by, details, "said");
		last_suppressed(agent, name, sizeof(name));
		cr_expect_str_eq(name, cases[i].suppressed ? "x" : "", "%s", cases[i].name);
		cr_expect_eq(agent->suppressed.count, cases[i].suppressed, "%s", cases[i].name);
		agent_free(agent);
	}
}

Test(suppress, status_says_how_many_and_what_is_over)
{
	struct fw_agent *agent = agent_new("{rule: blanket}, old: {events: attack, until: 2020-01-01}");
	json_t *warnings = json_array(), *list;

	fw_event(agent, "ban", "agent", json_pack("{s:s}", "rule", "blanket"), "said");
	fw_event(agent, "ban", "agent", json_pack("{s:s}", "rule", "blanket"), "said");
	list = fw_suppressed_to_json(agent, warnings);
	cr_assert_eq(json_array_size(list), 2);
	cr_expect_eq(json_integer_value(json_object_get(json_array_get(list, 0), "events")), 2);
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "state")), "active");
	cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "state")), "over");
	cr_assert_eq(json_array_size(warnings), 1);
	cr_expect(strstr(json_string_value(json_array_get(warnings, 0)), "'old' is over"));
	json_decref(list);
	json_decref(warnings);
	agent_free(agent);
}
