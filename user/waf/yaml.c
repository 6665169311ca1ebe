// SPDX-License-Identifier: Apache-2.0
/* The policy as text. Whatever came from the web ACL is quoted, or in comments cut down to printable ASCII.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/units.h"
#include "waf/model.h"

#define COMMENT_MAX 160

static const char *const keys[] = {
	[FW_WAF_SOURCE] = "source", [FW_WAF_COUNTRY] = "country", [FW_WAF_ASN] = "asn",
	[FW_WAF_LABEL] = "label",   [FW_WAF_METHOD] = "method",	  [FW_WAF_HOST] = "host",
	[FW_WAF_URI] = "uri",
};

static void write_comment(FILE *out, const char *text)
{
	for (size_t i = 0; text[i] && i < COMMENT_MAX; i++)
		fputc(text[i] < ' ' || text[i] > '~' ? '?' : text[i], out);
}

/* Words that some YAML reader takes for something else: NO is a country. */
static bool is_special(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(words[i], text))
			return true;
	return false;
}

static bool is_plain(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/";

	return *text && strchr(letters, *text) &&
	       !text[strspn(text, "_.-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/")] &&
	       !is_special(text);
}

/* One code point of valid UTF-8, which jansson has checked. */
static uint32_t next_code_point(const unsigned char **text)
{
	const unsigned char *byte = *text;
	int more = *byte >= 0xf0 ? 3 : *byte >= 0xe0 ? 2 : *byte >= 0xc0 ? 1 : 0;
	uint32_t code = more ? *byte & (0x3fu >> more) : *byte;

	for (byte++; more && (*byte & 0xc0) == 0x80; more--)
		code = code << 6 | (*byte++ & 0x3f);
	*text = byte;
	return code;
}

static void write_text(FILE *out, const char *text)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (is_plain(text)) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	while (*byte) {
		uint32_t code = next_code_point(&byte);

		if (code == '"' || code == '\\')
			fprintf(out, "\\%c", (int)code);
		else if (code >= ' ' && code <= '~')
			fputc((int)code, out);
		else if (code <= UINT16_MAX)
			fprintf(out, "\\u%04x", code);
		else
			fprintf(out, "\\U%08x", code);
	}
	fputc('"', out);
}

static void write_list(FILE *out, const struct fw_waf_names *names)
{
	fputc('[', out);
	for (size_t i = 0; i < names->count; i++) {
		fputs(i ? ", " : "", out);
		write_text(out, names->items[i]);
	}
	fputc(']', out);
}

static bool has_not_form(enum fw_waf_key key)
{
	return key <= FW_WAF_LABEL;
}

/* "key: value" of a leaf as it stands in a match. */
static void write_leaf(FILE *out, const struct fw_waf_cond *leaf)
{
	bool wrapped = leaf->negated && !has_not_form(leaf->key);

	fputs(wrapped ? "not: {" : "", out);
	fprintf(out, "%s%s: ", keys[leaf->key], leaf->negated && !wrapped ? "_not" : "");
	if (leaf->key == FW_WAF_URI) {
		fprintf(out, "{%s: ", leaf->how);
		write_text(out, leaf->values.count ? leaf->values.items[0] : "");
		fputc('}', out);
	} else if (leaf->key == FW_WAF_HOST && leaf->values.count == 1) {
		write_text(out, leaf->values.items[0]);
	} else {
		write_list(out, &leaf->values);
	}
	fputs(wrapped ? "}" : "", out);
}

/* The key that a condition takes up in a map: no map has one twice. */
static const char *map_key(const struct fw_waf_cond *cond)
{
	static const char *const not_keys[] = {"source_not", "country_not", "asn_not", "label_not"};

	if (cond->kind != FW_WAF_LEAF)
		return cond->kind == FW_WAF_ALL ? "all" : "any";
	if (!cond->negated)
		return keys[cond->key];
	return has_not_form(cond->key) ? not_keys[cond->key] : "not";
}

static void write_pairs(FILE *out, const struct fw_waf_cond *cond);

/* Children of a conjunction: one after another, and those whose key is taken in a list under `all`. */
static void write_conjunction(FILE *out, const struct fw_waf_cond *all)
{
	size_t written = 0, left = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < all->count; i++) {
			bool taken = false;

			for (size_t k = 0; k < i && !taken; k++)
				taken = !strcmp(map_key(all->children[k]), map_key(all->children[i]));
			if (taken != (pass == 1))
				continue;
			fputs(written++ ? ", " : "", out);
			if (pass)
				fputs(left++ ? "{" : "all: [{", out);
			write_pairs(out, all->children[i]);
			fputs(pass ? "}" : "", out);
		}
	}
	fputs(left ? "]" : "", out);
}

static void write_pairs(FILE *out, const struct fw_waf_cond *cond)
{
	switch (cond->kind) {
	case FW_WAF_LEAF:
		write_leaf(out, cond);
		return;
	case FW_WAF_ALL:
		write_conjunction(out, cond);
		return;
	case FW_WAF_ANY:
		fputs("any: [", out);
		for (size_t i = 0; i < cond->count; i++) {
			fputs(i ? ", {" : "{", out);
			write_pairs(out, cond->children[i]);
			fputc('}', out);
		}
		fputc(']', out);
		return;
	case FW_WAF_NOT:
		break; /* simplified away */
	}
}

