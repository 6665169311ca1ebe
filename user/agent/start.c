// SPDX-License-Identifier: Apache-2.0
/* The way to "ready", step by step, and the way out. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "agent/last_good.h"
#include "agent/privileges.h"
#include "agent/rebuilt.h"
#include "agent/reload.h"
#include "ctl/api.h"
#include "kern/pins.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

static int exit_code_of(int code)
{
	switch (code) {
	case -EPERM:
	case -EACCES:
		return FW_EXIT_NO_PERMISSION;
	case -EAGAIN:
	case -EADDRINUSE:
	case -ENOSPC:
		return FW_EXIT_TRY_AGAIN;
	case -ENODEV:
	case -EINVAL:
	case -ENOENT:
		return FW_EXIT_CONFIG;
	default:
		return FW_EXIT_KERNEL;
	}
}

static int fail(const struct fw_err *err, const char *what)
{
	fw_log(FW_LOG_ERROR, "%s: %s", what, err->text);
	return exit_code_of(err->code);
}

/* --check, and the first thing of every start. Prints like a compiler. */
static int load_policy(struct fw_agent *agent, struct fw_loaded **ret)
{
	struct fw_stand stand = {};
	struct fw_err err = {};
	int r = fw_stand_read(agent->options.config, &stand, &err);

	if (r) {
		fprintf(stderr, "floodwalld: %s; 'floodwall check FILE' reads one without an agent\n",
			err.text);
		return r == -EACCES ? FW_EXIT_NO_PERMISSION : FW_EXIT_CONFIG;
	}
	r = agent->options.check ? fw_force_prepare(agent, &stand, ret, NULL, &err)
				 : fw_last_good_prepare(agent, &stand, true, ret, NULL, &err);
	fw_stand_done(&stand);
	if (*ret) {
		fw_diags_sort(&(*ret)->diags);
		fw_diags_render(&(*ret)->diags, stderr);
	}
	if (!r)
		return FW_EXIT_OK;
	fprintf(stderr, "floodwalld: %s, nothing was changed\n", err.text);
	return r == -ENOMEM ? FW_EXIT_TRY_AGAIN : FW_EXIT_CONFIG;
}

