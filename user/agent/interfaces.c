// SPDX-License-Identifier: Apache-2.0
/* Interfaces wanted and interfaces attached, brought together. */
#include "agent/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/stacked.h"
#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/log.h"

static const struct fw_interface *in_policy(const struct fw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interfaces[i].name, name))
			return &policy->interfaces[i];
	return NULL;
}

static struct fw_interface request_for(const struct fw_agent *agent, const struct fw_policy *policy,
				       const char *name)
{
	const struct fw_interface *known = in_policy(policy, name);
	struct fw_interface request =
		known ? *known : (struct fw_interface){.xdp = FW_XDP_AUTO, .mode = FW_MODE_INHERIT};

	snprintf(request.name, sizeof(request.name), "%s", name);
	if (agent->options.xdp_given)
		request.xdp = agent->options.xdp;
	return request;
}

int fw_interfaces_wanted(const struct fw_agent *agent, const struct fw_policy *policy,
			 struct fw_interface **ret, size_t *ret_count)
{
	const struct fw_options *options = &agent->options;
	size_t listed = options->interface_count ? options->interface_count : policy->interface_count;
	FW_FREE struct fw_interface *wanted = NULL;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < listed && !r; i++) {
		const char *name =
			options->interface_count ? options->interfaces[i] : policy->interfaces[i].name;

		if (!fw_drift_iface_find(&agent->drift, name))
			r = FW_APPEND(wanted, count, request_for(agent, policy, name));
	}
	for (size_t i = 0; i < agent->drift.iface_count && !r; i++) {
		struct fw_interface request = agent->drift.ifaces[i].request;
		const struct fw_interface *known = in_policy(policy, request.name);

		if (agent->drift.ifaces[i].detached)
			continue;
		if (known)
			request.mode = known->mode;
		r = FW_APPEND(wanted, count, request);
	}
	if (r)
		return r;
	*ret = TAKE_PTR(wanted);
	*ret_count = count;
	return 0;
}

const struct fw_attached *fw_interfaces_find(const struct fw_agent *agent, const char *name)
{
	const struct fw_attached *attached;
	size_t count = agent->attachments ? fw_attachments_list(agent->attachments, &attached) : 0;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(attached[i].name, name))
			return &attached[i];
	return NULL;
}

/* Also one that waits for its device. */
static bool is_known(const struct fw_agent *agent, const char *name)
{
	const struct fw_attached *known;
	size_t count = agent->attachments ? fw_attachments_known(agent->attachments, &known) : 0;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(known[i].name, name))
			return true;
	return false;
}

/* By the command line or else the file. */
static bool is_listed(const struct fw_agent *agent, const struct fw_policy *policy, const char *name)
{
	if (agent->options.interface_count)
		return fw_options_name(&agent->options, name);
	return in_policy(policy, name);
}

/* Nothing in force depends on such a one: when it cannot be filtered, everything else goes on. */
static bool is_by_hand_alone(const struct fw_agent *agent, const struct fw_policy *policy, const char *name)
{
	const struct fw_iface_edit *edit = fw_drift_iface_find(&agent->drift, name);

	return edit && !edit->detached && !is_listed(agent, policy, name);
}

void fw_interfaces_why_not(const struct fw_agent *agent, const struct fw_wanted *wanted,
			   char text[FW_ERR_TEXT_MAX])
{
	const char *name = wanted->request.name;

	if (is_by_hand_alone(agent, agent->loaded->policy, name) && !if_nametoindex(name))
		snprintf(text, FW_ERR_TEXT_MAX,
			 "attached by hand, and not there: it is attached when it comes back; 'floodwall "
			 "detach %s' forgets it",
			 name);
	else
		snprintf(text, FW_ERR_TEXT_MAX, "%s",
			 wanted->error[0] ? wanted->error : "the interface is not there");
}

static int no_such_interface(const char *name, struct fw_err *err)
{
	struct if_nameindex *all = if_nameindex();
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; all && all[i].if_name && used < sizeof(names) - IF_NAMESIZE - 2; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
					 all[i].if_name);
	if_freenameindex(all);
	return fw_err_set(err, -ENODEV, "there is no interface '%s' in this network namespace; there are %s",
			  name, names);
}

