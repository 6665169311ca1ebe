/* SPDX-License-Identifier: Apache-2.0 */
/* Watches for attacks, four times a second, from the packet path's own counters and samples; tells of them
 * and keeps them over a restart. */
#ifndef FW_AGENT_ATTACKS_H
#define FW_AGENT_ATTACKS_H

#include <jansson.h>
#include <uv.h>

#include "kern/drop_samples.h"
#include "observe/attack.h"
#include "observe/snapshot.h"

struct fw_agent;

/* Attacks are counted by the protocol of what dropped most. */
#define FW_ATTACK_PROTOCOLS(X)                                                                               \
	X(TCP, "tcp")                                                                                        \
	X(UDP, "udp")                                                                                        \
	X(ICMP, "icmp")                                                                                      \
	X(OTHER, "other")

enum fw_attack_protocol {
#define X(id, word) FW_ATTACK_##id,
	FW_ATTACK_PROTOCOLS(X)
#undef X
		FW_ATTACK_PROTOCOL_MAX_,
};

struct fw_attack_watch {
	uv_timer_t timer;
	struct fw_drop_samples *samples;
	struct fw_attacks *attacks; /* NULL: not watching */
	uint64_t saved_ns, retry_ns;
	bool dirty;			     /* news that is not on disk */
	uint64_t told_ns[FW_ATTACKS_ACTIVE]; /* of the attack id % FW_ATTACKS_ACTIVE: changes are told rarely
					      */
	uint64_t started[FW_ATTACK_PROTOCOL_MAX_];
};

/* Without it everything else works: it logs why and goes on. */
void fw_attacks_start(struct fw_agent *agent);
void fw_attacks_stop(struct fw_agent *agent);
/* How many last. */
size_t fw_attacks_active(const struct fw_agent *agent);
/* Whether rules of mode attack should enforce. */
bool fw_attacks_engage(const struct fw_agent *agent);
enum fw_attack_protocol fw_attack_protocol_of(const struct fw_attack *attack);
/* As the API shows one; attacks in status are the same without vectors. */
json_t *fw_attack_to_json(const struct fw_agent *agent, const struct fw_attack *attack);
/* Its vector in words, with the names of the policy in force. */
const char *fw_attack_vector_said(const struct fw_agent *agent, const struct fw_attack_vector *vector,
				  char text[FW_ATTACK_TEXT_MAX]);
json_t *fw_attacks_brief(const struct fw_agent *agent);

size_t fw_attacks_snapshot(const struct fw_agent *agent,
			   struct fw_attack_snapshot ret[FW_ATTACK_PROTOCOL_MAX_]);

/* attacks_saved.c */
void fw_attacks_save(struct fw_agent *agent);
void fw_attacks_load(struct fw_agent *agent);

#endif
