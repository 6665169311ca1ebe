/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a line is about: the peer, or whom a trusted proxy names. */
#ifndef FW_LOGS_CLIENT_H
#define FW_LOGS_CLIENT_H

#include "logs/event.h"

struct fw_log_trust {
	struct fw_prefix *prefixes; /* normal form (policy/prefixes.h) */
	size_t count;
};

bool fw_log_trusts(const struct fw_log_trust *trust, const struct fw_addr *addr);
/* "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "::ffff:192.0.2.1". -EINVAL. */
int fw_log_address(struct fw_log_span span, struct fw_addr *ret);
/* Fills client and has_client from the peer and X-Forwarded-For. A peer outside `trust` is the client,
 * whatever it claims. Otherwise the last hop that is not trusted; none, or one that is no address: nobody.
 * -EPROTO: the peer is no address. */
int fw_log_find_client(const struct fw_log_trust *trust, struct fw_log_event *event);

#endif
