// SPDX-License-Identifier: Apache-2.0
/* Reads once, so that a pipe will do as a policy file. */
#include "cli/policy_text.h"

#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/file.h"

void fw_policy_text_done(struct fw_policy_text *policy)
{
	free(policy->text);
	free(policy->base_dir);
	*policy = (struct fw_policy_text){0};
}

int fw_policy_text_read(struct fw_cli *cli, const char *path, struct fw_policy_text *ret)
{
	struct fw_policy_text policy = {0};
	FW_FREE char *copy = strdup(path);
	int r;

	if (!copy)
		return fw_cli_fail_memory(cli);
	r = fw_file_read(path, &policy.text, &policy.length);
	if (r)
		return fw_cli_fail(cli, FW_EXIT_CONFIG, "unreadable", NULL, "cannot read the policy '%s': %s",
				   path, strerror(-r));
	policy.base_dir = realpath(dirname(copy), NULL);
	if (!policy.base_dir)
		policy.base_dir = strdup("/");
	if (!policy.base_dir) {
		fw_policy_text_done(&policy);
		return fw_cli_fail_memory(cli);
	}
	*ret = policy;
	return FW_EXIT_OK;
}

json_t *fw_policy_text_body(const struct fw_policy_text *policy, const char *path)
{
	json_t *text = json_stringn(policy->text, policy->length);

	return text ? json_pack("{s:o,s:o,s:o}", "policy", text, "name", fw_doc_string(path), "base_dir",
				fw_doc_string(policy->base_dir))
		    : NULL;
}
