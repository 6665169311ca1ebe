// SPDX-License-Identifier: Apache-2.0
/* From a policy's text to the generation in force; on any error the running one stays. */
#include "agent/force.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/here.h"
#include "kern/publish.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "policy/check.h"

const char *fw_force_is_held(const struct fw_agent *agent)
{
	return agent->confirm.pending
		       ? "an applied policy waits for confirmation: 'floodwall confirm' keeps it, 'floodwall "
			 "rollback' takes it back"
		       : NULL;
}

/* An id that goes to another name must not bring the old one's counters and meters. */
static void forget_recycled(struct fw_agent *agent, const struct fw_rule_ids *next)
{
	for (size_t id = 0; id < FW_RULE_IDS; id++)
		if (agent->ids.name[id][0] && strcmp(agent->ids.name[id], next->name[id]) &&
		    agent->datapath) {
			fw_stats_rule_reset(agent->datapath, (uint16_t)id);
			agent->logs.rules[id] = (struct fw_log_rule_counts){};
		}
}

/* At start there is nothing to stay with: rather without the feeds than not at all. */
static int compile_first(struct fw_agent *agent, struct fw_loaded *loaded, struct fw_image_input *input,
			 struct fw_diags *diags, struct fw_rule_ids *ids, struct fw_image **ret)
{
	struct fw_diags first = {};
	int r = fw_image_compile(loaded->policy, input, ids, &first, ret);

	if (r && r != -ENOMEM) {
		fw_log(FW_LOG_ERROR, "starting WITHOUT the entries of feeds, which do not fit: %s",
		       first.count ? first.items[0].message : strerror(-r));
		fw_feeds_set_aside(agent);
		input->part_count = 0;
		r = fw_image_compile(loaded->policy, input, ids, diags, ret);
	}
	fw_diags_done(&first);
	return r;
}

/* What a policy meets beside its file, as it is now. */
struct beside {
	struct fw_set_change *changes;
	struct fw_feed_parts parts;
	struct fw_image_input input;
};

static void beside_done(struct beside *beside)
{
	free(beside->changes);
	free(beside->parts.items);
}

static int look_beside(struct fw_agent *agent, const struct fw_policy *policy, struct beside *ret)
{
	size_t count = fw_drift_changes(&agent->drift, &ret->changes);
	int r = fw_feeds_parts(agent, policy, &ret->parts);

	if (!r)
		ret->input = (struct fw_image_input){
			.changes = ret->changes,
			.change_count = count,
			.parts = ret->parts.items,
			.part_count = ret->parts.count,
			.tick_ns = agent->datapath ? fw_datapath_tick_ns(agent->datapath) : 0,
		};
	return r;
}

static int compile(struct fw_agent *agent, struct fw_loaded *loaded, struct fw_diags *diags,
		   struct fw_rule_ids *ids, struct fw_image **ret)
{
	FW_CLEANUP(beside_done) struct beside beside = {};
	int r = look_beside(agent, loaded->policy, &beside);

	if (r)
		return r;
	loaded->policy->under_attack = fw_under_attack_now(agent);
	if (!agent->loaded && beside.parts.count)
		return compile_first(agent, loaded, &beside.input, diags, ids, ret);
	return fw_image_compile(loaded->policy, &beside.input, ids, diags, ret);
}

/* Without an answer from the kernel there is nothing to warn of. */
static void check_host(const struct fw_agent *agent, struct fw_loaded *loaded)
{
	struct fw_published_ports published;
	struct fw_listening listening;
	FW_FREE struct fw_interface *wanted = NULL;
	struct fw_check_here here;

	fw_check_notify_users(loaded->policy, &loaded->diags);
	fw_check_memory(loaded->policy, loaded->image, fw_machine_bytes(), &loaded->diags);
	/* When a machine boots its servers start beside the agent. */
	if ((agent->loaded || agent->options.check) && !fw_listening_read(&listening) &&
	    !fw_published_ports_read(&published))
		fw_check_listeners(loaded->policy, &listening, &published, &loaded->diags);
	if (fw_here(agent, loaded->policy, &wanted, &here))
		fw_check_lists_here(loaded->policy, loaded->image, &here, &loaded->diags);
}

int fw_force_prepare(struct fw_agent *agent, struct fw_stand *stand, struct fw_loaded **ret, json_t *notes,
		     struct fw_err *err)
{
	return fw_force_prepare_by(agent, stand, NULL, ret, notes, err);
}

