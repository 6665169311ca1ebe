/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a URL behind the question mark, percent-encoded. */
#ifndef FW_CTL_QUERY_H
#define FW_CTL_QUERY_H

#include <stddef.h>

/* Zero-initialise; text is NULL while there are no parameters. */
struct fw_query {
	char *text;
	size_t length;
};

/* Appends name=value; names may repeat. 0 or -ENOMEM. */
int fw_query_add(struct fw_query *query, const char *name, const char *value);
void fw_query_done(struct fw_query *query);

#endif
