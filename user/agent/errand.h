/* SPDX-License-Identifier: Apache-2.0 */
/* Work in a thread of libuv's pool whose owner may lose interest before it is done: it frees itself then. */
#ifndef FW_AGENT_ERRAND_H
#define FW_AGENT_ERRAND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

struct fw_errands {
	uv_loop_t *loop;
	struct fw_errand *first; /* of those under way */
	atomic_bool stop;	 /* the agent ends: whoever can is to give up */
};

/* The first member of what is carried along. */
struct fw_errand {
	void (*run)(struct fw_errand *errand);	   /* in the thread */
	void (*landed)(struct fw_errand *errand);  /* on the loop, dropped or not */
	void (*release)(struct fw_errand *errand); /* frees it, on the loop */

	/* Its own business: */
	uv_work_t work;
	struct fw_errands *errands;
	struct fw_errand *next;
	bool under_way, dropped;
	atomic_bool done;
};

void fw_errands_init(struct fw_errands *errands, uv_loop_t *loop);
/* -EAGAIN: it stays at home. */
int fw_errand_send(struct fw_errands *errands, struct fw_errand *errand);
/* Releases it, now or when it lands. NULL is fine. */
void fw_errand_drop(struct fw_errand *errand);
/* Once the loop has ended: what has not begun never will, the others are waited for. None lands or is
 * released any more. */
void fw_errands_finish(struct fw_errands *errands);

#endif
