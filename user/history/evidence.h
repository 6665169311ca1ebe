/* SPDX-License-Identifier: Apache-2.0 */
/* What the history knows of a rule's keys, and the advice that follows from it as a document. */
#ifndef FW_HISTORY_EVIDENCE_H
#define FW_HISTORY_EVIDENCE_H

#include <jansson.h>

#include "history/recommend.h"
#include "history/store.h"

#define FW_HISTORY_EXCLUDED_MAX 32

struct fw_moments {
	int64_t since, until;
};

struct fw_advice_question {
	struct fw_moments span;
	struct fw_moments excluded[FW_HISTORY_EXCLUDED_MAX]; /* besides declared attacks */
	size_t excluded_count;
	bool attacks_too;	      /* declared ones are not left out */
	const char *rule;	      /* NULL: every rule with a limit */
	double buffer;		      /* ≥ 1 */
	const struct fw_prefix *good; /* never_block and allow sets, any order */
	size_t good_count;
	/* Rules with a limit as the policy in force has them; the others are history. NULL: it is not known.
	 */
	const struct fw_history_rule *live;
	size_t live_count;
};

/* The evidence of one rule by the series that was recorded last. -ENOENT: nothing recorded. */
int fw_evidence_load(struct fw_history *history, const struct fw_advice_question *question, const char *rule,
		     struct fw_evidence *ret, struct fw_err *err);
/* Names of rules with a limit in the span, NULL-terminated. Caller frees each and the array. */
int fw_history_rules(struct fw_history *history, const struct fw_moments *span, char ***ret,
		     struct fw_err *err);
void fw_history_rules_free(char **names);
/* What a changed limit would have stopped, as `floodwall plan` shows it: {"rule", "limit", "sources",
 * "would_block", "limit_now", "would_block_now", …}. -ENOENT: nothing was recorded of that rule with that
 * unit, key and window. New reference. */
int fw_history_plan(struct fw_history *history, const struct fw_advice_question *question,
		    const struct fw_history_rule *wanted, json_t **ret, struct fw_err *err);
/* The document of `floodwall recommend`. New reference. */
int fw_advice(struct fw_history *history, const struct fw_advice_question *question, json_t **ret,
	      struct fw_err *err);

#endif
