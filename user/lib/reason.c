// SPDX-License-Identifier: Apache-2.0
/* Reasons and faults as tables. */
#include "lib/reason.h"

const struct fw_reason_facts *fw_reason_facts(unsigned int reason)
{
	enum { BY_NONE = false, BY_RULE = true };
	static const struct fw_reason_facts unknown = {.word = "unknown",
						       .help = "no reason of this version"};
	static const struct fw_reason_facts reasons[FW_REASON_MAX_] = {
#define X(id, verdict, by, text, meaning)                                                                    \
	[FW_REASON_##id] = {                                                                                 \
		.word = (text), .help = (meaning), .action = FW_REASON_IS_##verdict, .by_rule = BY_##by},
		FW_REASONS(X)
#undef X
	};

	return reason < FW_REASON_MAX_ ? &reasons[reason] : &unknown;
}

const struct fw_fault_facts *fw_fault_facts(enum fw_fault fault)
{
	static const struct fw_fault_facts faults[FW_FAULT_MAX_] = {
#define X(id, text, meaning) [FW_FAULT_##id] = {.word = (text), .help = (meaning)},
		FW_FAULTS(X)
#undef X
	};

	return &faults[fault];
}
