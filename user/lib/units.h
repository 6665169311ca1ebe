/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts and durations as people write them ("20k", "64KiB", "1h30m") and back. */
#ifndef FW_LIB_UNITS_H
#define FW_LIB_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* 200, 20k, 1.5M, 2G (SI) or 64KiB, 1MiB, 2GiB. A fraction must come out whole. -EINVAL, -ERANGE. */
int fw_amount_parse(const char *text, uint64_t *ret, struct fw_err *err);
/* 500ms, 10s, 5m, 1h, 7d and sums such as 1h30m, largest unit first; a bare number is an error that says so.
 */
int fw_duration_parse(const char *text, uint64_t *ret_ns, struct fw_err *err);

/* "1.24 M", three digits; "7000" stays whole below 10 000. */
const char *fw_amount_format(uint64_t amount, char *buffer, size_t size);
/* Exact and re-readable by fw_amount_parse: "7000", "20k", "1500k"; binary also allows "64KiB". */
const char *fw_amount_exact(uint64_t amount, bool binary, char *buffer, size_t size);
/* Exact and re-readable by fw_duration_parse: "5m", "1h30m", "1500ms". */
const char *fw_duration_format(uint64_t ns, char *buffer, size_t size);
/* For humans: at most two units, "12d 4h", "4m 3s", "820 ms". */
const char *fw_age_format(uint64_t ns, char *buffer, size_t size);

#endif
