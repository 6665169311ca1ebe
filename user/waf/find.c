// SPDX-License-Identifier: Apache-2.0
/* Where the web ACL and the IP sets are in what the AWS tools print. */
#include <errno.h>
#include <string.h>

#include "lib/addr.h"
#include "waf/model.h"

#define SETS_MAX 1024 /* ten times what an AWS account may have */

static bool has_type(const json_t *resource, const char *type)
{
	const char *text = json_string_value(json_object_get(resource, "Type"));

	return text && !strcmp(text, type);
}

static void add_set(struct fw_waf *waf, const json_t *json, const char *logical, const char *where)
{
	struct fw_waf_set *grown = fw_waf_grow(waf, waf->sets, waf->set_count, sizeof(*grown));

	if (!grown)
		return;
	waf->sets = grown;
	waf->sets[waf->set_count++] =
		(struct fw_waf_set){.arn = json_string_value(json_object_get(json, "ARN")),
				    .logical = logical,
				    .aws_name = fw_waf_get_text(waf, json, "Name"),
				    .addresses = fw_waf_get(waf, json, "Addresses", NULL),
				    .where = where};
}

/* The first web ACL of a template; its IP sets on the way. */
static json_t *find_in_template(struct fw_waf *waf, json_t *root)
{
	json_t *resource, *acl = NULL;
	const char *logical;

	waf->resources = json_object_get(root, "Resources");
	waf->parameters = json_object_get(root, "Parameters");
	json_object_foreach (waf->resources, logical, resource) {
		json_t *properties = json_object_get(resource, "Properties");

		if (has_type(resource, "AWS::WAFv2::IPSet"))
			add_set(waf, properties, logical, logical);
		if (!has_type(resource, "AWS::WAFv2::WebACL"))
			continue;
		if (!acl)
			acl = properties;
		else
			fw_waf_omit(waf, FW_WAF_AT(FW_WAF_AT(NULL, "Resources"), logical),
				    "a second web ACL: only the first of a template is imported");
	}
	return acl;
}

static const char *what_it_is(const json_t *root)
{
	if (json_object_get(root, "WebACLs"))
		return "it is the list of web ACLs; the rules come from 'aws wafv2 get-web-acl'";
	if (json_object_get(root, "RuleGroup"))
		return "it is a rule group; paste its Rules into a web ACL";
	if (json_object_get(root, "IPSet"))
		return "it is an IP set; give it with --ip-set beside the web ACL";
	if (json_object_get(root, "Resources"))
		return "no resource of this template has the type AWS::WAFv2::WebACL";
	return "expected the output of 'aws wafv2 get-web-acl', its WebACL member, or a CloudFormation "
	       "template in JSON";
}

static bool is_acl(const json_t *json)
{
	return json_is_object(json) && (json_is_array(json_object_get(json, "Rules")) ||
					json_is_object(json_object_get(json, "DefaultAction")));
}

int fw_waf_find(struct fw_waf *waf, json_t *root, struct fw_err *err)
{
	json_t *acl = json_object_get(root, "WebACL"), *rules;

	if (json_is_object(json_object_get(root, "Resources")))
		acl = find_in_template(waf, root);
	else if (!acl && json_is_object(json_object_get(root, "Properties")))
		acl = json_object_get(root, "Properties");
	else if (!acl)
		acl = root;
	if (!is_acl(acl))
		return fw_err_set(err, -EINVAL, "'%.200s' is no AWS WAF web ACL: %s", waf->file,
				  what_it_is(root));
	rules = json_object_get(acl, "Rules");
	if (json_object_get(acl, "WebACLId") || json_object_get(json_array_get(rules, 0), "RuleId"))
		return fw_err_set(
			err, -EINVAL,
			"'%.200s' is a web ACL of AWS WAF Classic, which holds no conditions: migrate it to "
			"WAFv2 first, or import its successor",
			waf->file);
	if (rules && !json_is_array(rules))
		return fw_err_set(err, -EINVAL, "'%.200s': Rules: expected an array", waf->file);
	waf->acl = acl;
	waf->acl_name = fw_waf_get_text(waf, acl, "Name");
	return 0;
}

int fw_waf_find_set(struct fw_waf *waf, json_t *root, const char *file, struct fw_err *err)
{
	json_t *set = json_object_get(root, "IPSet");

	if (!set)
		set = json_is_object(json_object_get(root, "Properties"))
			      ? json_object_get(root, "Properties")
			      : root;
	if (!json_is_array(json_object_get(set, "Addresses")))
		return fw_err_set(err, -EINVAL,
				  "'%.200s' is no AWS WAF IP set: expected the output of 'aws wafv2 "
				  "get-ip-set' with an "
				  "array of Addresses",
				  file);
	add_set(waf, set, NULL, fw_waf_text(waf, "%s", file));
	return 0;
}

