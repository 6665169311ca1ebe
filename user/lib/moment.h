/* SPDX-License-Identifier: Apache-2.0 */
/* Points in time as people write them: a span before now, a date, RFC 3339; and back as RFC 3339 in UTC. */
#ifndef FW_LIB_MOMENT_H
#define FW_LIB_MOMENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define FW_MOMENT_TEXT_MAX 32

/* "7d", "-7d" and "1h30m" before now, "now", "2026-11-25", "2026-11-25 10:00", with T, seconds, Z or +01:00;
 * without a zone it is UTC; "@1795132800". Unix seconds. -EINVAL with text. */
int fw_moment_parse(const char *text, int64_t now, int64_t *ret, struct fw_err *err);
/* "2026-11-25T10:00:00Z" */
const char *fw_moment_format(int64_t moment, char buffer[FW_MOMENT_TEXT_MAX]);

#endif
