// SPDX-License-Identifier: Apache-2.0
/* Words of formats, what they know, and the paths of fields. Pure. */
#include "policy/feed_format.h"

#include <errno.h>
#include <string.h>

static const char *const format_words[FW_FEED_FORMAT_MAX_] = {
#define X(name, word, help) [FW_FEED_##name] = word,
	FW_FEED_FORMATS(X)
#undef X
};

const char *fw_feed_format_word(enum fw_feed_format format)
{
	return format < FW_FEED_FORMAT_MAX_ ? format_words[format] : "?";
}

int fw_feed_format_from_word(const char *word, enum fw_feed_format *ret)
{
	for (unsigned int format = 0; format < FW_FEED_FORMAT_MAX_; format++) {
		if (strcmp(word, format_words[format]))
			continue;
		*ret = (enum fw_feed_format)format;
		return 0;
	}
	return -EINVAL;
}

bool fw_feed_format_has(enum fw_feed_format format, enum fw_feed_key key)
{
	if (format == FW_FEED_AUTO)
		return true;
	switch (key) {
	case FW_FEED_KEY_FIELDS:
		return format != FW_FEED_NETSET && format != FW_FEED_AWS && format != FW_FEED_CROWDSEC;
	case FW_FEED_KEY_SCORE:
		return format == FW_FEED_CSV || format == FW_FEED_JSON || format == FW_FEED_JSONL;
	case FW_FEED_KEY_DELIMITER:
		return format == FW_FEED_CSV;
	case FW_FEED_KEY_SERVICES:
		return format == FW_FEED_AWS;
	}
	return false;
}

int fw_feed_path_check(const char *path, struct fw_err *err)
{
	const char *at = path;
	unsigned int depth = 0;

	while (*at) {
		size_t length = strcspn(at, ".[]");

		if (!strncmp(at, "[]", 2))
			length = 2;
		else if (!length || length >= FW_FEED_PATH_KEY_MAX)
			break;
		at += length;
		depth++;
		if (*at == '.' && at[1] && at[1] != '.' && at[1] != '[')
			at++;
		else if (*at && *at != '[')
			break;
	}
	if (*at || at == path)
		return fw_err_set(
			err, -EINVAL,
			"'%.80s' is not the path of a field: expects keys joined by dots and [] for "
			"arrays, such as prefixes[].ipv4Prefix",
			path);
	if (depth > FW_FEED_PATH_DEPTH_MAX)
		return fw_err_set(err, -EINVAL, "'%.80s' goes deeper than %d levels", path,
				  FW_FEED_PATH_DEPTH_MAX);
	return 0;
}
