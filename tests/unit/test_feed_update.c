// SPDX-License-Identifier: Apache-2.0
/* From a worker's answer to what is in force: every outcome, and what agent and worker say to each other. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "feeds/md5.h"
#include "feeds/update.h"
#include "lib/cleanup.h"

#define NOW 1795219200ULL

static void add(struct fw_feed_list *list, const char *text, uint32_t expires, uint32_t first_seen)
{
	struct fw_feed_entry entry = {.line = 1, .expires = expires, .first_seen = first_seen};

	cr_assert_not(fw_prefix_parse(text, &entry.prefix, NULL));
	cr_assert_not(fw_feed_list_append(list, &entry));
}

static struct fw_feed_copy in_force(void)
{
	struct fw_feed_copy copy = {.fetched = 100, .checked = NOW - 3600, .first = 50, .origin = 7};

	for (unsigned int i = 0; i < 10; i++) {
		char text[32];

		snprintf(text, sizeof(text), "45.1.0.%u", i);
		add(&copy.entries, text, 0, 50);
	}
	return copy;
}

static int judge(const struct fw_feed_copy *fresh, enum fw_feed_state state,
		 const struct fw_feed_copy *before, struct fw_feed_update *update)
{
	FW_CLOSE int fd = memfd_create("result", MFD_CLOEXEC);
	struct fw_feed_status status = {.state = state, .error = "the server answered 500 instead of 200"};
	struct fw_guard guard = {0};

	if (fresh)
		cr_assert_not(fw_feed_copy_write(fd, fresh, NULL));
	return fw_feed_update_judge(&status, fd, before, &guard, 7, NOW, update);
}

Test(feed_update, failure_keeps_and_says_since_when)
{
	struct fw_feed_copy before = in_force();
	struct fw_feed_update update;

	cr_assert_not(judge(NULL, FW_FEED_STATE_FAILED, &before, &update));
	cr_expect_eq(update.outcome, FW_FEED_FAILED);
	cr_expect_not(update.has_copy);
	cr_expect_str_eq(
		update.why,
		"the server answered 500 instead of 200; the last good copy stays in force (10 entries, of "
		"2026-11-20T23:00:00Z)");
	cr_assert_not(judge(NULL, FW_FEED_STATE_FAILED, NULL, &update));
	cr_expect(strstr(update.why, "there is no earlier copy, so this feed lists nobody"), "%s",
		  update.why);
	fw_feed_copy_done(&before);
}

Test(feed_update, not_modified_is_current_only_if_there_is_something)
{
	struct fw_feed_copy before = in_force();
	struct fw_feed_update update;

	cr_assert_not(judge(NULL, FW_FEED_STATE_NOT_MODIFIED, &before, &update));
	cr_expect_eq(update.outcome, FW_FEED_UNCHANGED);
	cr_expect_not(update.has_copy);
	cr_assert_not(judge(NULL, FW_FEED_STATE_NOT_MODIFIED, NULL, &update));
	cr_expect_eq(update.outcome, FW_FEED_FAILED);
	fw_feed_copy_done(&before);
}

Test(feed_update, entries_keep_when_they_were_first_seen)
{
	struct fw_feed_copy before = in_force(), fresh = in_force();
	struct fw_feed_update update;

	fresh.entries.count--;
	add(&fresh.entries, "45.9.0.0/16", 0, 0);
	cr_assert_not(judge(&fresh, FW_FEED_STATE_NEW, &before, &update));
	cr_assert_eq(update.outcome, FW_FEED_UPDATED);
	cr_assert(update.has_copy);
	cr_expect_eq(update.copy.entries.count, 10);
	cr_expect_eq(update.copy.entries.items[0].first_seen, 50);
	cr_expect_eq(update.copy.entries.items[9].first_seen, NOW);
	cr_expect_eq(update.copy.first, 50);
	cr_expect_eq(update.copy.checked, NOW);
	cr_expect_eq(update.copy.origin, 7);
	fw_feed_update_done(&update);
	fw_feed_copy_done(&fresh);
	fw_feed_copy_done(&before);
}

Test(feed_update, the_same_list_is_no_update)
{
	struct fw_feed_copy before = in_force();
	struct fw_feed_update update;

	cr_assert_not(judge(&before, FW_FEED_STATE_NEW, &before, &update));
	cr_expect_eq(update.outcome, FW_FEED_UNCHANGED);
	cr_expect(update.has_copy, "its validators may be new");
	fw_feed_update_done(&update);
	fw_feed_copy_done(&before);
}

Test(feed_update, half_gone_is_held)
{
	struct fw_feed_copy before = in_force(), fresh = in_force();
	struct fw_feed_update update;

	fresh.entries.count = 5;
	cr_assert_not(judge(&fresh, FW_FEED_STATE_NEW, &before, &update));
	cr_expect_eq(update.outcome, FW_FEED_HELD);
	cr_expect_not(update.has_copy);
	cr_expect(strstr(update.why,
			 "shrank from 10 to 5 entries: 50 % or more are gone; the last good copy stays"),
		  "%s", update.why);
	fw_feed_copy_done(&fresh);
	fw_feed_copy_done(&before);
}

Test(feed_update, a_damaged_result_is_a_failure)
{
	struct fw_feed_copy before = in_force();
	struct fw_feed_update update;

	cr_assert_not(judge(NULL, FW_FEED_STATE_NEW, &before, &update));
	cr_expect_eq(update.outcome, FW_FEED_FAILED);
	cr_expect(strstr(update.why, "damaged"), "%s", update.why);
	fw_feed_copy_done(&before);
}

Test(feed_update, a_delta_changes_what_is_in_force)
{
	struct fw_feed_copy before = in_force(), delta = {.delta = true, .format = FW_FEED_CROWDSEC};
	struct fw_feed_update update;

	for (unsigned int i = 0; i < 8; i++)
		cr_assert_not(fw_feed_list_append(&delta.removed, &before.entries.items[i]));
	add(&delta.entries, "45.9.0.1", NOW + 60, 0);
	add(&delta.entries, "45.9.0.2", NOW, 0);
	cr_assert_not(judge(&delta, FW_FEED_STATE_NEW, &before, &update));
	cr_assert_eq(update.outcome, FW_FEED_UPDATED, "%s", update.why);
	cr_expect_eq(update.copy.entries.count, 3, "two stay, one is new, one is over already");
	cr_expect_not(update.copy.delta);
	cr_expect_eq(update.copy.fetched, 100, "everything was last asked for then");
	fw_feed_update_done(&update);
	cr_assert_not(judge(&delta, FW_FEED_STATE_NEW, NULL, &update));
	cr_expect_eq(update.outcome, FW_FEED_FAILED);
	cr_expect(strstr(update.why, "nothing was there to change: write format: crowdsec"), "%s",
		  update.why);
	fw_feed_copy_done(&delta);
	fw_feed_copy_done(&before);
}

Test(feed_update, a_job_survives_the_way_to_the_worker)
{
	static const char text[] =
		"{\"url\":\"https://a/x\",\"header\":\"X-Api-Key\",\"proxy\":\"\",\"ca_file\":\"/"
		"c\",\"etag\":\"\\\"e\\\"\","
		"\"md5\":\"aa\",\"secret\":true,\"full\":true,\"max_bytes\":5,\"fields\":[\"a[].b\",\"c\"],"
		"\"services\":["
		"\"S3\"],"
		"\"score\":\"s\",\"ttl\":60,\"sync_token\":9,\"max_entries\":4,\"format\":\"csv\",\"tier\":"
		"\"high\","
		"\"delimiter\":\"\\t\"}";
	struct fw_feed_job job = {0}, back = {0};
	struct fw_err err = {0};
	FW_FREE char *first = NULL;
	FW_FREE char *second = NULL;

	cr_assert_eq(fw_feed_job_decode(text, &job, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_job_encode(&job, &first, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_job_decode(first, &back, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_job_encode(&back, &second, &err), 0, "%s", err.text);
	cr_expect_str_eq(first, second);
	cr_expect_str_eq(back.proxy, "");
	cr_expect_str_eq(back.shape.fields.items[1], "c");
	cr_expect_eq(back.shape.delimiter, '\t');
	cr_expect_eq(back.shape.tier, FW_TIER_HIGH);
	cr_expect_eq(back.shape.format, FW_FEED_CSV);
	cr_expect(back.has_secret && back.full && back.max_bytes == 5 && back.shape.max_entries == 4);
	fw_feed_job_done(&job);
	fw_feed_job_done(&back);
}

Test(feed_update, a_wrong_job_is_refused_by_name)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"[]", "no JSON object"},
		{"{", "no JSON object"},
		{"{\"url\":1}", "'url'"},
		{"{\"url\":\"x\",\"uri\":\"y\"}", "'uri' is unknown"},
		{"{\"url\":\"x\",\"format\":\"xml\"}", "'format'"},
		{"{\"url\":\"x\",\"max_bytes\":-1}", "'max_bytes'"},
		{"{\"url\":\"x\",\"fields\":[1]}", "'fields'"},
		{"{\"format\":\"csv\"}", "no url"},
		{"{\"url\":\"x\",\"max_line\":99999999}", "1 MiB"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_feed_job job = {0};
		struct fw_err err = {0};

		cr_expect_lt(fw_feed_job_decode(cases[i].text, &job, &err), 0, "%s", cases[i].text);
		cr_expect(strstr(err.text, cases[i].words), "%s: %s", cases[i].text, err.text);
		cr_expect_null(job.url);
	}
}

Test(feed_update, a_status_survives_and_is_fit_for_a_terminal)
{
	struct fw_feed_status status = {.state = FW_FEED_STATE_NEW,
					.format = FW_FEED_AWS,
					.http = 200,
					.retry_after = 3,
					.lines = 7,
					.refused = UINT64_MAX,
					.error = "red \x1b[31m \xc3\xa4",
					.reasons = {"line 1: x", "line\n2"},
					.reason_count = 2};
	struct fw_feed_status back;
	struct fw_err err = {0};
	FW_FREE char *text = NULL;

	cr_assert_eq(fw_feed_status_encode(&status, &text, &err), 0);
	cr_assert_eq(fw_feed_status_decode(text, &back, &err), 0, "%s: %s", text, err.text);
	cr_expect_eq(back.state, FW_FEED_STATE_NEW);
	cr_expect_eq(back.format, FW_FEED_AWS);
	cr_expect_eq(back.http, 200);
	cr_expect_eq(back.retry_after, 3);
	cr_expect_eq(back.refused, INT64_MAX);
	cr_expect_str_eq(back.error, "red ?[31m ??");
	cr_expect_eq(back.reason_count, 2);
	cr_expect_str_eq(back.reasons[1], "line?2");
}

Test(feed_update, a_mad_status_is_refused)
{
	static const char *const texts[] = {
		"",
		"{}",
		"null",
		"{\"state\":\"new\"}",
		"{\"state\":\"great\",\"format\":\"csv\",\"reasons\":[]}",
		"{\"state\":\"new\",\"format\":\"csv\",\"reasons\":[\"\",\"\",\"\",\"\",\"\",\"\"]}",
		"{\"state\":\"new\",\"format\":\"csv\",\"reasons\":[],\"retry_after\":-1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fw_feed_status status;
		struct fw_err err = {0};

		cr_expect_eq(fw_feed_status_decode(texts[i], &status, &err), -EBADMSG, "%s", texts[i]);
	}
}

Test(feed_update, a_worker_that_is_none_is_told_apart)
{
	static const struct {
		const char *worker, *words;
	} cases[] = {{"/nonexistent/floodwall-feed", "cannot start '/nonexistent/floodwall-feed'"},
		     {"/bin/false", "the worker exited with 1"},
		     {"/bin/true", "the worker said nothing"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char url[] = "http://127.0.0.1/";
		struct fw_feed_job job = {.url = url, .max_seconds = 1};
		struct fw_feed_status status;
		FW_CLOSE int fd = memfd_create("result", MFD_CLOEXEC);

		fw_feed_run_worker(&(struct fw_feed_runner){.worker = cases[i].worker}, &job, -1, fd,
				   &status);
		cr_expect_eq(status.state, FW_FEED_STATE_FAILED);
		cr_expect(strstr(status.error, cases[i].words), "%s", status.error);
	}
}

Test(feed_update, md5_as_rfc_1321_has_it)
{
	static const struct {
		const char *text, *md5;
	} cases[] = {
		{"", "d41d8cd98f00b204e9800998ecf8427e"},
		{"abc", "900150983cd24fb0d6963f7d28e17f72"},
		{"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		 "d174ab98d277d9f5a5611c2c9f419d9f"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		 "57edf4a22be3c955ac49da2e2107b67a"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_md5 whole, pieces;
		char got[FW_MD5_TEXT_MAX];

		fw_md5_init(&whole);
		fw_md5_init(&pieces);
		fw_md5_feed(&whole, cases[i].text, strlen(cases[i].text));
		for (const char *c = cases[i].text; *c; c++)
			fw_md5_feed(&pieces, c, 1);
		fw_md5_finish(&whole, got);
		cr_expect_str_eq(got, cases[i].md5);
		fw_md5_finish(&pieces, got);
		cr_expect_str_eq(got, cases[i].md5);
	}
}
