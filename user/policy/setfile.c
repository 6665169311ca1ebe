// SPDX-License-Identifier: Apache-2.0
/* Members of sets: one address, prefix or range per line; comments from # or ; to the end of the line. */
#include "policy/setfile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/grow.h"

#define SPACES		  " \t\r\n\f\v"
#define SETFILE_BYTES_MAX (512LL << 20)
#define ENTRY_TEXT_MAX	  128

/* 128-bit number of an address, to count in ranges. */
static unsigned __int128 number_of(const struct fw_addr *addr)
{
	unsigned __int128 number = 0;

	for (unsigned int i = 0; i < 4; i++)
		number = number << 32 | ntohl(addr->w[i]);
	return number;
}

static struct fw_addr address_of(unsigned __int128 number)
{
	struct fw_addr addr;

	for (unsigned int i = 4; i--; number >>= 32)
		addr.w[i] = htonl((uint32_t)number);
	return addr;
}

/* The fewest prefixes that cover first … last, both included. */
static int append_range(struct fw_set *set, unsigned __int128 first, unsigned __int128 last)
{
	for (;;) {
		unsigned int bits = 128;
		unsigned __int128 size = 1;

		while (bits && !(first & size) && last - first >= 2 * size - 1) {
			size <<= 1;
			bits--;
		}
		if (FW_APPEND(set->prefixes, set->prefix_count,
			      (struct fw_prefix){address_of(first), (unsigned char)bits}))
			return -ENOMEM;
		if (last - first == size - 1)
			return 0;
		first += size;
	}
}

static int parse_range(const char *text, const char *dash, struct fw_set *set, struct fw_err *err)
{
	char first_text[ENTRY_TEXT_MAX];
	struct fw_addr first, last;
	int r;

	snprintf(first_text, sizeof(first_text), "%.*s", (int)(dash - text), text);
	r = fw_addr_parse(first_text, &first, err);
	if (!r)
		r = fw_addr_parse(dash + 1, &last, err);
	if (r)
		return r;
	if (fw_addr_family(&first) != fw_addr_family(&last))
		return fw_err_set(err, -EINVAL, "'%.80s' mixes IPv4 and IPv6", text);
	if (number_of(&first) > number_of(&last))
		return fw_err_set(err, -EINVAL, "'%.80s' ends before it begins", text);
	r = append_range(set, number_of(&first), number_of(&last));
	return r ? fw_err_set(err, r, "out of memory") : 0;
}

int fw_entry_parse(const char *text, struct fw_set *set, struct fw_err *err)
{
	const char *dash = strchr(text, '-');
	struct fw_prefix prefix;
	int r;

	if (strlen(text) >= ENTRY_TEXT_MAX)
		return fw_err_set(err, -EINVAL, "'%.40s...' is too long for an address", text);
	if (dash)
		return parse_range(text, dash, set, err);
	r = fw_prefix_parse(text, &prefix, err);
	if (!r && FW_APPEND(set->prefixes, set->prefix_count, prefix))
		r = fw_err_set(err, -ENOMEM, "out of memory");
	return r;
}

/* Code points up to a byte offset, as a column. */
static int column_of(const char *line, size_t offset)
{
	int column = 1;

	for (size_t i = 0; i < offset; i++)
		column += ((unsigned char)line[i] & 0xc0) != 0x80;
	return column;
}

bool fw_setfile_entry(const char *line, int number, size_t *ret_start, size_t *ret_end)
{
	/* A byte order mark is what Windows editors leave behind. */
	size_t start = number == 1 && !strncmp(line, "\xef\xbb\xbf", 3) ? 3 : 0;

	start += strspn(line + start, SPACES);
	*ret_start = start;
	*ret_end = start + strcspn(line + start, SPACES "#;");
	return *ret_end > start;
}

/* Text behind the entry that is no remark. */
static bool has_more(const char *line, size_t end)
{
	char next = line[end + strspn(line + end, SPACES)];

	return next && next != '#' && next != ';';
}

static void read_line(struct fw_set *set, char *line, size_t length, struct fw_mark mark,
		      struct fw_diags *diags)
{
	struct fw_err err = {0};
	size_t start, end;

