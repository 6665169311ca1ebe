// SPDX-License-Identifier: Apache-2.0
/* When the bans are written to disk. */
#include <criterion/criterion.h>

#include "agent/leases.h"

/* An agent that has banned many in its time writes the few of now as soon as a new one. */
Test(leases, are_written_the_later_the_more_there_are_now)
{
	struct fw_leases leases = {};
	uint64_t few = fw_leases_save_after_ms(&leases), many;

	cr_expect_leq(few, 1000);
	leases.added[FW_BAN_RULE] = 10000;
	many = fw_leases_save_after_ms(&leases);
	cr_expect_gt(many, 2 * few);
	leases.saved_added = 10000;
	leases.saved_count = 10000;
	cr_expect_eq(fw_leases_save_after_ms(&leases), many);
	leases.saved_count = 0; /* they are over */
	cr_expect_eq(fw_leases_save_after_ms(&leases), few);
	leases.added[FW_BAN_MANUAL] = 1;
	cr_expect_leq(fw_leases_save_after_ms(&leases), few + 1);
	leases.saved_count = SIZE_MAX / 1000000000;
	cr_expect_eq(fw_leases_save_after_ms(&leases), 60000);
}
