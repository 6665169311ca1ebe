/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over a JSON text that hands out its scalars with their paths; builds nothing. */
#ifndef FW_LOGS_JSON_SCAN_H
#define FW_LOGS_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define FW_JSON_DEPTH_MAX 32
#define FW_JSON_PATH_MAX  256

/* path: "request.headers.Host", array items have their array's path; NUL-terminated. text: a string's
 * characters, escapes resolved, or a number, true, false or null as written. */
typedef void fw_json_found(void *context, const char *path, const char *text, size_t length, bool is_string);

/* Decodes strings in place. -EPROTO: not JSON, deeper than FW_JSON_DEPTH_MAX or paths longer than
 * FW_JSON_PATH_MAX; what was found before has been handed out. The text must be an object. */
int fw_json_scan(char *text, size_t length, fw_json_found *found, void *context);

#endif
