/* SPDX-License-Identifier: Apache-2.0 */
/* What a line of a log says, whatever its format. Spans point into the line, which readers decode in place.
 */
#ifndef FW_LOGS_EVENT_H
#define FW_LOGS_EVENT_H

#include "policy/log_regex.h"

#define FW_LOG_LINE_MAX 65536 /* bytes that are considered; what comes behind is cut off */

struct fw_log_event {
	struct fw_log_span fields[FW_LOG_FIELD_MAX_]; /* the client as written: the peer */
	unsigned int status;			      /* 0: not said */
	bool has_client;
	struct fw_addr client; /* whom to count; without has_client nobody: a proxy that names no client */
};

#endif
