/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a policy file's bytes, shared by the loader and by what edits the file. */
#ifndef FW_POLICY_FILE_H
#define FW_POLICY_FILE_H

#include <stddef.h>

#define FW_CONFIG_DEFAULT "/etc/floodwall/floodwall.yaml" /* where the agent begins */

/* The first FW_TREE_BYTES_MAX + 1 bytes, so that a larger file shows. Caller frees. -ENOENT, -EACCES,
 * -EISDIR, … */
int fw_file_read(const char *path, char **ret_text, size_t *ret_length);

#endif
