/* SPDX-License-Identifier: Apache-2.0 */
/* Lines against rules: who is counted where, and which offences the agent hears of. */
#ifndef FW_LOGS_JUDGE_H
#define FW_LOGS_JUDGE_H

#include "logs/job.h"
#include "logs/meters.h"
#include "logs/record.h"

/* Sends one record; false: not now, which leaves the offence for the client's next line. */
typedef bool fw_log_teller(void *context, const struct fw_log_record *record);

struct fw_log_rule_totals {
	uint64_t matched, over; /* since they were last told */
	uint64_t keys;		/* meters in the table */
	uint64_t keys_over;	/* as of the last whole look */
	uint64_t told_keys, told_keys_over;
};

struct fw_log_judge {
	const struct fw_log_job *job; /* borrowed; NULL before the first */
	uint32_t job_number;
	struct fw_log_meters *meters;
	char names[FW_RULE_IDS][FW_NAME_MAX]; /* whose the ids are */
	uint16_t epochs[FW_RULE_IDS];
	uint8_t shifts[FW_RULE_IDS];
	struct fw_log_rule_totals totals[FW_RULE_IDS];
	struct fw_log_look {
		uint32_t at; /* number of the next meter */
		uint64_t over[FW_RULE_IDS];
	} look;
	char *path; /* scratch: FW_LOG_LINE_MAX + 2 */
	fw_log_teller *tell;
	void *context;
};

int fw_log_judge_init(struct fw_log_judge *judge, uint32_t keys, uint64_t seed, fw_log_teller *tell,
		      void *context);
void fw_log_judge_done(struct fw_log_judge *judge);
/* Another number of meters: they begin anew. -ENOMEM: the old number stays. */
int fw_log_judge_resize(struct fw_log_judge *judge, uint32_t keys, uint64_t seed);
/* Meters of rules that keep name and id go on, whatever else of them changed. */
void fw_log_judge_set_job(struct fw_log_judge *judge, const struct fw_log_job *job, uint32_t number);
/* counts: of the log, [FW_LOG_COUNT_MAX_]. now_ns: when the line arrived, monotonic. */
void fw_log_judge_event(struct fw_log_judge *judge, unsigned int log, const struct fw_log_event *event,
			uint64_t now_ns, uint64_t *counts);

/* Looks at a part of the meters; ->keys_over is as of when all had their turn, which takes some ten calls at
 * most. */
void fw_log_judge_look(struct fw_log_judge *judge, uint64_t now_ns);
/* The keys of a rule, at most `room` of them; returns how many. */
size_t fw_log_judge_list(const struct fw_log_judge *judge, uint16_t rule, uint64_t now_ns,
			 struct fw_log_listed *keys, size_t room);

/* path: in normal form and lower case (lib/uri.h), as tests are from the policy. */
bool fw_log_uri_matches(const struct fw_uri_tests *tests, const char *path, size_t length);

#endif
