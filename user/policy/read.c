// SPDX-License-Identifier: Apache-2.0
/* Typed readers: a scalar's text to what the schema says it is. YAML's own guessing never takes part. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/units.h"
#include "policy/load.h"

void fw_complain(struct fw_loader *loader, const struct fw_node *node, const char *code, const char *hint,
		 const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fw_diag_add(loader->diags, node->mark, FW_SEVERITY_ERROR, code, hint, "%s", message);
}

bool fw_list_is_full(struct fw_loader *loader, const struct fw_node *item, size_t count)
{
	if (count < FW_LIST_MAX)
		return false;
	fw_complain(loader, item, "too-many", "use ranges, or a set: its entries are not counted",
		    "more than %d values in one list", FW_LIST_MAX);
	return true;
}

bool fw_read_text(struct fw_loader *loader, const struct fw_node *node, const char **ret)
{
	if (node->broken)
		return false;
	if (node->kind != FW_NODE_SCALAR) {
		fw_complain(loader, node, "bad-type", NULL, "expected a single value, got a %s",
			    node->kind == FW_NODE_LIST ? "list" : "map");
		return false;
	}
	if (fw_node_is_empty(node)) {
		fw_complain(loader, node, "empty-value", "write a value or remove the item", "empty value");
		return false;
	}
	*ret = node->text;
	return true;
}

bool fw_read_path(struct fw_loader *loader, const struct fw_node *node, char **ret)
{
	const char *path;
	char *absolute = NULL;

	if (!fw_read_text(loader, node, &path))
		return false;
	if (path[0] == '/')
		absolute = strdup(path);
	else if (asprintf(&absolute, "%s/%s", loader->base_dir ? loader->base_dir : ".", path) < 0)
		absolute = NULL;
	if (!absolute) {
		loader->out_of_memory = true;
		return false;
	}
	free(*ret);
	*ret = absolute;
	return true;
}

bool fw_read_bool(struct fw_loader *loader, const struct fw_node *node, bool *ret)
{
	const char *text;

	if (!fw_read_text(loader, node, &text))
		return false;
	if (strcmp(text, "true") && strcmp(text, "false")) {
		fw_complain(loader, node, "bad-boolean", "write true or false",
			    "'%.80s' is neither true nor false", text);
		return false;
	}
	*ret = !strcmp(text, "true");
	return true;
}

bool fw_read_word(struct fw_loader *loader, const struct fw_node *node, const struct fw_words *words,
		  const char *what, unsigned int *ret)
{
	const char *candidates[32], *near, *text;
	char hint[640], list[512];
	size_t count = 0;

	if (!fw_read_text(loader, node, &text))
		return false;
	if (fw_word_find(words, text, ret))
		return true;
	for (size_t i = 0; i < words->count && count < 32; i++)
		candidates[count++] = words->items[i].word;
	near = fw_word_meant(text, candidates, count);
	fw_words_list(words, list, sizeof(list));
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?\nknown: %s", near, list);
	else
		snprintf(hint, sizeof(hint), "write one of %s", list);
	fw_complain(loader, node, "bad-word", hint, "'%.80s' is not a known %s", text, what);
	return false;
}

bool fw_read_amount(struct fw_loader *loader, const struct fw_node *node, uint64_t least, uint64_t most,
		    uint64_t *ret)
{
	char low[32], high[32];
	struct fw_err err;
	const char *text;
	uint64_t value;
	int r;

	if (!fw_read_text(loader, node, &text))
		return false;
	r = fw_amount_parse(text, &value, &err);
	if (r && r != -ERANGE) {
		fw_complain(loader, node, "bad-number", NULL, "%s", err.text);
		return false;
	}
	if (r || value < least || value > most) {
		fw_complain(loader, node, "out-of-range", NULL, "'%.80s' is out of range, expected %s to %s",
			    text, fw_amount_exact(least, false, low, sizeof(low)),
			    fw_amount_exact(most, false, high, sizeof(high)));
		return false;
	}
	*ret = value;
	return true;
}

bool fw_read_duration(struct fw_loader *loader, const struct fw_node *node, uint64_t least, uint64_t most,
		      uint64_t *ret_ns)
{
	char low[32], high[32];
	struct fw_err err;
	const char *text;
	uint64_t value;
	int r;

	if (!fw_read_text(loader, node, &text))
		return false;
	r = fw_duration_parse(text, &value, &err);
	if (r && r != -ERANGE) {
		fw_complain(loader, node, "bad-duration", NULL, "%s", err.text);
		return false;
	}
	if (r || value < least || value > most) {
		fw_complain(loader, node, "out-of-range", NULL, "'%.80s' is out of range, expected %s to %s",
			    text, fw_duration_format(least, low, sizeof(low)),
			    fw_duration_format(most, high, sizeof(high)));
		return false;
	}
	*ret_ns = value;
	return true;
}

bool fw_read_limit(struct fw_loader *loader, const struct fw_node *node, struct fw_limit *ret)
{
	struct fw_err err;
	const char *text;
	int r;

	if (!fw_read_text(loader, node, &text))
		return false;
	r = fw_limit_parse(text, NULL, ret, &err);
	if (r)
		fw_complain(loader, node, r == -EOPNOTSUPP ? "not-yet" : "bad-limit", NULL, "%s", err.text);
	return !r;
}

bool fw_read_name(struct fw_loader *loader, const struct fw_node *node, const char *what, const char **ret)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *text;

	if (!fw_read_text(loader, node, &text))
		return false;
	if (!strchr(letters, text[0]) || text[strspn(text, "_-abcdefghijklmnopqrstuvwxyz0123456789")] ||
	    strlen(text) > FW_NAME_LENGTH_MAX) {
		fw_complain(loader, node, "bad-name",
			    "lower-case letters, digits, - and _, at most 63, a letter or digit first",
			    "'%.80s' cannot be the name of a %s", text, what);
		return false;
	}
	*ret = text;
	return true;
}

/* Digits up to `end`, which need not be a terminator. */
static bool parse_number(const char *text, const char *end, unsigned int most, unsigned int *ret)
{
	unsigned int value = 0;

	if (text == end || end - text > 6)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned int)(*text - '0');
	}
	*ret = value;
	return value <= most;
}

