// SPDX-License-Identifier: Apache-2.0
/* Statements of a rule to conditions. What a packet filter cannot ask is an omission with its reason: half a
 * statement would match other requests than the web ACL does. */
#include <string.h>

#include "waf/model.h"

#define DEPTH_MAX      10   /* and below what the policy reader takes */
#define STATEMENTS_MAX 256  /* of one rule */
#define VALUES_MAX     1024 /* of one list in a policy */
#define URI_MAX	       256
#define IP_LABELS      "awswaf:managed:aws:amazon-ip-list:"

typedef bool reader(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		    struct fw_waf_cond **ret);

static bool read_ip_set(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
			unsigned int depth, struct fw_waf_cond **ret)
{
	const char *name;

	(void)depth;
	if (fw_waf_get(waf, json, "IPSetForwardedIPConfig", at))
		return fw_waf_omit(
			waf, FW_WAF_AT(at, "IPSetForwardedIPConfig"),
			"packets carry the proxy's address: a forwarded one is in the access log only, "
			"which a log rule (logs:) reads");
	name = fw_waf_set_of(waf, json, at);
	if (!name)
		return false;
	*ret = fw_waf_leaf(waf, FW_WAF_SOURCE, name);
	return true;
}

static bool read_geo(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		     struct fw_waf_cond **ret)
{
	const json_t *codes = fw_waf_get(waf, json, "CountryCodes", at);

	(void)depth;
	if (fw_waf_get(waf, json, "ForwardedIPConfig", at))
		return fw_waf_omit(waf, FW_WAF_AT(at, "ForwardedIPConfig"),
				   "packets carry the proxy's address, whose country is not the client's");
	if (!json_array_size(codes) || json_array_size(codes) > VALUES_MAX)
		return fw_waf_omit(waf, FW_WAF_AT(at, "CountryCodes"), "expected an array of country codes");
	*ret = fw_waf_leaf(waf, FW_WAF_COUNTRY, NULL);
	for (size_t i = 0; *ret && i < json_array_size(codes); i++) {
		const char *code = json_string_value(json_array_get(codes, i));

		if (!code || strlen(code) != 2 || code[0] < 'A' || code[0] > 'Z' || code[1] < 'A' ||
		    code[1] > 'Z')
			return fw_waf_omit(waf, FW_WAF_INDEX(FW_WAF_AT(at, "CountryCodes"), i),
					   "expected a country code such as DE, got '%.20s'",
					   code ? code : "no text");
		fw_waf_names_add(waf, &(*ret)->values, code);
	}
	waf->uses_geo = true;
	return true;
}

static bool read_asn(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		     struct fw_waf_cond **ret)
{
	const json_t *list = fw_waf_get(waf, json, "AsnList", at);

	(void)depth;
	if (fw_waf_get(waf, json, "ForwardedIPConfig", at))
		return fw_waf_omit(waf, FW_WAF_AT(at, "ForwardedIPConfig"),
				   "packets carry the proxy's address, whose network is not the client's");
	if (!json_array_size(list) || json_array_size(list) > VALUES_MAX)
		return fw_waf_omit(waf, FW_WAF_AT(at, "AsnList"), "expected an array of network numbers");
	*ret = fw_waf_leaf(waf, FW_WAF_ASN, NULL);
	for (size_t i = 0; *ret && i < json_array_size(list); i++) {
		double asn = json_number_value(json_array_get(list, i));

		if (!json_is_number(json_array_get(list, i)) || asn < 0 || asn > UINT32_MAX ||
		    asn != (uint32_t)asn)
			return fw_waf_omit(waf, FW_WAF_INDEX(FW_WAF_AT(at, "AsnList"), i),
					   "expected a number from 0 to 4294967295");
		fw_waf_names_add(waf, &(*ret)->values, fw_waf_text(waf, "%u", (uint32_t)asn));
	}
	waf->uses_geo = waf->uses_asn = true;
	return true;
}

/* A key names a label by its last parts, or by all of them with the prefix that AWS puts in front. */
static bool label_is_meant(const char *label, const char *key, bool is_namespace)
{
	size_t length = strlen(label), wanted = strlen(key);
	const char *found;

	if (is_namespace) {
		found = strstr(label, key);
		return found && (found == label || found[-1] == ':');
	}
	if (length == wanted)
		return !strcmp(label, key);
	if (length > wanted)
		return label[length - wanted - 1] == ':' && !strcmp(label + length - wanted, key);
	return !strncmp(key, "awswaf:", 7) && key[wanted - length - 1] == ':' &&
	       !strcmp(key + wanted - length, label);
}

