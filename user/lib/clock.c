// SPDX-License-Identifier: Apache-2.0
/* The two clocks user space reads. */
#include "lib/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec now = {0};

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

uint64_t fw_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t fw_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}
