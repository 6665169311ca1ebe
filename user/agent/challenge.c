// SPDX-License-Identifier: Apache-2.0
/* Sysctls of this network namespace that SYN cookies made in the packet path need. What they were goes to
 * disk before they are changed, so that a killed agent's successor can give them back. */
#include "agent/challenge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "agent/unseen.h"
#include "lib/clock.h"
#include "lib/log.h"

#define TICK_MS	      1000
#define COLLECT_TICKS 10
#define UNSEEN_TICKS  10

static void read_record(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	bool same_boot = false;
	json_t *record = fw_kept_read(agent, FW_KEPT_SYSCTLS, &same_boot);

	if (record && same_boot &&
	    (unsigned long)json_integer_value(json_object_get(record, "netns")) == fw_cookie_netns())
		for (int i = 0; i < FW_COOKIE_SYSCTLS; i++) {
			const json_t *before = json_object_get(record, fw_cookie_sysctl(i));

			watch->recorded[i] = json_is_integer(before);
			watch->before[i] = (long)json_integer_value(before);
		}
	json_decref(record);
}

void fw_challenge_save(struct fw_agent *agent)
{
	const struct fw_challenge_watch *watch = &agent->challenge;
	json_t *record = json_pack("{s:I}", "netns", (json_int_t)fw_cookie_netns());

	for (int i = 0; i < FW_COOKIE_SYSCTLS; i++)
		if (watch->recorded[i])
			json_object_set_new(record, fw_cookie_sysctl(i), json_integer(watch->before[i]));
	fw_keep(agent, FW_KEPT_SYSCTLS, record);
}

/* What to give back is what somebody wanted last. A disk that does not take it is no reason to let a flood
 * in: it stays in memory, and status says what a killed agent's successor would not know. */
static void record(struct fw_agent *agent, int i, bool recorded, long before)
{
	agent->challenge.recorded[i] = recorded;
	agent->challenge.before[i] = before;
	fw_challenge_save(agent);
}

static void log_raised(int i, long before, bool again)
{
	if (again)
		fw_log(FW_LOG_WARNING,
		       "challenge: net.ipv4.%s set to %d again: somebody else has set it to %ld, "
		       "and to that it goes back when no rule challenges",
		       fw_cookie_sysctl(i), FW_COOKIE_SYSCTL_WANTED, before);
	else
		fw_log(FW_LOG_NOTICE,
		       "challenge: net.ipv4.%s set to %d, it was %ld; "
		       "it goes back to %ld when no rule challenges",
		       fw_cookie_sysctl(i), FW_COOKIE_SYSCTL_WANTED, before, before);
}

/* 0: the sysctl is what challenge needs. */
static int raise_sysctl(struct fw_agent *agent, int i, struct fw_err *err)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	bool again = watch->recorded[i];
	long now = 0;
	int r = fw_ipv4_sysctl_read(fw_cookie_sysctl(i), &now, err);

	if (r || now == FW_COOKIE_SYSCTL_WANTED)
		return r;
	/* The operator wants none: answered without, which costs window scale and SACK. */
	if (i == FW_COOKIE_TIMESTAMPS_SYSCTL && !now) {
		if (again)
			record(agent, i, false, 0);
		return 0;
	}
	if (!again || watch->before[i] != now)
		record(agent, i, true, now);
	r = fw_ipv4_sysctl_write(fw_cookie_sysctl(i), FW_COOKIE_SYSCTL_WANTED, err);
	if (r)
		watch->recorded[i] = again;
	else
		log_raised(i, now, again);
	return r;
}

static void give_back(struct fw_agent *agent, int i)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	struct fw_err err = {};
	long now = 0;

	watch->recorded[i] = false;
	if (fw_ipv4_sysctl_read(fw_cookie_sysctl(i), &now, &err)) {
		fw_log(FW_LOG_WARNING, "challenge: %s", err.text);
	} else if (now != FW_COOKIE_SYSCTL_WANTED) {
		fw_log(FW_LOG_NOTICE, "challenge: net.ipv4.%s is %ld, which somebody else has set: left so",
		       fw_cookie_sysctl(i), now);
	} else if (fw_ipv4_sysctl_write(fw_cookie_sysctl(i), watch->before[i], &err)) {
		watch->recorded[i] = true;
		fw_log(FW_LOG_WARNING, "challenge: %s; set it by hand: sysctl net.ipv4.%s=%ld", err.text,
		       fw_cookie_sysctl(i), watch->before[i]);
	} else {
		fw_log(FW_LOG_NOTICE, "challenge: net.ipv4.%s is %ld again", fw_cookie_sysctl(i),
		       watch->before[i]);
	}
}

