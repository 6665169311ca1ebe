// SPDX-License-Identifier: Apache-2.0
/* doctor: what a policy would do to this machine: the memory its maps take, as `check` counts it, and the
 * complaints of `check` that are about its own networks and addresses and about hosts that it needs. */
#include "cli/doctor_policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/page.h"
#include "fw_maps.h"
#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/file.h"
#include "policy/image.h"
#include "policy/memory.h"

static int add_about(json_t *findings, const char *check, const char *level, json_t *detail, json_t *command)
{
	return json_array_append_new(findings, json_pack("{s:s, s:s, s:o, s:o}", "level", level, "check",
							 check, "detail", detail, "command", command))
		       ? -ENOMEM
		       : 0;
}

static int add(json_t *findings, const char *level, json_t *detail, json_t *command)
{
	return add_about(findings, "lists", level, detail, command);
}

/* Of a policy that there is not: of the default capacity, with empty lists. */
static uint64_t default_memory(void)
{
	const struct fw_policy policy = {
		.capacity = {.sources = FW_SOURCES_DEFAULT, .bans = FW_BANS_DEFAULT}};
	const struct fw_image image = {.list_bytes = fw_list_memory(NULL, 0)};

	return fw_policy_memory(&policy, &image);
}

/* image NULL: the policy could not be had. Maps that are built anew, because their capacity changed, are
 * there beside the old ones for a moment: hence twice as much. */
static int say_memory(json_t *findings, uint64_t available, const char *path, const struct fw_policy *policy,
		      const struct fw_image *image)
{
	uint64_t bytes = image ? image->memory_bytes : default_memory();
	bool short_of_it = available < 2 * bytes;
	char a[FW_SAY_MAX], b[FW_SAY_MAX];

	if (!available)
		return 0;
	return add_about(findings, "memory", short_of_it ? "warning" : "ok",
			 json_sprintf("%s available; the maps of %s take at most %s, when all are full%s%s",
				      fw_say_memory(available, a), image ? path : "the default capacity",
				      fw_say_memory(bytes, b),
				      image && policy->feed_count ? ", and what feeds hold on top" : "",
				      short_of_it ? ": twice that is needed for a moment when they are built "
						    "anew; lower capacity: {sources, bans}"
						  : ""),
			 json_string(""));
}

/* The default that is not there is no complaint: there may be no policy yet. */
static int say_unread(json_t *findings, const char *path, bool given, int error, const char *interface)
{
	bool rights = error == EACCES || error == EPERM;

	return add(
		findings, given && !rights ? "warning" : "note",
		json_sprintf("policy %s cannot be read (%s): its lists are not compared with this host's own "
			     "networks, gateways, resolvers, time servers and SSH peers%s",
			     path, strerror(error), rights ? "" : "; --policy FILE names another one"),
		rights ? json_sprintf("sudo floodwall doctor %s%s%s", interface, given ? " --policy " : "",
				      given ? path : "")
		       : json_string(""));
}

/* "sets/vpn.txt:7: ", nothing for what is about a file as a whole. */
static const char *place(const struct fw_mark *mark, const char *path, char *text, size_t size)
{
	text[0] = '\0';
	if (mark->line)
		snprintf(text, size, "%s:%d: ", mark->file ? mark->file : path, mark->line);
	return text;
}

static int say_invalid(json_t *findings, const char *path, const struct fw_diags *diags)
{
	const struct fw_diag *first = NULL;
	char where[PATH_MAX + 16] = "";

	for (size_t i = 0; i < diags->count && !first; i++)
		if (diags->items[i].severity == FW_SEVERITY_ERROR)
			first = &diags->items[i];
	return add(findings, "warning",
		   json_sprintf("policy %s is not valid, so that its lists are not compared with this host: "
				"%s%s",
				path, first ? place(&first->mark, path, where, sizeof(where)) : "",
				first ? first->message : "out of memory"),
		   json_sprintf("floodwall check %s", path));
}

static int say_complaints(json_t *findings, const char *path, const struct fw_diags *diags)
{
	int r = 0;

	for (size_t i = 0; i < diags->count && !r; i++) {
		const struct fw_diag *diag = &diags->items[i];
		char where[PATH_MAX + 16];

		r = add(findings, "warning",
			json_sprintf("%s%s; %s", place(&diag->mark, path, where, sizeof(where)),
				     diag->message, diag->hint ? diag->hint : ""),
			json_string(""));
	}
	return r;
}

static int say_harmless(json_t *findings, const char *path, const struct fw_policy *policy)
{
	const bool feeds = policy->feed_count > 0;

	return add(findings, feeds ? "note" : "ok",
		   json_sprintf("no rule of %s drops this host's own networks and addresses, its gateways, "
				"resolvers, time servers or live SSH peers%s",
				path,
				feeds ? " by a set; what feeds hold is not known here, the agent looks when "
					"it loads the policy"
				      : ""),
		   json_string(""));
}

/* Only what is about this machine: the rest is what `check` is for. */
static int examine(json_t *findings, const char *path, const char *interface, const struct fw_policy *policy,
		   const struct fw_image *image)
{
	uint16_t ports[FW_SSH_PORTS_MAX];
	struct fw_interface filtered = {};
	const struct fw_check_here here = {.interfaces = &filtered,
					   .interface_count = 1,
					   .ssh_ports = ports,
					   .ssh_port_count = fw_spared_ssh_ports(ports, FW_SSH_PORTS_MAX)};
	struct fw_diags diags = {0};
	int r;

	snprintf(filtered.name, sizeof(filtered.name), "%s", interface);
	fw_check_lists_here(policy, image, &here, &diags);
	r = diags.count ? say_complaints(findings, path, &diags) : say_harmless(findings, path, policy);
	fw_diags_done(&diags);
	return r;
}

int fw_doctor_policy(json_t *findings, const char *given, const char *interface, uint64_t available_bytes)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	const char *path = given ? given : FW_CONFIG_DEFAULT;
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {0};
	int r, invalid;

	if (!ids)
		return -ENOMEM;
	if (access(path, R_OK)) {
		int error = errno;

		r = say_memory(findings, available_bytes, path, NULL, NULL);
		return r ? r : say_unread(findings, path, given, error, interface);
	}
	invalid = fw_policy_load(path, &diags, &policy);
	if (!invalid)
		invalid = fw_image_compile(policy, &(struct fw_image_input){}, ids, &diags, &image);
	r = say_memory(findings, available_bytes, path, policy, invalid ? NULL : image);
	if (!r)
		r = invalid ? say_invalid(findings, path, &diags)
			    : examine(findings, path, interface, policy, image);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return r;
}
