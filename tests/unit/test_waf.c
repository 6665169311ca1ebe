// SPDX-License-Identifier: Apache-2.0
/* Web ACLs as AWS's tools print them → policy text and items; every policy is also read and compiled, as far
 * as this version knows its keys. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/image.h"
#include "waf/import.h"

#define DATA	 FW_TESTS_DIR "/data/waf/"
#define TICK_NS	 4000000
#define SETS_MAX 4
#define WANT_MAX 12

static struct fw_waf_file read_sample(const char *name)
{
	struct fw_waf_file file = {.name = name};
	char path[512], *text = calloc(1, 1 << 20);
	FW_FCLOSE FILE *stream = NULL;

	snprintf(path, sizeof(path), DATA "%s", name);
	stream = fopen(path, "re");
	cr_assert(stream && text, "%s", path);
	file.length = fread(text, 1, (1 << 20) - 1, stream);
	file.text = text;
	return file;
}

/* The database that the policy asks its operator for. */
static bool is_missing_file(const struct fw_diag *diag)
{
	return !strcmp(diag->code, "bad-geo-database");
}

static void load_and_compile(const char *name, const char *yaml)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	int r = fw_policy_parse(yaml, strlen(yaml), name, ".", &diags, &policy);
	bool missing = false;

	for (size_t i = 0; i < diags.count; i++) {
		bool error = diags.items[i].severity == FW_SEVERITY_ERROR;

		cr_expect(!error || is_missing_file(&diags.items[i]), "%s:%d: %s: %s\n%s", name,
			  diags.items[i].mark.line, diags.items[i].code, diags.items[i].message, yaml);
		missing |= is_missing_file(&diags.items[i]);
	}
	cr_expect(!r || missing, "%s is refused, and nothing says why", name);
	if (!r)
		cr_expect(!fw_image_compile(policy, &(struct fw_image_input){.tick_ns = TICK_NS}, ids, &diags,
					    &image),
			  "%s does not compile", name);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

struct sample {
	const char *acl, *sets[SETS_MAX];
	size_t rules, carried, omitted;
	const char *wanted[WANT_MAX]; /* in this order */
};

static const struct sample samples[] = {
	{"three-rules.json",
	 {NULL},
	 4,
	 3,
	 0,
	 {"feeds:\n",
	  "  - name: blanketratelimit\n    match: {protocol: tcp, dest_port: [80]}\n"
	  "    limit: 2000 requests/5m\n    action: block\n",
	  "  - name: loginratelimit\n    match: {protocol: tcp, dest_port: [80], uri: {prefix: /login}}\n"
	  "    limit: 100 requests/5m\n    action: block\n",
	  "match: {protocol: tcp, dest_port: [80], source: [ip_reputation]}\n    limit: 50 requests/5m\n"}},
	{"reputation-set.json",
	 {"ipset-bad-reputation.json"},
	 1,
	 1,
	 0,
	 {"  bad-reputation:\n    entries:\n      - 198.51.100.0/24\n      - 203.0.113.7\n",
	  "match: {protocol: tcp, dest_port: [80], source: [bad-reputation]}\n    limit: 50 requests/1m\n"}},
	{"allow-deny-rate.json",
	 {"ipset-allow-v4.json", "ipset-allow-v6.json", "ipset-deny.json"},
	 3,
	 3,
	 0,
	 {"- \"2001:db8::/32\"\n", "- 203.0.113.0/25\n", "# AllowList, priority 0, metric AllowList\n",
	  "  - name: allowlist\n    match: {source: [allow-v4, allow-v6]}\n    action: allow\n",
	  "  - name: denylist\n    match: {source: [deny]}\n    action: block\n",
	  "  - name: ratelimit\n    match: {protocol: tcp, dest_port: [80]}\n    limit: 1000 requests/5m\n"}},
	{"security-automations.json",
	 {NULL},
	 3,
	 3,
	 0,
	 {"- 198.51.100.0/24\n", "blacklistsetipv6: {entries: []}\n", "name: whitelistrule\n",
	  "name: blacklistrule\n", "name: httpfloodratebasedrule\n", "limit: 100 requests/5m\n"}},
	{"conditions.json",
	 {NULL},
	 9,
	 9,
	 0,
	 {"country: [\"NO\", DE], uri: {prefix: /admin}}\n",
	  "country_not: [DE, AT, CH], uri: {contains: /intern}}\n",
	  "any: [{uri: {exact: /login}}, {uri: {exact: /signin}}]}\n    limit: 300 requests/10m\n",
	  "method: [POST], host: shop.example, not: {uri: {prefix: /health}}, "
	  "all: [{not: {uri: {prefix: /metrics}}}]}\n",
	  "asn: [64496, 4200000000]}\n    labels: [net-suspect]\n    action: label\n",
	  "label: [net-suspect]}\n",
	  "label_not: [net-suspect, net-limited], uri: {prefix: /beta}}\n    action: count\n",
	  "per: total\n    action: police\n", "limit: 9000 requests/5m\n"}},
	{"omissions.json",
	 {NULL},
	 14,
	 3,
	 15,
	 {"nowhere: {entries: []}\n", "# AWS-Common, priority 0, metric AWS-Common: not carried over:\n",
	  "name: captcha\n", "action: count\n", "# - {name: default-block, "}},
	{"hostile.json",
	 {NULL},
	 25,
	 9,
	 21,
	 {"  # a: b?- c? #??? {[\"', priority 1", "name: a-b-c\n",
	  "{prefix: \"/\\\"\\\\\\u000a: #{}\\u00e9\\U0001f600\"}", "name: same-name\n", "name: same-name-2\n",
	  "name: same-name-3\n", "name: rule-5\n", "metric multi?line\n  - name: no-priority\n"}},
};

