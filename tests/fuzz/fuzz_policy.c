// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a policy: refused with a message or compiled, never a crash, a leak or a hang. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fw_rule_ids ids;
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_plan plan = {0};
	int r = fw_policy_parse((const char *)data, size, "fuzz", "/nonexistent", &diags, &policy);

	/* Refused without a word, or accepted with an error: both would mislead. */
	if (!r != !diags.errors || !r != !!policy)
		abort();
	if (!r && !fw_image_compile(policy, NULL, &ids, &diags, &image)) {
		if (fw_plan_diff(policy, policy, &plan) || plan.count)
			abort();
		fw_plan_done(&plan);
		fw_image_free(image);
	}
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return 0;
}
