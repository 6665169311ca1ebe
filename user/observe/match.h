/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a term of the compiled policy takes a packet of which only a part is known. Pure. */
#ifndef FW_OBSERVE_MATCH_H
#define FW_OBSERVE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/image.h"

struct fw_known {
	uint16_t source_class, dest_class;
	uint32_t geo_class;
	bool is_ipv6, has_dest, has_protocol, has_port, has_flags;
	uint8_t protocol,
		tcp_flags; /* with flags it is TCP, and but for them a plain packet without payload */
	uint16_t dest_port;
	bool is_verified; /* by a lease; without one only a packet of an open connection would be */
};

/* How fw_term_fit() names them. */
#define FW_MISSING_FLAGS "the TCP flags"

enum fw_fit { FW_FIT_NO, FW_FIT_MAYBE, FW_FIT_YES };

/* missing: for MAYBE, what would have to be known, "destination port, tcp flags". */
enum fw_fit fw_term_fit(const struct fw_image *image, const struct fw_known *known, unsigned int term,
			char *missing, size_t size);

#endif