/* Now, or as soon as there is an attack. */
static bool may_want(const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count && policy->mode != FW_MODE_COUNT; i++)
		if (policy->rules[i].action == FW_ACTION_CHALLENGE && policy->rules[i].mode != FW_MODE_COUNT)
			return true;
	return false;
}

static bool wants(const struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action == FW_ACTION_CHALLENGE &&
		    !fw_rule_counts(policy, &policy->rules[i]))
			return true;
	return false;
}

/* Told once, not every second. */
static void set_trouble(struct fw_challenge_watch *watch, const char *text)
{
	if (strcmp(watch->trouble, text)) {
		snprintf(watch->trouble, sizeof(watch->trouble), "%s", text);
		if (*text)
			fw_log(FW_LOG_WARNING, "NOTHING is challenged, the rules behind decide: %s", text);
	}
}

#define MUTE_WHY                                                                                             \
	"the other end of that veth has neither GRO nor an XDP program and takes no answers; mend, where "   \
	"it is: ethtool -K PEER gro on"

/* The other end can change at any time. */
static void look_for_mute(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	char before[sizeof(watch->mute)], names[512] = "";
	uint32_t mute = 0;

	for (size_t i = 0; i < count; i++) {
		if (!fw_answers_nobody(&attached[i]))
			continue;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", mute ? ", " : "",
			 attached[i].name);
		mute |= 1u << (attached[i].iface % FW_IFACES_MAX);
	}
	fw_mute_ifaces_set(agent->datapath, mute);
	snprintf(before, sizeof(before), "%s", watch->mute);
	watch->mute[0] = '\0';
	if (mute)
		snprintf(watch->mute, sizeof(watch->mute),
			 "NOTHING is challenged on %s, the rules behind decide: " MUTE_WHY, names);
	if (mute && strcmp(watch->mute, before) != 0)
		fw_log(FW_LOG_WARNING, "%s", watch->mute);
}

/* Now and then: connections come and go, and guests. */
static void look_for_unseen(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	char before[sizeof(watch->unseen)];

	snprintf(before, sizeof(before), "%s", watch->unseen);
	fw_unseen_sockets(agent->attachments, agent->local.own.proxy_table, watch->unseen,
			  sizeof(watch->unseen));
	if (watch->unseen[0] && strcmp(watch->unseen, before) != 0)
		fw_log(FW_LOG_WARNING, "challenge: %s", watch->unseen);
}

void fw_challenge_links_changed(struct fw_agent *agent)
{
	if (agent->challenge.engaged)
		look_for_unseen(agent);
	fw_challenge_settle(agent);
}

static void on_tick(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;

	if (agent->challenge.engaged && ++agent->challenge.unseen_ticks % UNSEEN_TICKS == 0)
		look_for_unseen(agent);
	fw_challenge_settle(agent);
	if (!agent->challenge.engaged && !agent->challenge.active_count && !agent->challenge.collects)
		return;
	fw_challenge_look(agent);
	if (agent->challenge.ticks++ % COLLECT_TICKS == 0)
		fw_verified_collect(agent->datapath, &agent->challenge.verified);
}

void fw_challenge_init(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;

	uv_timer_init(&agent->loop, &watch->timer);
	watch->timer.data = agent;
	watch->opened = true;
	read_record(agent);
}

static void tick(struct fw_challenge_watch *watch)
{
	if (watch->opened && !uv_is_active((uv_handle_t *)&watch->timer))
		uv_timer_start(&watch->timer, on_tick, TICK_MS, TICK_MS);
}

static bool is_unable(struct fw_challenge_watch *watch)
{
	if (!watch->known) {
		watch->known = true;
		watch->unable = !fw_cookies_known();
	}
	return watch->unable;
}

