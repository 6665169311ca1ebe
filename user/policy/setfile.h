/* SPDX-License-Identifier: Apache-2.0 */
/* Members of sets as text: addresses, prefixes and ranges, one by one or a file full of them. */
#ifndef FW_POLICY_SETFILE_H
#define FW_POLICY_SETFILE_H

#include "policy/policy.h"

/* Appends what "192.0.2.0/24", "2001:db8::1" or "192.0.2.4-192.0.2.9" stand for; a range becomes prefixes. */
int fw_entry_parse(const char *text, struct fw_set *set, struct fw_err *err);
/* Appends all lines of set->file; bad lines are errors at their place. `mark` is where the policy names the
 * file. */
int fw_setfile_read(struct fw_set *set, struct fw_mark mark, struct fw_diags *diags);

#endif
