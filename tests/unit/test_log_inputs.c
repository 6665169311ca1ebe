// SPDX-License-Identifier: Apache-2.0
/* Lines out of files, pipes and datagrams: long, broken, rotated, truncated. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logs/event.h"
#include "logs/inputs.h"

#define S 1000000000ULL

struct seen {
	char text[65536]; /* lines joined by |, cut ones end in + */
	size_t longest, lines;
	unsigned int truncated, ended;
};

static void on_line(void *context, unsigned int log, char *line, size_t length, bool cut)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);

	(void)log;
	seen->lines++;
	seen->longest = length > seen->longest ? length : seen->longest;
	snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s%s|", (int)(length < 40 ? length : 40),
		 line, cut ? "+" : "");
	memset(line, '!', length); /* readers may */
}

static void on_truncated(void *context, unsigned int log)
{
	(void)log;
	((struct seen *)context)->truncated++;
}

static void on_ended(void *context, unsigned int log)
{
	(void)log;
	((struct seen *)context)->ended++;
}

struct place {
	char path[64];
	int write_fd;
	struct fw_inputs inputs;
	struct seen seen;
	struct fw_inputs_events events;
};

static void set_up(struct place *place)
{
	memset(place, 0, sizeof(*place));
	strcpy(place->path, "/tmp/fw-log-XXXXXX");
	place->write_fd = mkstemp(place->path);
	cr_assert_geq(place->write_fd, 0);
	place->events = (struct fw_inputs_events){on_line, on_truncated, on_ended, &place->seen};
}

static void tear_down(struct place *place)
{
	fw_inputs_clear(&place->inputs);
	close(place->write_fd);
	unlink(place->path);
}

static void put(int fd, const char *text, size_t length)
{
	cr_assert_eq(write(fd, text, length), (ssize_t)length);
}

static const char *read_all(struct place *place, uint64_t now_ns)
{
	place->seen.text[0] = '\0';
	while (fw_inputs_read(&place->inputs, now_ns, &place->events))
		;
	return place->seen.text;
}

static int open_log(const struct place *place)
{
	return open(place->path, O_RDONLY | O_CLOEXEC);
}

Test(log_inputs, lines_arrive_whole)
{
	struct place place;

	set_up(&place);
	cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), 0, FW_LOG_INPUT_FILE, S), 0);
	cr_expect_str_eq(read_all(&place, S), "");
	put(place.write_fd, "one\ntw", 6);
	cr_expect_str_eq(read_all(&place, S), "one|");
	put(place.write_fd, "o\n\n", 3);
	cr_expect_str_eq(read_all(&place, S), "two||");
	put(place.write_fd, "a\0b\xff\n", 5);
	cr_expect_str_eq(read_all(&place, S), "a|");
	cr_expect_eq(place.seen.lines, 4);
	tear_down(&place);
}

Test(log_inputs, long_lines_are_cut_once)
{
	static char text[1 << 20];
	struct place place;

	set_up(&place);
	memset(text, 'x', sizeof(text));
	cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, text, sizeof(text));
	put(place.write_fd, "\nnext\n", 6);
	cr_expect_str_eq(read_all(&place, S), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx+|next|");
	cr_expect_eq(place.seen.longest, FW_LOG_LINE_MAX);
	for (size_t length = FW_LOG_LINE_MAX - 1; length <= FW_LOG_LINE_MAX + 1; length++) {
		place.seen.longest = 0;
		put(place.write_fd, text, length);
		put(place.write_fd, "\n", 1);
		cr_expect_eq(strchr(read_all(&place, S), '+') != NULL, length > FW_LOG_LINE_MAX, "%zu",
			     length);
		cr_expect_eq(place.seen.longest, length < FW_LOG_LINE_MAX ? length : FW_LOG_LINE_MAX);
	}
	tear_down(&place);
}

