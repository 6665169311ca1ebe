// SPDX-License-Identifier: Apache-2.0
/* Lists of names, and what a shape owns. Pure. */
#include "feeds/shape.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

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
