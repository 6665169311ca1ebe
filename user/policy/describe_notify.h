/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to whom, as text that the loader would read back. */
#ifndef FW_POLICY_DESCRIBE_NOTIFY_H
#define FW_POLICY_DESCRIBE_NOTIFY_H

#include "policy/policy.h"

/* "{rule: [blanket], from: \"02:00\", to: \"04:00\"}". The caller frees; NULL: out of memory. */
char *fw_suppression_text(const struct fw_policy *policy, const struct fw_suppression *suppression);

#endif