/* Pins of two agents in one network namespace would be the same. */
static int lock_pins(struct fw_agent *agent, const char *pin_dir, struct fw_err *err)
{
	agent->pin_lock_fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (agent->pin_lock_fd < 0)
		return 0; /* not there yet, or not trustworthy, which opening the datapath will say */
	if (!flock(agent->pin_lock_fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	return fw_err_set(
		err, -EAGAIN,
		"another floodwalld filters in this network namespace already: it holds %s; stop it first",
		pin_dir);
}

static int open_datapath(struct fw_agent *agent, const struct fw_policy *policy)
{
	struct fw_datapath_options options = {.sources = policy->capacity.sources,
					      .bans = policy->capacity.bans,
					      .prefixes = policy->capacity.prefixes};
	struct fw_err err = {}, why = {};
	char pin_dir[PATH_MAX];
	int r = fw_pins_dir(agent->options.bpffs, pin_dir, sizeof(pin_dir), &err);

	options.pin_dir = pin_dir;
	if (!r)
		r = lock_pins(agent, pin_dir, &err);
	if (!r)
		r = fw_datapath_open(&options, &agent->datapath, &agent->adoption, &why, &err);
	if (r == -EOPNOTSUPP) {
		snprintf(agent->no_pins_why, sizeof(agent->no_pins_why),
			 "no persistent bpffs at %s: when the agent ends or crashes, filtering ENDS with it; "
			 "mend: mount -t bpf bpf %s",
			 agent->options.bpffs, FW_BPFFS_DEFAULT);
		fw_log(FW_LOG_WARNING, "%s (%s)", agent->no_pins_why, err.text);
		options.pin_dir = NULL;
		err = (struct fw_err){};
		r = fw_datapath_open(&options, &agent->datapath, &agent->adoption, &why, &err);
	}
	if (r)
		return fail(&err, "cannot open the packet path");
	if (options.pin_dir && agent->pin_lock_fd < 0 && lock_pins(agent, pin_dir, &err))
		return fail(&err, "cannot open the packet path");
	fw_rebuilt_note(agent, &why);
	agent->attachments = fw_attachments_new(agent->datapath);
	if (agent->attachments)
		return FW_EXIT_OK;
	fw_log(FW_LOG_ERROR, "out of memory");
	return FW_EXIT_TRY_AGAIN;
}

/* Links of an earlier agent on interfaces that nobody wants now. */
static void release_links(struct fw_agent *agent)
{
	char **names = fw_attachments_pinned(agent->datapath);

	for (size_t i = 0; names && names[i]; i++) {
		struct fw_interface request = {.xdp = FW_XDP_AUTO, .mode = FW_MODE_INHERIT};
		const struct fw_attached *attached;
		struct fw_err err = {};
		int r = 0;

		if (!fw_interfaces_find(agent, names[i]) && strlen(names[i]) < sizeof(request.name)) {
			snprintf(request.name, sizeof(request.name), "%s", names[i]);
			r = fw_attach(agent->attachments, &request, &attached, &err);
			if (!r)
				r = fw_detach(agent->attachments, names[i], &err);
			if (r)
				fw_log(FW_LOG_NOTICE,
				       "interface '%s': was filtered by an earlier agent and cannot be "
				       "released: %s",
				       names[i], err.text);
			else
				fw_event(agent, "detach", "agent", json_pack("{s:s}", "interface", names[i]),
					 "interface '%s': released, the policy does not name it any more",
					 names[i]);
		}
		free(names[i]);
	}
	free(names);
}

static void on_kernel_event(uv_poll_t *poll, int status, int events)
{
	struct fw_agent *agent = poll->data;

	(void)status;
	(void)events;
	fw_events_drain(agent->kernel_events);
}

static int watch_kernel_events(struct fw_agent *agent)
{
	struct fw_err err = {};

	if (fw_events_open(agent->datapath, fw_leases_on_ban, agent, &agent->kernel_events, &err))
		return fail(&err, "no events of the packet path");
	uv_poll_init(&agent->loop, &agent->kernel_events_poll, fw_events_fd(agent->kernel_events));
	agent->kernel_events_poll.data = agent;
	uv_poll_start(&agent->kernel_events_poll, UV_READABLE, on_kernel_event);
	return FW_EXIT_OK;
}

static int put_in_force(struct fw_agent *agent, struct fw_loaded *configured)
{
	struct fw_err err = {};

	fw_confirm_init(agent);
	fw_kept_init(agent);
	fw_drift_init(agent);
	fw_drift_load(agent);
	fw_under_attack_load(agent);
	fw_feeds_init(agent);
	fw_errands_init(&agent->errands, &agent->loop);
	fw_set_files_init(agent);
	fw_spared_start(agent);
	fw_geo_watch_init(agent);
	fw_local_init(agent);
	fw_challenge_init(agent);
	fw_set_totals_load(agent);
	if (fw_force_start(agent, configured, &err))
		return fail(&err, agent->loaded && agent->interfaces.count ? "no interface could be filtered"
									   : "cannot filter");
	fw_last_good_prune(agent);
	release_links(agent);
	agent->last_reload_ok = true;
	agent->last_reload_wall_ns = fw_wall_ns();
	fw_leases_start(agent);
	fw_force_save(agent);
	fw_confirm_resume(agent);
	fw_drift_schedule(agent);
	if (!agent->interfaces.count)
		fw_log(FW_LOG_WARNING,
		       "NO interface is named by the policy or by --interface: nothing is filtered until "
		       "'floodwall attach IFACE'");
	return FW_EXIT_OK;
}

static int open_for_business(struct fw_agent *agent)
{
	struct fw_err err = {};
	int r;

	r = fw_privileges_drop(&err);
	if (r)
		return fail(&err, "not going on with more rights than needed");
	if (fw_server_start(agent->server, &err))
		return fail(&err, "no API");
	if (fw_interfaces_watch(agent, &err))
		fw_log(FW_LOG_WARNING, "%s", err.text);
	fw_web_init(agent);
	fw_web_follow(agent);
	fw_feeds_start(agent);
	fw_logs_start(agent);
	fw_notifier_start(agent);
	fw_utilisation_start(agent);
	fw_sampler_start(agent);
	fw_recorder_start(agent);
	fw_attacks_start(agent);
	fw_set_files_start(agent);
	fw_reload_on_signal(agent);
	return FW_EXIT_OK;
}

static void announce(struct fw_agent *agent)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);

	fw_event(agent, "start", "agent",
		 json_pack("{s:s, s:I, s:I}", "version", FW_VERSION, "generation",
			   (json_int_t)agent->generation, "interfaces", (json_int_t)count),
		 "floodwalld %s: %zu interface%s, generation %u, policy %s", FW_VERSION, count,
		 count == 1 ? "" : "s", agent->generation, agent->loaded->stand.name);
	fw_rebuilt_say(agent);
	fw_confirm_say_late(agent);
	fw_set_files_say(agent);
	agent->ready = true;
	puts("ready");
	fflush(stdout);
	fw_notify_send(&agent->notify, "READY=1\nSTATUS=filtering on %zu interface%s", count,
		       count == 1 ? "" : "s");
	fw_notify_watchdog(&agent->notify, &agent->loop);
}

/* While there is little to copy: what is in memory now stays in the nursery's for good. */
static void start_nursery(struct fw_agent *agent, const struct fw_policy *policy)
{
	struct fw_err err = {};
	bool users = false;

	agent->web.nursery_fd = fw_nursery_fork(&err);
	if (agent->web.nursery_fd < 0)
		fw_log(FW_LOG_WARNING,
		       "no metrics on TCP, no updates of feeds and nobody is told of events: %s; filtering "
		       "goes "
		       "on",
		       err.text);
	for (size_t i = 0; i < policy->notify_count; i++)
		users |= policy->notify[i].user != NULL;
	agent->notifier.changer_fd = users ? fw_nursery_fork_changer(&err) : -1;
	if (users && agent->notifier.changer_fd < 0)
		fw_log(FW_LOG_WARNING, "nobody is told by programs of other users: %s; filtering goes on",
		       err.text);
	agent->logs.keeper_fd = fw_keeper_fork(&err);
	if (agent->logs.keeper_fd < 0)
		fw_log(FW_LOG_WARNING, "no log is read: %s; filtering goes on", err.text);
}