bool fw_read_number(struct fw_loader *loader, const struct fw_node *node, unsigned int most, const char *what,
		    unsigned int *ret)
{
	const char *text;

	if (!fw_read_text(loader, node, &text))
		return false;
	if (parse_number(text, text + strlen(text), most, ret))
		return true;
	fw_complain(loader, node, "bad-number", NULL, "'%.80s' is not a %s from 0 to %u", text, what, most);
	return false;
}

static bool parse_bound(const char *text, const char *end, const struct fw_words *words, unsigned int *ret)
{
	for (size_t i = 0; words && i < words->count; i++) {
		if (strlen(words->items[i].word) == (size_t)(end - text) &&
		    !memcmp(words->items[i].word, text, (size_t)(end - text))) {
			*ret = words->items[i].value;
			return true;
		}
	}
	return parse_number(text, end, UINT16_MAX, ret);
}

bool fw_read_ranges(struct fw_loader *loader, const struct fw_node *node, const struct fw_words *words,
		    const char *what, struct fw_ranges *ranges)
{
	const char *text, *dash, *end;
	unsigned int first, last;
	char hint[96];

	if (!fw_read_text(loader, node, &text))
		return false;
	end = text + strlen(text);
	dash = strchr(text, '-');
	if (dash ? !parse_bound(text, dash, words, &first) || !parse_bound(dash + 1, end, words, &last)
		 : !parse_bound(text, end, words, &first)) {
		snprintf(hint, sizeof(hint), "write a number from 0 to 65535 or a range such as 1000-2000");
		fw_complain(loader, node, "bad-range", hint, "'%.80s' is not a %s", text, what);
		return false;
	}
	if (!dash)
		last = first;
	if (first > last) {
		snprintf(hint, sizeof(hint), "did you mean '%u-%u'?", last, first);
		fw_complain(loader, node, "bad-range", hint, "'%.80s' ends before it begins", text);
		return false;
	}
	if (FW_APPEND(ranges->items, ranges->count, (struct fw_range){(uint16_t)first, (uint16_t)last}))
		loader->out_of_memory = true;
	return true;
}
