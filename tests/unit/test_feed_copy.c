// SPDX-License-Identifier: Apache-2.0
/* Copies of feeds on disk: what goes in comes out, damage is seen, a crash leaves the old one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feeds/copy.h"
#include "lib/cleanup.h"

static void add(struct fw_feed_list *list, const char *text, uint32_t expires)
{
	struct fw_feed_entry entry = {.line = (uint32_t)list->count + 1,
				      .expires = expires,
				      .first_seen = 5,
				      .tier = FW_TIER_HIGH,
				      .score = 80};

	cr_assert_not(fw_prefix_parse(text, &entry.prefix, NULL));
	cr_assert_not(fw_feed_list_append(list, &entry));
}

static struct fw_feed_copy make(void)
{
	struct fw_feed_copy copy = {.format = FW_FEED_AWS,
				    .sync_token = 77,
				    .origin = 0x1234,
				    .fetched = 1000,
				    .checked = 2000,
				    .first = 500,
				    .etag = "\"abc\"",
				    .last_modified = "Fri, 20 Nov 2026 18:34:12 GMT"};

	add(&copy.entries, "45.1.0.0/16", 0);
	add(&copy.entries, "45.2.0.1", 1500);
	add(&copy.entries, "2a0e::/32", 0);
	add(&copy.removed, "45.3.0.1", 0);
	return copy;
}

static void expect_same(const struct fw_feed_list *a, const struct fw_feed_list *b)
{
	cr_assert_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		cr_expect_eq(fw_prefix_compare(&a->items[i].prefix, &b->items[i].prefix), 0);
		cr_expect_eq(a->items[i].line, b->items[i].line);
		cr_expect_eq(a->items[i].expires, b->items[i].expires);
		cr_expect_eq(a->items[i].first_seen, b->items[i].first_seen);
		cr_expect_eq(a->items[i].tier, b->items[i].tier);
		cr_expect_eq(a->items[i].score, b->items[i].score);
	}
}

Test(feed_copy, round_trip)
{
	struct fw_feed_copy copy = make(), back = {0};
	struct fw_err err = {0};
	FW_CLOSE int fd = memfd_create("copy", MFD_CLOEXEC);

	cr_assert_eq(fw_feed_copy_write(fd, &copy, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_copy_read(fd, 0, &back, &err), 0, "%s", err.text);
	expect_same(&copy.entries, &back.entries);
	expect_same(&copy.removed, &back.removed);
	cr_expect_eq(back.format, FW_FEED_AWS);
	cr_expect_eq(back.sync_token, 77);
	cr_expect_eq(back.origin, 0x1234);
	cr_expect_eq(back.fetched, 1000);
	cr_expect_eq(back.first, 500);
	cr_expect_str_eq(back.etag, "\"abc\"");
	cr_expect_str_eq(back.last_modified, copy.last_modified);
	cr_expect_eq(fw_feed_copy_read(fd, 2, &(struct fw_feed_copy){0}, &err), -E2BIG);
	fw_feed_copy_done(&copy);
	fw_feed_copy_done(&back);
}

Test(feed_copy, every_damaged_byte_and_every_cut_is_seen)
{
	struct fw_feed_copy copy = make();
	struct fw_err err = {0};
	FW_CLOSE int fd = memfd_create("copy", MFD_CLOEXEC);
	struct stat status;

	cr_assert_eq(fw_feed_copy_write(fd, &copy, &err), 0);
	cr_assert_eq(fstat(fd, &status), 0);
	for (off_t at = 0; at < status.st_size; at++) {
		struct fw_feed_copy back = {0};
		unsigned char byte, other;

		cr_assert_eq(pread(fd, &byte, 1, at), 1);
		other = byte ^ 0x10;
		cr_assert_eq(pwrite(fd, &other, 1, at), 1);
		cr_expect_eq(fw_feed_copy_read(fd, 0, &back, &err), -EBADMSG, "byte %lld", (long long)at);
		cr_assert_eq(pwrite(fd, &byte, 1, at), 1);
		fw_feed_copy_done(&back);
	}
	for (off_t size = status.st_size - 1; size >= 0; size -= 7) {
		struct fw_feed_copy back = {0};

		cr_assert_eq(ftruncate(fd, size), 0);
		cr_expect_eq(fw_feed_copy_read(fd, 0, &back, &err), -EBADMSG, "cut at %lld", (long long)size);
	}
	fw_feed_copy_done(&copy);
}

Test(feed_copy, a_worker_cannot_smuggle_a_header_or_a_wild_entry)
{
	struct fw_feed_copy copy = make(), back = {0};
	FW_CLOSE int fd = memfd_create("copy", MFD_CLOEXEC);

	snprintf(copy.etag, sizeof(copy.etag), "x\r\nCookie: y");
	cr_assert_eq(fw_feed_copy_write(fd, &copy, NULL), 0);
	cr_expect_eq(fw_feed_copy_read(fd, 0, &back, NULL), -EBADMSG);
	memset(copy.etag, 'a', sizeof(copy.etag));
	cr_assert_eq(fw_feed_copy_write(fd, &copy, NULL), 0);
	cr_expect_eq(fw_feed_copy_read(fd, 0, &back, NULL), -EBADMSG);
	copy.etag[0] = '\0';
	copy.entries.items[0].prefix.bits = 100;
	cr_assert_eq(fw_feed_copy_write(fd, &copy, NULL), 0);
	cr_expect_eq(fw_feed_copy_read(fd, 0, &back, NULL), -EBADMSG, "host bits set");
	copy.entries.items[0].prefix.bits = 129;
	cr_assert_eq(fw_feed_copy_write(fd, &copy, NULL), 0);
	cr_expect_eq(fw_feed_copy_read(fd, 0, &back, NULL), -EBADMSG, "129 bits");
	fw_feed_copy_done(&copy);
}

Test(feed_copy, store)
{
	char dir[] = "/tmp/fw-feed-XXXXXX", path[64];
	struct fw_feed_copy copy = make(), back = {0};
	struct fw_err err = {0};
	struct stat status;

	cr_assert(mkdtemp(dir));
	cr_expect_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 100, &back, &err), -ENOENT);
	cr_assert_eq(fw_feed_store_save(dir, "drop", &copy, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 1499, &back, &err), 0, "%s", err.text);
	cr_expect_eq(back.entries.count, 3);
	cr_expect_eq(back.checked, 2000);
	fw_feed_copy_done(&back);
	cr_assert_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 1500, &back, &err), 0);
	cr_expect_eq(back.entries.count, 2, "what has expired is not loaded");
	fw_feed_copy_done(&back);
	cr_assert_eq(fw_feed_store_touch(dir, "drop", 3000, &err), 0, "%s", err.text);
	cr_assert_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 100, &back, &err), 0);
	cr_expect_eq(back.checked, 3000);
	cr_expect_eq(back.fetched, 1000);
	fw_feed_copy_done(&back);
	cr_expect_eq(fw_feed_store_load(dir, "drop", 0x9999, 0, 100, &back, &err), -ESTALE);
	cr_expect(strstr(err.text, "another definition"), "%s", err.text);
	snprintf(path, sizeof(path), "%s/drop.feed", dir);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
	cr_assert_eq(truncate(path, status.st_size - 1), 0);
	cr_expect_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 100, &back, &err), -EBADMSG);
	cr_expect(strstr(err.text, "drop.feed': the copy is damaged"), "%s", err.text);
	cr_expect_eq(fw_feed_store_remove(dir, "drop", &err), 0);
	cr_expect_eq(fw_feed_store_remove(dir, "drop", &err), 0);
	fw_feed_copy_done(&copy);
	cr_expect_eq(rmdir(dir), 0, "nothing is left behind");
}

Test(feed_copy, a_save_that_fails_leaves_the_old_copy)
{
	char dir[] = "/tmp/fw-feed-XXXXXX", aside[64];
	struct fw_feed_copy copy = make(), back = {0};
	struct fw_err err = {0};

	cr_assert(mkdtemp(dir));
	cr_assert_eq(fw_feed_store_save(dir, "drop", &copy, &err), 0);
	snprintf(aside, sizeof(aside), "%s/drop.feed.new", dir);
	cr_assert_eq(mkdir(aside, 0700), 0);
	copy.sync_token = 78;
	cr_expect_lt(fw_feed_store_save(dir, "drop", &copy, &err), 0);
	cr_expect(strstr(err.text, "cannot create 'drop.feed.new'"), "%s", err.text);
	cr_assert_eq(fw_feed_store_load(dir, "drop", 0x1234, 0, 100, &back, &err), 0);
	cr_expect_eq(back.sync_token, 77);
	fw_feed_copy_done(&back);
	cr_expect_eq(rmdir(aside), 0);
	cr_expect_eq(fw_feed_store_remove(dir, "drop", &err), 0);
	cr_expect_eq(rmdir(dir), 0);
	fw_feed_copy_done(&copy);
}

Test(feed_copy, names_cannot_leave_the_directory)
{
	static const char *const bad[] = {"", "..", ".x", "a/b", "../a", "a b", "a\n", "\xc3\xa4"};
	struct fw_feed_copy copy = {0};
	struct fw_err err = {0};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(fw_feed_store_save("/tmp", bad[i], &copy, &err), -EINVAL, "%s", bad[i]);
}

Test(feed_copy, another_definition_is_another_origin)
{
	struct fw_feed_shape one = {0}, two = {0};
	uint64_t plain = fw_feed_origin("https://a/", &one);

	cr_expect_eq(fw_feed_origin("https://a/", &two), plain);
	cr_expect_neq(fw_feed_origin("https://b/", &one), plain);
	two.now = 5;
	two.sync_token = 6;
	cr_expect_eq(fw_feed_origin("https://a/", &two), plain,
		     "what changes with every fetch is no part of it");
	cr_assert_not(fw_feed_words_append(&two.services, "S3"));
	cr_expect_neq(fw_feed_origin("https://a/", &two), plain);
	cr_assert_not(fw_feed_words_append(&one.regions, "S3"));
	cr_expect_neq(fw_feed_origin("https://a/", &two), fw_feed_origin("https://a/", &one));
	fw_feed_shape_done(&one);
	fw_feed_shape_done(&two);
}
