// SPDX-License-Identifier: Apache-2.0
/* How often a target is told of a kind of events, and how soon after a failure. Pure. */
#include "agent/notifier.h"
#include "lib/clock.h"

#define BACKOFF_FIRST_NS (2 * FW_NS_PER_SEC)
#define BACKOFF_MAX_NS	 (300 * FW_NS_PER_SEC)

bool fw_notify_budget_take(struct fw_notify_budget *budget, uint64_t rate, uint64_t window_ns,
			   uint64_t now_ns)
{
	bool fresh = !budget->since_ns || now_ns - budget->since_ns >= window_ns;

	/* What was held is told first, so that nothing overtakes it. */
	if (fresh && !budget->held)
		*budget = (struct fw_notify_budget){.since_ns = now_ns};
	if (budget->held || budget->sent >= rate) {
		budget->held++;
		return false;
	}
	budget->sent++;
	return true;
}

uint64_t fw_notify_budget_due(struct fw_notify_budget *budget, uint64_t window_ns, uint64_t now_ns)
{
	uint64_t held = budget->held;

	if (!held || now_ns - budget->since_ns < window_ns)
		return 0;
	*budget = (struct fw_notify_budget){.since_ns = now_ns, .sent = 1};
	return held;
}

uint64_t fw_notify_backoff_ns(unsigned int attempt)
{
	uint64_t wait = BACKOFF_FIRST_NS;

	while (--attempt && wait < BACKOFF_MAX_NS)
		wait *= 4;
	return wait < BACKOFF_MAX_NS ? wait : BACKOFF_MAX_NS;
}
