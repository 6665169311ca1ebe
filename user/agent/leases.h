/* SPDX-License-Identifier: Apache-2.0 */
/* Bans beyond the kernel's table: their reasons in words, their life over a reboot, their end. */
#ifndef FW_AGENT_LEASES_H
#define FW_AGENT_LEASES_H

#include <uv.h>

#include "fw_event.h"
#include "kern/bans.h"

struct fw_agent;

struct fw_leases {
	char **reasons; /* index + 1 is fw_ban.reason */
	size_t reason_count;
	bool dirty;
	uint64_t saved_ns;	/* monotonic, when they were last written */
	size_t saved_count;	/* how many they were then */
	uint64_t saved_added;	/* of `added` in all, then */
	size_t saved, restored; /* when the agent started with a fresh table: in force on disk, and now */
	char restore_error[FW_ERR_TEXT_MAX]; /* why not all, "" otherwise */
	uv_timer_t collect, save;
	uint64_t added[FW_BAN_ORIGIN_MAX_], removed_expired, removed_manual;
};

/* The bans of an earlier agent, when the kernel's table is a fresh one. Rules have their ids, and nothing is
 * attached yet: who was banned does not get in meanwhile. */
void fw_leases_restore(struct fw_agent *agent);
/* Reads reasons, and keeps the table in order from now on. */
void fw_leases_start(struct fw_agent *agent);
void fw_leases_done(struct fw_leases *leases);
/* Something changed: written within a second or so, later the more there are. */
void fw_leases_changed(struct fw_agent *agent);
/* How much later: by those that were written last and those since, not by those of years. */
uint64_t fw_leases_save_after_ms(const struct fw_leases *leases);
void fw_leases_save(struct fw_agent *agent);

/* The number of a reason, 0 for none or when there is no room for more. */
uint32_t fw_leases_reason(struct fw_agent *agent, const char *text);
/* Never NULL: the operator's text, else what the origin says. */
const char *fw_leases_reason_text(const struct fw_agent *agent, const struct fw_ban *ban);
const char *fw_ban_origin_word(uint8_t origin);
const char *fw_rule_name_of(const struct fw_agent *agent, uint16_t rule); /* NULL for none */

/* From the kernel's ring buffer. */
void fw_leases_on_ban(const struct fw_event_ban *ban, void *agent);

#endif
