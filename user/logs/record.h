/* SPDX-License-Identifier: Apache-2.0 */
/* What agent and log worker send each other over a SOCK_SEQPACKET pair: records of one size, checked before
 * use. */
#ifndef FW_LOGS_RECORD_H
#define FW_LOGS_RECORD_H

#include "fw_types.h"
#include "policy/policy.h"

/* Agent to worker, with a descriptor each. */
enum fw_log_order_kind {
	FW_LOG_ORDER_JOB, /* a memfd with the text of a job (job.h): replaces the one before, all inputs go */
	FW_LOG_ORDER_INPUT, /* of log number `log`; the one before is read to its end */
	FW_LOG_ORDER_KEYS,  /* a memfd for keys of rule id `log` (struct fw_log_listed), all that have room */
};
enum fw_log_input { FW_LOG_INPUT_FILE, FW_LOG_INPUT_PIPE, FW_LOG_INPUT_DATAGRAMS };
struct fw_log_order {
	uint32_t kind;
	uint32_t log;
	uint32_t input;
	uint32_t job;	 /* number of the job that log numbers and rule ids belong to */
	uint32_t serial; /* of FW_LOG_ORDER_KEYS, which comes back */
};

/* A key as it is written into that memfd. */
struct fw_log_listed {
	struct fw_addr addr;
	uint64_t amount; /* trailing, now */
};

enum fw_log_record_kind {
	FW_LOG_OFFENCE, /* rule, client, values[AMOUNT], values[LASTS_NS] */
	FW_LOG_LINES,	/* log, values[enum fw_log_count]: since the record before */
	FW_LOG_MATCHES, /* rule, values[MATCHED], values[OVER] since the record before, values[KEYS,
			   KEYS_OVER] now */
	FW_LOG_LISTED,	/* rule, values[SERIAL], values[WRITTEN] */
	FW_LOG_ENDED,	/* log: a pipe ended, who wrote it is gone */
	FW_LOG_RECORD_MAX_,
};
enum fw_log_offence_value { FW_LOG_AMOUNT, FW_LOG_LASTS_NS };
enum fw_log_match_value { FW_LOG_MATCHED, FW_LOG_OVER, FW_LOG_KEYS, FW_LOG_KEYS_OVER };
enum fw_log_listed_value { FW_LOG_SERIAL, FW_LOG_WRITTEN };

/* X(id, word): counters of a log. */
#define FW_LOG_COUNTS(X)                                                                                     \
	X(LINES, "lines")	    /* all */                                                                \
	X(UNPARSED, "unparsed")	    /* not in the log's format */                                            \
	X(OVERLONG, "overlong")	    /* cut at FW_LOG_LINE_MAX */                                             \
	X(GIVEN_UP, "given_up")	    /* the regex reached its limits */                                       \
	X(NO_CLIENT, "no_client")   /* from a trusted proxy that names nobody */                             \
	X(MATCHED, "matches")	    /* some rule counted it */                                               \
	X(OFFENCES, "offences")	    /* records of kind FW_LOG_OFFENCE */                                     \
	X(TRUNCATED, "truncations") /* the file became shorter: read from its start */                       \
	X(EVICTED, "evicted")	    /* a meter had to go for a new one */

enum fw_log_count {
#define X(id, word) FW_LOG_COUNT_##id,
	FW_LOG_COUNTS(X)
#undef X
		FW_LOG_COUNT_MAX_,
};

#define FW_LOG_VALUES 9

struct fw_log_record {
	uint32_t kind; /* enum fw_log_record_kind */
	uint32_t job;
	uint16_t rule; /* id */
	uint16_t log;
	uint32_t pad;
	struct fw_addr client;
	uint64_t values[FW_LOG_VALUES];
};
_Static_assert((int)FW_LOG_COUNT_MAX_ <= FW_LOG_VALUES, "counters do not fit a record");

/* Sends an order with a descriptor, or a record without (fd -1). Never blocks: -EAGAIN when the peer is
 * behind. */
int fw_log_send(int socket, const void *data, size_t size, int fd);
/* Receives exactly `size` bytes: 1, and *ret_fd (may be NULL: descriptors are closed) or -1. 0: nothing
 * there. -EPIPE: the end. -EPROTO: another size. */
int fw_log_receive(int socket, void *data, size_t size, int *ret_fd);

#endif
