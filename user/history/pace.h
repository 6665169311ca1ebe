/* SPDX-License-Identifier: Apache-2.0 */
/* When what was gathered is written, and whether the wall clock can be believed: pure, both clocks are given.
 */
#ifndef FW_HISTORY_PACE_H
#define FW_HISTORY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define FW_PACE_JUMP_S	 60   /* between two looks: the clock was set, not steered */
#define FW_PACE_SETTLE_S 3600 /* so long after a jump nothing is deleted for its age */

struct fw_pace {
	int64_t step;	       /* Unix time at which the ten seconds being gathered began */
	uint64_t at_ns;	       /* monotonic time of the last look, 0: there was none */
	int64_t offset_ms;     /* wall less monotonic clock, then */
	uint64_t covered_ns;   /* of the step, as far as it was watched */
	uint64_t jumped_at_ns; /* monotonic, 0: never */
};

struct fw_pace_look {
	int64_t second; /* Unix time of the second that just passed */
	bool ended;	/* it belongs to another step than the look before: write that one first */
	int64_t ended_step;
	uint32_t ended_seconds; /* watched of it, at most 10 */
	int64_t jump_s;		/* how far the wall clock was set since the last look, 0: it was not */
	bool settled;		/* what is old by this clock is old */
};

/* Look about once a second. */
void fw_pace_look(struct fw_pace *pace, uint64_t monotonic_ns, uint64_t wall_ns, struct fw_pace_look *ret);

#endif
