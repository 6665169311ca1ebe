/* SPDX-License-Identifier: Apache-2.0 */
/* Where a URL leads: what decides whether a credential may go along. */
#ifndef FW_FEEDS_ORIGIN_H
#define FW_FEEDS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

/* The same scheme, host and port. */
bool fw_url_same_origin(const char *a, const char *b);
/* "the URL" when it has none. */
const char *fw_url_host(const char *url, char *buffer, size_t size);

#endif
