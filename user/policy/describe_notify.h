/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to whom, as text that the loader would read back. */
#ifndef FW_POLICY_DESCRIBE_NOTIFY_H
#define FW_POLICY_DESCRIBE_NOTIFY_H

#include "policy/policy.h"

/* "{webhook: \"https://h/x\", events: [ban]}": what stands in the file or differs from what holds without it.
 * masked: of the URL only the host, because many are credentials. The caller frees; NULL: out of memory. */
char *fw_notify_target_text(const struct fw_notify_target *target, bool masked);
/* "https://h/…" */
void fw_url_mask(const char *url, char *buffer, size_t size);
/* "{rule: [blanket], from: \"02:00\", to: \"04:00\"}". The caller frees; NULL: out of memory. */
char *fw_suppression_text(const struct fw_policy *policy, const struct fw_suppression *suppression);

#endif
