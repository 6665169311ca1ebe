// SPDX-License-Identifier: Apache-2.0
/* Every format of feeds: what its sample says comes out, however the bytes arrive, and what is no list is
 * refused in words. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/reader.h"
#include "lib/cleanup.h"

#define NOW 1795219200ULL /* 2026-11-21 00:00:00 UTC */

static char *sample(const char *name, size_t *length)
{
	char path[512];
	char *text = malloc(1 << 16);
	FILE *file;

	snprintf(path, sizeof(path), "%s/data/feeds/%s", FW_TESTS_DIR, name);
	file = fopen(path, "re");
	cr_assert(file, "%s", path);
	*length = fread(text, 1, (1 << 16) - 1, file);
	text[*length] = '\0';
	fclose(file);
	return text;
}

static int read_pieces(const struct fw_feed_shape *shape, const char *text, size_t length, size_t piece,
		       struct fw_feed_reading *reading, struct fw_err *err)
{
	struct fw_feed_reader *reader = NULL;
	int r = fw_feed_reader_new(&reader, shape, err);

	for (size_t at = 0; at < length && !r; at += piece)
		r = fw_feed_reader_feed(reader, text + at, length - at < piece ? length - at : piece, err);
	if (!r)
		r = fw_feed_reader_finish(reader, reading, err);
	fw_feed_reader_free(&reader);
	return r;
}

static int read_text(const struct fw_feed_shape *shape, const char *text, struct fw_feed_reading *reading,
		     struct fw_err *err)
{
	return read_pieces(shape, text, strlen(text), strlen(text) ? strlen(text) : 1, reading, err);
}

/* "PREFIX", "PREFIX+SECONDS" with an expiry from NOW, "PREFIX^tier"; one after the other. */
static void describe(const struct fw_feed_list *list, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count && used < size; i++) {
		const struct fw_feed_entry *entry = &list->items[i];
		char prefix[FW_ADDR_TEXT_MAX];

		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? " " : "",
					 fw_prefix_format(&entry->prefix, prefix, sizeof(prefix)));
		if (entry->expires && used < size)
			used += (size_t)snprintf(text + used, size - used, "+%lld",
						 (long long)entry->expires - (long long)NOW);
		if (entry->tier && used < size)
			used += (size_t)snprintf(text + used, size - used, "^%s", fw_tier_word(entry->tier));
	}
}

struct format_case {
	const char *file;
	enum fw_feed_format detected;
	const char *field, *services, *regions, *score, *expires;
	const char *entries, *removed;
	size_t refused, filtered;
	const char *reason; /* part of the first one */
};