/* NAME of arn:aws:wafv2:REGION:ACCOUNT:SCOPE/ipset/NAME/ID, else the whole. */
static const char *name_in_arn(struct fw_waf *waf, const char *arn)
{
	const char *name = strstr(arn, "/ipset/");

	if (!name)
		return arn;
	name += strlen("/ipset/");
	return fw_waf_text(waf, "%.*s", (int)strcspn(name, "/"), name);
}

static bool is_meant(const struct fw_waf_set *set, const char *reference, const char *name)
{
	if (set->logical) {
		size_t length = strlen(set->logical);

		/* "LogicalId" or "LogicalId.Arn", also inside ${} of a Fn::Sub. */
		reference += strncmp(reference, "${", 2) ? 0 : 2;
		return !strncmp(reference, set->logical, length) && strchr(".}", reference[length]);
	}
	if (set->arn)
		return !strcmp(set->arn, reference);
	return set->aws_name && !strcmp(set->aws_name, name);
}

static void read_entries(struct fw_waf *waf, struct fw_waf_set *set)
{
	double share[FW_FAMILY_MAX_] = {0};
	const struct fw_waf_at *at = FW_WAF_AT(FW_WAF_AT(NULL, set->where), "Addresses");

	for (size_t i = 0; i < json_array_size(set->addresses); i++) {
		const char *text = json_string_value(json_array_get(set->addresses, i));
		char buffer[FW_ADDR_TEXT_MAX];
		struct fw_prefix prefix;
		enum fw_family family;

		if (!text || fw_prefix_parse_lax(text, &prefix, NULL)) {
			fw_waf_omit(waf, FW_WAF_INDEX(at, i), "'%.80s' is no address and no prefix",
				    text ? text : "(no text)");
			continue;
		}
		family = fw_prefix_family(&prefix);
		share[family] += 1.0 / (double)(1ULL << (family == FW_FAMILY_V4 ? prefix.bits - 96
							 : prefix.bits > 63	? 63
										: prefix.bits));
		fw_waf_names_add(waf, &set->entries,
				 fw_waf_text(waf, "%s", fw_prefix_format(&prefix, buffer, sizeof(buffer))));
	}
	for (size_t family = 0; family < FW_FAMILY_MAX_; family++)
		set->share = share[family] > set->share ? share[family] : set->share;
}

static struct fw_waf_set *find_set(struct fw_waf *waf, const char *reference, const char *name)
{
	for (size_t i = 0; i < waf->set_count; i++)
		if (is_meant(&waf->sets[i], reference, name))
			return &waf->sets[i];
	return NULL;
}

const char *fw_waf_set_of(struct fw_waf *waf, const json_t *statement, const struct fw_waf_at *at)
{
	const char *key = json_object_get(statement, "ARN") ? "ARN" : "Arn", *name;
	const char *reference = fw_waf_get_text(waf, statement, key);
	struct fw_waf_set *set;

	if (!reference || !*reference) {
		fw_waf_omit(waf, FW_WAF_AT(at, "ARN"), "is missing: which IP set is meant");
		return NULL;
	}
	name = name_in_arn(waf, reference);
	set = find_set(waf, reference, name);
	if (!set && waf->set_count >= SETS_MAX) {
		fw_waf_omit(waf, FW_WAF_AT(at, key), "more than %d IP sets", SETS_MAX);
		return NULL;
	}
	if (!set) {
		/* Known from now on, so that a second reference means the same set and is said once. */
		add_set(waf, NULL, NULL, name);
		if (waf->out_of_memory)
			return NULL;
		set = &waf->sets[waf->set_count - 1];
		set->aws_name = name;
		set->arn = reference;
		fw_waf_omit(waf, FW_WAF_AT(at, key),
			    "the members of IP set '%.120s' are not in the file: its set is empty; give them "
			    "with "
			    "--ip-set FILE, from 'aws wafv2 get-ip-set'",
			    name);
	}
	if (!set->name) {
		set->name = fw_waf_name(waf, &waf->set_names, set->aws_name ? set->aws_name : name, "ipset");
		read_entries(waf, set);
	}
	return set->name;
}

const struct fw_waf_set *fw_waf_set_named(const struct fw_waf *waf, const char *name)
{
	for (size_t i = 0; i < waf->set_count; i++)
		if (waf->sets[i].name && !strcmp(waf->sets[i].name, name))
			return &waf->sets[i];
	return NULL;
}