static void import_sample(const struct sample *sample, struct fw_waf_import *ret)
{
	struct fw_waf_file acl = read_sample(sample->acl), sets[SETS_MAX];
	struct fw_err err = {0};
	size_t count = 0;
	int r;

	while (count < SETS_MAX && sample->sets[count]) {
		sets[count] = read_sample(sample->sets[count]);
		count++;
	}
	r = fw_waf_import(&acl, sets, count, ret, &err);
	cr_assert(!r, "%s: %s", sample->acl, err.text);
	free((char *)acl.text);
	for (size_t i = 0; i < count; i++)
		free((char *)sets[i].text);
}

Test(waf, samples)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *sample = &samples[i];
		struct fw_waf_import got = {0};
		const char *at;

		import_sample(sample, &got);
		at = got.policy;
		cr_expect_eq(got.rules, sample->rules, "%s: %zu rules", sample->acl, got.rules);
		cr_expect_eq(got.carried, sample->carried, "%s: %zu carried", sample->acl, got.carried);
		cr_expect_eq(got.omitted, sample->omitted, "%s: %zu omitted", sample->acl, got.omitted);
		for (size_t k = 0; k < WANT_MAX && sample->wanted[k]; k++) {
			const char *found = strstr(at, sample->wanted[k]);

			cr_expect(found, "%s: no '%s' in\n%s", sample->acl, sample->wanted[k], at);
			at = found ? found : at;
		}
		load_and_compile(sample->acl, got.policy);
		fw_waf_import_done(&got);
	}
}

static void import_text(const char *text, struct fw_waf_import *ret)
{
	struct fw_waf_file file = {"acl.json", text, strlen(text)};
	struct fw_err err = {0};

	cr_assert(!fw_waf_import(&file, NULL, 0, ret, &err), "%s: %s", text, err.text);
}

#define ACL(rules) "{\"Name\":\"a\",\"DefaultAction\":{\"Allow\":{}},\"Rules\":[" rules "]}"
#define RULE(statement, rest)                                                                                \
	"{\"Name\":\"r\",\"Priority\":0,\"Statement\":{" statement "},\"Action\":{\"Block\":{}}" rest "}"
#define URI(text, how)                                                                                       \
	"\"ByteMatchStatement\":{\"SearchString\":\"" text                                                   \
	"\",\"FieldToMatch\":{\"UriPath\":{}},\"PositionalConstraint\":\"" how "\"}"

