// SPDX-License-Identifier: Apache-2.0
/* Formats of one entry a line: netsets with remarks, and what `ipset save` prints. Pure. */
#include <errno.h>
#include <string.h>

#include "feeds/carve.h"
#include "feeds/formats.h"

/* FireHOL writes "# remark" lines, Spamhaus "192.0.2.0/24 ; SBL1". */
static int netset_line(struct fw_feed_reader *reader, char *line)
{
	line[strcspn(line, "#;")] = '\0';
	line = fw_feed_trim(line);
	return *line ? fw_feed_take(reader, line, reader->line, 0, 0) : 0;
}

const struct fw_feed_format_ops fw_feed_netset = {.line = netset_line};

/* The next word, or NULL; a quoted one may contain spaces. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, FW_FEED_SPACES);

	if (!*word)
		return NULL;
	*rest = word + strcspn(word, FW_FEED_SPACES);
	if (*word == '"') {
		char *end = strchr(word + 1, '"');

		*rest = end ? end + 1 : word + strlen(word);
	}
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* Remaining seconds, 0 = none; *except when the entry is a hole in the set. */
static int64_t ipset_options(char *rest, bool *except)
{
	int64_t seconds = 0;
	char *word;

	while ((word = next_word(&rest))) {
		if (!strcmp(word, "nomatch")) {
			*except = true;
		} else if (!strcmp(word, "comment")) {
			(void)next_word(&rest);
		} else if (!strcmp(word, "timeout")) {
			word = next_word(&rest);
			if (!word || !fw_feed_duration(word, &seconds))
				seconds = 0;
		}
	}
	return seconds;
}

static int ipset_line(struct fw_feed_reader *reader, char *line)
{
	char *rest = line, *verb = next_word(&rest), *set, *value;
	bool except = false;
	int64_t seconds;

	if (!verb || *verb == '#' || !strcmp(verb, "create") || !strcmp(verb, "COMMIT"))
		return 0;
	set = next_word(&rest);
	value = set ? next_word(&rest) : NULL;
	if (strcmp(verb, "add") || !value) {
		fw_feed_refuse(reader, reader->line, "expects 'add SET ADDRESS', got '%.40s'", verb);
		return 0;
	}
	if (reader->shape->fields.count && !fw_feed_words_want(&reader->shape->fields, set)) {
		reader->reading.filtered++;
		return 0;
	}
	if (strchr(value, ',')) {
		fw_feed_refuse(reader, reader->line, "'%.60s' is more than an address", value);
		return 0;
	}
	seconds = ipset_options(rest, &except);
	if (except)
		return fw_feed_take_removed(reader, value, reader->line);
	return fw_feed_take(reader, value, reader->line, seconds ? fw_feed_expiry(reader, seconds) : 0, 0);
}

/* Exceptions are cut out here: later stages know only what is listed. */
static int ipset_end(struct fw_feed_reader *reader)
{
	struct fw_feed_reading *reading = &reader->reading;
	struct fw_carve carve = {0};
	int r = 0;

	for (size_t i = 0; i < reading->removed.count && !r; i++)
		r = fw_carve_add(&carve, &reading->removed.items[i].prefix, 0);
	fw_carve_prepare(&carve);
	if (!r && carve.count)
		r = fw_carve_list(&reading->entries, &carve, NULL, NULL);
	fw_carve_done(&carve);
	fw_feed_list_done(&reading->removed);
	return r ? fw_feed_fail(reader, r, "out of memory") : 0;
}

const struct fw_feed_format_ops fw_feed_ipset = {.line = ipset_line, .end = ipset_end};