static const struct format_case cases[] = {
	{.file = "firehol.netset",
	 .detected = FW_FEED_NETSET,
	 .entries = "0.0.0.0/8 1.10.16.0/20 10.0.0.0/8 45.80.12.7 45.80.13.0/29 45.80.13.8/31"},
	{.file = "drop.txt", .detected = FW_FEED_NETSET, .entries = "1.10.16.0/20 1.19.0.0/16 2.56.192.0/22"},
	{.file = "drop_v4.json",
	 .detected = FW_FEED_JSONL,
	 .entries = "1.10.16.0/20 1.19.0.0/16 2.56.192.0/22"},
	{.file = "feodo.csv", .detected = FW_FEED_CSV, .entries = "45.81.10.4 45.81.11.200"},
	{.file = "feodo.csv",
	 .detected = FW_FEED_CSV,
	 .field = "dst_ip",
	 .entries = "45.81.10.4 45.81.11.200"},
	{.file = "feodo.csv", .detected = FW_FEED_CSV, .field = "2", .entries = "45.81.10.4 45.81.11.200"},
	{.file = "scored.csv",
	 .detected = FW_FEED_CSV,
	 .field = "dstip",
	 .score = "score",
	 .expires = "until",
	 .entries = "45.82.1.1+3542400^high 45.82.1.2+3600^medium 45.82.1.3+98236800^low",
	 .refused = 1,
	 .filtered = 1,
	 .reason = "line 6: score 'high' is not a number"},
	{.file = "ipset.save",
	 .detected = FW_FEED_IPSET,
	 .entries = "45.82.0.0/23 45.82.2.0/24 45.82.4.0/22 45.82.8.0/21 45.82.16.0/20 45.82.32.0/19 "
		    "45.82.64.0/18 45.82.128.0/17 45.83.1.1 45.81.0.0/16+3599 2a0e:3::/48",
	 .refused = 1,
	 .reason = "'45.84.1.1,tcp:80' is more than an address"},
	{.file = "ipset.save",
	 .detected = FW_FEED_IPSET,
	 .field = "black6",
	 .entries = "2a0e:3::/48",
	 .filtered = 5},
	{.file = "nft-set.txt",
	 .detected = FW_FEED_NFT,
	 .entries = "45.80.1.1+172799 45.80.2.7 198.51.101.4/30 198.51.101.8/31 203.0.114.0/24+3599"},
	{.file = "nft-table.txt",
	 .detected = FW_FEED_NFT,
	 .field = "six",
	 .entries = "2a0e:1::/32 2a0e:2::5",
	 .refused = 1,
	 .filtered = 4,
	 .reason = "'45.80.9.9 . ...' is more than an address"},
	{.file = "nft-set.json",
	 .detected = FW_FEED_NFT_JSON,
	 .entries = "45.80.1.1+172799 45.80.2.7 198.51.101.4/30 198.51.101.8/31 203.0.114.0/24+3599"},
	{.file = "nft-table.json",
	 .detected = FW_FEED_NFT_JSON,
	 .entries =
		 "45.80.1.1+172799 45.80.2.7 198.51.101.4/30 198.51.101.8/31 203.0.114.0/24+3599 2a0e:1::/32 "
		 "2a0e:2::5",
	 .refused = 1,
	 .reason = "no address, prefix or range"},
	{.file = "ip-ranges.json",
	 .detected = FW_FEED_AWS,
	 .entries = "3.4.12.4 52.46.0.0/18 15.177.0.0/18 2600:9000:5380::/41 2a05:d07a:a000::/40"},
	{.file = "ip-ranges.json",
	 .detected = FW_FEED_AWS,
	 .services = "CLOUDFRONT",
	 .regions = "all",
	 .entries = "52.46.0.0/18 2600:9000:5380::/41",
	 .filtered = 3},
	{.file = "ip-ranges.json",
	 .detected = FW_FEED_AWS,
	 .regions = "eu-west-1",
	 .entries = "3.4.12.4",
	 .filtered = 4},
	{.file = "google.json", .detected = FW_FEED_JSON, .entries = "34.1.208.0/20 2600:1900:8000::/44"},
	{.file = "google.json",
	 .detected = FW_FEED_JSON,
	 .field = "prefixes[].ipv4Prefix",
	 .entries = "34.1.208.0/20"},
	{.file = "azure.json",
	 .detected = FW_FEED_JSON,
	 .entries = "4.145.74.52/30 2603:1000:4:402::178/125"},
	{.file = "cloudflare.json",
	 .detected = FW_FEED_JSON,
	 .entries = "173.245.48.0/20 103.21.244.0/22 2400:cb00::/32"},
	{.file = "crowdsec.json",
	 .detected = FW_FEED_CROWDSEC,
	 .entries = "45.83.1.1+14350 45.84.0.0/24+601200",
	 .removed = "45.83.2.2",
	 .filtered = 3},
};

static struct fw_feed_shape shape_of(const struct format_case *c)
{
	struct fw_feed_shape shape = {.now = NOW};

	if (c->field)
		cr_assert_not(fw_feed_words_append(&shape.fields, c->field));
	if (c->services)
		cr_assert_not(fw_feed_words_append(&shape.services, c->services));
	if (c->regions)
		cr_assert_not(fw_feed_words_append(&shape.regions, c->regions));
	shape.score_field = c->score ? strdup(c->score) : NULL;
	shape.expires_field = c->expires ? strdup(c->expires) : NULL;
	return shape;
}

static void check_case(const struct format_case *c, const struct fw_feed_shape *shape, const char *text,
		       size_t length, size_t piece)
{
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};
	char got[2048];
	int r = read_pieces(shape, text, length, piece, &reading, &err);

	cr_assert_eq(r, 0, "%s by %zu: %s", c->file, piece, err.text);
	cr_expect_eq(reading.format, c->detected, "%s is %s", c->file, fw_feed_format_word(reading.format));
	describe(&reading.entries, got, sizeof(got));
	cr_expect_str_eq(got, c->entries, "%s by %zu:\n%s\nexpected\n%s", c->file, piece, got, c->entries);
	describe(&reading.removed, got, sizeof(got));
	cr_expect_str_eq(got, c->removed ? c->removed : "", "%s by %zu: removed %s", c->file, piece, got);
	cr_expect_eq(reading.refused, c->refused, "%s: %zu refused, %s", c->file, reading.refused,
		     reading.reasons[0]);
	cr_expect_eq(reading.filtered, c->filtered, "%s: %zu filtered", c->file, reading.filtered);
	if (c->reason)
		cr_expect(strstr(reading.reasons[0], c->reason), "%s: '%s'", c->file, reading.reasons[0]);
	fw_feed_reading_done(&reading);
}

