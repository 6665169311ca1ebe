// SPDX-License-Identifier: Apache-2.0
/* --save on a policy of any layout: what loaded before must load afterwards, and hold the new value. First
 * line: KEY=VALUE. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "we");
	bool good = file && fwrite(data, 1, size, file) == size;

	return file && !fclose(file) && good;
}

static struct fw_policy *load(const char *path, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;

	return fw_policy_load(path, diags, &policy) ? NULL : policy;
}

/* The text of one limit before and after: tune on the model and tune in the file must agree. */
static void compare(struct fw_policy *before, const char *path, const char *key, const char *value)
{
	struct fw_diags diags = {0};
	struct fw_policy *after = load(path, &diags);
	const char *rule = before->rules[0].name;
	struct fw_err err = {0};

	assert(after && after->rule_count == before->rule_count);
	if (!fw_policy_tune(before, rule, key, value, &err)) {
		char a[128], b[128];

		assert(!strcmp(fw_limit_format(&before->rules[0].limit, a, sizeof(a)),
			       fw_limit_format(&after->rules[0].limit, b, sizeof(b))));
		assert(before->rules[0].action == after->rules[0].action);
	}
	fw_policy_free(after);
	fw_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = memchr(data, '\n', size);
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_err err = {0};
	char path[64];
	FW_FREE char *change = newline ? strndup((const char *)data, (size_t)(newline - data)) : NULL;
	char *value = change ? strchr(change, '=') : NULL;

	if (!value)
		return 0;
	*value++ = '\0';
	snprintf(path, sizeof(path), "/tmp/fw-fuzz-save-%d.yaml", (int)getpid());
	if (!write_file(path, newline + 1, size - (size_t)(newline + 1 - data)))
		return 0;
	policy = load(path, &diags);
	if (policy && policy->rule_count &&
	    !fw_policy_save_tune(path, policy->rules[0].name, change, value, &err))
		compare(policy, path, change, value);
	unlink(path);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return 0;
}
