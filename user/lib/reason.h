/* SPDX-License-Identifier: Apache-2.0 */
/* What fw_reason.h says of each reason and fault. */
#ifndef FW_LIB_REASON_H
#define FW_LIB_REASON_H

#include <stdbool.h>

#include "fw_reason.h"

/* The columns of FW_REASONS: what becomes of the packet. */
enum fw_reason_action { FW_REASON_IS_PASS, FW_REASON_IS_DROP, FW_REASON_IS_ANSWER };

struct fw_reason_facts {
	const char *word, *help;
	enum fw_reason_action action;
	bool by_rule; /* a rule's own count has it */
};

/* Never NULL: what is no reason is called "unknown" and passes. */
const struct fw_reason_facts *fw_reason_facts(unsigned int reason);

struct fw_fault_facts {
	const char *word, *help;
};

/* A fault that has not come again for so long needs nobody's attention any more: it stays in metrics and
 * JSON. */
#define FW_FAULT_NEWS_SECONDS 600

/* What can go wrong without deciding a packet; fault is below FW_FAULT_MAX_. */
const struct fw_fault_facts *fw_fault_facts(enum fw_fault fault);

#endif
