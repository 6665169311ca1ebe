// SPDX-License-Identifier: Apache-2.0
/* POST /v1/attach and /v1/detach. */
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "agent/stacked.h"
#include "lib/log.h"

/* Of one that was filtered already: back to its mode, or nothing to undo. */
static json_t *undo_attach(const struct fw_interface *wanted, const struct fw_attached *before)
{
	if (!before)
		return json_sprintf("floodwall detach %s", wanted->name);
	return json_sprintf("floodwall attach %s --xdp %s", before->name, fw_xdp_mode_word(before->mode));
}

/* Answers for itself what it does not take. */
static bool wanted_of(const struct fw_request *request, struct fw_interface *ret, struct fw_answer *answer)
{
	const char *name = fw_request_text(request, "interface", answer);
	const json_t *xdp = json_object_get(request->body, "xdp");
	struct fw_err err = {};

	*ret = (struct fw_interface){.xdp = FW_XDP_AUTO,
				     .mode = FW_MODE_INHERIT,
				     .chain = json_is_true(json_object_get(request->body, "chain"))};
	if (!name)
		return false;
	if (!name[0] || strlen(name) >= sizeof(ret->name)) {
		fw_fail(answer, 404, FW_EXIT_CONFIG, "no-such-interface", NULL,
			"'%.40s' is no interface name", name);
		return false;
	}
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	if (json_is_string(xdp) && fw_xdp_mode_parse(json_string_value(xdp), &ret->xdp, &err)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-mode", NULL, "%s", err.text);
		return false;
	}
	return true;
}

/* undo: taken over. */
static json_t *describe_attached(const struct fw_agent *agent, const struct fw_attached *attached,
				 bool unchanged, json_t *undo)
{
	json_t *message = attached->fell_back
				  ? json_sprintf("generic mode is in use and costs several times more per "
						 "packet: %s",
						 attached->fallback)
				  : json_sprintf("%s is filtered, %s XDP", attached->name,
						 fw_xdp_mode_word(attached->mode));
	json_t *warnings = json_array();

	fw_stacked_warn(agent, attached->name, warnings);
	return json_pack("{s:s, s:s, s:b, s:b, s:b, s:o, s:o, s:o}", "interface", attached->name, "xdp",
			 fw_xdp_mode_word(attached->mode), "fell_back", (int)attached->fell_back, "unchanged",
			 (int)unchanged, "in_policy",
			 (int)!fw_drift_iface_find(&agent->drift, attached->name), "message", message, "undo",
			 undo, "warnings", warnings);
}

void fw_api_attach(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const struct fw_attached *before, *attached = NULL;
	struct fw_interface wanted;
	struct fw_err err = {};
	uint32_t old_program;
	bool unchanged;
	json_t *undo;

	if (!wanted_of(request, &wanted, answer))
		return;
	before = fw_interfaces_find(agent, wanted.name);
	undo = undo_attach(&wanted, before);
	old_program = before ? before->prog_id : 0;
	if (fw_interfaces_attach(agent, &wanted, request->by, &attached, &err)) {
		json_decref(undo);
		fw_fail_err(answer, &err);
		return;
	}
	fw_challenge_settle(agent);
	fw_force_save(agent);
	unchanged = old_program && attached->prog_id == old_program;
	if (unchanged) {
		json_decref(undo);
		undo = json_null();
	}
	fw_reply(answer,
		 fw_kept_reply(agent, FW_KEPT_DRIFT, describe_attached(agent, attached, unchanged, undo)));
}

void fw_api_detach(struct fw_request *request, struct fw_answer *answer)
{
	const char *name = fw_request_text(request, "interface", answer);
	struct fw_err err = {};

	if (!name)
		return;
	if (fw_interfaces_detach(request->agent, name, request->by, &err)) {
		fw_fail_err(answer, &err);
		return;
	}
	fw_challenge_settle(request->agent);
	fw_force_save(request->agent);
	fw_reply(answer, fw_kept_reply(request->agent, FW_KEPT_DRIFT,
				       json_pack("{s:s, s:b, s:o}", "interface", name, "detached", 1, "undo",
						 json_sprintf("floodwall attach %s", name))));
}
