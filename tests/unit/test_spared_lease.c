// SPDX-License-Identifier: Apache-2.0
/* Until when a live SSH peer is spared when no agent looks any more. */
#include <criterion/criterion.h>

#include "agent/spared.h"
#include "lib/addr.h"

/* Renewed rarely, never less than half of it left, and for a peer of another kind not taken over. */
Test(spared, a_live_peer_has_a_lease)
{
	const uint64_t minute = 60 * FW_NS_PER_SEC, hour = 60 * minute, at = 5 * hour;
	struct fw_spared_entry had[2] = {{.kind = FW_SPARED_GATEWAY}, {.kind = FW_SPARED_SSH}};
	struct fw_spared_watch watch = {.current = had};
	struct fw_addr peer;

	cr_assert_eq(fw_addr_parse("192.0.2.7", &peer, NULL), 0);
	cr_assert_eq(fw_addr_parse("192.0.2.1", &had[0].addr, NULL), 0);
	had[1].addr = peer;
	cr_expect_eq(fw_spared_lease(&watch, &peer, at), at + hour, "a new one");
	watch.current_count = 2;
	had[1].expires_ns = at + hour;
	cr_expect_eq(fw_spared_lease(&watch, &peer, at + 1), at + hour, "a second later it stays");
	cr_expect_eq(fw_spared_lease(&watch, &peer, at + 29 * minute), at + hour);
	cr_expect_eq(fw_spared_lease(&watch, &peer, at + 31 * minute), at + hour + 31 * minute);
	cr_expect_eq(fw_spared_lease(&watch, &had[0].addr, at), at + hour, "a gateway until now");
	had[1].expires_ns = 0;
	cr_expect_eq(fw_spared_lease(&watch, &peer, at), at + hour, "of an agent that gave none");
}
