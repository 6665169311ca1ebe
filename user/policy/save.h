/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the writers: replacing a file as a whole. */
#ifndef FW_POLICY_SAVE_H
#define FW_POLICY_SAVE_H

#include "lib/err.h"
#include "policy/edit.h"
#include "policy/policy.h"

/* New contents by rename, mode kept, through symbolic links; the old file stays on any error. */
int fw_file_replace(const char *path, const struct fw_text *text, struct fw_err *err);

#endif
