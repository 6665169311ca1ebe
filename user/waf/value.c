// SPDX-License-Identifier: Apache-2.0
/* Values of a web ACL: CloudFormation's parameters and conditions, numbers written as text, base64. */
#include <string.h>

#include "waf/model.h"

#define RESOLVE_MAX  4 /* functions inside functions */
#define SEARCH_MAX   1024
#define EXACT_DOUBLE 9007199254740992.0 /* beyond 2^53 the JSON number was something else */

/* {"Fn::If": [CONDITION, A, B]}: what a stack decides when it is made, a template cannot tell. */
static json_t *branch_of(struct fw_waf *waf, const json_t *branches, const struct fw_waf_at *at)
{
	json_t *taken = json_array_get(branches, 1);
	const char *ref = json_string_value(json_object_get(taken, "Ref"));
	bool nothing = ref && !strcmp(ref, "AWS::NoValue");

	if (!waf->said_if)
		fw_waf_note(waf, at, "depends on a condition of the stack: read as if every condition held%s",
			    nothing ? ", and the other value where that is none" : "");
	waf->said_if = true;
	return nothing ? json_array_get(branches, 2) : taken;
}

json_t *fw_waf_resolve(struct fw_waf *waf, json_t *value, const struct fw_waf_at *at)
{
	for (int i = 0; i < RESOLVE_MAX && json_object_size(value) == 1; i++) {
		const char *ref = json_string_value(json_object_get(value, "Ref"));
		json_t *branches = json_object_get(value, "Fn::If"), *parameter;

		if (json_array_size(branches) == 3) {
			value = branch_of(waf, branches, at);
		} else if (ref && !strcmp(ref, "AWS::NoValue")) {
			return NULL;
		} else {
			parameter = ref ? json_object_get(waf->parameters, ref) : NULL;
			if (!json_object_get(parameter, "Default"))
				break;
			fw_waf_note(waf, at, "parameter '%.80s' was read as its default", ref);
			value = json_object_get(parameter, "Default");
		}
	}
	return json_is_null(value) ? NULL : value;
}

json_t *fw_waf_get(struct fw_waf *waf, const json_t *object, const char *name, const struct fw_waf_at *at)
{
	return fw_waf_resolve(waf, json_object_get(object, name), FW_WAF_AT(at, name));
}

/* {"Fn::Sub": TEXT | [TEXT, …]}, {"Fn::Join": [SEPARATOR, [TEXT, …]]}, {"Ref": X}, {"Fn::GetAtt": [X, …]} */
static const char *text_of_function(struct fw_waf *waf, const json_t *value)
{
	const json_t *sub = json_object_get(value, "Fn::Sub"), *join = json_object_get(value, "Fn::Join"),
		     *parts = json_array_get(join, 1), *attribute = json_object_get(value, "Fn::GetAtt");
	const char *text = "";

	if (json_is_array(sub))
		return json_string_value(json_array_get(sub, 0));
	if (json_is_array(attribute))
		return json_string_value(json_array_get(attribute, 0));
	if (attribute)
		return json_string_value(attribute);
	if (!json_array_size(parts))
		return json_string_value(sub ? sub : json_object_get(value, "Ref"));
	for (size_t i = 0; i < json_array_size(parts) && strlen(text) < SEARCH_MAX; i++) {
		const json_t *part = json_array_get(parts, i);
		const char *piece =
			json_string_value(json_is_object(part) ? json_object_get(part, "Ref") : part);

		text = fw_waf_text(waf, "%s%.200s", text, piece ? piece : "");
	}
	return text;
}

const char *fw_waf_get_text(struct fw_waf *waf, const json_t *object, const char *name)
{
	const json_t *value = fw_waf_resolve(waf, json_object_get(object, name), FW_WAF_AT(NULL, name));

	return json_is_object(value) ? text_of_function(waf, value) : json_string_value(value);
}

static bool number_of_text(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	if (!*text || strlen(text) > 15)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret = number;
	return true;
}

bool fw_waf_get_number(struct fw_waf *waf, const json_t *object, const char *name, const struct fw_waf_at *at,
		       uint64_t *ret)
{
	const json_t *value = fw_waf_get(waf, object, name, at);
	double number = json_number_value(value);

	if (json_is_string(value))
		return number_of_text(json_string_value(value), ret);
	if (!json_is_number(value) || !(number >= 0 && number < EXACT_DOUBLE) ||
	    (double)(uint64_t)number != number)
		return false;
	*ret = (uint64_t)number;
	return true;
}

json_t *fw_waf_only(struct fw_waf *waf, const json_t *object, const struct fw_waf_at *at,
		    const char **ret_name)
{
	json_t *value, *found = NULL;
	const char *name;

	json_object_foreach ((json_t *)object, name, value) {
		value = fw_waf_resolve(waf, value, FW_WAF_AT(at, name));
		if (!value)
			continue;
		if (found)
			return NULL;
		found = value;
		*ret_name = name;
	}
	return found;
}

static int sextet(char letter)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = letter ? strchr(letters, letter) : NULL;

	return at ? (int)(at - letters) : -1;
}

/* Printable ASCII behind canonical base64, else NULL. */
static const char *decode(struct fw_waf *waf, const char *text)
{
	size_t length = strlen(text), used = 0, digits = strcspn(text, "=");
	uint32_t bits = 0;
	char *decoded;

	if (!length || length % 4 || length - digits > 2 || text[digits + strspn(text + digits, "=")])
		return NULL;
	decoded = fw_waf_alloc(waf, length);
	for (size_t i = 0; decoded && i < digits; i++) {
		int value = sextet(text[i]);

		if (value < 0)
			return NULL;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4) {
			unsigned char byte = (unsigned char)(bits >> (6 - 2 * (i % 4)));

			if (byte < 0x20 || byte > 0x7e)
				return NULL;
			decoded[used++] = (char)byte;
		}
	}
	return decoded;
}

const char *fw_waf_get_search(struct fw_waf *waf, const json_t *match, const struct fw_waf_at *at)
{
	const char *text = fw_waf_get_text(waf, match, "SearchString"), *decoded;

	if (!text) {
		text = fw_waf_get_text(waf, match, "SearchStringBase64");
		return text ? decode(waf, text) : NULL;
	}
	/* AWS CLI 2 prints bytes as base64, consoles and templates as text, and neither says so. */
	decoded = text[0] == '/' ? NULL : decode(waf, text);
	if (decoded && !waf->said_base64) {
		waf->said_base64 = true;
		fw_waf_note(waf, FW_WAF_AT(at, "SearchString"),
			    "'%.80s' was read as base64, as AWS CLI 2 prints it, for '%.80s'; so were others "
			    "like it",
			    text, decoded);
	}
	return decoded ? decoded : text;
}