/* Before cookies are made: a rule of mode attack must find it so when the kernel itself makes cookies. */
static void prepare(struct fw_agent *agent, struct fw_err *err)
{
	agent->challenge.prepared = true;
	agent->challenge.stamps_due_ns = 0;
	raise_sysctl(agent, FW_COOKIE_TIMESTAMPS_SYSCTL, err);
}

/* needed: somebody may be answered, and not only counted. */
static void engage(struct fw_agent *agent, bool needed)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	struct fw_err err = {}, unknown = {}, stampless = {};

	if (is_unable(watch)) {
		fw_err_set(&err, -EOPNOTSUPP,
			   "this kernel has no bpf_tcp_gen_syncookie for XDP (CONFIG_SYN_COOKIES)");
	} else if (needed) {
		prepare(agent, &stampless); /* goes without, which status says */
		raise_sysctl(agent, FW_COOKIE_SYNCOOKIES, &err);
	}
	fw_cookie_host_read(&watch->host);
	if (watch->unseen[0])
		watch->host.flags |= FW_COOKIE_UNSEEN;
	if (fw_local_refresh(agent, watch->host.flags & FW_COOKIE_UNSEEN, &unknown))
		watch->host.flags &= ~(unsigned int)FW_COOKIE_READY;
	if (watch->unable)
		watch->host.flags = 0;
	fw_cookie_host_set(agent->datapath, &watch->host);
	set_trouble(watch, watch->host.flags & FW_COOKIE_READY || !needed ? ""
			   : err.code					  ? err.text
									  : unknown.text);
	watch->engaged = true;
	watch->needed = needed;
	tick(watch);
}

void fw_challenge_engage(struct fw_agent *agent, const struct fw_policy *policy)
{
	if (wants(policy))
		engage(agent, fw_interfaces_would_enforce(agent, policy));
}

/* The packet path first: nobody counts on it any more. */
static void give_back_now(struct fw_agent *agent, int i)
{
	struct fw_cookie_host none = {};

	fw_cookie_host_set(agent->datapath, &none);
	give_back(agent, i);
	fw_challenge_save(agent);
	fw_cookie_host_read(&agent->challenge.host);
	fw_cookie_host_set(agent->datapath, &agent->challenge.host);
}

static void give_stamps_back_later(struct fw_challenge_watch *watch)
{
	if (!watch->recorded[FW_COOKIE_TIMESTAMPS_SYSCTL] || watch->stamps_due_ns)
		return;
	watch->stamps_due_ns = fw_monotonic_ns() + FW_COOKIE_HANDSHAKE_S * FW_NS_PER_SEC;
	fw_log(FW_LOG_NOTICE,
	       "challenge: net.ipv4.tcp_timestamps goes back to %ld in %d s, when handshakes under way are "
	       "done",
	       watch->before[FW_COOKIE_TIMESTAMPS_SYSCTL], FW_COOKIE_HANDSHAKE_S);
}

static void give_stamps_back(struct fw_agent *agent)
{
	agent->challenge.stamps_due_ns = 0;
	give_back_now(agent, FW_COOKIE_TIMESTAMPS_SYSCTL);
}

static void give_all_back(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;

	if (watch->recorded[FW_COOKIE_SYNCOOKIES])
		give_back_now(agent, FW_COOKIE_SYNCOOKIES);
	if (!watch->prepared)
		give_stamps_back_later(watch);
	if (watch->stamps_due_ns)
		tick(watch);
}

static void rest(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;

	watch->engaged = watch->needed = false;
	watch->trouble[0] = watch->unseen[0] = watch->mute[0] = '\0';
	watch->unseen_ticks = 0;
	fw_local_rest(&agent->local);
}

void fw_challenge_release(struct fw_agent *agent)
{
	rest(agent);
	agent->challenge.prepared = false;
	give_all_back(agent);
}

void fw_challenge_end(struct fw_agent *agent)
{
	uint64_t due_ns = agent->challenge.stamps_due_ns;
	struct timespec due = {.tv_sec = (time_t)(due_ns / FW_NS_PER_SEC),
			       .tv_nsec = (long)(due_ns % FW_NS_PER_SEC)};

	if (!due_ns)
		return;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
	give_stamps_back(agent);
}

static bool enforces_somewhere(const struct fw_agent *agent)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	uint32_t counting = fw_interfaces_counting(agent, agent->loaded->policy);

	for (size_t i = 0; i < count; i++)
		if (!(counting >> (attached[i].iface % FW_IFACES_MAX) & 1))
			return true;
	return false;
}

