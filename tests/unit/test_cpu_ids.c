// SPDX-License-Identifier: Apache-2.0
/* Ids of CPUs, gaps included. */
#include <criterion/criterion.h>
#include <stdint.h>

#include "fw_allowance.h"
#include "fw_cpu.h"
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
	cr_expect_eq(fw_cpu_ids(), fw_cpu_ids_rounded(fw_cpu_ids()));
	cr_expect_eq(fw_cpu_ids_rounded(0), 1);
	cr_expect_eq(fw_cpu_ids_rounded(1), 1);
	cr_expect_eq(fw_cpu_ids_rounded(3), 4);
	cr_expect_eq(fw_cpu_ids_rounded(8), 8);
	cr_expect_eq(fw_cpu_ids_rounded(12), 16);
}

/* The verifier follows no address in a value beyond 512 MiB (BPF_MAX_VAR_OFF). */
Test(cpu_ids, what_all_of_them_have_is_within_reach)
{
	const uint64_t reach = 1ULL << 29;

	for (uint32_t cpus = 1; cpus <= 8192; cpus *= 2) {
		uint32_t lines = fw_allowance_lines(cpus);

		cr_expect_lt((uint64_t)cpus * lines * sizeof(struct fw_allowance_keys), reach, "%u CPUs",
			     cpus);
		cr_expect_lt((uint64_t)cpus * sizeof(struct fw_cpu), reach, "%u CPUs", cpus);
		cr_expect_eq(lines & (lines - 1), 0, "%u CPUs: the packet path masks with it", cpus);
	}
	cr_expect_eq(fw_allowance_lines(1), FW_ALLOWANCE_LINES);
	cr_expect_eq(fw_allowance_lines(64), FW_ALLOWANCE_LINES_MIN);
}