int fw_force_prepare_by(struct fw_agent *agent, struct fw_stand *stand, const struct fw_file_reader *reader,
			struct fw_loaded **ret, json_t *notes, struct fw_err *err)
{
	FW_FREE struct fw_rule_ids *ids = malloc(sizeof(*ids));
	struct fw_loaded *loaded = ids ? fw_loaded_new_by(stand, reader) : NULL;
	int r;

	*ret = loaded;
	if (!loaded)
		return fw_err_set(err, -ENOMEM, "out of memory for the policy; the one in force stays");
	if (!loaded->policy)
		return fw_err_set(err, -EINVAL, "%s is no valid policy", loaded->stand.name);
	fw_loaded_tune(loaded, notes);
	fw_loaded_prune(loaded);
	*ids = agent->ids; /* the real ones are taken when it is installed */
	r = compile(agent, loaded, &loaded->diags, ids, &loaded->image);
	if (r)
		return fw_err_set(err, r, "%s is no valid policy", loaded->stand.name);
	check_host(agent, loaded);
	return 0;
}

/* Compiled again at the last moment, for the ids of now. lists: an image of the same policy and live set
 * changes whose lists can be taken over, NULL: they are merged anew. */
static int recompile(struct fw_agent *agent, struct fw_loaded *loaded, const struct fw_image *lists,
		     struct fw_image **ret, struct fw_err *err)
{
	const struct fw_policy_slot *active = fw_datapath_active_slot(agent->datapath);
	FW_FREE struct fw_rule_ids *ids = malloc(sizeof(*ids));
	struct fw_diags diags = {};
	int r;

	if (!ids)
		return fw_err_set(err, -ENOMEM, "out of memory; the policy in force stays");
	*ids = agent->ids;
	if (active)
		fw_rule_ids_hold(ids, active);
	loaded->policy->under_attack = fw_under_attack_now(agent);
	r = lists ? fw_image_compile_rules(loaded->policy, lists, ids, fw_datapath_tick_ns(agent->datapath),
					   &diags, ret)
		  : compile(agent, loaded, &diags, ids, ret);
	if (r) {
		const struct fw_diag *diag = diags.count ? &diags.items[0] : NULL;

		fw_err_set(err, r, "%s%s%s", diag ? diag->message : strerror(-r),
			   diag && diag->hint ? "; " : "", diag && diag->hint ? diag->hint : "");
	} else {
		forget_recycled(agent, ids);
		agent->ids = *ids;
	}
	fw_diags_done(&diags);
	return r;
}

/* Of another unit or other keys: such a rule begins at zero. Of another unit it does so by itself, from the
 * first packet on. */
static void forget_converted(struct fw_agent *agent, const struct fw_rule *old, size_t old_count,
			     const struct fw_image *image)
{
	for (size_t i = 0; i < image->rule_count; i++)
		for (size_t j = 0; j < old_count; j++)
			if (old[j].terms && old[j].id == image->slot->rules[i].id &&
			    old[j].unit != FW_UNIT_NONE &&
			    !fw_rules_count_alike(&old[j], &image->slot->rules[i]))
				fw_meters_forget_rule(agent->datapath, old[j].id);
}

static int publish(struct fw_agent *agent, const struct fw_policy *policy, const struct fw_image *image,
		   bool lists, struct fw_err *err)
{
	const struct fw_policy_slot *active = fw_datapath_active_slot(agent->datapath);
	uint32_t old_lists = active ? active->list_slot : 0;
	/* The slot stays readable: only the publication after this one writes there. */
	const struct fw_rule *old = active ? active->rules : NULL;
	struct fw_err spared = {};
	int r;

	fw_challenge_engage(agent, policy);

	/* A tune comes with the list of a second ago: asking for all TCP sockets would cost more than the
	 * rest of it. */
	if ((lists || policy != (agent->loaded ? agent->loaded->policy : NULL)) &&
	    fw_spared_refresh(agent, policy, &spared))
		return fw_err_set(err, spared.code, "%s; the policy in force stays", spared.text);
	r = fw_publish(agent->datapath, image, fw_interfaces_counting(agent, policy), lists,
		       &agent->generation, err);
	if (!r)
		forget_converted(agent, old, old ? FW_RULES_MAX : 0, image);
	if (!r && lists && active)
		fw_set_totals_fold(agent, old_lists);
	return r;
}

/* After a restart the kernel may already do exactly this. */
static bool is_in_force(struct fw_agent *agent, const struct fw_image *image)
{
	return !agent->loaded && agent->adoption == FW_ADOPTED_ALL && agent->adoptable.generation &&
	       agent->adoptable.generation == fw_published_generation(agent->datapath) &&
	       agent->adoptable.list_changes == fw_force_list_changes(agent) &&
	       agent->adoptable.fingerprint == fw_force_fingerprint(image);
}

