/* SPDX-License-Identifier: Apache-2.0 */
/* Matches composed with all, any and not, and what they come down to: alternatives of parts. Pure. */
#ifndef FW_POLICY_EXPR_H
#define FW_POLICY_EXPR_H

#include "policy/policy.h"

#define FW_EXPR_DEPTH_MAX 8

enum fw_expr_kind { FW_EXPR_MATCH, FW_EXPR_ALL, FW_EXPR_ANY, FW_EXPR_NOT };

/* MATCH: `match` and no items. ALL of nothing holds, ANY of nothing does not. NOT: none of its items. */
struct fw_expr {
	enum fw_expr_kind kind;
	struct fw_match match;
	struct fw_expr *items;
	size_t count;
};

void fw_expr_done(struct fw_expr *expr);
/* Appends *item, which then belongs to expr. -ENOMEM. */
int fw_expr_add(struct fw_expr *expr, struct fw_expr *item);

/* Fills parts and alternatives of a rule with what the expression comes down to; the matches in it move
 * there. What can never hold is dropped with a warning, what is said twice is kept once. A rule of which
 * nothing is left keeps an alternative that says why. -E2BIG after a complaint, -ENOMEM. */
int fw_rule_compose(const struct fw_policy *policy, struct fw_policy_rule *rule, struct fw_expr *expr,
		    struct fw_diags *diags);

#endif
