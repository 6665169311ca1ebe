// SPDX-License-Identifier: Apache-2.0
/* Words of formats and lists of names. Pure. */
#include "feeds/shape.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

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

void fw_feed_words_done(struct fw_feed_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->items[i]);
	free(words->items);
	*words = (struct fw_feed_words){0};
}

int fw_feed_words_append(struct fw_feed_words *words, const char *word)
{
	FW_FREE char *copy = strdup(word);

	if (!copy || FW_APPEND(words->items, words->count, copy))
		return -ENOMEM;
	(void)TAKE_PTR(copy);
	return 0;
}

bool fw_feed_words_want(const struct fw_feed_words *words, const char *word)
{
	for (size_t i = 0; i < words->count; i++)
		if (!strcasecmp(words->items[i], "all") || !strcasecmp(words->items[i], word))
			return true;
	return !words->count;
}

void fw_feed_shape_done(struct fw_feed_shape *shape)
{
	fw_feed_words_done(&shape->fields);
	fw_feed_words_done(&shape->services);
	fw_feed_words_done(&shape->regions);
	free(shape->score_field);
	free(shape->expires_field);
	*shape = (struct fw_feed_shape){0};
}