int fw_interfaces_check(const struct fw_agent *agent, const struct fw_policy *policy, struct fw_err *err)
{
	FW_FREE struct fw_interface *wanted = NULL;
	size_t count = 0;

	if (fw_interfaces_wanted(agent, policy, &wanted, &count))
		return fw_err_set(err, -ENOMEM, "out of memory for the list of interfaces");
	for (size_t i = 0; i < count; i++)
		if (!fw_interfaces_find(agent, wanted[i].name) && !if_nametoindex(wanted[i].name) &&
		    !is_by_hand_alone(agent, policy, wanted[i].name))
			return no_such_interface(wanted[i].name, err);
	return 0;
}

static enum fw_mode mode_of(const struct fw_policy *policy, const char *name)
{
	const struct fw_interface *known = in_policy(policy, name);

	return known ? known->mode : FW_MODE_INHERIT;
}

uint32_t fw_interfaces_counting(const struct fw_agent *agent, const struct fw_policy *policy)
{
	const struct fw_attached *attached;
	/* What comes back must count from its first packet on. */
	size_t count = agent->attachments ? fw_attachments_known(agent->attachments, &attached) : 0;
	uint32_t mask = agent->interfaces.count_unknown ? UINT32_MAX : 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t bit = 1u << (attached[i].iface % FW_IFACES_MAX);

		if (mode_of(policy, attached[i].name) == FW_MODE_COUNT)
			mask |= bit;
		else
			mask &= ~bit;
	}
	return mask;
}

bool fw_interfaces_would_enforce(const struct fw_agent *agent, const struct fw_policy *policy)
{
	FW_FREE struct fw_interface *wanted = NULL;
	size_t count = 0;

	if (fw_interfaces_wanted(agent, policy, &wanted, &count))
		return true;
	for (size_t i = 0; i < count; i++)
		if (wanted[i].mode != FW_MODE_COUNT && if_nametoindex(wanted[i].name))
			return true;
	return false;
}

void fw_interfaces_say_attached(struct fw_agent *agent, const struct fw_attached *attached, const char *by)
{
	const char *mode = fw_xdp_mode_word(attached->mode);
	bool hand = strcmp(by, "agent") != 0;

	/* A link of the agent before, found still filtering. */
	bool adopted = !agent->ready && agent->adoption == FW_ADOPTED_ALL;

	fw_event(agent, "attach", by,
		 json_pack("{s:s, s:s, s:s, s:b}", "interface", attached->name, "xdp", mode, "driver",
			   attached->driver, "fell_back", (int)attached->fell_back),
		 "interface '%s': %s%s%s, %s XDP, driver %s", attached->name,
		 adopted ? "adopted" : "attached", hand ? " by " : "", hand ? by : "", mode,
		 attached->driver);
	if (attached->fell_back)
		fw_log(FW_LOG_WARNING,
		       "interface '%s': native XDP was refused, GENERIC mode is in use: packets cost several "
		       "times "
		       "more. %s",
		       attached->name, attached->fallback);
}

/* In another mode, or as before after another was refused: both were off for a moment. */
static void say_changed(struct fw_agent *agent, const struct fw_attached *before,
			const struct fw_attached *after, const char *by)
{
	const char *mode = fw_xdp_mode_word(after->mode), *was = fw_xdp_mode_word(before->mode);
	double gap_ms = (double)after->gap_ns / 1e6;

	if (before->mode == after->mode)
		fw_log(FW_LOG_NOTICE,
		       "interface '%s': %s XDP as before; nothing was filtered there for %.1f ms while "
		       "another "
		       "mode was tried",
		       after->name, mode, gap_ms);
	else
		fw_event(agent, "attach", by,
			 json_pack("{s:s, s:s, s:s, s:f}", "interface", after->name, "xdp", mode, "before",
				   was, "gap_ms", gap_ms),
			 "interface '%s': %s XDP instead of %s; nothing was filtered there for %.1f ms "
			 "between "
			 "them, the kernel takes one mode at a time",
			 after->name, mode, was, gap_ms);
}

