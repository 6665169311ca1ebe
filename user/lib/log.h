/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines for the edges (agent, web): stderr with <N> priorities under systemd, journal fields
 * when its socket is there. */
#ifndef FW_LIB_LOG_H
#define FW_LIB_LOG_H

enum fw_log_level {
	FW_LOG_ERROR = 3,
	FW_LOG_WARNING = 4,
	FW_LOG_NOTICE = 5,
	FW_LOG_INFO = 6,
	FW_LOG_DEBUG = 7
};

/* The log level is the one piece of process-wide state. */
void fw_log_init(const char *process, enum fw_log_level threshold);
void fw_log(enum fw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With fields: NULL-terminated "KEY=value" strings, sent to the journal and appended to the stderr line. */
void fw_log_fields(enum fw_log_level level, const char *message, const char *const *fields);

#endif
