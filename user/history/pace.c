// SPDX-License-Identifier: Apache-2.0
/* Steps of ten seconds over a clock that people set. */
#include "history/pace.h"

#include "history/batch.h"

#define STEP_NS (FW_HISTORY_SHORT_S * FW_NS_PER_SEC)

static int64_t step_of(int64_t second)
{
	return second - (second % FW_HISTORY_SHORT_S + FW_HISTORY_SHORT_S) % FW_HISTORY_SHORT_S;
}

static void watch_for_jumps(struct fw_pace *pace, uint64_t monotonic_ns, int64_t offset_ms,
			    struct fw_pace_look *look)
{
	int64_t moved = pace->at_ns ? offset_ms - pace->offset_ms : 0;

	pace->offset_ms = offset_ms;
	if (moved <= FW_PACE_JUMP_S * 1000 && moved >= -FW_PACE_JUMP_S * 1000)
		return;
	look->jump_s = moved / 1000;
	pace->jumped_at_ns = monotonic_ns;
}

void fw_pace_look(struct fw_pace *pace, uint64_t monotonic_ns, uint64_t wall_ns, struct fw_pace_look *ret)
{
	int64_t offset_ms = (int64_t)(wall_ns / 1000000) - (int64_t)(monotonic_ns / 1000000), step;
	uint64_t passed = pace->at_ns ? monotonic_ns - pace->at_ns : 0;

	/* What a look finds came in the second before it. */
	*ret = (struct fw_pace_look){.second = (int64_t)((wall_ns - FW_NS_PER_SEC / 2) / FW_NS_PER_SEC)};
	watch_for_jumps(pace, monotonic_ns, offset_ms, ret);
	step = step_of(ret->second);
	if (pace->at_ns && step != pace->step) {
		ret->ended = true;
		ret->ended_step = pace->step;
		ret->ended_seconds = (uint32_t)((pace->covered_ns + FW_NS_PER_SEC / 2) / FW_NS_PER_SEC);
		pace->covered_ns = 0;
	}
	pace->step = step;
	pace->covered_ns += passed;
	if (pace->covered_ns > STEP_NS)
		pace->covered_ns = STEP_NS;
	pace->at_ns = monotonic_ns ? monotonic_ns : 1;
	ret->settled =
		!pace->jumped_at_ns || monotonic_ns - pace->jumped_at_ns >= FW_PACE_SETTLE_S * FW_NS_PER_SEC;
}