static int attach_and_say(struct fw_agent *agent, const struct fw_interface *request, const char *by,
			  const struct fw_attached **ret, struct fw_err *err)
{
	const struct fw_attached *found = fw_interfaces_find(agent, request->name), *after;
	struct fw_attached before = found ? *found : (struct fw_attached){};
	int r = fw_attach(agent->attachments, request, ret, err);

	after = fw_interfaces_find(agent, request->name);
	if (!r && !before.ifindex)
		fw_interfaces_say_attached(agent, *ret, by);
	else if (before.link_id && after && after->link_id && before.link_id != after->link_id)
		say_changed(agent, &before, after, by);
	return r;
}

static int attach_one(struct fw_agent *agent, struct fw_wanted *wanted, const char *by, struct fw_err *err)
{
	const struct fw_attached *attached = NULL;
	int r = attach_and_say(agent, &wanted->request, by, &attached, err);

	snprintf(wanted->error, sizeof(wanted->error), "%s", r ? err->text : "");
	return r;
}

static bool is_wanted(const struct fw_interface *wanted, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(wanted[i].name, name))
			return true;
	return false;
}

static void detach_others(struct fw_agent *agent, const struct fw_interface *wanted, size_t count)
{
	const struct fw_attached *attached;
	size_t left = fw_attachments_known(agent->attachments, &attached), i = 0;

	while (i < left) {
		char name[IF_NAMESIZE];
		struct fw_err err = {};

		snprintf(name, sizeof(name), "%s", attached[i].name);
		if (is_wanted(wanted, count, name)) {
			i++;
			continue;
		}
		if (fw_detach(agent->attachments, name, &err)) {
			fw_log(FW_LOG_WARNING, "interface '%s': not wanted any more, but still filtered: %s",
			       name, err.text);
			i++;
			continue;
		}
		fw_event(agent, "detach", "agent", json_pack("{s:s}", "interface", name),
			 "interface '%s': detached, the policy does not name it any more", name);
		left = fw_attachments_known(agent->attachments, &attached);
		i = 0;
	}
}

/* Once all indices are known the interim rule, count what is unknown, ends. */
static int settle_modes(struct fw_agent *agent, struct fw_err *err)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(agent->datapath);
	uint32_t counting;

	agent->interfaces.count_unknown = false;
	counting = fw_interfaces_counting(agent, agent->loaded->policy) |
		   agent->loaded->image->slot->count_ifaces;
	if (!slot || slot->count_ifaces == counting)
		return 0;
	return fw_force_republish(agent, err);
}

/* Of one that went while no agent ran nobody has heard. */
static void say_not_filtered(struct fw_agent *agent, const struct fw_wanted *wanted, bool by_hand)
{
	const char *name = wanted->request.name;
	char why[FW_ERR_TEXT_MAX];

	fw_interfaces_why_not(agent, wanted, why);
	if (by_hand && !agent->ready && !if_nametoindex(name))
		fw_event(agent, "detach", "agent", json_pack("{s:s, s:b}", "interface", name, "gone", 1),
			 "interface '%s': NOT filtered: %s", name, why);
	else
		fw_log(FW_LOG_ERROR, "interface '%s': NOT filtered: %s", name, why);
}