void fw_challenge_settle(struct fw_agent *agent)
{
	struct fw_challenge_watch *watch = &agent->challenge;
	const struct fw_attached *attached;
	bool filters, enforces;
	struct fw_err err = {};

	if (!agent->loaded || !agent->attachments)
		return;
	filters = fw_attachments_list(agent->attachments, &attached);
	enforces = filters && enforces_somewhere(agent);
	watch->prepared = false;
	watch->collects = filters && agent->loaded->image->slot->features & FW_FEATURE_VERIFIED;
	if (watch->collects)
		tick(watch);
	if (watch->looked_at != agent->generation)
		watch->changed_ns = fw_datapath_now_ns(agent->datapath);
	if (watch->looked_at != agent->generation && (watch->engaged || watch->active_count))
		fw_challenge_look(agent); /* what rules have left that challenge no more must not wait for the
					     next tick */
	watch->looked_at = agent->generation;
	if (wants(agent->loaded->policy) && filters) {
		if (!watch->unseen_ticks)
			look_for_unseen(agent);
		look_for_mute(agent);
		engage(agent, enforces);
	} else {
		rest(agent);
		if (enforces && may_want(agent->loaded->policy) && !is_unable(watch))
			prepare(agent, &err);
	}
	if (!watch->needed)
		give_all_back(agent);
	if (watch->stamps_due_ns && fw_monotonic_ns() >= watch->stamps_due_ns)
		give_stamps_back(agent);
	if (!watch->engaged && !watch->active_count && !watch->collects && !watch->stamps_due_ns)
		uv_timer_stop(&watch->timer);
}

static json_t *ports_to_json(const struct fw_published_ports *ports)
{
	json_t *list = json_array();

	for (unsigned int port = 0; port <= UINT16_MAX; port++)
		if (fw_published_ports_hold(ports, (uint16_t)port))
			json_array_append_new(list, json_integer((json_int_t)port));
	return list;
}

json_t *fw_challenge_to_json(struct fw_agent *agent, json_t *warnings)
{
	const struct fw_challenge_watch *watch = &agent->challenge;
	json_t *changed = json_object();

	for (int i = 0; i < FW_COOKIE_SYSCTLS; i++)
		if (watch->recorded[i])
			json_object_set_new(changed, fw_cookie_sysctl(i),
					    json_pack("{s:i, s:I}", "value", FW_COOKIE_SYSCTL_WANTED,
						      "before", (json_int_t)watch->before[i]));
	if (watch->engaged && watch->trouble[0])
		json_array_append_new(
			warnings,
			json_sprintf("NOTHING is challenged, the rules behind decide: %s", watch->trouble));
	if (watch->engaged && watch->mute[0])
		json_array_append_new(warnings, json_string(watch->mute));
	if (watch->engaged && watch->unseen[0])
		json_array_append_new(warnings, json_string(watch->unseen));
	else if (watch->engaged && watch->host.flags & FW_COOKIE_UNSEEN &&
		 agent->loaded->policy->safety.synproxy_wscale == FW_SYNPROXY_NONE)
		json_array_append_new(
			warnings,
			json_string(
				"this host forwards: challenge answers for listeners on its own addresses "
				"only, TCP of no connection is not dropped, and SYNs to other addresses pass "
				"within a budget (see safety: synproxy_wscale)"));
	if (watch->needed && !(watch->host.flags & FW_COOKIE_TIMESTAMPS))
		json_array_append_new(
			warnings, json_string("net.ipv4.tcp_timestamps is not 2: challenged connections go "
					      "without window scale and SACK"));
	return json_pack("{s:b, s:o, s:I, s:o, s:o, s:b, s:o}", "engaged", (int)watch->engaged, "active",
			 fw_challenge_active_to_json(agent), "verified", (json_int_t)watch->verified,
			 "sysctls", changed, "own_prefixes",
			 watch->engaged && agent->local.written
				 ? json_integer((json_int_t)agent->local.own.count)
				 : json_null(),
			 "passes_on", watch->engaged && watch->host.flags & FW_COOKIE_UNSEEN,
			 "container_ports", ports_to_json(&agent->local.published));
}