static bool read_label(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		       struct fw_waf_cond **ret)
{
	const char *key = fw_waf_get_text(waf, json, "Key"), *scope = fw_waf_get_text(waf, json, "Scope");

	(void)depth;
	if (!key || !*key)
		return fw_waf_omit(waf, FW_WAF_AT(at, "Key"), "is missing: which label is meant");
	if (!strncmp(key, IP_LABELS, strlen(IP_LABELS))) {
		if (!waf->uses_reputation)
			fw_waf_note(waf, FW_WAF_AT(at, "Key"),
				    "Amazon does not publish the list behind '%.120s': the "
				    "feed " FW_WAF_REPUTATION
				    " stands in its place; choose the feed you trust",
				    key);
		waf->uses_reputation = true;
		*ret = fw_waf_leaf(waf, FW_WAF_SOURCE, FW_WAF_REPUTATION);
		return true;
	}
	*ret = fw_waf_leaf(waf, FW_WAF_LABEL, NULL);
	for (size_t i = 0; *ret && i < waf->label_count; i++)
		if (label_is_meant(waf->labels[i].aws, key, scope && !strcmp(scope, "NAMESPACE")))
			fw_waf_names_add(waf, &(*ret)->values, waf->labels[i].name);
	if (*ret && !(*ret)->values.count)
		return fw_waf_omit(waf, FW_WAF_AT(at, "Key"),
				   "no earlier rule that was carried over sets the label '%.120s'", key);
	return true;
}

enum change { CHANGE_IMPLIED, CHANGE_WIDENS, CHANGE_OTHER };

/* What AWS does to the text before it compares, against what Floodwall's normaliser does anyway. */
static enum change change_of(const char *type)
{
	static const char *const implied[] = {"NONE", "LOWERCASE", "URL_DECODE", "NORMALIZE_PATH"};
	static const char *const other[] = {"BASE64_DECODE", "BASE64_DECODE_EXT", "HEX_DECODE", "MD5",
					    "SQL_HEX_DECODE"};

	for (size_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++)
		if (!strcmp(type, implied[i]))
			return CHANGE_IMPLIED;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		if (!strcmp(type, other[i]))
			return CHANGE_OTHER;
	return CHANGE_WIDENS;
}

static bool read_transformations(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at)
{
	const json_t *list = fw_waf_get(waf, json, "TextTransformations", at);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *type = fw_waf_get_text(waf, json_array_get(list, i), "Type");
		const struct fw_waf_at *here = FW_WAF_INDEX(FW_WAF_AT(at, "TextTransformations"), i);
		enum change change = type ? change_of(type) : CHANGE_OTHER;

		if (change == CHANGE_OTHER)
			return fw_waf_omit(waf, here, "Floodwall compares the target itself, not its %.40s",
					   type ? type : "(no type)");
		if (change == CHANGE_WIDENS)
			fw_waf_omit(waf, here,
				    "%.40s is not applied: the rule is there, but does not see requests that "
				    "need it",
				    type);
	}
	return true;
}

static bool read_uri(struct fw_waf *waf, const char *how, const char *text, const struct fw_waf_at *at,
		     struct fw_waf_cond **ret)
{
	static const char *const words[][2] = {
		{"EXACTLY", "exact"}, {"STARTS_WITH", "prefix"}, {"CONTAINS", "contains"}};

	if (strlen(text) > URI_MAX)
		return fw_waf_omit(waf, FW_WAF_AT(at, "SearchString"), "more than %d bytes of a target",
				   URI_MAX);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(how, words[i][0]))
			continue;
		if (i < 2 && text[0] != '/')
			return fw_waf_omit(waf, FW_WAF_AT(at, "SearchString"),
					   "'%.80s' never matches: a path begins with '/'", text);
		*ret = fw_waf_leaf(waf, FW_WAF_URI, text);
		if (*ret)
			(*ret)->how = words[i][1];
		return true;
	}
	return fw_waf_omit(waf, FW_WAF_AT(at, "PositionalConstraint"),
			   "'%.40s' cannot be asked of a target: EXACTLY, STARTS_WITH and CONTAINS can", how);
}

static bool read_byte_match(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
			    unsigned int depth, struct fw_waf_cond **ret)
{
	const char *field = "nothing", *how = fw_waf_get_text(waf, json, "PositionalConstraint"), *text,
		   *header;
	const json_t *where = fw_waf_only(waf, fw_waf_get(waf, json, "FieldToMatch", at),
					  FW_WAF_AT(at, "FieldToMatch"), &field);

	(void)depth;
	text = fw_waf_get_search(waf, json, at);
	if (!text || !*text)
		return fw_waf_omit(waf, FW_WAF_AT(at, "SearchString"),
				   "expected printable text to search for");
	if (!how)
		return fw_waf_omit(waf, FW_WAF_AT(at, "PositionalConstraint"), "is missing");
	if (!read_transformations(waf, json, at))
		return false;
	if (!strcmp(field, "UriPath"))
		return read_uri(waf, how, text, at, ret);
	header = !strcmp(field, "SingleHeader") ? fw_waf_get_text(waf, where, "Name") : NULL;
	if (strcmp(field, "Method") && !(header && !strcasecmp(header, "host")))
		return fw_waf_omit(waf, FW_WAF_AT(at, "FieldToMatch"),
				   "%.40s%s%.40s is not read from packets: target, method and host are",
				   field, header ? " " : "", header ? header : "");
	if (strcmp(how, "EXACTLY"))
		return fw_waf_omit(waf, FW_WAF_AT(at, "PositionalConstraint"),
				   "'%.40s' cannot be asked of a %s: EXACTLY can", how,
				   header ? "host" : "method");
	*ret = fw_waf_leaf(waf, header ? FW_WAF_HOST : FW_WAF_METHOD, text);
	return true;
}

