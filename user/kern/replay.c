// SPDX-License-Identifier: Apache-2.0
/* BPF_PROG_TEST_RUN with a clock of our own: one frame, one verdict, no interface. */
#include "kern/replay.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kern/instance.h"
#include "lib/cleanup.h"

/* A test run gives a program without frags one page less headroom and tail, whatever the frame. */
#define PLAIN_FRAME_MAX 3400
#define FRAME_MIN	14

struct fw_runner {
	struct fw_datapath *datapath;
	int plain_fd, frags_fd; /* the frags program is loaded when the first long frame comes */
	bool always_frags;
	cpu_set_t before;
	void *kept;
	uint32_t kept_size, *kept_length;
};

/* Per-CPU state must not split over CPUs, or a replay would not repeat itself. */
static int stay_on_one_cpu(struct fw_runner *runner, struct fw_err *err)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	if (sched_getaffinity(0, sizeof(runner->before), &runner->before) ||
	    sched_setaffinity(0, sizeof(one), &one))
		return fw_err_set(err, -errno, "cannot stay on one CPU: %s", strerror(errno));
	return 0;
}

void fw_runner_close(struct fw_runner *runner)
{
	if (!runner)
		return;
	sched_setaffinity(0, sizeof(runner->before), &runner->before);
	fw_cleanup_close(&runner->plain_fd);
	fw_cleanup_close(&runner->frags_fd);
	free(runner);
}

int fw_runner_open(struct fw_datapath *datapath, bool frags, struct fw_runner **ret, struct fw_err *err)
{
	struct fw_runner *runner;
	int r;

	if (!datapath->config.virtual_clock || !datapath->config.trace)
		return fw_err_set(err, -EINVAL, "replay needs maps opened with a virtual clock and trace");
	runner = calloc(1, sizeof(*runner));
	if (!runner)
		return fw_err_set(err, -ENOMEM, "out of memory");
	runner->datapath = datapath;
	runner->always_frags = frags;
	runner->plain_fd = runner->frags_fd = -1;
	r = stay_on_one_cpu(runner, err);
	if (!r)
		r = fw_datapath_load_program(datapath, 0, frags,
					     frags ? &runner->frags_fd : &runner->plain_fd, err);
	if (r) {
		fw_runner_close(runner);
		return r;
	}
	*ret = runner;
	return 0;
}

static int program_for(struct fw_runner *runner, uint32_t length, int *ret_fd, struct fw_err *err)
{
	int r = 0;

	if (!runner->always_frags && length <= PLAIN_FRAME_MAX) {
		*ret_fd = runner->plain_fd;
		return 0;
	}
	if (runner->frags_fd < 0)
		r = fw_datapath_load_program(runner->datapath, 0, true, &runner->frags_fd, err);
	*ret_fd = runner->frags_fd;
	return r;
}

void fw_runner_keep(struct fw_runner *runner, void *frame, uint32_t size, uint32_t *length)
{
	runner->kept = frame;
	runner->kept_size = size;
	runner->kept_length = length;
}

int fw_runner_run(struct fw_runner *runner, uint64_t now_ns, const void *frame, uint32_t length,
		  uint32_t *ret_action, struct fw_trace *ret_trace, struct fw_err *err)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length, .repeat = 1);
	int fd, r;

	if (length < FRAME_MIN)
		return fw_err_set(err, -EINVAL,
				  "a frame of %u bytes has no Ethernet header; expected at least %d", length,
				  FRAME_MIN);
	r = program_for(runner, length, &fd, err);
	if (r)
		return r;
	__atomic_store_n(runner->datapath->clock, now_ns, __ATOMIC_RELAXED);
	runner->datapath->trace->reason = FW_REASON_UNDECIDED;
	opts.data_out = runner->kept;
	opts.data_size_out = runner->kept_size;
	r = bpf_prog_test_run_opts(fd, &opts);
	if (r)
		return fw_err_set(err, r,
				  "the kernel did not run the packet program on a frame of %u bytes: %s",
				  length, strerror(-r));
	*ret_action = opts.retval;
	if (runner->kept_length)
		*runner->kept_length = opts.data_size_out;
	if (ret_trace)
		*ret_trace = *runner->datapath->trace;
	return 0;
}
