// SPDX-License-Identifier: Apache-2.0
/* Readers of feeds, and what keys of one feed say about each other. */
#include <errno.h>
#include <string.h>

#include "fw_types.h"
#include "lib/grow.h"
#include "policy/load.h"

#define TEXT_MAX	   256
#define MINUTE_NS	   (60 * FW_NS_PER_SEC)
#define DAY_NS		   (86400 * FW_NS_PER_SEC)
#define ENTRIES_MAX	   (1ULL << 24)
#define BYTES_MIN	   1024
#define BYTES_MAX	   (1ULL << 30)
#define GROWTH_PERCENT_MAX 100000
#define MD5_DIGITS	   32

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

void fw_load_feed_url(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.otherwise = "its last good copy stays in force"};
	struct fw_feed *feed = target;
	bool remote;
	const char *url;

	if (!fw_read_text(loader, value, &url))
		return;
	remote = begins(url, "http://") || begins(url, "https://");
	if ((!remote && !begins(url, "file:///") && url[0] != '/') || !fw_is_plain_url(url) ||
	    (remote && !fw_is_remote_url(url))) {
		fw_complain(loader, value, "bad-url",
			    "write https://…, http://…, file:///PATH or an absolute path, without spaces",
			    "'%.80s' is nothing a feed can be fetched from", url);
		return;
	}
	if (remote && fw_url_has_user(loader, value, url))
		return;
	if (begins(url, "http://"))
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_NOTE, "feed-unencrypted",
			    "use https:// where the publisher offers it",
			    "http is not protected: whoever is on the way can change this list");
	if (!remote)
		fw_look_at_file(loader, value, url[0] == '/' ? url : url + strlen("file://"), &wish);
	fw_keep_text(loader, url, &feed->url);
}

void fw_load_feed_format(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int format;

	if (fw_read_word(loader, value, &fw_feed_format_words, "format", &format))
		((struct fw_feed *)target)->format = (enum fw_feed_format)format;
}

void fw_load_feed_every(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, MINUTE_NS, 30 * DAY_NS, &((struct fw_feed *)target)->every_ns);
}

static void load_texts(struct fw_loader *loader, const struct fw_node *value, struct fw_names *names)
{
	fw_node_each (item, value) {
		const char *text;
		char *copy;

		if (fw_list_is_full(loader, item, names->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (strlen(text) >= TEXT_MAX) {
			fw_complain(loader, item, "too-long", NULL, "'%.40s…' is longer than %d characters",
				    text, TEXT_MAX - 1);
			continue;
		}
		copy = strdup(text);
		if (copy && !FW_APPEND(names->items, names->count, copy))
			continue;
		free(copy);
		loader->out_of_memory = true;
		return;
	}
}

void fw_load_feed_fields(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_texts(loader, value, &((struct fw_feed *)target)->fields);
}

void fw_load_feed_column(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_feed *feed = target;

	if (feed->fields.count)
		fw_complain(loader, value->key, "bad-feed", "write one of them",
			    "'column' is another word for 'fields', which %s has too", loader->where);
	else
		load_texts(loader, value, &feed->fields);
}

static void load_field(struct fw_loader *loader, const struct fw_node *value, char **into)
{
	const char *text;

	if (fw_read_text(loader, value, &text))
		fw_keep_text(loader, text, into);
}

void fw_load_feed_score(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_field(loader, value, &((struct fw_feed *)target)->score);
}

void fw_load_feed_expires(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_field(loader, value, &((struct fw_feed *)target)->expires);
}

void fw_load_feed_delimiter(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (!strcmp(text, "tab") || !strcmp(text, "space"))
		((struct fw_feed *)target)->delimiter = *text == 't' ? '\t' : ' ';
	else if (text[1] || text[0] <= ' ' || text[0] > '~' || strchr("\"'", text[0]))
		fw_complain(loader, value, "bad-delimiter",
			    "write one character, such as \";\", tab or space",
			    "'%.80s' cannot be what separates columns", text);
	else
		((struct fw_feed *)target)->delimiter = text[0];
}

void fw_load_feed_services(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_texts(loader, value, &((struct fw_feed *)target)->services);
}

void fw_load_feed_regions(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_texts(loader, value, &((struct fw_feed *)target)->regions);
}

void fw_load_feed_tier(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int tier;

	if (fw_read_word(loader, value, &fw_tier_words, "tier", &tier))
		((struct fw_feed *)target)->tier = (enum fw_tier)tier;
}

void fw_load_feed_ttl(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, FW_NS_PER_SEC, 365 * DAY_NS, &((struct fw_feed *)target)->ttl_ns);
}

void fw_load_feed_header(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_header(loader, value, &((struct fw_feed *)target)->header);
}

void fw_load_feed_secret(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.secret = true, .otherwise = "the feed is not fetched"};
	struct fw_feed *feed = target;

	if (fw_read_path(loader, value, &feed->secret))
		fw_look_at_file(loader, value, feed->secret, &wish);
}

