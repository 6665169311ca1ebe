// SPDX-License-Identifier: Apache-2.0
/* What `nft list set` prints: elements between braces, some with timeouts. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"

static int nft_begin(struct fw_feed_reader *reader)
{
	fw_json_init(&reader->json); /* for its line count */
	return 0;
}

static void add_to_word(struct fw_feed_reader *reader, char c)
{
	if (reader->nft.length + 1 == sizeof(reader->nft.word))
		reader->nft.cut = true;
	else
		reader->nft.word[reader->nft.length++] = c;
}

static char *word_taken(struct fw_feed_reader *reader)
{
	reader->nft.word[reader->nft.length] = '\0';
	reader->nft.length = 0;
	return reader->nft.word;
}

/* "ADDRESS timeout 1h expires 59m": what is left counts, not what it was set to. */
static int element_ended(struct fw_feed_reader *reader)
{
	uint32_t line = reader->json.line;
	char *save = NULL, *text = fw_feed_trim(word_taken(reader)),
	     *value = strtok_r(text, FW_FEED_SPACES, &save);
	int64_t seconds = 0, left = 0;
	char *word;

	if (reader->nft.cut) {
		reader->nft.cut = false;
		fw_feed_refuse(reader, line, "an element is longer than %zu bytes", sizeof(reader->nft.word));
		return 0;
	}
	if (!value)
		return 0;
	while ((word = strtok_r(NULL, FW_FEED_SPACES, &save))) {
		if (!strcmp(word, ".") || !strcmp(word, ":")) {
			fw_feed_refuse(reader, line, "'%.60s %s ...' is more than an address", value, word);
			return 0;
		}
		if (strcmp(word, "timeout") && strcmp(word, "expires"))
			continue;
		left = *word == 'e';
		word = strtok_r(NULL, FW_FEED_SPACES, &save);
		if (word && (left || !seconds) && !fw_feed_duration(word, &seconds))
			seconds = 0;
		if (!word)
			break;
	}
	if (!fw_feed_words_want(&reader->shape->fields, reader->record.extra[0])) {
		reader->reading.filtered++;
		return 0;
	}
	return fw_feed_take(reader, value, line, seconds ? fw_feed_expiry(reader, seconds) : 0, 0);
}

static int in_elements(struct fw_feed_reader *reader, char c)
{
	int r;

	if (c == '"') {
		reader->nft.in_quotes = true;
		return 0;
	}
	if (c != ',' && c != '}') {
		add_to_word(reader, c == '\n' ? ' ' : c);
		return 0;
	}
	r = element_ended(reader);
	if (c == '}') {
		reader->nft.in_elements = false;
		reader->nft.step--;
	}
	return r;
}

/* Outside: words, to see "set NAME {" and "elements = {". step is the depth of braces. */
static void outside_word(struct fw_feed_reader *reader)
{
	const char *word = word_taken(reader);

	if (!*word)
		return;
	if (!strcmp(reader->nft.previous, "set") || !strcmp(reader->nft.previous, "map")) {
		snprintf(reader->record.extra[0], sizeof(reader->record.extra[0]), "%.*s",
			 FW_FEED_VALUE_MAX - 1, word);
		word = "";
	}
	snprintf(reader->nft.previous, sizeof(reader->nft.previous), "%.15s", word);
}

static int outside(struct fw_feed_reader *reader, char c)
{
	if (c == '"') {
		reader->nft.in_quotes = true;
		return 0;
	}
	if (!strchr(FW_FEED_SPACES "{}=;,", c)) {
		add_to_word(reader, c);
		return 0;
	}
	outside_word(reader);
	reader->nft.cut = false;
	if (c == '{') {
		reader->nft.step++;
		reader->nft.in_elements = !strcmp(reader->nft.previous, "elements");
		reader->nft.previous[0] = '\0';
	} else if (c == '}') {
		if (!reader->nft.step)
			return fw_feed_fail(reader, -EBADMSG, "line %u: '}' closes nothing",
					    reader->json.line);
		reader->nft.step--;
	}
	return 0;
}

static int nft_bytes(struct fw_feed_reader *reader, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];
		int r = 0;

		if (!c)
			return fw_feed_fail(reader, -EBADMSG, "line %u: binary data", reader->json.line);
		if (reader->nft.in_quotes)
			reader->nft.in_quotes = c != '"';
		else if (c == '#')
			reader->nft.in_comment = true;
		else if (!reader->nft.in_comment || c == '\n')
			r = reader->nft.in_elements ? in_elements(reader, c) : outside(reader, c);
		if (r)
			return r;
		if (c != '\n')
			continue;
		reader->nft.in_comment = false;
		if (++reader->json.line > reader->max_lines)
			return fw_feed_fail(reader, -EFBIG, "more than %llu lines, the cap of this feed",
					    (unsigned long long)reader->max_lines);
	}
	return 0;
}

static int nft_end(struct fw_feed_reader *reader)
{
	if (!reader->nft.step && !reader->nft.in_quotes)
		return 0;
	return fw_feed_fail(reader, -EBADMSG, "the document ends in the middle (line %u): it was cut off",
			    reader->json.line);
}

const struct fw_feed_format_ops fw_feed_nft = {.begin = nft_begin, .bytes = nft_bytes, .end = nft_end};
