/* SPDX-License-Identifier: Apache-2.0 */
/* Deep copies of rules. */
#ifndef FW_POLICY_COPY_H
#define FW_POLICY_COPY_H

#include "policy/policy.h"

/* Everything in *ret is its own; -ENOMEM with nothing in it. */
int fw_policy_rule_copy(const struct fw_policy_rule *rule, struct fw_policy_rule *ret);
int fw_set_refs_copy(const struct fw_set_refs *refs, struct fw_set_refs *ret);

#endif
