/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot as Prometheus text (version 0.0.4). Pure. */
#ifndef FW_OBSERVE_METRICS_H
#define FW_OBSERVE_METRICS_H

#include <stdio.h>

#include "observe/snapshot.h"

#define FW_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

void fw_metrics_write(const struct fw_snapshot *snapshot, FILE *out);

#endif