/* One rule: what its match becomes. */
static const struct {
	const char *name, *rule, *wanted;
} matches[] = {
	{"not uri is a request as well",
	 RULE("\"NotStatement\":{\"Statement\":{" URI("/api", "STARTS_WITH") "}}", ""),
	 "match: {protocol: tcp, dest_port: [80], not: {uri: {prefix: /api}}}\n"},
	{"double negation",
	 RULE("\"NotStatement\":{\"Statement\":{\"NotStatement\":{\"Statement\":{" URI("/api",
										       "EXACTLY") "}}}}",
	      ""),
	 "match: {protocol: tcp, dest_port: [80], uri: {exact: /api}}\n"},
	{"De Morgan",
	 RULE("\"NotStatement\":{\"Statement\":{\"AndStatement\":{\"Statements\":["
	      "{\"GeoMatchStatement\":{\"CountryCodes\":[\"DE\"]}},{" URI("/api", "CONTAINS") "}]}}}",
	      ""),
	 "uri: {prefix: /}, any: [{country_not: [DE]}, {not: {uri: {contains: /api}}}]}\n"},
	{"two of the same must both hold",
	 RULE("\"AndStatement\":{\"Statements\":[{" URI("/api", "STARTS_WITH") "},{" URI("login",
											 "CONTAINS") "}]}",
	      ""),
	 "uri: {prefix: /api}, all: [{uri: {contains: login}}]}\n"},
	{"and of two countries is not their union",
	 RULE("\"AndStatement\":{\"Statements\":[{\"GeoMatchStatement\":{\"CountryCodes\":[\"DE\",\"AT\"]}},"
	      "{\"GeoMatchStatement\":{\"CountryCodes\":[\"DE\",\"FR\"]}}]}",
	      ""),
	 "country: [DE, AT], all: [{country: [DE, FR]}]}\n"},
	{"base64", RULE(URI("L2xvZ2lu", "STARTS_WITH"), ""), "uri: {prefix: /login}"},
	{"text that could be base64", RULE(URI("/log", "STARTS_WITH"), ""), "uri: {prefix: /log}"},
	{"text that decodes to no text", RULE(URI("test", "CONTAINS"), ""), "uri: {contains: test}"},
	{"window", RULE("\"RateBasedStatement\":{\"Limit\":10,\"EvaluationWindowSec\":90}", ""),
	 "limit: 10 requests/1m30s\n"},
	{"custom key of the source alone",
	 RULE("\"RateBasedStatement\":{\"Limit\":10,\"AggregateKeyType\":\"CUSTOM_KEYS\",\"CustomKeys\":[{"
	      "\"IP\":{}}]}",
	      ""),
	 "limit: 10 requests/5m\n"},
};

Test(waf, matches)
{
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct fw_waf_import got = {0};
		char text[2048];

		snprintf(text, sizeof(text), ACL("%s"), matches[i].rule);
		import_text(text, &got);
		cr_expect_eq(got.omitted, 0, "%s: omits", matches[i].name);
		cr_expect(strstr(got.policy, matches[i].wanted), "%s: no '%s' in\n%s", matches[i].name,
			  matches[i].wanted, got.policy);
		load_and_compile(matches[i].name, got.policy);
		fw_waf_import_done(&got);
	}
}

/* The place and the reason of an omission. */
static const struct {
	const char *rule, *path, *words;
} omissions[] = {
	{RULE("\"RateBasedStatement\":{\"Limit\":1e300}", ""), "Rules[0].Statement.RateBasedStatement.Limit",
	 "whole number"},
	{RULE("\"RateBasedStatement\":{\"Limit\":2000000001}", ""),
	 "Rules[0].Statement.RateBasedStatement.Limit", "from 1 to 2000000000"},
	{RULE("\"RateBasedStatement\":{\"Limit\":-1}", ""), "Rules[0].Statement.RateBasedStatement.Limit",
	 "whole number"},
	{RULE("\"RateBasedStatement\":{\"Limit\":1,\"ScopeDownStatement\":{\"RateBasedStatement\":{\"Limit\":"
	      "1}}}",
	      ""),
	 "Rules[0].Statement.RateBasedStatement.ScopeDownStatement.RateBasedStatement", "top of a rule"},
	{RULE("\"IPSetReferenceStatement\":{}", ""), "Rules[0].Statement.IPSetReferenceStatement.ARN",
	 "is missing"},
	{RULE("\"AsnMatchStatement\":{\"AsnList\":[1,4294967296]}", ""),
	 "Rules[0].Statement.AsnMatchStatement.AsnList[1]", "4294967295"},
	{RULE("\"ManagedRuleGroupStatement\":{\"VendorName\":\"AWS\",\"Name\":"
	      "\"AWSManagedRulesAmazonIpReputationList\"}",
	      ",\"OverrideAction\":{\"None\":{}}"),
	 "Rules[0].Statement.ManagedRuleGroupStatement", "managed group"},
	{"{\"Name\":\"r\",\"Priority\":0,\"Statement\":{\"GeoMatchStatement\":{\"CountryCodes\":[\"DE\"]}}}",
	 "Rules[0].Action", "expected one of Allow"},
	{"{\"Name\":\"r\",\"Priority\":0,\"Statement\":{\"RateBasedStatement\":{\"Limit\":9}},\"Action\":{"
	 "\"Allow\":{}}}",
	 "Rules[0].Action.Allow", "rate-based"},
};

Test(waf, omissions_are_named)
{
	for (size_t i = 0; i < sizeof(omissions) / sizeof(omissions[0]); i++) {
		struct fw_waf_import got = {0};
		char text[2048];

		snprintf(text, sizeof(text), ACL("%s"), omissions[i].rule);
		import_text(text, &got);
		cr_assert_eq(got.omitted, 1, "%s: %zu omitted", omissions[i].rule, got.omitted);
		cr_expect_eq(got.carried, 0, "%s is carried over", omissions[i].rule);
		cr_expect_str_eq(got.items[0].path, omissions[i].path);
		cr_expect(strstr(got.items[0].message, omissions[i].words), "%s", got.items[0].message);
		cr_expect_str_eq(got.items[0].rule, "r");
		load_and_compile(omissions[i].rule, got.policy);
		fw_waf_import_done(&got);
	}
}

