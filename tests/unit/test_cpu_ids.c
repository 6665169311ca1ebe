// SPDX-License-Identifier: Apache-2.0
/* Ids of CPUs, gaps included. */
#include <criterion/criterion.h>

#include "kern/cpu_ids.h"

Test(cpu_ids, one_more_than_the_highest_that_is_named)
{
	cr_expect_eq(fw_cpu_ids_of("0\n"), 1);
	cr_expect_eq(fw_cpu_ids_of("0-1\n"), 2);
	cr_expect_eq(fw_cpu_ids_of("0-3,8-11\n"), 12);
	cr_expect_eq(fw_cpu_ids_of("0,64,127"), 128);
	cr_expect_eq(fw_cpu_ids_of("8-11,0-3"), 12);
	cr_expect_eq(fw_cpu_ids_of(""), 0);
	cr_expect_eq(fw_cpu_ids_of("\n"), 0);
	cr_expect_eq(fw_cpu_ids_of("99999999999999999999"), 0, "nobody has so many");
	cr_expect_geq(fw_cpu_ids(), 1);
}
