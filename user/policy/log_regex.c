// SPDX-License-Identifier: Apache-2.0
/* Compiles and runs expressions; what explodes is cut by limits and told apart from what does not match. */
#include "policy/log_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/words.h"

#define PATTERN_MAX 4096
#define MATCH_LIMIT 20000 /* an honest line takes dozens; some 200 µs */
#define DEPTH_LIMIT 1000
#define HEAP_KIB    1024
#define HOST_TAG    "<HOST>"
/* An address with room for what a server puts around it; fw_addr_parse judges. It begins and ends where an
 * address does: a greedy .* before it would take the first digits along. */
#define HOST_GROUP                                                                                           \
	"(?<![0-9A-Za-z.:])\\[?(?:::ffff:)?"                                                                 \
	"(?<client>(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*[0-9A-Fa-f:])"              \
	"(?![0-9A-Fa-f])\\]?"

struct fw_log_regex {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	int groups[FW_LOG_FIELD_MAX_]; /* 0: there is none */
};

void fw_log_regex_free(struct fw_log_regex *regex)
{
	if (!regex)
		return;
	pcre2_match_context_free(regex->context);
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	free(regex);
}

/* With the tag replaced; the caller frees. */
static char *expand(const char *pattern)
{
	const char *tag = strstr(pattern, HOST_TAG);
	char *text = NULL;

	if (!tag)
		return strdup(pattern);
	if (asprintf(&text, "%.*s" HOST_GROUP "%s", (int)(tag - pattern), pattern, tag + strlen(HOST_TAG)) <
	    0)
		return NULL;
	return text;
}

static int compile(const char *text, struct fw_log_regex *regex, struct fw_err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	unsigned char why[128];
	PCRE2_SIZE offset;
	int code;

	if (!context)
		return fw_err_set(err, -ENOMEM, "out of memory for a regex");
	pcre2_set_max_pattern_length(context, PATTERN_MAX);
	pcre2_set_parens_nest_limit(context, 50);
	/* Bytes, not UTF: a line may be anything. \C and callouts have no use here. */
	regex->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
				    PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY, &code,
				    &offset, context);
	pcre2_compile_context_free(context);
	if (regex->code)
		return 0;
	pcre2_get_error_message(code, why, sizeof(why));
	return fw_err_set(err, -EINVAL, "the regex does not compile: %s", (const char *)why);
}

static int find_groups(struct fw_log_regex *regex, struct fw_err *err)
{
	for (size_t i = 0; i < fw_log_field_words.count; i++) {
		int group = pcre2_substring_number_from_name(regex->code,
							     (PCRE2_SPTR)fw_log_field_words.items[i].word);

		regex->groups[fw_log_field_words.items[i].value] = group > 0 ? group : 0;
	}
	if (regex->groups[FW_LOG_CLIENT])
		return 0;
	return fw_err_set(err, -EINVAL, "the regex does not say where the client's address is");
}

int fw_log_regex_new(const char *pattern, struct fw_log_regex **ret, struct fw_err *err)
{
	FW_FREE char *text = expand(pattern);
	struct fw_log_regex *regex = calloc(1, sizeof(*regex));
	const char *first = strstr(pattern, HOST_TAG);
	int r = !text || !regex ? fw_err_set(err, -ENOMEM, "out of memory for a regex") : 0;

	if (!r && strlen(pattern) > PATTERN_MAX / 2)
		r = fw_err_set(err, -EINVAL, "the regex is longer than %d bytes", PATTERN_MAX / 2);
	if (!r && first && strstr(first + 1, HOST_TAG))
		r = fw_err_set(err, -EINVAL, "the regex has more than one <HOST>");
	if (!r)
		r = compile(text, regex, err);
	if (!r)
		r = find_groups(regex, err);
	if (!r) {
		regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
		regex->context = pcre2_match_context_create(NULL);
		if (!regex->match || !regex->context)
			r = fw_err_set(err, -ENOMEM, "out of memory for a regex");
	}
	if (r) {
		fw_log_regex_free(regex);
		return r;
	}
	pcre2_set_match_limit(regex->context, MATCH_LIMIT);
	pcre2_set_depth_limit(regex->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->context, HEAP_KIB);
	/* Without JIT, as where memory may not be both written and executed, it is slower and the same. */
	pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
	*ret = regex;
	return 0;
}

int fw_log_regex_match(struct fw_log_regex *regex, const char *line, size_t length,
		       struct fw_log_span spans[FW_LOG_FIELD_MAX_])
{
	int r = pcre2_match(regex->code, (PCRE2_SPTR)line, length, 0, 0, regex->match, regex->context);
	const PCRE2_SIZE *bounds;

	if (r == PCRE2_ERROR_NOMATCH)
		return -ENOENT;
	if (r < 0)
		return -E2BIG;
	bounds = pcre2_get_ovector_pointer(regex->match);
	for (int field = 0; field < FW_LOG_FIELD_MAX_; field++) {
		int group = regex->groups[field];

		spans[field] = (struct fw_log_span){0};
		if (group && group < r && bounds[2 * group] != PCRE2_UNSET)
			spans[field] = (struct fw_log_span){line + bounds[2 * group],
							    bounds[2 * group + 1] - bounds[2 * group]};
	}
	return 0;
}
