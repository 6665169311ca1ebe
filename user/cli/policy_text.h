/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file on its way to the agent: its text, and the directory that relative set files mean. */
#ifndef FW_CLI_POLICY_TEXT_H
#define FW_CLI_POLICY_TEXT_H

#include "cli/cli.h"

struct fw_policy_text {
	char *text;
	size_t length;
	char *base_dir; /* absolute */
};

/* Exit code after a reported failure. */
int fw_policy_text_read(struct fw_cli *cli, const char *path, struct fw_policy_text *ret);
void fw_policy_text_done(struct fw_policy_text *policy);
/* {"policy", "name", "base_dir"}; NULL when out of memory or not UTF-8. */
json_t *fw_policy_text_body(const struct fw_policy_text *policy, const char *path);

#endif
