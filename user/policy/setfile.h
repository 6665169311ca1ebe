/* SPDX-License-Identifier: Apache-2.0 */
/* Members of sets as text: addresses, prefixes and ranges, one by one or a file full of them. */
#ifndef FW_POLICY_SETFILE_H
#define FW_POLICY_SETFILE_H

#include "policy/policy.h"

/* Appends what "192.0.2.0/24", "2001:db8::1" or "192.0.2.4-192.0.2.9" stand for; a range becomes prefixes. */
int fw_entry_parse(const char *text, struct fw_set *set, struct fw_err *err);
/* Where the entry of a line stands, lines counted from 1; false when there is none. */
bool fw_setfile_entry(const char *line, int number, size_t *ret_start, size_t *ret_end);
/* Appends all lines of set->file; bad lines are errors at their place. `mark` is where the policy names the
 * file. */
int fw_setfile_read(struct fw_set *set, struct fw_mark mark, struct fw_diags *diags);
/* What the path leads to now; an error is part of the stamp. */
struct fw_file_stamp fw_setfile_stamp(const char *path);
bool fw_file_stamp_same(const struct fw_file_stamp *a, const struct fw_file_stamp *b);

/* A line of a set file that holds an address. */
struct fw_setfile_hit {
	int line;
	char text[FW_ADDR_TEXT_MAX * 2]; /* the entry as it stands there, a range too */
};
/* The lines of a file that hold an address, at most `most` of them; bad lines hold nothing. Returns how many,
 * or -errno when the file cannot be read. Reads the whole file: for explanations. */
int fw_setfile_find(const char *path, const struct fw_addr *addr, struct fw_setfile_hit *hits,
		    unsigned int most);

#endif
