/* SPDX-License-Identifier: Apache-2.0 */
/* What the writers of metrics share: families and samples in the text format, and each other. */
#ifndef FW_OBSERVE_METRICS_TEXT_H
#define FW_OBSERVE_METRICS_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "observe/snapshot.h"

void fw_metric_family(FILE *out, const char *name, const char *type, const char *help);
/* One sample; labels are pairs of name and value, ended by NULL. */
void fw_metric_sample(FILE *out, const char *name, double value, ...) __attribute__((sentinel));
/* A family of one sample without labels. */
void fw_metric_single(FILE *out, const char *name, const char *type, const char *help, double value);
double fw_metric_seconds(uint64_t ns);

/* Interfaces, rules, signatures, bans and challenges. */
void fw_metrics_write_traffic(const struct fw_snapshot *snapshot, FILE *out);
void fw_metrics_write_signatures(const struct fw_snapshot *snapshot, FILE *out);
/* Sets and feeds. */
void fw_metrics_write_lists(const struct fw_snapshot *snapshot, FILE *out);
/* Maps, faults, and who was given a meter. */
void fw_metrics_write_state(const struct fw_snapshot *snapshot, FILE *out);

#endif
