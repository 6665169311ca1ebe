/* SPDX-License-Identifier: Apache-2.0 */
/* Logs as the agent sees them: their descriptors, the worker that reads them, and what it reports. */
#ifndef FW_AGENT_LOGS_H
#define FW_AGENT_LOGS_H

#include <jansson.h>
#include <uv.h>

#include "agent/log_keeper.h"
#include "logs/record.h"
#include "observe/snapshot.h"

struct fw_agent;
struct fw_key_stats;

/* Since when rules of a log see nothing, and whether that was said. */
struct fw_blindness {
	uint64_t since_ns;
	bool told;
};

struct fw_log_state {
	char name[64];
	enum fw_log_source source;
	char place[256];
	uint32_t slot, serial; /* of the keeper */
	int fd;		       /* what is read, -1: nothing yet */
	uint64_t retry_ns;     /* when to try again, 0: not waiting */
	unsigned int backoff_ms;
	char error[160]; /* "" while it is read */
	uint64_t counts[FW_LOG_COUNT_MAX_];
	struct fw_blindness unread;
	struct {
		uint64_t lines, unparsed; /* when it was judged last */
		char wrong[96];		  /* "" while most lines are in the log's format */
		struct fw_blindness blind;
	} format;
};

struct fw_log_rule_counts {
	uint64_t matched, over, keys, keys_over;
	uint64_t bans, spared;
};

struct fw_log_worker; /* its socket on the loop */

struct fw_logs {
	int keeper_fd; /* -1: there is none */
	bool usable;
	uv_poll_t keeper;
	uv_timer_t retry;
	struct fw_log_worker *worker; /* NULL: not running */
	pid_t worker_pid;
	bool wanted, starting, warned_full;
	struct fw_blindness idle; /* no worker */
	uint64_t worker_started_ns, worker_retry_ns;
	unsigned int backoff_ms;
	char *job; /* as last written; NULL without logs */
	uint32_t job_number, serial;
	struct fw_log_state logs[FW_LOGS_MAX];
	size_t count;
	struct fw_log_rule_counts rules[FW_RULE_IDS];
};

/* Once the loop and the keeper are there. */
void fw_logs_start(struct fw_agent *agent);
/* The policy in force changed, or its sets did. */
void fw_logs_follow(struct fw_agent *agent);
void fw_logs_stop(struct fw_agent *agent);

/* log_worker.c: the worker's process and its socket. */
void fw_log_worker_want(struct fw_agent *agent, bool wanted);
void fw_log_worker_on_news(struct fw_agent *agent, const struct fw_keeper_news *news, int fd);
void fw_log_worker_tick(struct fw_agent *agent, uint64_t now_ns);
void fw_log_worker_send_job(struct fw_agent *agent);
void fw_log_worker_send_input(struct fw_agent *agent, size_t log);
/* Asks for the keys of a rule, into a memfd (struct fw_log_listed each): FW_LOG_LISTED tells when they are
 * there. -ESRCH: no worker runs. */
int fw_log_worker_ask_keys(struct fw_agent *agent, uint16_t rule, uint32_t serial, int fd);
/* log_offences.c: one record, checked. */
void fw_log_on_record(struct fw_agent *agent, const struct fw_log_record *record);

/* log_blind.c: events about logs whose rules see nothing; twice a second. */
void fw_logs_look(struct fw_agent *agent, uint64_t now_ns);

/* log_report.c */
json_t *fw_logs_to_json(const struct fw_agent *agent, json_t *warnings);
/* What log rules counted, into an array by rule id, and their keys, into one by rule of the policy in force.
 */
void fw_logs_add_counts(const struct fw_agent *agent, struct fw_rule_count *by_id);
void fw_logs_add_keys(const struct fw_agent *agent, struct fw_key_stats *by_rule);
/* Borrowed names; returns how many of FW_LOGS_MAX. */
size_t fw_logs_snapshot(const struct fw_agent *agent, struct fw_log_snapshot logs[FW_LOGS_MAX]);

#endif