Test(feed_read, samples_in_pieces_of_any_size)
{
	static const size_t pieces[] = {1 << 16, 1, 7, 64};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_feed_shape shape = shape_of(&cases[i]);
		size_t length;
		FW_FREE char *text = sample(cases[i].file, &length);

		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++)
			check_case(&cases[i], &shape, text, length, pieces[p]);
		fw_feed_shape_done(&shape);
	}
}

Test(feed_read, a_named_format_reads_the_same_as_a_detected_one)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_feed_shape shape = shape_of(&cases[i]);
		size_t length;
		FW_FREE char *text = sample(cases[i].file, &length);

		shape.format = cases[i].detected;
		check_case(&cases[i], &shape, text, length, 1000);
		fw_feed_shape_done(&shape);
	}
}

/* A document that ends early is never taken for a shorter one where its format can tell. */
Test(feed_read, a_document_cut_anywhere_is_refused)
{
	static const char *const files[] = {"ip-ranges.json",  "google.json",	"azure.json",
					    "cloudflare.json", "crowdsec.json", "nft-set.json",
					    "nft-set.txt",     "nft-table.txt"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct fw_feed_shape shape = {.now = NOW};
		size_t length, end;
		FW_FREE char *text = sample(files[i], &length);

		for (end = length; end && strchr(" \n", text[end - 1]);)
			end--;
		for (size_t cut = 0; cut < end; cut++) {
			struct fw_feed_reading reading = {0};
			struct fw_err err = {0};

			cr_expect_lt(read_pieces(&shape, text, cut, 4096, &reading, &err), 0,
				     "%s cut at %zu of %zu", files[i], cut, end);
			fw_feed_reading_done(&reading);
		}
	}
}

struct refusal {
	const char *name, *text;
	enum fw_feed_format format;
	int code;
	const char *words;
};

static const struct refusal refusals[] = {
	{"empty", "", FW_FEED_AUTO, -ENODATA, "the list is empty"},
	{"blank", "\n \n\t\n", FW_FEED_AUTO, -ENODATA, "the list is empty"},
	{"remarks only", "# nothing today\n; nor here\n", FW_FEED_AUTO, -ENODATA, "the list is empty"},
	{"a page", "\n<html>192.0.2.1</html>", FW_FEED_AUTO, -EPROTO, "HTML or XML instead of a list"},
	{"a page for a named format", "<!DOCTYPE html>", FW_FEED_NETSET, -EPROTO, "login page"},
	{"zip", "PK\x03\x04rest", FW_FEED_NETSET, -EPROTO, "an archive instead of a list"},
	{"prose", "Too many\nrequests today\nplease wait\n192.0.2.1\n", FW_FEED_AUTO, -EPROTO,
	 "1 entries are readable and 3 are not; line 1: 'Too many'"},
	{"crowdsec without decisions", "{\"message\":\"access forbidden\"}", FW_FEED_CROWDSEC, -EPROTO,
	 "no CrowdSec stream"},
	{"other JSON", "{\"message\":\"rate limited\",\"code\":429}", FW_FEED_AUTO, -EPROTO, "name its path"},
	{"aws without token", "{\"prefixes\":[{\"ip_prefix\":\"3.0.0.0/16\"}]}", FW_FEED_AWS, -EPROTO,
	 "no syncToken"},
	{"aws with words for a token", "{\"syncToken\":\"soon\"}", FW_FEED_AWS, -EBADMSG, "is not a number"},
	{"spamhaus cut off", "{\"cidr\":\"1.10.16.0/20\"}\n{\"type\":\"metadata\",\"records\":900}\n",
	 FW_FEED_JSONL, -EBADMSG, "announces 900 records and has 1"},
	{"no such column", "a,b\n1.2.3.4,5\n", FW_FEED_CSV, -EPROTO, NULL},
};

Test(feed_read, what_is_no_list_is_refused_in_words)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *c = &refusals[i];
		struct fw_feed_shape shape = {.now = NOW, .format = c->format};
		struct fw_feed_reading reading = {0};
		struct fw_err err = {0};

		if (c->format == FW_FEED_CSV)
			cr_assert_not(fw_feed_words_append(&shape.fields, "address"));
		cr_expect_eq(read_text(&shape, c->text, &reading, &err), c->code, "%s: %d %s", c->name,
			     err.code, err.text);
		cr_expect(strstr(err.text, c->words ? c->words : "no column is called 'address'"), "%s: '%s'",
			  c->name, err.text);
		fw_feed_reading_done(&reading);
		fw_feed_shape_done(&shape);
	}
}