static bool read_group(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		       enum fw_waf_kind kind, struct fw_waf_cond **ret)
{
	const json_t *list = fw_waf_get(waf, json, "Statements", at);

	if (!json_array_size(list))
		return fw_waf_omit(waf, FW_WAF_AT(at, "Statements"), "expected an array of statements");
	*ret = fw_waf_group(waf, kind);
	for (size_t i = 0; *ret && i < json_array_size(list); i++) {
		const struct fw_waf_at *here = FW_WAF_INDEX(FW_WAF_AT(at, "Statements"), i);
		struct fw_waf_cond *child = NULL;

		if (!fw_waf_statement(waf, fw_waf_resolve(waf, json_array_get(list, i), here), here,
				      depth + 1, &child))
			return false;
		fw_waf_cond_add(waf, *ret, child);
	}
	return true;
}

static bool read_and(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		     struct fw_waf_cond **ret)
{
	return read_group(waf, json, at, depth, FW_WAF_ALL, ret);
}

static bool read_or(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		    struct fw_waf_cond **ret)
{
	return read_group(waf, json, at, depth, FW_WAF_ANY, ret);
}

static bool read_not(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at, unsigned int depth,
		     struct fw_waf_cond **ret)
{
	struct fw_waf_cond *child = NULL;

	if (!fw_waf_statement(waf, fw_waf_get(waf, json, "Statement", at), FW_WAF_AT(at, "Statement"),
			      depth + 1, &child))
		return false;
	*ret = fw_waf_group(waf, FW_WAF_NOT);
	if (*ret)
		fw_waf_cond_add(waf, *ret, child);
	return true;
}

static const struct {
	const char *name;
	reader *read;	 /* NULL: not carried over */
	const char *why; /* if not */
} statements[] = {
	{"IPSetReferenceStatement", read_ip_set, NULL},
	{"GeoMatchStatement", read_geo, NULL},
	{"AsnMatchStatement", read_asn, NULL},
	{"LabelMatchStatement", read_label, NULL},
	{"ByteMatchStatement", read_byte_match, NULL},
	{"AndStatement", read_and, NULL},
	{"OrStatement", read_or, NULL},
	{"NotStatement", read_not, NULL},
	{"RateBasedStatement", NULL, "a rate-based statement stands at the top of a rule only"},
	{"ManagedRuleGroupStatement", NULL,
	 "the rules of a managed group are its vendor's and not in the file; most look into requests, which "
	 "a packet "
	 "filter does not"},
	{"RuleGroupReferenceStatement", NULL,
	 "the rules of the group are not in the file; put those of 'aws wafv2 get-rule-group' in its place"},
	{"RegexMatchStatement", NULL,
	 "no regular expressions in the packet path; a log rule (logs:) can match the access log by one"},
	{"RegexPatternSetReferenceStatement", NULL,
	 "no regular expressions in the packet path; a log rule (logs:) can match the access log by one"},
	{"SizeConstraintStatement", NULL, "sizes of parts of a request are not measured in packets"},
	{"SqliMatchStatement", NULL,
	 "contents of requests are not inspected: keep a web application firewall for it"},
	{"XssMatchStatement", NULL,
	 "contents of requests are not inspected: keep a web application firewall for it"},
};

bool fw_waf_statement(struct fw_waf *waf, const json_t *statement, const struct fw_waf_at *at,
		      unsigned int depth, struct fw_waf_cond **ret)
{
	const char *name = NULL;
	const json_t *inner = fw_waf_only(waf, statement, at, &name);

	if (depth > DEPTH_MAX)
		return fw_waf_omit(waf, at, "nested deeper than %d statements", DEPTH_MAX);
	if (++waf->statements > STATEMENTS_MAX)
		return fw_waf_omit(waf, at, "more than %d statements in one rule", STATEMENTS_MAX);
	if (!inner)
		return fw_waf_omit(waf, at, "expected one statement, got %s",
				   !json_is_object(statement)	 ? "nothing"
				   : json_object_size(statement) ? "several or none"
								 : "an empty one");
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (strcmp(name, statements[i].name))
			continue;
		if (!statements[i].read)
			return fw_waf_omit(waf, FW_WAF_AT(at, name), "%s", statements[i].why);
		return statements[i].read(waf, inner, FW_WAF_AT(at, name), depth, ret);
	}
	return fw_waf_omit(waf, FW_WAF_AT(at, name), "this kind of statement is not known");
}
