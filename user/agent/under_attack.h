/* SPDX-License-Identifier: Apache-2.0 */
/* The big switch: whether rules of mode attack enforce. On, off, or by itself while an attack lasts. */
#ifndef FW_AGENT_UNDER_ATTACK_H
#define FW_AGENT_UNDER_ATTACK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fw_agent;
struct fw_err;
struct fw_policy;

/* By itself it lifts only so long after the last attack has ended. */
#define FW_UNDER_ATTACK_HOLD_NS (20 * 1000000000ULL)

#define FW_UNDER_ATTACK_MODES(X)                                                                             \
	X(AUTO, "auto")                                                                                      \
	X(ON, "on")                                                                                          \
	X(OFF, "off")

enum fw_under_attack_mode {
#define X(id, word) FW_UNDER_ATTACK_##id,
	FW_UNDER_ATTACK_MODES(X)
#undef X
		FW_UNDER_ATTACK_MODE_MAX_,
};

struct fw_under_attack {
	enum fw_under_attack_mode mode;
	bool active;		/* rules of mode attack enforce */
	uint64_t expires_ns;	/* of on and off; auto follows. 0: until it is changed */
	uint64_t since_wall_ns; /* when it became active or stopped being so, 0: since the start */
	uint64_t last_attack_ns;
	char by[64];	      /* who chose the mode */
	char switched_by[64]; /* who made it active or not: "agent" when an attack did, or its end */
};

const char *fw_under_attack_word(enum fw_under_attack_mode mode);
/* Compilers ask this before they compile. */
bool fw_under_attack_now(const struct fw_agent *agent);
/* What the operator asks for; in force before it returns. for_ns 0: until it is changed. Survives reload and
 * restart, not a boot. On failure nothing is changed. */
int fw_under_attack_set(struct fw_agent *agent, enum fw_under_attack_mode mode, const char *by,
			uint64_t for_ns, struct fw_err *err);
/* Looks at attacks and the clock; called four times a second. */
void fw_under_attack_step(struct fw_agent *agent);
size_t fw_under_attack_rules(const struct fw_policy *policy); /* how many rules have mode: attack */
json_t *fw_under_attack_to_json(const struct fw_agent *agent);
void fw_under_attack_save(struct fw_agent *agent);
/* Before the first policy is put in force. */
void fw_under_attack_load(struct fw_agent *agent);

#endif
