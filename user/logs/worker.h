/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's life: orders in, lines read and judged, records out. */
#ifndef FW_LOGS_WORKER_H
#define FW_LOGS_WORKER_H

#include "lib/err.h"

#define FW_LOG_WORKER_FD 3 /* its end of the socket pair */

/* No core dumps, bounded memory and descriptors. The user was changed by whoever started it. */
int fw_log_worker_limits(struct fw_err *err);
/* Until the agent is gone: 0. -ENOMEM and the like with text. */
int fw_log_worker_run(int socket, struct fw_err *err);

#endif
