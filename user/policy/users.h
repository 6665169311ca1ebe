/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks for a set: the rules that name it, never_block, and for feeds the rules about tiers. */
#ifndef FW_POLICY_USERS_H
#define FW_POLICY_USERS_H

#include "policy/policy.h"

/* Fills names (borrowed, at most `most`) and returns how many there are; 0: the set changes nothing. */
size_t fw_set_users(const struct fw_policy *policy, unsigned int set, const char **names, size_t most);

#endif
