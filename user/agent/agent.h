/* SPDX-License-Identifier: Apache-2.0 */
/* Everything one floodwalld owns; passed down to every module, nothing of it is global. */
#ifndef FW_AGENT_AGENT_H
#define FW_AGENT_AGENT_H

#include <uv.h>

#include "agent/attacks.h"
#include "agent/challenge.h"
#include "agent/confirm.h"
#include "agent/drift.h"
#include "agent/errand.h"
#include "agent/event_log.h"
#include "agent/feeds.h"
#include "agent/geo_watch.h"
#include "agent/interfaces.h"
#include "agent/kept.h"
#include "agent/key_walk.h"
#include "agent/leases.h"
#include "agent/local.h"
#include "agent/logs.h"
#include "agent/notifier.h"
#include "agent/notify.h"
#include "agent/options.h"
#include "agent/recorder.h"
#include "agent/sampler.h"
#include "agent/server.h"
#include "agent/set_files.h"
#include "agent/set_totals.h"
#include "agent/snapshot.h"
#include "agent/spared.h"
#include "agent/spared_floods.h"
#include "agent/stand.h"
#include "agent/state.h"
#include "agent/suppressed.h"
#include "agent/top.h"
#include "agent/under_attack.h"
#include "agent/utilisation.h"
#include "agent/web.h"
#include "kern/attach.h"
#include "kern/datapath.h"
#include "kern/events.h"

struct fw_agent {
	struct fw_options options;
	struct fw_state state;
	uv_loop_t loop;
	uint64_t started_wall_ns, started_ns;

	struct fw_datapath *datapath;
	struct fw_attachments *attachments;
	struct fw_events *kernel_events;
	uv_poll_t kernel_events_poll;
	enum fw_adoption adoption;
	char rebuilt_why[FW_ERR_TEXT_MAX]; /* "" unless the maps are FW_ADOPTED_REBUILT */
	char no_pins_why[FW_ERR_TEXT_MAX]; /* "" when a crash leaves the filter in place */
	int pin_lock_fd;

	struct fw_loaded *loaded; /* the policy in force */
	struct fw_stand previous; /* text NULL: there is none to roll back to */
	bool previous_left;	  /* by a rollback, which the next one undoes; not a policy of before */
	struct fw_rule_ids ids;
	uv_timer_t save_soon;
	uint32_t generation;
	struct {
		uint32_t generation; /* what the last agent published, 0: nothing that could go on */
		uint64_t fingerprint;
		uint32_t list_changes;
	} adoptable;
	uint64_t config_digest; /* of --config when the policy in force was chosen */
	bool last_reload_ok;
	uint64_t last_reload_wall_ns;
	struct fw_confirm confirm;

	struct fw_drift drift;
	struct fw_keeping keeping;
	struct fw_feeds feeds;
	struct fw_interfaces interfaces;
	struct fw_leases leases;
	struct fw_spared_watch spared;
	struct fw_geo_watch geo_watch;
	struct fw_challenge_watch challenge;
	struct fw_local_watch local;
	struct fw_set_files set_files;
	struct fw_set_totals set_totals;
	struct fw_event_log events;
	struct fw_suppressed suppressed;
	struct fw_sampler sampler;
	struct fw_spared_floods spared_floods;
	struct fw_recorder recorder;
	struct fw_errands errands;
	unsigned int questions_running; /* to the history, in threads */
	struct fw_attack_watch attacks;
	struct fw_under_attack under_attack;
	struct fw_top top;
	struct fw_key_cache keys;
	struct fw_key_walks key_walks;
	bool unbanning; /* a walk forgets meters: the next unban waits */
	struct fw_notify notify;
	struct fw_notifier notifier;
	struct fw_utilisation utilisation;
	struct fw_server *server;
	struct fw_web web;
	struct fw_logs logs;

	uv_signal_t hangup, terminate, interrupt;
	bool ready; /* said so */
	int exit_code;
};

/* Everything up to "ready", step by step; returns an exit code, messages have been logged. */
int fw_agent_start(struct fw_agent *agent);
/* Leaves the filter or takes it off, as the policy says. */
void fw_agent_stop(struct fw_agent *agent);

#endif