Test(feed_read, an_older_serial_is_refused_and_the_same_is_not)
{
	size_t length;
	FW_FREE char *text = sample("ip-ranges.json", &length);
	struct fw_feed_shape shape = {.now = NOW, .sync_token = 1795200001};
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};

	cr_expect_eq(read_text(&shape, text, &reading, &err), -ESTALE);
	cr_expect(strstr(err.text, "syncToken 1795200000 is older than 1795200001"), "%s", err.text);
	shape.sync_token = 1795200000;
	cr_expect_eq(read_text(&shape, text, &reading, &err), 0);
	cr_expect_eq(reading.sync_token, 1795200000);
	fw_feed_reading_done(&reading);
}

Test(feed_read, an_unknown_service_is_told_the_known_ones)
{
	size_t length;
	FW_FREE char *text = sample("ip-ranges.json", &length);
	struct fw_feed_shape shape = {.now = NOW};
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};

	cr_assert_not(fw_feed_words_append(&shape.services, "CLOUDFRUNT"));
	cr_expect_eq(read_text(&shape, text, &reading, &err), -ENODATA);
	cr_expect(strstr(err.text, "its services: AMAZON, CLOUDFRONT, ROUTE53_HEALTHCHECKS"), "%s", err.text);
	fw_feed_shape_done(&shape);
}

Test(feed_read, caps)
{
	const char *three = "45.1.0.1\n45.1.0.2\n45.1.0.3\n";
	char longest[] =
		"45.1.0.1 # 3456789\n45.1.0.2 # 34567890123456789\n45.1.0.3\n# 345678901234567890123\n";
	struct fw_feed_shape shape = {.now = NOW, .max_entries = 2};
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};

	cr_expect_eq(read_text(&shape, three, &reading, &err), -E2BIG);
	cr_expect(strstr(err.text, "more than 2 entries, the cap of this feed (line 3)"), "%s", err.text);
	shape = (struct fw_feed_shape){.now = NOW, .max_lines = 2};
	cr_expect_eq(read_text(&shape, three, &reading, &err), -EFBIG);
	shape = (struct fw_feed_shape){.now = NOW, .max_line = 20};
	cr_expect_eq(read_text(&shape, longest, &reading, &err), 0, "%s", err.text);
	cr_expect_eq(reading.entries.count, 2);
	cr_expect_eq(reading.refused, 1);
	cr_expect_str_eq(reading.reasons[0], "line 2: longer than 20 bytes");
	fw_feed_reading_done(&reading);
}

Test(feed_read, host_bits_are_masked_and_lines_are_kept)
{
	struct fw_feed_shape shape = {.now = NOW, .tier = FW_TIER_HIGH, .ttl_seconds = 60};
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};
	char got[256];

	cr_assert_eq(read_text(&shape, "\xef\xbb\xbf# x\r\n45.1.2.3/24\r\n\r\n2a0e::1 ; y\r\n1.2.3\r\n",
			       &reading, &err),
		     0, "%s", err.text);
	describe(&reading.entries, got, sizeof(got));
	cr_expect_str_eq(got, "45.1.2.0/24+60^high 2a0e::1+60^high");
	cr_expect_eq(reading.entries.items[0].line, 2);
	cr_expect_eq(reading.entries.items[1].line, 4);
	cr_expect(strstr(reading.reasons[0], "line 5: '1.2.3' is not an address"), "%s", reading.reasons[0]);
	fw_feed_reading_done(&reading);
}

Test(feed_read, json_scores_and_expiries_stay_with_their_object)
{
	struct fw_feed_shape shape = {
		.now = NOW, .score_field = strdup("l[].s.v"), .expires_field = strdup("l[].e")};
	struct fw_feed_reading reading = {0};
	struct fw_err err = {0};
	char got[256];

	cr_assert_not(fw_feed_words_append(&shape.fields, "l[].ip"));
	cr_assert_eq(read_text(&shape,
			       "{\"l\":[{\"s\":{\"v\":90},\"x\":{},\"ip\":\"45.1.0.1\",\"e\":60},{\"ip\":"
			       "\"45.1.0.2\"},"
			       "{\"s\":{\"v\":55}},{\"ip\":\"45.1.0.3\",\"e\":\"2020-01-01\"}]}",
			       &reading, &err),
		     0, "%s", err.text);
	describe(&reading.entries, got, sizeof(got));
	cr_expect_str_eq(got, "45.1.0.1+60 45.1.0.2");
	cr_expect_eq(reading.filtered, 1);
	fw_feed_reading_done(&reading);
	fw_feed_shape_done(&shape);
}
