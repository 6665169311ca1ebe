/* SPDX-License-Identifier: Apache-2.0 */
/* Action challenge on the host's side: the sysctls it needs, set while it is in force and given back, and
 * news of challenges that begin and end. */
#ifndef FW_AGENT_CHALLENGE_H
#define FW_AGENT_CHALLENGE_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "fw_sample.h"
#include "kern/cookies.h"
#include "observe/explain.h"

struct fw_agent;
struct fw_policy;

#define FW_CHALLENGE_SHOWN 32

/* What became of SYNs over the limit, by the samples of dropped packets. */
struct fw_challenge_done {
	uint64_t answered, no_listener;
	bool waited; /* for the first samples since it can be answered */
};

struct fw_challenge_watch {
	bool opened;			  /* the timer is there */
	bool known;			  /* asked whether the kernel has the helpers */
	bool unable;			  /* it has not */
	bool engaged;			  /* some rule challenges, and an interface is filtered */
	bool needed;			  /* and by some interface it does not only count */
	bool prepared;			  /* it is, or would be under attack */
	bool collects;			  /* some rule asks who is verified */
	bool recorded[FW_COOKIE_SYSCTLS]; /* set by Floodwall; before[] is what to give back */
	long before[FW_COOKIE_SYSCTLS];
	uint64_t stamps_due_ns;	       /* monotonic: when tcp_timestamps are given back, 0: they are not */
	char trouble[FW_ERR_TEXT_MAX]; /* why nothing is challenged, "" when it is */
	char unseen[FW_ERR_TEXT_MAX];  /* why a packet without a socket may be somebody's, "" when it is
					  nobody's */
	char mute[FW_ERR_TEXT_MAX]; /* interfaces where nobody is challenged and why, "" when there is none */
	unsigned int unseen_ticks;  /* since the first look */
	struct fw_cookie_host host;
	struct fw_challenge_entry active[FW_CHALLENGE_SHOWN];
	struct fw_challenge_done done[FW_CHALLENGE_SHOWN]; /* of active[], since it began */
	struct fw_challenge_key fresh[FW_CHALLENGE_SHOWN]; /* what was sampled and is not active yet: the rule
							      and the destination */
	struct fw_challenge_done fresh_done[FW_CHALLENGE_SHOWN];
	size_t active_count, fresh_count, verified;
	unsigned int ticks;
	uint32_t looked_at;  /* generation */
	uint64_t changed_ns; /* when it had come into force */
	uv_timer_t timer;
};

/* Reads what an earlier agent changed; call once the state directory is open. */
void fw_challenge_init(struct fw_agent *agent);
/* Before a policy is published: what its challenges need is there when the first packet comes. */
void fw_challenge_engage(struct fw_agent *agent, const struct fw_policy *policy);
/* After the policy in force or the interfaces have changed: engages or gives back. */
void fw_challenge_settle(struct fw_agent *agent);
/* Links came or went, perhaps guests: they must not wait for the next look. */
void fw_challenge_links_changed(struct fw_agent *agent);
/* The filter goes: gives back, tcp_timestamps when handshakes under way are done. */
void fw_challenge_release(struct fw_agent *agent);
/* The agent goes: waits for that. */
void fw_challenge_end(struct fw_agent *agent);
/* What to give back goes to disk. */
void fw_challenge_save(struct fw_agent *agent);

/* "challenge" of status; complaints are added to warnings. Caller owns it. */
json_t *fw_challenge_to_json(struct fw_agent *agent, json_t *warnings);

/* challenge_look.c */
/* Reads what the packet path challenges now, tells what has begun or ended. */
void fw_challenge_look(struct fw_agent *agent);
/* Samples of dropped packets, whoever took them off the ring. */
void fw_challenge_note(struct fw_agent *agent, const struct fw_drop_sample *samples, size_t count);
/* Whether SYNs, and other TCP, are challenged on the filtered interfaces, for explain. */
void fw_challenge_host(const struct fw_agent *agent, struct fw_explain_host *ret);
/* explain's reader: context is the agent. */
bool fw_challenge_read(void *context, const struct fw_rule *rule, const struct fw_addr *dest,
		       struct fw_explain_challenge *ret);
/* "active" of "challenge" of status. Caller owns it. */
json_t *fw_challenge_active_to_json(struct fw_agent *agent);
/* Keys whose SYNs are answered now. */
size_t fw_challenge_answered(const struct fw_agent *agent);

#endif
