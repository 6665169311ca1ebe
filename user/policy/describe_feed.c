// SPDX-License-Identifier: Apache-2.0
/* A feed's definition as text, for plan and to tell whether it changed. Pure. */
#include "policy/describe_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"

enum kind { TEXT, NAMES, DURATION, AMOUNT, BYTES, NUMBER, PERCENT, FLAG, FORMAT, TIER, CHARACTER };

static const struct aspect {
	const char *key;
	enum kind kind;
	size_t offset;
} aspects[] = {
#define AT(key, kind, member)                                                                                \
	{                                                                                                    \
		key, kind, offsetof(struct fw_feed, member)                                                  \
	}
	AT("url", TEXT, url),
	AT("format", FORMAT, format),
	AT("every", DURATION, every_ns),
	AT("fields", NAMES, fields),
	AT("score", TEXT, score),
	AT("expires", TEXT, expires),
	AT("delimiter", CHARACTER, delimiter),
	AT("services", NAMES, services),
	AT("regions", NAMES, regions),
	AT("tier", TIER, tier),
	AT("ttl", DURATION, ttl_ns),
	AT("header", TEXT, header),
	AT("secret", TEXT, secret),
	AT("proxy", TEXT, proxy),
	AT("ca_file", TEXT, ca_file),
	AT("md5", TEXT, md5),
	AT("max_entries", AMOUNT, max_entries),
	AT("max_bytes", BYTES, max_bytes),
	AT("timeout", DURATION, timeout_ns),
	AT("shortest_prefix.ipv4", NUMBER, shortest4),
	AT("shortest_prefix.ipv6", NUMBER, shortest6),
	AT("growth", PERCENT, growth),
	AT("shrink", PERCENT, shrink),
	AT("allow_private", FLAG, allow_private),
	AT("trial", DURATION, trial_ns),
	AT("stale_after", DURATION, stale_after_ns),
#undef AT
};

size_t fw_feed_aspects(void)
{
	return sizeof(aspects) / sizeof(aspects[0]);
}

const char *fw_feed_aspect_key(size_t aspect)
{
	return aspects[aspect].key;
}

static void write_names(const struct fw_names *names, FILE *out)
{
	for (size_t i = 0; i < names->count; i++)
		fprintf(out, "%s%s%s", i ? ", " : "[", names->items[i], i + 1 == names->count ? "]" : "");
}

static void write_number(enum kind kind, uint64_t value, FILE *out)
{
	char text[48];

	if (!value)
		return;
	if (kind == DURATION)
		fputs(fw_duration_format(value, text, sizeof(text)), out);
	else
		fputs(fw_amount_exact(value, kind == BYTES, text, sizeof(text)), out);
}

static void write_aspect(const struct aspect *aspect, const struct fw_feed *feed, FILE *out)
{
	const void *at = (const char *)feed + aspect->offset;
	const char *text;

	switch (aspect->kind) {
	case TEXT:
		text = *(char *const *)at;
		fputs(!text ? "" : *text ? text : "none", out);
		return;
	case NAMES:
		write_names(at, out);
		return;
	case DURATION:
	case AMOUNT:
	case BYTES:
		write_number(aspect->kind, *(const uint64_t *)at, out);
		return;
	case NUMBER:
	case PERCENT:
		if (*(const unsigned int *)at)
			fprintf(out, "%u%s", *(const unsigned int *)at, aspect->kind == PERCENT ? "%" : "");
		return;
	case FLAG:
		fputs(*(const bool *)at ? "true" : "", out);
		return;
	case FORMAT:
		if (feed->format != FW_FEED_AUTO)
			fputs(fw_feed_format_word(feed->format), out);
		return;
	case TIER:
		if (feed->tier != FW_TIER_NONE)
			fputs(fw_tier_word(feed->tier), out);
		return;
	case CHARACTER:
		if (feed->delimiter)
			fprintf(out, feed->delimiter == '\t' ? "tab" : "\"%c\"", feed->delimiter);
	}
}

char *fw_feed_aspect_text(const struct fw_feed *feed, size_t aspect)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_aspect(&aspects[aspect], feed, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

bool fw_feed_same(const struct fw_feed *a, const struct fw_feed *b)
{
	if (strcmp(a->name, b->name))
		return false;
	for (size_t i = 0; i < fw_feed_aspects(); i++) {
		FW_FREE char *before = fw_feed_aspect_text(a, i);
		FW_FREE char *after = fw_feed_aspect_text(b, i);

		if (!before || !after || strcmp(before, after))
			return false;
	}
	return true;
}
