// SPDX-License-Identifier: Apache-2.0
/* One loop over the agent's socket and the inputs. */
#include "logs/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "logs/inputs.h"
#include "logs/judge.h"
#include "logs/reader.h"

#define FILES_EVERY_MS	 20 /* how often files are asked for new lines */
#define REPORT_EVERY_NS	 (FW_NS_PER_SEC / 2)
#define MEMORY_BYTES_MAX (1ULL << 30)
#define WRITE_BYTES_MAX	 (1ULL << 20) /* last words, where standard error is a file */
#define DESCRIPTORS_MAX	 128

struct worker {
	int socket;
	struct fw_log_job job;
	uint32_t job_number;
	struct fw_log_reader readers[FW_LOGS_MAX];
	uint64_t counts[FW_LOGS_MAX][FW_LOG_COUNT_MAX_];
	struct fw_inputs inputs;
	struct fw_log_judge judge;
	uint64_t now_ns, reported_ns, seed;
	bool gone; /* the agent */
};

static int limit(int resource, rlim_t value)
{
	const struct rlimit both = {.rlim_cur = value, .rlim_max = value};

	return setrlimit((__rlimit_resource_t)resource, &both) ? -errno : 0;
}

int fw_log_worker_limits(struct fw_err *err)
{
	int r = limit(RLIMIT_CORE, 0);

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is beyond any limit worth having */
	r = r ? r : limit(RLIMIT_AS, MEMORY_BYTES_MAX);
#endif
	r = r ? r : limit(RLIMIT_FSIZE, WRITE_BYTES_MAX);
	r = r ? r : limit(RLIMIT_NPROC, 0);
	r = r ? r : limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
	return r ? fw_err_set(err, r, "cannot limit the log worker: %s", strerror(-r)) : 0;
}

static bool send_record(void *context, const struct fw_log_record *record)
{
	struct worker *worker = context;
	int r = fw_log_send(worker->socket, record, sizeof(*record), -1);

	worker->gone |= r == -EPIPE || r == -ECONNRESET;
	return !r;
}

static void on_line(void *context, unsigned int log, char *line, size_t length, bool cut)
{
	struct worker *worker = context;
	uint64_t *counts = worker->counts[log];
	struct fw_log_event event;
	int r = fw_log_read(&worker->readers[log], line, length, &event);

	counts[FW_LOG_COUNT_LINES]++;
	counts[FW_LOG_COUNT_OVERLONG] += cut;
	counts[FW_LOG_COUNT_UNPARSED] += r == -EPROTO;
	counts[FW_LOG_COUNT_GIVEN_UP] += r == -E2BIG;
	if (r)
		return;
	counts[FW_LOG_COUNT_NO_CLIENT] += !event.has_client;
	if (event.has_client)
		fw_log_judge_event(&worker->judge, log, &event, worker->now_ns, counts);
}

static void on_truncated(void *context, unsigned int log)
{
	((struct worker *)context)->counts[log][FW_LOG_COUNT_TRUNCATED]++;
}

static void on_ended(void *context, unsigned int log)
{
	struct worker *worker = context;
	const struct fw_log_record record = {
		.kind = FW_LOG_ENDED, .job = worker->job_number, .log = (uint16_t)log};

	send_record(worker, &record);
}

static void drop_job(struct worker *worker)
{
	fw_inputs_clear(&worker->inputs);
	for (size_t i = 0; i < worker->job.log_count; i++)
		fw_log_reader_done(&worker->readers[i]);
	fw_log_job_done(&worker->job);
	memset(worker->counts, 0, sizeof(worker->counts));
}

static void report(struct worker *worker);

static int take_job(struct worker *worker, int fd, uint32_t number, struct fw_err *err)
{
	struct stat status;
	char *text;
	int r;

	if (fstat(fd, &status) || status.st_size <= 0 || status.st_size > FW_LOG_JOB_MAX)
		return fw_err_set(err, -EPROTO, "a job without a text");
	text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return fw_err_set(err, -errno, "cannot read a job: %s", strerror(errno));
	report(worker);
	drop_job(worker);
	r = fw_log_job_decode(text, (size_t)status.st_size, &worker->job);
	munmap(text, (size_t)status.st_size);
	if (r)
		return fw_err_set(err, r, "a job that cannot be read");
	for (size_t i = 0; i < worker->job.log_count && !r; i++)
		r = fw_log_reader_init(&worker->readers[i], &worker->job.logs[i], err);
	worker->job_number = number;
	if (!r && fw_log_judge_resize(&worker->judge, worker->job.clients, worker->seed))
		r = fw_err_set(err, -ENOMEM, "no memory for %u meters: lower capacity: {log_clients: N}",
			       worker->job.clients);
	fw_log_judge_set_job(&worker->judge, &worker->job, number);
	return r;
}

