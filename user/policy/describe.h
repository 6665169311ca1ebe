/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a policy in the words of its language, for plan and for saving. */
#ifndef FW_POLICY_DESCRIBE_H
#define FW_POLICY_DESCRIBE_H

#include "policy/policy.h"

/* What of a rule can be written down by itself, in the order of the keys. */
enum fw_aspect {
	FW_ASPECT_MODE,
	FW_ASPECT_MATCH,
	FW_ASPECT_LIMIT,
	FW_ASPECT_PER,
	FW_ASPECT_ACTION,
	FW_ASPECT_BAN,
	FW_ASPECT_LABELS,
	FW_ASPECT_FORCE,
	FW_ASPECT_MAX_,
};

const char *fw_aspect_key(enum fw_aspect aspect); /* "limit" */
/* As it stands in a policy file, "none" where it is the default. Caller frees; NULL: out of memory. */
char *fw_aspect_text(const struct fw_policy *policy, const struct fw_policy_rule *rule,
		     enum fw_aspect aspect);
/* The same for one match, and for one of a rule's alternatives. */
char *fw_match_text(const struct fw_policy *policy, const struct fw_match *match);
char *fw_alternative_text(const struct fw_policy *policy, const struct fw_policy_rule *rule, size_t index);

#endif
