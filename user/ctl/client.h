/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the agent over its UNIX socket; what may only be read falls back to the read-only socket. */
#ifndef FW_CTL_CLIENT_H
#define FW_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/query.h"
#include "ctl/route.h"
#include "lib/err.h"

struct fw_client;

/* An answer as it came: `status` is HTTP's, `body` is terminated and malloced. */
struct fw_answer {
	unsigned int status;
	char *body;
	size_t length;
};
void fw_answer_done(struct fw_answer *answer);

/* Does not connect yet. socket: path of the API socket; read.sock is looked for beside it. -ENAMETOOLONG. */
int fw_client_open(const char *socket, struct fw_client **ret, struct fw_err *err);
void fw_client_close(struct fw_client *client);
/* 0 waits for ever. Without a call: two minutes. */
void fw_client_timeout(struct fw_client *client, unsigned int milliseconds);

/* query and body may be NULL. -ECONNREFUSED: nobody listens; -EACCES: not permitted; -ECONNRESET: the agent
 * went away in the middle; -ETIMEDOUT; -EMSGSIZE: body over FW_API_BODY_MAX. An HTTP status of 400 and more
 * is an answer, not an error. */
int fw_client_call(struct fw_client *client, enum fw_api_route route, const struct fw_query *query,
		   const char *body, struct fw_answer *ret, struct fw_err *err);

/* Hands over an unending answer line by line (without its newline, terminated) until on_line returns false;
 * then 0. An HTTP error is collected in *ret_refusal instead (0 is returned and its status is set).
 * -ECONNRESET: the agent ended it. */
typedef bool fw_client_line(char *line, size_t length, void *context);
int fw_client_follow(struct fw_client *client, enum fw_api_route route, const struct fw_query *query,
		     fw_client_line *on_line, void *context, struct fw_answer *ret_refusal,
		     struct fw_err *err);

#endif
