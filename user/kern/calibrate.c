// SPDX-License-Identifier: Apache-2.0
/* Measures the tick instead of trusting a kernel config file: both clocks are read together, around a few
 * edges. */
#include "kern/calibrate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "clock.skel.h"
#include "kern/program.h"
#include "lib/clock.h"

#define EDGES	      3
#define MEASURE_TICKS 50
/* Without an edge, before the kernel is taken for one that does not tick. Both: on a busy machine this
 * process may be away for a second, and has read nothing meanwhile. */
#define PATIENCE_NS    (2 * FW_NS_PER_SEC)
#define PATIENCE_READS 100000

struct reading {
	uint64_t jiffies, monotonic_ns;
};

static int read_clocks(int fd, struct reading *reading)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = reading, .ctx_size_in = sizeof(*reading));

	return bpf_prog_test_run_opts(fd, &opts);
}

/* CLOCK_MONOTONIC_COARSE is advanced by the same tick, and its resolution is exact where a measurement is
 * not. */
static uint64_t coarse_tick_ns(void)
{
	struct timespec resolution;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution))
		return 0;
	return (uint64_t)resolution.tv_sec * FW_NS_PER_SEC + (uint64_t)resolution.tv_nsec;
}

/* An edge is seen from one reading to the next: after a pause nobody knows how late a reading is. */
static int wait_for_edges(int fd, unsigned int edges, struct reading *first, struct reading *last)
{
	uint64_t since = fw_monotonic_ns(), reads = 0;
	struct reading before, now;
	bool seen = false;
	int r = read_clocks(fd, &before);

	while (!r) {
		r = read_clocks(fd, &now);
		if (!r && now.jiffies == before.jiffies + 1) {
			if (!seen)
				*first = now;
			seen = true;
			*last = now;
			if (now.jiffies - first->jiffies >= edges)
				return 0;
			since = fw_monotonic_ns();
			reads = 0;
		}
		before = now;
		if (++reads > PATIENCE_READS && fw_monotonic_ns() - since > PATIENCE_NS)
			return -ETIME;
	}
	return r;
}

static int measure(int fd, uint64_t *ret_tick_ns, int64_t *ret_offset_ns, struct fw_err *err)
{
	struct reading first, last;
	uint64_t tick = coarse_tick_ns(), measured;
	int r = wait_for_edges(fd, EDGES, &first, &last);

	if (!r) {
		measured = (last.monotonic_ns - first.monotonic_ns) / (last.jiffies - first.jiffies);
		if (tick < measured / 2 || tick > measured * 2) { /* not the tick after all */
			r = wait_for_edges(fd, MEASURE_TICKS, &first, &last);
			tick = (last.monotonic_ns - first.monotonic_ns) / (last.jiffies - first.jiffies);
		}
	}
	if (r || !tick)
		return fw_err_set(err, r ? r : -ETIME,
				  "the kernel's tick could not be measured (%s): no clock for limits and "
				  "bans",
				  strerror(r ? -r : ETIME));
	/* A late reading makes the difference larger, never smaller: the smaller one is nearer to the edge.
	 */
	*ret_tick_ns = tick;
	*ret_offset_ns = (int64_t)(first.monotonic_ns - first.jiffies * tick);
	if ((int64_t)(last.monotonic_ns - last.jiffies * tick) < *ret_offset_ns)
		*ret_offset_ns = (int64_t)(last.monotonic_ns - last.jiffies * tick);
	return 0;
}

int fw_calibrate(uint64_t *ret_tick_ns, int64_t *ret_offset_ns, struct fw_err *err)
{
	struct clock_bpf *skeleton = clock_bpf__open_and_load();
	int r;

	if (!skeleton)
		return fw_program_refused(-errno, "load the program that reads the clocks", NULL, err);
	r = measure(bpf_program__fd(skeleton->progs.fw_clock_read), ret_tick_ns, ret_offset_ns, err);
	clock_bpf__destroy(skeleton);
	return r;
}
