/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an event: one JSON object, for a webhook as for a program. */
#ifndef FW_NOTIFY_PAYLOAD_H
#define FW_NOTIFY_PAYLOAD_H

#include <jansson.h>
#include <stdint.h>

struct fw_notify_about {
	const char *host, *target;
	uint64_t held_back; /* events of this kind that are told by this message alone */
	uint64_t dropped;   /* messages that were given up since the last one */
};

/* The event's members and host, target, text (its message, as chat services want it), and held_back and
 * dropped when there are any. At most FW_NOTIFY_BODY_MAX bytes: long members are left out then, and
 * "truncated" says so. NULL: out of memory. The caller frees. */
char *fw_notify_payload(const json_t *event, const struct fw_notify_about *about);

#endif
