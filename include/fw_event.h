/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Records the packet path puts into the ring buffer; user space checks kind and length before reading. */
#ifndef FW_EVENT_H
#define FW_EVENT_H

#include "fw_types.h"

enum fw_event_kind { FW_EVENT_BAN = 1 };

struct fw_event_ban {
	__u32 kind;
	__u32 bits; /* prefix length of addr, 128-bit space */
	struct fw_addr addr;
	__u64 at_ns;
	__u64 expires_ns;
	__u64 amount; /* what the key's window held when it crossed the limit */
	__u16 rule;
	__u16 strikes;
	__u32 iface;
};
FW_SIZE_IS(struct fw_event_ban, 56);

#endif
