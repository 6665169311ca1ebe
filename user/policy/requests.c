// SPDX-License-Identifier: Apache-2.0
/* What rules ask of requests, compiled to masks and automata. Pure. */
#include "policy/requests.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/automaton.h"
#include "policy/match.h"

#define COMPLAIN(diags, mark, severity, code, hint, ...)                                                     \
	fw_diag_add(diags, mark, FW_SEVERITY_##severity, code, hint, __VA_ARGS__)

static const char *const method_names[FW_METHOD_MAX_] = {
#define X(id, bytes, word) [FW_METHOD_##id] = #id,
	FW_METHODS(X)
#undef X
};

static const char *const text_names[FW_SUBJECT_MAX_] = {
	[FW_SUBJECT_PATH] = "uri", [FW_SUBJECT_HOST] = "host", [FW_SUBJECT_SNI] = "sni"};

bool fw_rule_asks_request(const struct fw_policy_rule *rule)
{
	return !rule->match.log && (rule->match.uri.count || rule->match.method.count ||
				    rule->match.host.count || rule->limit.unit == FW_UNIT_REQUESTS);
}

int fw_request_method(const char *name)
{
	for (int i = 0; i < FW_METHOD_MAX_; i++)
		if (!strcmp(method_names[i], name))
			return i;
	return -1;
}

struct patterns {
	struct fw_pattern *items;
	size_t count;
};

static int add_paths(const struct fw_uri_tests *tests, uint64_t terms, struct patterns *patterns)
{
	for (size_t i = 0; i < tests->count; i++) {
		const struct fw_uri_test *test = &tests->items[i];
		struct fw_pattern pattern = {.text = test->text,
					     .begins = test->how != FW_URI_CONTAINS,
					     .ends = test->how == FW_URI_EXACT,
					     .terms = terms};

		if (FW_APPEND(patterns->items, patterns->count, pattern))
			return -ENOMEM;
	}
	return 0;
}

/* "*.example.org" is every name that ends in ".example.org". */
static int add_hosts(const struct fw_names *names, uint64_t terms, struct patterns *patterns)
{
	for (size_t i = 0; i < names->count; i++) {
		bool below = names->items[i][0] == '*';
		struct fw_pattern pattern = {
			.text = names->items[i] + below, .begins = !below, .ends = true, .terms = terms};

		if (FW_APPEND(patterns->items, patterns->count, pattern))
			return -ENOMEM;
	}
	return 0;
}

/* Patterns of one kind of text. *last: the last rule that has some. */
static int collect(const struct fw_policy *policy, const struct fw_policy_slot *slot, enum fw_subject text,
		   struct patterns *patterns, const struct fw_policy_rule **last)
{
	int r = 0;

	for (size_t i = 0; i < policy->rule_count && !r; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		size_t before = patterns->count;

		if (!fw_rule_asks_request(rule))
			continue;
		if (text == FW_SUBJECT_PATH)
			r = add_paths(&rule->match.uri, slot->rules[i].terms, patterns);
		else if (text == FW_SUBJECT_HOST)
			r = add_hosts(&rule->match.host, slot->rules[i].terms, patterns);
		if (patterns->count > before)
			*last = rule;
	}
	return r;
}

static int build_automaton(const struct fw_policy *policy, enum fw_subject text, struct fw_diags *diags,
			   struct fw_image *image)
{
	const struct fw_policy_rule *last = NULL;
	struct patterns patterns = {0};
	int r = collect(policy, image->slot, text, &patterns, &last);

	if (!r)
		r = fw_automaton_build(patterns.items, patterns.count, &image->automata[text]);
	if (r == -E2BIG && last)
		COMPLAIN(diags, last->mark, ERROR, "too-many-patterns",
			 "use fewer or shorter ones; prefix patterns that begin alike share their beginning",
			 "rule '%s' and the others have more bytes of '%s' patterns than fit: at most %u, "
			 "divided "
			 "by the number of different bytes in them",
			 last->name, text_names[text], FW_AUTOMATON_CELLS);
	free(patterns.items);
	return r;
}

static void spread_rule(const struct fw_policy_rule *rule, uint64_t terms, struct fw_request_terms *requests)
{
	requests->all |= terms;
	if (!rule->match.uri.count)
		requests->any_path |= terms;
	if (!rule->match.host.count)
		requests->any_host |= terms;
	for (int i = 0; i < FW_METHOD_MAX_ && !rule->match.method.count; i++)
		requests->method[i] |= terms;
	for (size_t i = 0; i < rule->match.method.count; i++) {
		int method = fw_request_method(rule->match.method.items[i]);

		if (method >= 0)
			requests->method[method] |= terms;
	}
}

int fw_requests_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image)
{
	struct fw_policy_slot *slot = image->slot;
	int r = 0;

	for (size_t i = 0; i < policy->rule_count; i++)
		if (fw_rule_asks_request(&policy->rules[i]))
			spread_rule(&policy->rules[i], slot->rules[i].terms, &slot->requests);
	if (!slot->requests.all)
		return 0;
	slot->features |= FW_FEATURE_REQUESTS;
	r = build_automaton(policy, FW_SUBJECT_PATH, diags, image);
	return r ? r : build_automaton(policy, FW_SUBJECT_HOST, diags, image);
}

static bool takes_port(const struct fw_policy_rule *rule, uint16_t port)
{
	return fw_ranges_take(&rule->match.dest_port, &rule->match.dest_port_not, port);
}

void fw_rule_check_request(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	const struct fw_match *match = &rule->match;

	if (!fw_rule_asks_request(rule))
		return;
	for (size_t i = 0; i < match->method.count; i++)
		if (fw_request_method(match->method.items[i]) < 0)
			COMPLAIN(diags, rule->mark, ERROR, "bad-method",
				 "packets begin a request with GET, POST, HEAD, PUT, DELETE, OPTIONS, PATCH, "
				 "CONNECT "
				 "or TRACE; "
				 "others can be counted in a log (log: NAME)",
				 "rule '%s': '%s' is no method that packets are told by", rule->name,
				 match->method.items[i]);
	if (rule->limit.unit == FW_UNIT_CONNECTIONS)
		COMPLAIN(diags, rule->limit_mark, ERROR, "never-matches",
			 "write for example limit: 150 requests/5m",
			 "rule '%s' can never match: connections are counted at their SYN, which carries no "
			 "request",
			 rule->name);
	if (!match->dest_port.count)
		COMPLAIN(diags, rule->mark, WARNING, "uri-any-port", "add dest_port: 80",
			 "rule '%s' looks into the TCP payload of every port for requests", rule->name);
	else if (takes_port(rule, 443) && !takes_port(rule, 80))
		COMPLAIN(diags, rule->mark, WARNING, "uri-tls-port",
			 "count them in the server's log: match: {log: NAME, …}",
			 "rule '%s' looks for requests on port 443, where they are encrypted: it sees plain "
			 "HTTP "
			 "only",
			 rule->name);
}
