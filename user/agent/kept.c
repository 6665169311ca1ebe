// SPDX-License-Identifier: Apache-2.0
/* The documents of live changes: written with each, and again while the disk does not take them. */
#include "agent/kept.h"

#include <errno.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/state_files.h"

#define AGAIN_NS (10 * FW_NS_PER_SEC)

#define RESTART "a restart of the agent"

static const struct {
	const char *file, *what, *not_over;
	void (*save)(struct fw_agent *);
} documents[] = {
	[FW_KEPT_POLICY] = {"running.json", "the policy in force", RESTART, fw_force_save},
	[FW_KEPT_DRIFT] = {FW_STATE_DRIFT, "live changes of sets and interfaces", RESTART, fw_drift_save},
	[FW_KEPT_UNDER_ATTACK] = {"under-attack.json", "the under-attack switch", RESTART,
				  fw_under_attack_save},
	[FW_KEPT_ALLOWED] = {"allowed.json", "the list of allowed sources", RESTART, fw_spared_save},
	[FW_KEPT_SYSCTLS] = {FW_STATE_SYSCTLS, "what the sysctls that challenge changes were before", RESTART,
			     fw_challenge_save},
	/* The kernel has them as long as it runs. */
	[FW_KEPT_BANS] = {"bans.json", "bans", "a reboot", fw_leases_save},
};

_Static_assert(sizeof(documents) / sizeof(documents[0]) == FW_KEPT_MAX_,
	       "each has a file and is written again");

static void on_again(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	for (enum fw_kept which = 0; which < FW_KEPT_MAX_; which++)
		if (agent->keeping.why_not[which][0])
			documents[which].save(agent);
}

void fw_kept_init(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->keeping.again);
	agent->keeping.again.data = agent;
}

void fw_kept_end(struct fw_agent *agent)
{
	agent->keeping.ends = true;
}

static void say(struct fw_agent *agent, enum fw_kept which, const struct fw_err *err)
{
	char *why_not = agent->keeping.why_not[which];

	if (err->code && agent->keeping.ends)
		fw_log(FW_LOG_WARNING, "%s will not survive %s: %s; the agent ends and does not try again",
		       documents[which].what, documents[which].not_over, err->text);
	else if (err->code && strcmp(why_not, err->text))
		fw_log(FW_LOG_WARNING, "%s would not survive %s: %s; I try again every %d s",
		       documents[which].what, documents[which].not_over, err->text,
		       (int)(AGAIN_NS / FW_NS_PER_SEC));
	else if (!err->code && why_not[0])
		fw_log(FW_LOG_NOTICE, "%s: on disk again", documents[which].what);
	snprintf(why_not, sizeof(agent->keeping.why_not[which]), "%s", err->code ? err->text : "");
}

void fw_kept_note(struct fw_agent *agent, enum fw_kept which, const struct fw_err *err)
{
	say(agent, which, err);
	if (err->code && !agent->keeping.ends && !uv_is_active((uv_handle_t *)&agent->keeping.again)) {
		uv_update_time(&agent->loop);
		uv_timer_start(&agent->keeping.again, on_again, AGAIN_NS / 1000000, 0);
	}
}

void fw_keep(struct fw_agent *agent, enum fw_kept which, json_t *document)
{
	struct fw_err err = {};

	if (!document)
		fw_err_set(&err, -ENOMEM, "its text is not UTF-8 or memory is short");
	else
		fw_state_write(&agent->state, documents[which].file, document, &err);
	json_decref(document);
	fw_kept_note(agent, which, &err);
}

json_t *fw_kept_read(struct fw_agent *agent, enum fw_kept which, bool *ret_same_boot)
{
	struct fw_err err = {};
	json_t *document = fw_state_read(&agent->state, documents[which].file, ret_same_boot, &err);

	if (!document && err.code != -ENOENT)
		fw_log(FW_LOG_WARNING, "%s", err.text);
	return document;
}

json_t *fw_kept_reply(const struct fw_agent *agent, enum fw_kept which, json_t *reply)
{
	if (reply && agent->keeping.why_not[which][0])
		json_object_set_new(reply, "not_kept", json_string(agent->keeping.why_not[which]));
	return reply;
}

void fw_kept_warn(const struct fw_agent *agent, json_t *warnings)
{
	for (enum fw_kept which = 0; which < FW_KEPT_MAX_; which++)
		if (agent->keeping.why_not[which][0])
			json_array_append_new(warnings,
					      json_sprintf("%s would not survive %s: %s",
							   documents[which].what, documents[which].not_over,
							   agent->keeping.why_not[which]));
}
