/* SPDX-License-Identifier: Apache-2.0 */
/* How fast lines are read and judged here. */
#ifndef FW_LOGS_MEASURE_H
#define FW_LOGS_MEASURE_H

#include <stdio.h>

#include "lib/err.h"

/* Lines of fd up to its end, in a format that needs no settings, against one rule on /login and one on every
 * request; one JSON object to out. */
int fw_log_measure(int fd, const char *format, FILE *out, struct fw_err *err);

#endif
