/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of sources with what came from them, sorted by address: differences, sums, the busiest. */
#ifndef FW_HISTORY_CROWD_H
#define FW_HISTORY_CROWD_H

#include "history/batch.h"

/* Zero-initialise. */
struct fw_crowd {
	struct fw_history_source *items;
	size_t count;
};

void fw_crowd_done(struct fw_crowd *crowd);
void fw_crowd_sort(struct fw_crowd *crowd);
/* What came between two looks at running totals; a source whose totals fell began anew. 0 or -ENOMEM. */
int fw_crowd_grown(const struct fw_crowd *before, const struct fw_crowd *now, struct fw_crowd *ret);
/* Adds up; of more than `most` sources the busier half of it stays. 0 or -ENOMEM, and then *sum is as it was.
 */
int fw_crowd_add(struct fw_crowd *sum, const struct fw_crowd *more, size_t most);
/* At most `most`, those with the most packets, of equals the first; in the crowd's order. 0 or -ENOMEM. */
int fw_crowd_busiest(const struct fw_crowd *crowd, size_t most, struct fw_crowd *ret);

#endif
