/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the real packet program on one packet after another with a clock of its own: behind replay, explain
 * tests and prog tests. */
#ifndef FW_KERN_REPLAY_H
#define FW_KERN_REPLAY_H

#include "fw_config.h"
#include "kern/datapath.h"

struct fw_runner;

/* datapath must have been opened with virtual_clock and trace. Pins the calling thread to one CPU. */
int fw_runner_open(struct fw_datapath *datapath, bool frags, struct fw_runner **ret, struct fw_err *err);
void fw_runner_close(struct fw_runner *runner);
/* Where fw_runner_run leaves the frame as the program left it, with its length in *length. */
void fw_runner_keep(struct fw_runner *runner, void *frame, uint32_t size, uint32_t *length);
/* frame: Ethernet, 14 … 9000 bytes (longer only with frags). Sets the virtual clock, runs once. action is
 * XDP_*. */
int fw_runner_run(struct fw_runner *runner, uint64_t now_ns, const void *frame, uint32_t length,
		  uint32_t *ret_action, struct fw_trace *ret_trace, struct fw_err *err);

#endif