	if (strlen(line) != length) {
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "bad-entry", NULL,
			    "the line contains a NUL character");
		return;
	}
	if (!fw_setfile_entry(line, mark.line, &start, &end))
		return;
	mark.column = column_of(line, start);
	mark.end_column = column_of(line, end);
	if (has_more(line, end)) {
		mark.column = column_of(line, end + strspn(line + end, SPACES));
		mark.end_column = 0;
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "bad-entry", "begin a remark with '#'",
			    "one address, prefix or range per line, got more text");
		return;
	}
	line[end] = '\0';
	if (fw_entry_parse(line + start, set, &err))
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "bad-entry", NULL, "%s", err.text);
}

static struct fw_file_stamp stamp_of(const struct stat *status)
{
	return (struct fw_file_stamp){
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = (uint64_t)status->st_size,
		.modified_ns =
			(uint64_t)status->st_mtim.tv_sec * FW_NS_PER_SEC + (uint64_t)status->st_mtim.tv_nsec,
		.changed_ns =
			(uint64_t)status->st_ctim.tv_sec * FW_NS_PER_SEC + (uint64_t)status->st_ctim.tv_nsec,
	};
}

struct fw_file_stamp fw_setfile_stamp(const char *path)
{
	struct stat status;

	return stat(path, &status) ? (struct fw_file_stamp){.error = -errno} : stamp_of(&status);
}

bool fw_file_stamp_same(const struct fw_file_stamp *a, const struct fw_file_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns && a->error == b->error;
}

static int open_regular(const char *path, int *ret, struct fw_file_stamp *ret_stamp)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the agent. */
	FW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	*ret_stamp = stamp_of(&status);
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	if (status.st_size > SETFILE_BYTES_MAX)
		return -EFBIG;
	*ret = TAKE_FD(fd);
	return 0;
}

int fw_setfile_read(struct fw_set *set, struct fw_mark mark, struct fw_diags *diags)
{
	struct fw_mark at = {.file = fw_diags_file(diags, set->file)};
	FW_FCLOSE FILE *file = NULL;
	FW_FREE char *line = NULL;
	size_t capacity = 0;
	ssize_t length;
	int fd = -1, r;

	set->stamp = fw_setfile_stamp(set->file); /* also of what cannot be opened */
	r = open_regular(set->file, &fd, &set->stamp);
	if (r) {
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "set-file",
			    r == -EINVAL ? "it must be a regular file" : NULL,
			    "cannot read set file '%.200s': %s", set->file, strerror(-r));
		return r;
	}
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	while ((length = getline(&line, &capacity, file)) >= 0) {
		at.line++;
		read_line(set, line, (size_t)length, at, diags);
	}
	if (ferror(file)) {
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "set-file", NULL,
			    "reading set file '%.200s' failed", set->file);
		return -EIO;
	}
	return 0;
}

/* Whether the entry of a line holds an address, which goes to the hit. */
static bool line_holds(char *line, int number, const struct fw_addr *addr, struct fw_setfile_hit *hit)
{
	struct fw_set one = {0};
	bool holds = false;
	size_t start, end;

	if (!fw_setfile_entry(line, number, &start, &end) || has_more(line, end))
		return false;
	line[end] = '\0';
	if (!fw_entry_parse(line + start, &one, NULL))
		for (size_t i = 0; i < one.prefix_count && !holds; i++)
			holds = fw_prefix_contains(&one.prefixes[i], addr);
	free(one.prefixes);
	hit->line = number;
	snprintf(hit->text, sizeof(hit->text), "%s", line + start);
	return holds;
}

int fw_setfile_find(const char *path, const struct fw_addr *addr, struct fw_setfile_hit *hits,
		    unsigned int most)
{
	struct fw_file_stamp stamp;
	FW_FCLOSE FILE *file = NULL;
	FW_FREE char *line = NULL;
	size_t capacity = 0;
	unsigned int count = 0;
	int fd = -1, r = open_regular(path, &fd, &stamp);

	if (r)
		return r;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	for (int number = 1; count < most && getline(&line, &capacity, file) >= 0; number++)
		count += line_holds(line, number, addr, &hits[count]);
	return ferror(file) ? -EIO : (int)count;
}