Test(log_inputs, truncated_files_are_read_from_their_start)
{
	struct place place;

	set_up(&place);
	cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, "a line\nhalf a li", 16);
	cr_expect_str_eq(read_all(&place, S), "a line|");
	cr_assert_eq(ftruncate(place.write_fd, 0), 0);
	lseek(place.write_fd, 0, SEEK_SET);
	cr_expect_str_eq(read_all(&place, S), "");
	cr_expect_eq(place.seen.truncated, 1);
	put(place.write_fd, "new\n", 4);
	cr_expect_str_eq(read_all(&place, S), "new|");
	tear_down(&place);
}

Test(log_inputs, rotated_files_are_read_to_their_end)
{
	char old_path[80];
	struct place place;
	int fresh;

	set_up(&place);
	cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, "one\n", 4);
	cr_expect_str_eq(read_all(&place, S), "one|");
	snprintf(old_path, sizeof(old_path), "%s.1", place.path);
	cr_assert_eq(rename(place.path, old_path), 0);
	fresh = open(place.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, "two\n", 4);
	put(fresh, "three\n", 6);
	cr_expect_str_eq(read_all(&place, 2 * S), "two|three|");
	cr_expect_eq(place.inputs.count, 2);
	cr_expect_str_eq(read_all(&place, 31 * S), "");
	cr_expect_eq(place.inputs.count, 2, "half a minute of silence is needed");
	read_all(&place, 33 * S);
	cr_expect_eq(place.inputs.count, 1, "then the old file is closed");
	put(fresh, "four\n", 5);
	cr_expect_str_eq(read_all(&place, 34 * S), "four|");
	unlink(old_path);
	close(fresh);
	tear_down(&place);
}

/* The agent holds the same open file: a next worker goes on where this one stopped, at the start of a line.
 */
Test(log_inputs, clearing_gives_an_unfinished_line_back)
{
	struct place place;
	int fd, kept;

	set_up(&place);
	fd = open_log(&place);
	kept = dup(fd);
	cr_assert_eq(fw_inputs_add(&place.inputs, fd, 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, "one\ntwo", 7);
	cr_expect_str_eq(read_all(&place, S), "one|");
	fw_inputs_clear(&place.inputs);
	cr_assert_eq(fw_inputs_add(&place.inputs, kept, 0, FW_LOG_INPUT_FILE, S), 0);
	put(place.write_fd, " three\n", 7);
	cr_expect_str_eq(read_all(&place, S), "two three|");
	tear_down(&place);
}

Test(log_inputs, pipes_end)
{
	struct place place;
	int ends[2];

	set_up(&place);
	cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	cr_assert_eq(fw_inputs_add(&place.inputs, ends[0], 3, FW_LOG_INPUT_PIPE, S), 0);
	put(ends[1], "one\n", 4);
	cr_expect_str_eq(read_all(&place, S), "one|");
	cr_expect_eq(place.seen.ended, 0);
	close(ends[1]);
	read_all(&place, S);
	cr_expect_eq(place.seen.ended, 1);
	cr_expect_eq(place.inputs.count, 0);
	tear_down(&place);
}

Test(log_inputs, datagrams_are_lines)
{
	struct place place;
	int pair[2];

	set_up(&place);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	cr_assert_eq(fw_inputs_add(&place.inputs, pair[0], 0, FW_LOG_INPUT_DATAGRAMS, S), 0);
	cr_assert_eq(send(pair[1], "one\n", 4, 0), 4);
	cr_assert_eq(send(pair[1], "two", 4, 0), 4);
	cr_assert_eq(send(pair[1], "\n", 1, 0), 1);
	cr_expect_str_eq(read_all(&place, S), "one|two|");
	close(pair[1]);
	tear_down(&place);
}

Test(log_inputs, there_is_room_for_every_rotation)
{
	struct place place;

	set_up(&place);
	for (int i = 0; i < 200; i++)
		cr_assert_eq(fw_inputs_add(&place.inputs, open_log(&place), (unsigned int)i % 16,
					   FW_LOG_INPUT_FILE, S),
			     0);
	cr_expect_leq(place.inputs.count, FW_INPUTS_MAX);
	put(place.write_fd, "x\n", 2);
	read_all(&place, S);
	cr_expect_geq(place.seen.lines, 16);
	tear_down(&place);
}
