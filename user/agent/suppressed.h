/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings are expected, by the policy in force, and how many were. */
#ifndef FW_AGENT_SUPPRESSED_H
#define FW_AGENT_SUPPRESSED_H

#include <jansson.h>
#include <stdint.h>

struct fw_addr;
struct fw_agent;
struct fw_snapshot;

#define FW_SUPPRESSED_MAX 64

/* Counts follow the name over reloads. */
struct fw_suppressed {
	struct {
		char name[64];
		uint64_t events;
	} items[FW_SUPPRESSED_MAX];
	size_t count;
};

/* The name of the suppression that expects this event, NULL when it is none; borrowed from the policy in
 * force. Counts it. */
const char *fw_suppressed_by(struct fw_agent *agent, const json_t *event);
/* [{"name","state":"active|waiting|over","events","about"}], and what of it deserves a warning (warnings may
 * be NULL). */
json_t *fw_suppressed_to_json(const struct fw_agent *agent, json_t *warnings);
/* "findings about it are suppressed by …" for explain; NULL when they are not. rule: of the verdict, may be
 * NULL. */
json_t *fw_suppressed_explain(const struct fw_agent *agent, const struct fw_addr *addr, const char *rule);
void fw_suppressed_snapshot(const struct fw_agent *agent, struct fw_snapshot *snapshot);

#endif
