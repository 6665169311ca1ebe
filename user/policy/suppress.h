/* SPDX-License-Identifier: Apache-2.0 */
/* When a suppression holds, and for which findings. Pure: who is in a set is the caller's knowledge. */
#ifndef FW_POLICY_SUPPRESS_H
#define FW_POLICY_SUPPRESS_H

#include <time.h>

#include "policy/policy.h"

/* By its window, its days and its end, at a local time. */
bool fw_suppression_holds_at(const struct fw_suppression *suppression, const struct tm *now);
bool fw_suppression_is_over(const struct fw_suppression *suppression, const struct tm *now);
/* Whether it is about findings of this type and rule; rule is NULL when the finding names none. Not asked:
 * its sources and its time. */
bool fw_suppression_is_about(const struct fw_suppression *suppression, const char *type, const char *rule);
/* One line for people: "rule login, source office, 02:00 to 04:00 on sat, sun, until 2027-01-31". */
const char *fw_suppression_format(const struct fw_policy *policy, const struct fw_suppression *suppression,
				  char *buffer, size_t size);

#endif
