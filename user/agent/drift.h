/* SPDX-License-Identifier: Apache-2.0 */
/* Live changes to sets and interfaces that no file has: kept over reload and restart, gone at boot, shown in
 * status. */
#ifndef FW_AGENT_DRIFT_H
#define FW_AGENT_DRIFT_H

#include <jansson.h>
#include <uv.h>

#include "policy/image.h"

struct fw_agent;

struct fw_set_edit {
	struct fw_set_change change;
	char by[64];
};

struct fw_iface_edit {
	struct fw_interface request;
	bool detached;
	char by[64];
};

struct fw_drift {
	struct fw_set_edit *sets; /* in the order they were made */
	size_t set_count;
	struct fw_iface_edit *ifaces;
	size_t iface_count;
	uv_timer_t expiry;
};

void fw_drift_init(struct fw_agent *agent);
void fw_drift_done(struct fw_drift *drift);

/* For the compiler: those in force now. Caller frees. */
size_t fw_drift_changes(const struct fw_drift *drift, struct fw_set_change **ret);
/* A later change of the same prefix in the same set replaces the earlier one; one without an end also those
 * inside its prefix. -ENOMEM */
int fw_drift_set(struct fw_drift *drift, const struct fw_set_change *change, const char *by);
/* Takes a change of exactly this prefix back; false: there is none. */
bool fw_drift_forget_set(struct fw_drift *drift, const char *set, const struct fw_prefix *prefix);
int fw_drift_iface(struct fw_drift *drift, const struct fw_interface *request, bool detached, const char *by);
void fw_drift_iface_forget(struct fw_drift *drift, const char *name);
/* What was asked for live about an interface, NULL: nothing. */
const struct fw_iface_edit *fw_drift_iface_find(const struct fw_drift *drift, const char *name);

/* A saved copy to go back to when a change cannot be put in force. */
int fw_drift_copy_sets(const struct fw_drift *drift, struct fw_set_edit **ret, size_t *ret_count);
void fw_drift_restore_sets(struct fw_drift *drift, struct fw_set_edit *sets, size_t count);

void fw_drift_save(struct fw_agent *agent);
void fw_drift_load(struct fw_agent *agent);
/* drift_saved.c: forgets lasting set changes that the files say by now, as after `sets add --save`. */
void fw_drift_forget_saved(struct fw_agent *agent);
/* Whether the opposite of a lasting or timed change would take it back and be forgotten itself. */
bool fw_drift_leaves_nothing(const struct fw_agent *agent, const struct fw_set_change *change);
/* Whether the files of a set say already what a lasting change says. */
bool fw_drift_is_said(const struct fw_agent *agent, unsigned int set, const struct fw_set_change *change);
/* Arms the timer for whatever ends next: a tune or a set change. */
void fw_drift_schedule(struct fw_agent *agent);
/* The list of status; drift.c has sets and interfaces, tunes and a foreign policy file come from the policy
 * in force. */
json_t *fw_drift_to_json(const struct fw_agent *agent);
size_t fw_drift_count(const struct fw_agent *agent);

#endif