/* On a first start an interface in count mode must not enforce until its counter index is known. */
static bool counts_somewhere(const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (policy->interfaces[i].mode == FW_MODE_COUNT)
			return true;
	return false;
}

static int put(struct fw_agent *agent, struct fw_loaded *next, bool *ret_lists, struct fw_err *err)
{
	const struct fw_loaded *old = agent->loaded;

	if (is_in_force(agent, next->image)) {
		fw_challenge_engage(agent, next->policy);
		agent->generation = agent->adoptable.generation;
		return fw_spared_refresh(agent, next->policy, err);
	}
	*ret_lists = !old || !old->image || !fw_image_same_lists(old->image, next->image);
	agent->interfaces.count_unknown = counts_somewhere(next->policy);
	return publish(agent, next->policy, next->image, *ret_lists, err);
}

int fw_force_install(struct fw_agent *agent, struct fw_loaded *next, struct fw_err *err)
{
	struct fw_loaded *old = agent->loaded;
	struct fw_image *image = NULL;
	struct fw_err undo = {};
	bool lists = false;
	int r = fw_interfaces_check(agent, next->policy, err);

	/* At start it was compiled before the live set changes and feeds of the last agent were read. */
	if (!r)
		r = recompile(agent, next,
			      !old && (agent->drift.set_count || next->policy->feed_count) ? NULL
											   : next->image,
			      &image, err);
	if (r) {
		fw_loaded_free(next);
		return r;
	}
	fw_image_free(next->image);
	next->image = image;
	r = put(agent, next, &lists, err);
	if (r) {
		fw_loaded_free(next);
		return r;
	}
	agent->loaded = next;
	if (!old)
		fw_leases_restore(agent);
	r = fw_interfaces_sync(agent, old != NULL, err);
	if (r && old) {
		agent->loaded = old;
		if (publish(agent, old->policy, old->image, lists, &undo) ||
		    fw_interfaces_sync(agent, false, &undo))
			fw_err_prefix(err, "going back to the policy before failed as well (%s)", undo.text);
		fw_loaded_free(next);
		return r;
	}
	fw_loaded_free(old);
	fw_web_follow(agent);
	fw_feeds_follow(agent);
	fw_geo_watch_follow(agent);
	fw_challenge_settle(agent);
	fw_set_files_follow(agent);
	fw_logs_follow(agent);
	fw_notifier_follow(agent);
	fw_utilisation_follow(agent);
	return r;
}

/* Sets and feeds as they are now, in the lists that are in force. -EAGAIN: too much has changed for that. */
static int change_in_place(struct fw_agent *agent, struct fw_err *err)
{
	FW_CLEANUP(beside_done) struct beside beside = {};
	struct fw_loaded *loaded = agent->loaded;
	struct fw_list_delta delta = {};
	struct fw_diags diags = {};
	int r = look_beside(agent, loaded->policy, &beside);

	if (!r)
		r = fw_image_change(loaded->policy, &beside.input, loaded->image, &diags, &delta);
	if (!r)
		r = fw_publish_change(agent->datapath, loaded->image, &delta, err);
	if (r == -ENOSPC)
		r = publish(agent, loaded->policy, loaded->image, true, err);
	fw_list_delta_done(&delta);
	fw_diags_done(&diags);
	return r;
}

static int recompile_whole(struct fw_agent *agent, bool lists, struct fw_err *err)
{
	struct fw_image *image = NULL;
	int r = recompile(agent, agent->loaded, lists ? NULL : agent->loaded->image, &image, err);

	if (r)
		return r;
	r = publish(agent, agent->loaded->policy, image, lists, err);
	if (r) {
		fw_image_free(image);
		return r;
	}
	fw_image_free(agent->loaded->image);
	agent->loaded->image = image;
	fw_challenge_settle(agent);
	fw_logs_follow(agent);
	return 0;
}

int fw_force_recompile(struct fw_agent *agent, bool lists, struct fw_err *err)
{
	/* Whatever cannot be done in place, or is refused, is said by the whole way. */
	if (lists && !change_in_place(agent, err)) {
		fw_logs_follow(agent);
		return 0;
	}
	return recompile_whole(agent, lists, err);
}

int fw_force_relist(struct fw_agent *agent, struct fw_err *err)
{
	return recompile_whole(agent, true, err);
}

int fw_force_republish(struct fw_agent *agent, struct fw_err *err)
{
	return publish(agent, agent->loaded->policy, agent->loaded->image, false, err);
}
