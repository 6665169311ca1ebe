// SPDX-License-Identifier: Apache-2.0
/* What rules ask of requests, compiled to masks and automata. Pure. */
#include "policy/requests.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/automaton.h"
#include "policy/match.h"
#include "policy/terms.h"

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
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (fw_conjunction_asks_request(&all))
			return true;
	}
	return false;
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

/* Each part that wants some has a bit of its own, those that want none share the one above. */
static int add_texts(const struct fw_conjunction *all, enum fw_subject text, uint64_t terms,
		     struct patterns *patterns)
{
	struct fw_wishes wishes;
	uint64_t none;
	int r = 0;

	fw_conjunction_wishes(all, text, &wishes);
	none = terms << wishes.some;
	for (size_t i = 0; i < all->count && !r; i++) {
		const struct fw_match *match = all->parts[i];
		bool sni = text == FW_SUBJECT_SNI;
		size_t before = patterns->count;

		if (text == FW_SUBJECT_PATH)
			r = add_paths(&match->uri, terms, patterns);
		else
			r = add_hosts(sni ? &match->sni : &match->host, terms, patterns);
		if (patterns->count > before)
			terms <<= 1;
		if (!r && text == FW_SUBJECT_PATH)
			r = add_paths(&match->uri_not, none, patterns);
		else if (!r)
			r = add_hosts(sni ? &match->sni_not : &match->host_not, none, patterns);
	}
	return r;
}

/* Patterns of one kind of text. *last: the last rule that has some. */
static int collect(const struct fw_policy *policy, const struct fw_image *image, enum fw_subject text,
		   struct patterns *patterns, const struct fw_policy_rule **last)
{
	int r = 0;

	for (unsigned int i = 0; i < image->conjunction_count && !r; i++) {
		size_t before = patterns->count;
		struct fw_conjunction all;

		fw_image_conjunction(policy, image, i, &all);
		if (!fw_conjunction_asks_payload(&all))
			continue;
		r = add_texts(&all, text, image->conjunctions[i].terms, patterns);
		if (patterns->count > before)
			*last = &policy->rules[image->conjunctions[i].rule];
	}
	return r;
}

static int build_automaton(const struct fw_policy *policy, enum fw_subject text, struct fw_diags *diags,
			   struct fw_image *image)
{
	const struct fw_policy_rule *last = NULL;
	struct patterns patterns = {0};
	int r = collect(policy, image, text, &patterns, &last);

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

/* Where the terms' patterns are looked for: see fw_request_terms. */
static void spread_text(const struct fw_conjunction *all, enum fw_subject text, uint64_t terms, __u64 *any,
			__u64 *unwanted, __u64 *both)
{
	struct fw_wishes wishes;

	fw_conjunction_wishes(all, text, &wishes);
	if (!wishes.some && !wishes.none)
		*any |= terms;
	if (wishes.none)
		*unwanted |= terms << wishes.some;
	for (size_t i = 0; i + 1 < wishes.some + (wishes.none != 0); i++)
		*both |= terms << i;
}

static void spread_conjunction(const struct fw_conjunction *all, uint64_t terms,
			       struct fw_request_terms *requests)
{
	unsigned int methods = fw_conjunction_methods(all);

	requests->all |= terms;
	spread_text(all, FW_SUBJECT_PATH, terms, &requests->any_path, &requests->not_path,
		    &requests->both_path);
	spread_text(all, FW_SUBJECT_HOST, terms, &requests->any_host, &requests->not_host,
		    &requests->both_host);
	for (int i = 0; i < FW_METHOD_MAX_; i++)
		if (methods >> i & 1)
			requests->method[i] |= terms;
}

static void spread_hello(const struct fw_conjunction *all, uint64_t terms, struct fw_request_terms *requests)
{
	__u64 any = 0;

	requests->sni |= terms;
	spread_text(all, FW_SUBJECT_SNI, terms, &any, &requests->not_sni, &requests->both_sni);
}

int fw_requests_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image)
{
	struct fw_policy_slot *slot = image->slot;
	int r = 0;

	for (unsigned int i = 0; i < image->conjunction_count; i++) {
		struct fw_conjunction all;

		fw_image_conjunction(policy, image, i, &all);
		if (fw_conjunction_asks_request(&all))
			spread_conjunction(&all, image->conjunctions[i].terms, &slot->requests);
		if (fw_conjunction_asks_hello(&all))
			spread_hello(&all, image->conjunctions[i].terms, &slot->requests);
	}
	if (slot->requests.all) {
		slot->features |= FW_FEATURE_REQUESTS;
		r = build_automaton(policy, FW_SUBJECT_PATH, diags, image);
		r = r ? r : build_automaton(policy, FW_SUBJECT_HOST, diags, image);
	}
	if (slot->requests.sni && !r) {
		slot->features |= FW_FEATURE_REQUESTS;
		r = build_automaton(policy, FW_SUBJECT_SNI, diags, image);
	}
	return r;
}