/* Whatever satisfies it is a request: also what is said not to be its path. */
static bool takes_requests_only(const struct fw_waf_cond *cond)
{
	if (cond->kind == FW_WAF_LEAF)
		return cond->key >= FW_WAF_METHOD;
	for (size_t i = 0; i < cond->count; i++)
		if (takes_requests_only(cond->children[i]) == (cond->kind == FW_WAF_ALL))
			return cond->kind == FW_WAF_ALL;
	return cond->kind == FW_WAF_ANY && cond->count;
}

static void write_match(FILE *out, const struct fw_waf_rule *rule)
{
	const struct fw_waf_cond *cond = rule->cond;
	bool requests = rule->limited || fw_waf_cond_asks_request(cond, false);
	bool ports = !fw_waf_rule_is_sources_only(rule);

	fputs("    match: {", out);
	if (ports)
		fprintf(out, "protocol: tcp, dest_port: [%s]", requests ? "80" : "80, 443");
	/* A packet that is no request has no target, host or method either, and is not meant. */
	if (cond && fw_waf_cond_asks_request(cond, true) && !takes_requests_only(cond))
		fputs(", uri: {prefix: /}", out);
	if (cond) {
		fputs(ports ? ", " : "", out);
		write_pairs(out, cond);
	}
	fputs("}\n", out);
}

static void write_rule(FILE *out, const struct fw_waf_rule *rule)
{
	static const char *const actions[] = {
		[FW_WAF_ALLOW] = "allow", [FW_WAF_BLOCK] = "block", [FW_WAF_COUNT] = "count"};
	bool police = rule->total && rule->action == FW_WAF_BLOCK;
	char window[32];

	fprintf(out, "  - name: ");
	write_text(out, rule->name);
	fputc('\n', out);
	write_match(out, rule);
	if (rule->limited)
		fprintf(out, "    limit: %" PRIu64 " requests/%s\n", rule->limit,
			fw_duration_format(rule->window_seconds * 1000000000ULL, window, sizeof(window)));
	if (rule->total)
		fputs("    per: total\n", out);
	if (rule->labels.count) {
		fputs("    labels: ", out);
		write_list(out, &rule->labels);
		fputc('\n', out);
	}
	fprintf(out, "    action: %s\n",
		police						     ? "police"
		: rule->action == FW_WAF_COUNT && rule->labels.count ? "label"
								     : actions[rule->action]);
}

static void write_rules(const struct fw_waf *waf, FILE *out)
{
	fputs(waf->out->carried ? "rules:\n" : "rules: []\n", out);
	for (size_t i = 0; i < waf->rule_count; i++) {
		const struct fw_waf_rule *rule = &waf->rules[i];

		fputs("  # ", out);
		write_comment(out, rule->aws_name ? rule->aws_name : "(no name)");
		if (rule->priority != INT64_MAX)
			fprintf(out, ", priority %" PRIi64, rule->priority);
		if (rule->metric) {
			fputs(", metric ", out);
			write_comment(out, rule->metric);
		}
		if (rule->missing) {
			fputs(rule->needless ? ": needs no rule here:\n  #   "
					     : ": not carried over:\n  #   ",
			      out);
			write_comment(out, rule->missing);
		}
		fputc('\n', out);
		if (!rule->missing)
			write_rule(out, rule);
	}
	if (waf->blocks_by_default)
		fputs("  # The web ACL blocks what no rule allows. To do the same for web traffic, take this "
		      "in:\n"
		      "  # - {name: default-block, match: {protocol: tcp, dest_port: [80, 443]}, action: "
		      "block, force: true}\n",
		      out);
}

static void write_sets(const struct fw_waf *waf, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < waf->set_count; i++) {
		const struct fw_waf_set *set = &waf->sets[i];

		if (!set->name)
			continue;
		fputs(any ? "" : "sets:\n", out);
		any = true;
		fputs("  # ", out);
		write_comment(out, set->arn ? set->arn : set->aws_name ? set->aws_name : set->name);
		fputs("\n  ", out);
		write_text(out, set->name);
		fputs(set->entries.count ? ":\n    entries:\n" : ": {entries: []}\n", out);
		for (size_t k = 0; k < set->entries.count; k++) {
			fputs("      - ", out);
			write_text(out, set->entries.items[k]);
			fputc('\n', out);
		}
	}
}

void fw_waf_write(const struct fw_waf *waf, FILE *out)
{
	fputs("# Imported by floodwall " FW_VERSION " from the AWS WAF web ACL ", out);
	write_comment(out, waf->acl_name ? waf->acl_name : "(no name)");
	fputs("\n# Name the interfaces, judge it with: floodwall check FILE\n"
	      "# and try it with a way back: floodwall apply FILE --confirm 60s\n"
	      "version: 1\n"
	      "# interfaces: [eth0]\n",
	      out);
	write_sets(waf, out);
	if (waf->uses_reputation)
		fputs("feeds:\n"
		      "  # in place of Amazon's own list, which is not published\n"
		      "  " FW_WAF_REPUTATION
		      ": {url: \"https://www.spamhaus.org/drop/drop_v4.json\", format: auto, every: 12h}\n",
		      out);
	if (waf->uses_geo)
		fprintf(out, "geo: {database: /var/lib/floodwall/country.mmdb} # put a database%s there\n",
			waf->uses_asn ? " that knows networks (ASN)" : "");
	write_rules(waf, out);
}
