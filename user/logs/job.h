/* SPDX-License-Identifier: Apache-2.0 */
/* A log worker's job: the logs and rules of one policy, as JSON on the way from the agent to the worker. */
#ifndef FW_LOGS_JOB_H
#define FW_LOGS_JOB_H

#include "logs/client.h"
#include "policy/image.h"

#define FW_LOG_JOB_MAX (64u << 20)

struct fw_log_job_log {
	char *name;
	enum fw_log_source source;
	enum fw_log_format format;
	char *regex;
	char *fields[FW_LOG_FIELD_MAX_];
	struct fw_log_trust trust;
};

/* What a line says must be one of each, where there are any, and none of its opposites. */
struct fw_log_job_part {
	struct fw_uri_tests uri, uri_not;
	struct fw_names method, method_not, host, host_not;
	struct fw_ranges status, status_not;
};

struct fw_log_job_rule {
	uint16_t id;
	char name[FW_NAME_MAX];
	unsigned int log; /* index */
	uint64_t limit;
	uint32_t sub_us;	      /* length of a sub-window, as compiled for the packet path */
	uint8_t cell_shift;	      /* likewise */
	uint8_t bits[FW_FAMILY_MAX_]; /* of the key, in the 128-bit space */
	bool leases;		      /* without a ban of its own: told again as its window grows */
	bool ends;		      /* over its limit, it keeps lines from later rules */
	struct fw_log_job_part always;
	/* Beside it all parts of some alternative must take the line; without any, none is asked. */
	struct fw_log_job_part *parts;
	size_t part_count;
	struct fw_alternative *alternatives;
	size_t alternative_count;
};

struct fw_log_job {
	struct fw_log_job_log *logs;
	size_t log_count;
	struct fw_log_job_rule *rules;
	size_t rule_count;
	uint32_t clients; /* meters at most, a power of two */
};

/* The caller frees *ret. -ENOMEM. */
int fw_log_job_encode(const struct fw_policy *policy, const struct fw_image *image, char **ret);
/* -EINVAL: not what encode wrote. */
int fw_log_job_decode(const char *text, size_t length, struct fw_log_job *ret);
void fw_log_job_done(struct fw_log_job *job);

#endif