void fw_load_feed_ca_file(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.worker = true,
						 .otherwise = "no certificate of the server is accepted"};
	struct fw_feed *feed = target;

	if (fw_read_path(loader, value, &feed->ca_file))
		fw_look_at_file(loader, value, feed->ca_file, &wish);
}

void fw_load_feed_proxy(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_proxy(loader, value, &((struct fw_feed *)target)->proxy);
}

void fw_load_feed_md5(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (strlen(text) != MD5_DIGITS || strspn(text, "0123456789abcdefABCDEF") != MD5_DIGITS)
		fw_complain(loader, value, "bad-md5", NULL, "'%.80s' is not %d hexadecimal digits", text,
			    MD5_DIGITS);
	else
		fw_keep_text(loader, text, &((struct fw_feed *)target)->md5);
}

void fw_load_feed_max_entries(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, 1, ENTRIES_MAX, &((struct fw_feed *)target)->max_entries);
}

void fw_load_feed_max_bytes(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, BYTES_MIN, BYTES_MAX, &((struct fw_feed *)target)->max_bytes);
}

void fw_load_feed_timeout(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, FW_NS_PER_SEC, 60 * MINUTE_NS,
			 &((struct fw_feed *)target)->timeout_ns);
}

static void load_bits(struct fw_loader *loader, const struct fw_node *value, unsigned int most,
		      unsigned int *ret)
{
	unsigned int bits;

	if (!fw_read_number(loader, value, most, "number of bits", &bits))
		return;
	if (bits)
		*ret = bits;
	else
		fw_complain(loader, value, "out-of-range", NULL, "a prefix of 0 bits is everybody");
}

void fw_load_shortest_ipv4(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 32, &((struct fw_feed *)target)->shortest4);
}

void fw_load_shortest_ipv6(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_bits(loader, value, 128, &((struct fw_feed *)target)->shortest6);
}

void fw_load_feed_shortest_prefix(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "shortest_prefix", "shortest_prefix", target);
}

/* "50" or "50%" */
static void load_percent(struct fw_loader *loader, const struct fw_node *value, uint64_t least, uint64_t most,
			 unsigned int *ret)
{
	const char *text;
	uint64_t percent = 0;
	size_t digits;

	if (!fw_read_text(loader, value, &text))
		return;
	digits = strspn(text, "0123456789");
	for (size_t i = 0; i < digits && i < 9; i++)
		percent = percent * 10 + (uint64_t)(text[i] - '0');
	if (!digits || digits > 8 || (text[digits] && strcmp(text + digits, "%")))
		fw_complain(loader, value, "bad-number", "write 50%", "'%.80s' is no percentage", text);
	else if (percent < least || percent > most)
		fw_complain(loader, value, "out-of-range", NULL,
			    "'%.80s' is out of range, expected %llu%% to %llu%%", text,
			    (unsigned long long)least, (unsigned long long)most);
	else
		*ret = (unsigned int)percent;
}

void fw_load_feed_growth(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_percent(loader, value, 100, GROWTH_PERCENT_MAX, &((struct fw_feed *)target)->growth);
}

void fw_load_feed_shrink(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_percent(loader, value, 1, 100, &((struct fw_feed *)target)->shrink);
}

void fw_load_feed_allow_private(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_feed *)target)->allow_private);
}

void fw_load_feed_trial(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, FW_NS_PER_SEC, 365 * DAY_NS, &((struct fw_feed *)target)->trial_ns);
}

void fw_load_feed_stale_after(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, MINUTE_NS, 365 * DAY_NS, &((struct fw_feed *)target)->stale_after_ns);
}
