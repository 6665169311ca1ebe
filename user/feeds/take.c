// SPDX-License-Identifier: Apache-2.0
/* Values as feeds write them: addresses and ranges, durations, times, scores. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "feeds/formats.h"
#include "lib/cleanup.h"
#include "policy/setfile.h"

#define SECONDS_MAX	 (100LL * 365 * 86400)
#define EPOCH_LOOKS_LIKE 1000000000ULL /* 2001: below it a number means seconds from now */
#define NS_PER_SEC	 1000000000LL

char *fw_feed_trim(char *text)
{
	size_t length;

	text += strspn(text, FW_FEED_SPACES);
	length = strlen(text);
	while (length && strchr(FW_FEED_SPACES, text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int append(struct fw_feed_reader *reader, struct fw_feed_list *list, const struct fw_feed_entry *entry)
{
	struct fw_feed_reading *reading = &reader->reading;

	if (reading->entries.count + reading->removed.count >= reader->max_entries)
		return fw_feed_fail(reader, -E2BIG, "more than %zu entries, the cap of this feed (line %u)",
				    reader->max_entries, entry->line);
	return fw_feed_list_append(list, entry) ? fw_feed_fail(reader, -ENOMEM, "out of memory") : 0;
}

static int take_range(struct fw_feed_reader *reader, struct fw_feed_list *list, const char *text,
		      struct fw_feed_entry entry)
{
	struct fw_set set = {0};
	struct fw_err err = {0};
	int r = fw_entry_parse(text, &set, &err);

	if (r)
		fw_feed_refuse(reader, entry.line, "%.150s", err.text);
	r = r == -ENOMEM ? fw_feed_fail(reader, r, "out of memory") : 0;
	for (size_t i = 0; i < set.prefix_count && !r; i++) {
		entry.prefix = set.prefixes[i];
		r = append(reader, list, &entry);
	}
	free(set.prefixes);
	return r;
}

static int take(struct fw_feed_reader *reader, struct fw_feed_list *list, const char *text,
		struct fw_feed_entry entry)
{
	struct fw_err err;

	if (strlen(text) >= FW_FEED_VALUE_MAX) {
		fw_feed_refuse(reader, entry.line, "'%.40s...' is too long for an address", text);
		return 0;
	}
	if (strchr(text, '-'))
		return take_range(reader, list, text, entry);
	/* Lists in the wild write 192.0.2.1/24 and mean the network, as ipset and nftables read it. */
	if (!fw_prefix_parse_lax(text, &entry.prefix, &err))
		return append(reader, list, &entry);
	fw_feed_refuse(reader, entry.line, "%.150s", err.text);
	return 0;
}

int fw_feed_take(struct fw_feed_reader *reader, const char *text, uint32_t line, uint32_t expires,
		 unsigned int score)
{
	const struct fw_feed_shape *shape = reader->shape;
	struct fw_feed_entry entry = {.line = line, .expires = expires, .score = (uint8_t)score};

	if (!expires && shape->ttl_seconds)
		entry.expires = fw_feed_expiry(reader, (int64_t)shape->ttl_seconds);
	entry.tier = (uint8_t)(score ? fw_tier_of_score(score) : shape->tier);
	return take(reader, &reader->reading.entries, text, entry);
}

int fw_feed_take_removed(struct fw_feed_reader *reader, const char *text, uint32_t line)
{
	return take(reader, &reader->reading.removed, text, (struct fw_feed_entry){.line = line});
}

bool fw_feed_number(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	*ret = value;
	return true;
}

int fw_feed_sync_token(struct fw_feed_reader *reader, const char *text)
{
	uint64_t token;

	if (!fw_feed_number(text, &token) || !token)
		return fw_feed_fail(reader, -EBADMSG, "syncToken '%.40s' is not a number", text);
	if (token < reader->shape->sync_token)
		return fw_feed_fail(
			reader, -ESTALE,
			"syncToken %llu is older than %llu, which is in force: an old copy of the list",
			(unsigned long long)token, (unsigned long long)reader->shape->sync_token);
	reader->reading.sync_token = token;
	return 0;
}

/* Nanoseconds in a unit at *text, which moves behind it; 0 = no unit. */
static int64_t unit_ns(const char **text)
{
	static const struct {
		const char *word;
		int64_t ns;
	} units[] = {{"ms", 1000000},
		     {"us", 1000},
		     {"\xc2\xb5s", 1000},
		     {"ns", 1},
		     {"s", NS_PER_SEC},
		     {"m", 60 * NS_PER_SEC},
		     {"h", 3600 * NS_PER_SEC},
		     {"d", 86400 * NS_PER_SEC},
		     {"w", 7 * 86400 * NS_PER_SEC}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].word);

		if (strncmp(*text, units[i].word, length))
			continue;
		*text += length;
		return units[i].ns;
	}
	return 0;
}

/* One "3.5s" of a duration, added to *seconds; false: not one. */
static bool add_term(const char **text, double *seconds)
{
	double value = 0, place = 1;
	size_t digits = strspn(*text, "0123456789");
	int64_t ns;

	if (!digits || digits > 12)
		return false;
	for (; digits; digits--)
		value = value * 10 + (*(*text)++ - '0');
	if (**text == '.')
		for (++*text; **text >= '0' && **text <= '9'; ++*text)
			value += (place /= 10) * (**text - '0');
	ns = unit_ns(text);
	if (!ns)
		return false;
	*seconds += value * (double)ns / (double)NS_PER_SEC;
	return true;
}

bool fw_feed_duration(const char *text, int64_t *ret_seconds)
{
	bool negative = *text == '-';
	double seconds = 0;
	uint64_t plain;

	text += negative || *text == '+';
	if (fw_feed_number(text, &plain)) {
		seconds = plain > SECONDS_MAX ? (double)SECONDS_MAX : (double)plain;
	} else {
		if (!*text)
			return false;
		while (*text)
			if (!add_term(&text, &seconds))
				return false;
	}
	if (seconds > (double)SECONDS_MAX)
		seconds = (double)SECONDS_MAX;
	*ret_seconds = negative ? -(int64_t)seconds : (int64_t)seconds;
	return true;
}

uint32_t fw_feed_expiry(const struct fw_feed_reader *reader, int64_t seconds)
{
	int64_t at = (int64_t)reader->shape->now + (seconds > SECONDS_MAX ? SECONDS_MAX : seconds);

	if (at < 1)
		return 1;
	return at > UINT32_MAX ? UINT32_MAX : (uint32_t)at;
}

bool fw_feed_expiry_parse(const struct fw_feed_reader *reader, const char *text, uint32_t *ret)
{
	struct tm tm = {0};
	uint64_t number;
	int64_t seconds;
	const char *rest;

	if (fw_feed_number(text, &number) && number >= EPOCH_LOOKS_LIKE) {
		*ret = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
		return true;
	}
	if (fw_feed_duration(text, &seconds)) {
		*ret = fw_feed_expiry(reader, seconds);
		return true;
	}
	rest = strptime(text, "%Y-%m-%d", &tm);
	if (rest && (*rest == 'T' || *rest == ' '))
		rest = strptime(rest + 1, "%H:%M:%S", &tm);
	/* Offsets other than UTC are not worth guessing at. */
	if (!rest || (*rest && strcmp(rest, "Z") && strcmp(rest, " UTC") && strcmp(rest, "+00:00")))
		return false;
	seconds = timegm(&tm);
	*ret = seconds < 1 ? 1 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
	return true;
}

bool fw_feed_score_parse(const char *text, unsigned int *ret)
{
	char whole[8];
	uint64_t number;
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits >= sizeof(whole) || (text[digits] && text[digits] != '.'))
		return false;
	memcpy(whole, text, digits);
	whole[digits] = '\0';
	if (!fw_feed_number(whole, &number))
		return false;
	*ret = number > 100 ? 100 : (unsigned int)number;
	return true;
}