int fw_interfaces_sync(struct fw_agent *agent, bool strict, struct fw_err *err)
{
	struct fw_interfaces *interfaces = &agent->interfaces;
	FW_FREE struct fw_interface *wanted = NULL;
	size_t count = 0, failed = 0, by_hand = 0;
	struct fw_err first = {};
	int r = fw_interfaces_wanted(agent, agent->loaded->policy, &wanted, &count);

	if (r)
		return fw_err_set(err, r, "out of memory for the list of interfaces");
	free(interfaces->wanted);
	interfaces->wanted = calloc(count + 1, sizeof(*interfaces->wanted));
	interfaces->count = interfaces->wanted ? count : 0;
	for (size_t i = 0; i < interfaces->count; i++) {
		struct fw_err one = {};

		interfaces->wanted[i].request = wanted[i];
		if (!attach_one(agent, &interfaces->wanted[i], "agent", &one))
			continue;
		if (is_by_hand_alone(agent, agent->loaded->policy, wanted[i].name)) {
			by_hand++;
			say_not_filtered(agent, &interfaces->wanted[i], true);
			continue;
		}
		if (!failed++)
			first = one;
		if (strict)
			break;
		say_not_filtered(agent, &interfaces->wanted[i], false);
	}
	if (!failed || !strict)
		detach_others(agent, wanted, count);
	fw_stacked_look(agent);
	r = settle_modes(agent, err);
	if (failed && (strict || failed + by_hand == count)) {
		fw_err_set(err, first.code, "%s", first.text);
		return first.code;
	}
	return r;
}

/* Attaching it in another way failed, for which it may have been taken off: as it was is better than not at
 * all. */
static void put_back(struct fw_agent *agent, const char *name, struct fw_err *err)
{
	struct fw_err own = {};

	fw_interfaces_sync(agent, false, &own);
	if (fw_interfaces_find(agent, name)) {
		fw_err_prefix(err, "%s is filtered as before", name);
		return;
	}
	fw_err_prefix(err, "%s is NOT filtered any more", name);
	fw_event(agent, "detach", "agent", json_pack("{s:s}", "interface", name),
		 "interface '%s': could not be attached in another way, nor as before: it is NOT filtered",
		 name);
}

int fw_interfaces_attach(struct fw_agent *agent, const struct fw_interface *request, const char *by,
			 const struct fw_attached **ret, struct fw_err *err)
{
	const struct fw_attached *attached = fw_interfaces_find(agent, request->name);
	bool was_attached = attached != NULL;
	struct fw_interface base;
	int r;

	if (!was_attached && !if_nametoindex(request->name))
		return no_such_interface(request->name, err);
	r = attach_and_say(agent, request, by, &attached, err);
	if (r && was_attached)
		put_back(agent, request->name, err);
	if (r)
		return r;
	*ret = attached;
	base = request_for(agent, agent->loaded->policy, request->name);
	if (is_listed(agent, agent->loaded->policy, request->name) && base.xdp == request->xdp &&
	    base.chain == request->chain)
		fw_drift_iface_forget(&agent->drift, request->name);
	else if (fw_drift_iface(&agent->drift, request, false, by))
		fw_log(FW_LOG_WARNING, "interface '%s': attached, but not remembered: out of memory",
		       request->name);
	fw_drift_save(agent);
	return fw_interfaces_sync(agent, false, err) ? err->code
						     : (*ret = fw_interfaces_find(agent, request->name), 0);
}

int fw_interfaces_detach(struct fw_agent *agent, const char *name, const char *by, struct fw_err *err)
{
	struct fw_interface request = request_for(agent, agent->loaded->policy, name);
	bool known = is_known(agent, name);
	bool forgotten = !known && is_by_hand_alone(agent, agent->loaded->policy, name);
	struct fw_err ignored = {};
	int r;

	if (!known && !forgotten)
		return fw_err_set(err, -ENOENT,
				  "interface '%s' is not attached; 'floodwall status' lists those that are",
				  name);
	r = known ? fw_detach(agent->attachments, name, err) : 0;
	if (r)
		return r;
	if (is_listed(agent, agent->loaded->policy, name))
		r = fw_drift_iface(&agent->drift, &request, true, by);
	else
		fw_drift_iface_forget(&agent->drift, name);
	if (r)
		fw_log(FW_LOG_WARNING, "interface '%s': detached, but not remembered: out of memory", name);
	fw_drift_save(agent);
	fw_event(agent, "detach", by, json_pack("{s:s}", "interface", name),
		 forgotten ? "interface '%s': forgotten by %s; it was attached by hand and was not filtered"
			   : "interface '%s': detached by %s, it is NOT filtered",
		 name, by);
	fw_interfaces_sync(agent, false, &ignored);
	return 0;
}