static const struct {
	const char *text, *words;
} refused[] = {
	{"", "is no JSON"},
	{"AWSTemplateFormatVersion: 2010-09-09", "YAML has to be converted"},
	{"{\"a\":1,\"a\":2}", "is no JSON"},
	{"[]", "is no AWS WAF web ACL"},
	{"{\"WebACLs\":[]}", "get-web-acl"},
	{"{\"RuleGroup\":{\"Rules\":[]}}", "rule group"},
	{"{\"IPSet\":{\"Addresses\":[]}}", "--ip-set"},
	{"{\"Resources\":{\"x\":{\"Type\":\"AWS::S3::Bucket\"}}}", "no resource of this template"},
	{"{\"WebACL\":{\"WebACLId\":\"x\",\"Rules\":[{\"RuleId\":\"y\"}]}}", "Classic"},
	{"{\"DefaultAction\":{\"Allow\":{}},\"Rules\":{}}", "expected an array"},
};

Test(waf, what_is_no_web_acl)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct fw_waf_file file = {"x.json", refused[i].text, strlen(refused[i].text)};
		struct fw_waf_import got = {0};
		struct fw_err err = {0};

		cr_expect_eq(fw_waf_import(&file, NULL, 0, &got, &err), -EINVAL, "'%s' is taken",
			     refused[i].text);
		cr_expect(strstr(err.text, refused[i].words), "'%s': %s", refused[i].text, err.text);
		cr_expect(strstr(err.text, "x.json"), "%s names no file", err.text);
		cr_expect(!got.policy && !got.items);
	}
}

Test(waf, an_ip_set_that_is_none)
{
	struct fw_waf_file acl = {"acl.json", ACL(""), strlen(ACL(""))}, set = {"set.json", "{}", 2};
	struct fw_waf_import got = {0};
	struct fw_err err = {0};

	cr_expect_eq(fw_waf_import(&acl, &set, 1, &got, &err), -EINVAL);
	cr_expect(strstr(err.text, "'set.json' is no AWS WAF IP set"), "%s", err.text);
}

/* A reference to one set from many rules is said once; its bad members each at their place. */
Test(waf, sets)
{
	static const char set_text[] =
		"{\"IPSet\":{\"Name\":\"s\",\"ARN\":\"arn:aws:wafv2:r:1:regional/ipset/s/1\","
		"\"Addresses\":[\"192.0.2.1/24\",\"300.1.2.3\",7,\"128.0.0.0/3\"]}}";
	static const char acl_text[] = ACL(RULE(
		"\"IPSetReferenceStatement\":{\"ARN\":\"arn:aws:wafv2:r:1:regional/ipset/s/1\"}",
		"") "," RULE("\"IPSetReferenceStatement\":{\"ARN\":\"arn:aws:wafv2:r:1:regional/ipset/t/2\"}",
			     "") "," RULE("\"AndStatement\":{\"Statements\":[{\"IPSetReferenceStatement\":{"
					  "\"ARN\":"
					  "\"arn:aws:wafv2:r:1:regional/ipset/t/"
					  "2\"}},{\"IPSetReferenceStatement\":{\"ARN\":"
					  "\"arn:aws:wafv2:r:1:regional/ipset/s/1\"}}]}",
					  ""));
	struct fw_waf_file acl = {"acl.json", acl_text, strlen(acl_text)},
			   set = {"set.json", set_text, strlen(set_text)};
	struct fw_waf_import got = {0};
	struct fw_err err = {0};
	size_t wide = 0;

	cr_assert(!fw_waf_import(&acl, &set, 1, &got, &err), "%s", err.text);
	cr_expect(strstr(got.policy, "      - 192.0.2.0/24\n      - 128.0.0.0/3\n"), "%s", got.policy);
	cr_expect_eq(got.omitted, 3, "%zu omitted", got.omitted);
	cr_expect_str_eq(got.items[0].path, "set.json.Addresses[1]");
	cr_expect_str_eq(got.items[1].path, "set.json.Addresses[2]");
	for (size_t i = 0; i < got.item_count; i++)
		wide += strstr(got.items[i].message, "covers more than 1/16") != NULL;
	cr_expect_eq(wide, 2, "a set of an eighth of IPv4 is noted %zu times", wide);
	cr_expect(strstr(got.policy, "source: [t], all: [{source: [s]}]"), "%s", got.policy);
	fw_waf_import_done(&got);
}
