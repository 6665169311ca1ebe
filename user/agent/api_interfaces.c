// SPDX-License-Identifier: Apache-2.0
/* POST /v1/attach and /v1/detach. */
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/request.h"
#include "lib/log.h"

/* Of one that was filtered already: back to its mode, or nothing to undo. */
static json_t *undo_attach(const struct fw_interface *wanted, const struct fw_attached *before)
{
	if (!before)
		return json_sprintf("floodwall detach %s", wanted->name);
	return json_sprintf("floodwall attach %s --xdp %s", before->name, fw_xdp_mode_word(before->mode));
}

void fw_api_attach(struct fw_request *request, struct fw_answer *answer)
{
	struct fw_agent *agent = request->agent;
	const char *name = fw_request_text(request, "interface", answer);
	const json_t *xdp = json_object_get(request->body, "xdp"),
		     *chain = json_object_get(request->body, "chain");
	const struct fw_attached *before;
	uint32_t old_program;
	json_t *undo;
	struct fw_interface wanted = {
		.xdp = FW_XDP_AUTO, .mode = FW_MODE_INHERIT, .chain = json_is_true(chain)};
	const struct fw_attached *attached = NULL;
	struct fw_err err = {};
	json_t *message;
	bool unchanged;

	if (!name)
		return;
	if (!name[0] || strlen(name) >= sizeof(wanted.name)) {
		fw_fail(answer, 404, FW_EXIT_CONFIG, "no-such-interface", NULL,
			"'%.40s' is no interface name", name);
		return;
	}
	snprintf(wanted.name, sizeof(wanted.name), "%s", name);
	if (json_is_string(xdp) && fw_xdp_mode_parse(json_string_value(xdp), &wanted.xdp, &err)) {
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-mode", NULL, "%s", err.text);
		return;
	}
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
	message = attached->fell_back
			  ? json_sprintf("generic mode is in use and costs several times more per "
					 "packet: %s",
					 attached->fallback)
			  : json_sprintf("%s is filtered, %s XDP", attached->name,
					 fw_xdp_mode_word(attached->mode));
	fw_reply(answer,
		 fw_kept_reply(agent, FW_KEPT_DRIFT,
			       json_pack("{s:s, s:s, s:b, s:b, s:b, s:o, s:o}", "interface", attached->name,
					 "xdp", fw_xdp_mode_word(attached->mode), "fell_back",
					 (int)attached->fell_back, "unchanged", (int)unchanged, "in_policy",
					 (int)!fw_drift_iface_find(&agent->drift, attached->name), "message",
					 message, "undo", undo)));
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