/* Into memory that is shared: what a worker may write into files would not suffice. */
static void list_keys(struct worker *worker, int fd, const struct fw_log_order *order)
{
	struct fw_log_record record = {
		.kind = FW_LOG_LISTED, .job = worker->job_number, .rule = (uint16_t)order->log};
	struct fw_log_listed *keys;
	struct stat status;

	record.values[FW_LOG_SERIAL] = order->serial;
	if (fstat(fd, &status) || status.st_size <= 0 || order->log >= FW_RULE_IDS)
		return;
	keys = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (keys == MAP_FAILED)
		return;
	record.values[FW_LOG_WRITTEN] = fw_log_judge_list(&worker->judge, record.rule, worker->now_ns, keys,
							  (size_t)status.st_size / sizeof(*keys));
	munmap(keys, (size_t)status.st_size);
	send_record(worker, &record);
}

static int obey(struct worker *worker, struct fw_err *err)
{
	struct fw_log_order order;
	int fd, r = fw_log_receive(worker->socket, &order, sizeof(order), &fd);

	if (r <= 0)
		return r == -EPROTO ? fw_err_set(err, r, "an order of the wrong size") : r;
	if (fd < 0)
		return fw_err_set(err, -EPROTO, "an order without a descriptor");
	if (order.kind == FW_LOG_ORDER_INPUT && order.job == worker->job_number &&
	    order.log < worker->job.log_count) {
		r = fw_inputs_add(&worker->inputs, fd, order.log, (enum fw_log_input)order.input,
				  worker->now_ns);
		return r ? fw_err_set(err, r, "no memory for an input") : 1;
	}
	if (order.kind == FW_LOG_ORDER_JOB)
		r = take_job(worker, fd, order.job, err);
	if (order.kind == FW_LOG_ORDER_KEYS && order.job == worker->job_number)
		list_keys(worker, fd, &order);
	close(fd);
	return r < 0 ? r : 1;
}

static void report_logs(struct worker *worker)
{
	for (size_t i = 0; i < worker->job.log_count; i++) {
		struct fw_log_record record = {
			.kind = FW_LOG_LINES, .job = worker->job_number, .log = (uint16_t)i};
		bool any = false;

		for (int count = 0; count < FW_LOG_COUNT_MAX_; count++) {
			record.values[count] = worker->counts[i][count];
			any |= record.values[count] != 0;
		}
		if (any && send_record(worker, &record))
			memset(worker->counts[i], 0, sizeof(worker->counts[i]));
	}
}

static void report(struct worker *worker)
{
	report_logs(worker);
	fw_log_judge_look(&worker->judge, worker->now_ns);
	for (size_t i = 0; i < worker->job.rule_count; i++) {
		uint16_t id = worker->job.rules[i].id;
		struct fw_log_rule_totals *totals = &worker->judge.totals[id];
		struct fw_log_record record = {.kind = FW_LOG_MATCHES, .job = worker->job_number, .rule = id};

		if (!totals->matched && totals->keys == totals->told_keys &&
		    totals->keys_over == totals->told_keys_over)
			continue;
		record.values[FW_LOG_MATCHED] = totals->matched;
		record.values[FW_LOG_OVER] = totals->over;
		record.values[FW_LOG_KEYS] = totals->keys;
		record.values[FW_LOG_KEYS_OVER] = totals->keys_over;
		if (!send_record(worker, &record))
			continue;
		totals->matched = totals->over = 0;
		totals->told_keys = totals->keys;
		totals->told_keys_over = totals->keys_over;
	}
	worker->reported_ns = worker->now_ns;
}

/* Until something may be there to do. */
static void rest(struct worker *worker, bool more)
{
	struct pollfd fds[FW_INPUTS_MAX + 1] = {{.fd = worker->socket, .events = POLLIN}};
	nfds_t count = 1;
	int wait_ms = (int)(REPORT_EVERY_NS / 1000000);

	for (size_t i = 0; i < worker->inputs.count; i++) {
		if (worker->inputs.items[i].kind == FW_LOG_INPUT_FILE)
			wait_ms = FILES_EVERY_MS;
		else
			fds[count++] = (struct pollfd){.fd = worker->inputs.items[i].fd, .events = POLLIN};
	}
	poll(fds, count, more ? 0 : wait_ms);
}

static int live(struct worker *worker, struct fw_err *err)
{
	const struct fw_inputs_events events = {
		.line = on_line, .truncated = on_truncated, .ended = on_ended, .context = worker};
	bool more = false;

	for (;;) {
		int r;

		rest(worker, more);
		worker->now_ns = fw_monotonic_ns();
		while ((r = obey(worker, err)) > 0)
			;
		if (r == -EPIPE || worker->gone)
			return 0;
		if (r)
			return r;
		more = worker->job.log_count && fw_inputs_read(&worker->inputs, worker->now_ns, &events);
		if (worker->now_ns - worker->reported_ns >= REPORT_EVERY_NS)
			report(worker);
	}
}

int fw_log_worker_run(int socket, struct fw_err *err)
{
	FW_FREE struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker || getrandom(&worker->seed, sizeof(worker->seed), 0) != sizeof(worker->seed))
		return fw_err_set(err, -ENOMEM, "out of memory");
	worker->socket = socket;
	/* The first job says how many there are to be. */
	r = fw_log_judge_init(&worker->judge, 1, worker->seed, send_record, worker);
	if (r)
		return fw_err_set(err, r, "out of memory");
	r = live(worker, err);
	drop_job(worker);
	fw_log_judge_done(&worker->judge);
	return r;
}