/* A disk that takes no directory is as one that takes no file: an agent that filters without a memory is
 * better than none. */
static int open_state(struct fw_agent *agent, struct fw_err *err)
{
	int r = fw_state_open(&agent->state, agent->options.state_dir, err);

	if (r != -ENOSPC && r != -EDQUOT && r != -EROFS)
		return r;
	fw_log(FW_LOG_WARNING, "%s; until then a restart of the agent forgets every live change", err->text);
	*err = (struct fw_err){};
	return 0;
}

int fw_agent_start(struct fw_agent *agent)
{
	struct fw_loaded *configured = NULL;
	struct fw_err err = {};
	int code = load_policy(agent, &configured);

	if (code || agent->options.check) {
		if (!code)
			fprintf(stderr, "floodwalld: %s is a valid policy\n", agent->options.config);
		fw_loaded_free(configured);
		return code;
	}
	if (fw_interfaces_check(agent, configured->policy, &err))
		code = fail(&err, "cannot start");
	if (!code && fw_privileges_check(&err))
		code = fail(&err, "cannot start");
	/* Open already when copies of files were looked for. */
	if (!code && agent->state.dir_fd < 0 && open_state(agent, &err))
		code = fail(&err, "cannot start");
	if (!code)
		start_nursery(agent, configured->policy);
	if (!code)
		code = open_datapath(agent, configured->policy);
	if (code) {
		fw_loaded_free(configured);
		return code;
	}
	if (fw_server_listen(agent, &agent->server, &err)) {
		fw_loaded_free(configured);
		return fail(&err, "no API");
	}
	fw_spared_init(agent);
	code = put_in_force(agent, configured);
	if (!code)
		code = watch_kernel_events(agent);
	if (!code)
		code = open_for_business(agent);
	if (!code)
		announce(agent);
	return code;
}

static const char *what_stays(const struct fw_agent *agent, bool detach)
{
	const struct fw_attached *attached;

	if (agent->attachments && !fw_attachments_list(agent->attachments, &attached))
		return "nothing was filtered";
	return detach		       ? "interfaces are detached"
	       : agent->no_pins_why[0] ? "without bpffs the filter ends with it"
				       : "the filter stays in place";
}

void fw_agent_stop(struct fw_agent *agent)
{
	/* A start that failed leaves what an earlier agent had in place, and nothing of its own. */
	bool detach = agent->exit_code ? agent->adoption == FW_ADOPTED_NOTHING
				       : agent->loaded && agent->loaded->policy->on_exit == FW_ON_EXIT_DETACH;
	struct fw_err err = {};

	fw_kept_end(agent);
	fw_notify_send(&agent->notify, "STOPPING=1");
	if (agent->ready)
		fw_event(agent, "stop", "agent", json_pack("{s:b}", "detached", (int)detach),
			 "floodwalld ends: %s", what_stays(agent, detach));
	if (agent->ready)
		fw_web_stop(agent);
	fw_recorder_stop(agent);
	fw_feeds_stop(agent);
	fw_logs_stop(agent);
	fw_utilisation_stop(agent);
	fw_notifier_stop(agent);
	if (agent->ready && uv_is_active((uv_handle_t *)&agent->save_soon))
		fw_force_save(agent);
	if (agent->ready)
		fw_attacks_stop(agent);
	if (agent->leases.dirty)
		fw_leases_save(agent);
	fw_server_free(agent->server);
	fw_errands_finish(&agent->errands);
	fw_events_close(agent->kernel_events);
	if (detach && agent->loaded)
		fw_challenge_release(agent);
	if (agent->attachments)
		fw_attachments_free(agent->attachments, detach);
	if (agent->loaded)
		fw_challenge_end(agent);
	if (agent->datapath && detach && fw_datapath_unpin(agent->datapath, &err))
		fw_log(FW_LOG_WARNING, "%s", err.text);
	fw_datapath_close(agent->datapath);
	fw_interfaces_done(&agent->interfaces);
	fw_local_done(&agent->local);
	fw_drift_done(&agent->drift);
	fw_geo_watch_done(agent);
	fw_spared_done(&agent->spared);
	fw_leases_done(&agent->leases);
	fw_set_files_done(&agent->set_files);
	fw_set_totals_done(&agent->set_totals);
	fw_top_done(&agent->top);
	free(agent->keys.stats);
	fw_event_log_done(&agent->events);
	fw_loaded_free(agent->loaded);
	fw_stand_done(&agent->previous);
	fw_stand_done(&agent->confirm.before);
	fw_state_close(&agent->state);
	fw_notify_close(&agent->notify);
}
