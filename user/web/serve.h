/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of floodwall-web and where their data comes from. */
#ifndef FW_WEB_SERVE_H
#define FW_WEB_SERVE_H

#include <stddef.h>

struct fw_web_options {
	int listen_fd;
	const char *socket;
};

/* Returns an exit code; does not return while it serves. */
int fw_web_serve(const struct fw_web_options *options);

/* source.c: asks the agent. *ret is malloced and terminated; returns the HTTP status, 0 when the agent does
 * not answer. */
long fw_web_ask(const char *socket, const char *path, char **ret, size_t *ret_length);

#endif