static bool looks_at_ports(const struct fw_conjunction *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->parts[i]->dest_port.count)
			return true;
	return false;
}

static void check_ports(const struct fw_policy_rule *rule, const struct fw_conjunction *all,
			struct fw_diags *diags)
{
	if (!looks_at_ports(all))
		COMPLAIN(diags, rule->mark, WARNING, "uri-any-port", "add dest_port: 80",
			 "rule '%s' looks into the TCP payload of every port for requests", rule->name);
	else if (fw_conjunction_takes_value(all, FW_DEST_PORT, 443) &&
		 !fw_conjunction_takes_value(all, FW_DEST_PORT, 80))
		COMPLAIN(diags, rule->mark, WARNING, "uri-tls-port",
			 "count them in the server's log: match: {log: NAME, …}",
			 "rule '%s' looks for requests on port 443, where they are encrypted: it sees plain "
			 "HTTP "
			 "only",
			 rule->name);
}

static void check_wishes(const struct fw_policy_rule *rule, const struct fw_conjunction *all,
			 struct fw_diags *diags)
{
	if (fw_conjunction_request_bits(all) > FW_REQUEST_WISHES)
		COMPLAIN(
			diags, rule->mark, ERROR, "bad-match",
			"set a label in an earlier rule that has some of them, and ask for it here",
			"rule '%s': in one of its alternatives more than %d 'uri', 'host' or 'sni' must hold "
			"together",
			rule->name, FW_REQUEST_WISHES);
}

static void check_methods(const struct fw_policy_rule *rule, const struct fw_names *methods,
			  struct fw_diags *diags)
{
	for (size_t i = 0; i < methods->count; i++)
		if (fw_request_method(methods->items[i]) < 0)
			COMPLAIN(diags, rule->mark, ERROR, "bad-method",
				 "packets begin a request with GET, POST, HEAD, PUT, DELETE, OPTIONS, PATCH, "
				 "CONNECT "
				 "or TRACE; "
				 "others can be counted in a log (log: NAME)",
				 "rule '%s': '%s' is no method that packets are told by", rule->name,
				 methods->items[i]);
}

static void check_conjunction(const struct fw_policy_rule *rule, const struct fw_conjunction *all,
			      struct fw_diags *diags)
{
	bool hello = fw_conjunction_asks_hello(all);

	if (!fw_conjunction_asks_payload(all))
		return;
	if (all->connections)
		COMPLAIN(diags, rule->limit_mark, ERROR, "never-matches",
			 hello ? "write for example limit: 50 packets/10s: a ClientHello is one"
			       : "write for example limit: 150 requests/5m",
			 "rule '%s' can never match: connections are counted at their SYN, which carries no "
			 "%s",
			 rule->name, hello ? "ClientHello" : "request");
	check_wishes(rule, all, diags);
	if (!hello)
		check_ports(rule, all, diags);
	else if (!looks_at_ports(all))
		COMPLAIN(diags, rule->mark, WARNING, "sni-any-port", "add dest_port: 443",
			 "rule '%s' looks into the TCP payload of every port for ClientHellos", rule->name);
}

void fw_rule_check_request(const struct fw_policy_rule *rule, struct fw_diags *diags)
{
	size_t before;

	if (rule->match.log)
		return;
	if (fw_rule_asks_request(rule))
		fw_rule_each_mention(match, rule)
		{
			check_methods(rule, &match->method, diags);
			check_methods(rule, &match->method_not, diags);
		}
	before = diags->count;
	for (size_t i = 0; i < fw_rule_conjunctions(rule) && diags->count == before; i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		check_conjunction(rule, &all, diags);
	}
}
