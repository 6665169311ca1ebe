// SPDX-License-Identifier: Apache-2.0
#include "agent/errand.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

void fw_errands_init(struct fw_errands *errands, uv_loop_t *loop)
{
	errands->loop = loop;
}

static void run(uv_work_t *work)
{
	struct fw_errand *errand = work->data;

	errand->run(errand);
	atomic_store(&errand->done, true);
}

static void forget(struct fw_errand *errand)
{
	struct fw_errand **at = &errand->errands->first;

	while (*at != errand)
		at = &(*at)->next;
	*at = errand->next;
}

static void on_landed(uv_work_t *work, int status)
{
	struct fw_errand *errand = work->data;

	(void)status; /* who cancels does not run the loop again */
	forget(errand);
	errand->landed(errand);
	errand->under_way = false;
	if (errand->dropped)
		errand->release(errand);
}

int fw_errand_send(struct fw_errands *errands, struct fw_errand *errand)
{
	errand->errands = errands;
	errand->work.data = errand;
	atomic_store(&errand->done, false);
	if (uv_queue_work(errands->loop, &errand->work, run, on_landed))
		return -EAGAIN;
	errand->under_way = true;
	errand->next = errands->first;
	errands->first = errand;
	return 0;
}

void fw_errand_drop(struct fw_errand *errand)
{
	if (!errand)
		return;
	errand->dropped = true;
	if (!errand->under_way)
		errand->release(errand);
}

/* Memory stays: the pool still touches what it has just run. */
void fw_errands_finish(struct fw_errands *errands)
{
	atomic_store(&errands->stop, true);
	for (struct fw_errand *errand = errands->first; errand; errand = errand->next)
		if (uv_cancel((uv_req_t *)&errand->work))
			while (!atomic_load(&errand->done))
				poll(NULL, 0, 1);
}
