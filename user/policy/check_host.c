// SPDX-License-Identifier: Apache-2.0
/* What a policy asks of the machine it is for. A file may be meant for another one: warnings, no errors. */
#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/match.h"
#include "policy/words.h"

#define WARN(diags, mark, code, hint, ...)                                                                   \
	fw_diag_add(diags, mark, FW_SEVERITY_WARNING, code, hint, __VA_ARGS__)

void fw_check_notify_users(const struct fw_policy *policy, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->notify_count; i++) {
		const struct fw_notify_target *target = &policy->notify[i];

		errno = 0;
		/* What cannot be asked is no news of the user. */
		if (!target->user || getpwnam(target->user) || (errno && errno != ENOENT && errno != ESRCH))
			continue;
		WARN(diags, target->mark, "no-such-user", "useradd --system NAME, or name another one",
		     "notify '%s' is run as '%s', and this machine has no such user: nobody would be told",
		     target->name, target->user);
	}
}

void fw_check_memory(const struct fw_policy *policy, const struct fw_image *image, uint64_t machine_bytes,
		     struct fw_diags *diags)
{
	const struct fw_mark whole = {.file = fw_diags_file(diags, policy->file ? policy->file : "policy")};

	if (image->memory_bytes <= machine_bytes)
		return;
	WARN(diags, whole, "more-than-memory",
	     "lower capacity: {sources, bans, prefixes}; with memory_limit this would be an error",
	     "the kernel tables need %" PRIu64 " MiB and this machine has %" PRIu64
	     " MiB in all: the agent would not start here",
	     (image->memory_bytes + (1 << 20) - 1) >> 20, machine_bytes >> 20);
}

uint64_t fw_machine_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
}

/* One that has nearly that name is meant; otherwise the file may be for another machine, or the interface
 * comes later. */
void fw_check_interfaces(const struct fw_policy *policy, const char *const *names, size_t count,
			 struct fw_diags *diags)
{
	char list[256] = "", hint[384];

	for (size_t i = 0, used = 0; i < count && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
	for (size_t i = 0; i < policy->interface_count; i++) {
		const struct fw_interface *interface = &policy->interfaces[i];
		const char *meant = NULL;
		bool there = false;

		for (size_t k = 0; k < count; k++)
			there |= !strcmp(names[k], interface->name);
		if (there)
			continue;
		meant = fw_word_meant(interface->name, names, count);
		snprintf(hint, sizeof(hint), "%s%s%sthere are %s", meant ? "did you mean '" : "",
			 meant ? meant : "", meant ? "'? " : "", list);
		fw_diag_add(diags, interface->mark, meant ? FW_SEVERITY_WARNING : FW_SEVERITY_NOTE,
			    "no-such-interface", hint,
			    "this machine has no interface '%s': apply would refuse the policy here",
			    interface->name);
	}
}

void fw_check_log_paths(const struct fw_policy *policy, struct fw_diags *diags)
{
	for (size_t i = 0; i < policy->log_count; i++) {
		const struct fw_log *log = &policy->logs[i];

		/* What may not be looked at is the agent's to find out. */
		if (log->source == FW_LOG_FILE && access(log->place, F_OK) && errno == ENOENT)
			WARN(diags, log->mark, "no-such-log", "correct the path, or start what writes it",
			     "log '%s': there is no %s on this machine: its rules see nothing until there is",
			     log->name, log->place);
	}
}

static bool takes_port(const struct fw_policy_rule *rule, uint16_t port)
{
	for (size_t i = 0; i < fw_rule_conjunctions(rule); i++) {
		struct fw_conjunction all;

		fw_rule_conjunction(rule, i, &all);
		if (fw_conjunction_takes_value(&all, FW_DEST_PORT, port))
			return true;
	}
	return false;
}

/* Whose connections this host itself accepts. */
struct answered {
	const struct fw_listening *listening;
	const struct fw_published_ports *published;
};

static bool is_answered(const struct answered *answered, uint16_t port)
{
	return fw_listens(answered->listening, port) && !fw_published_ports_hold(answered->published, port);
}

/* Ports that the rule names one by one, up to a few, and nobody listens on. */
static size_t name_missing(const struct fw_policy_rule *rule, const struct answered *answered, char *text,
			   size_t size)
{
	size_t used = 0, count = 0;

	fw_rule_each_mention(match, rule)
	{
		for (size_t i = 0; i < match->dest_port.count; i++) {
			const struct fw_range *range = &match->dest_port.items[i];

			if (range->first != range->last || is_answered(answered, range->first) ||
			    !takes_port(rule, range->first))
				continue;
			count++;
			if (used < size)
				used += (size_t)snprintf(
					text + used, size - used, "%s%u%s", used ? ", " : "", range->first,
					fw_published_ports_hold(answered->published, range->first)
						? " (published for a container)"
						: "");
		}
	}
	return count;
}

void fw_check_listeners(const struct fw_policy *policy, const struct fw_listening *listening,
			const struct fw_published_ports *published, struct fw_diags *diags)
{
	const struct answered answered = {listening, published};

	if (policy->safety.synproxy_wscale != FW_SYNPROXY_NONE)
		return; /* whom netfilter's synproxy takes over for need not be here */
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];
		bool some = false;
		char missing[96];
		size_t count;

		if (rule->action != FW_ACTION_CHALLENGE)
			continue;
		for (unsigned int port = 0; port <= UINT16_MAX && !some; port++)
			some = is_answered(&answered, (uint16_t)port) && takes_port(rule, (uint16_t)port);
		count = name_missing(rule, &answered, missing, sizeof(missing));
		if (!some)
			WARN(diags, rule->action_mark, "nobody-listens",
			     "start the server, or use police for what is behind this host",
			     "rule '%s' challenges nobody here: no program of this host listens on a TCP "
			     "port "
			     "that it matches",
			     rule->name);
		else if (count)
			WARN(diags, rule->action_mark, "nobody-listens",
			     "start the server, or use police for what is behind this host",
			     "rule '%s' challenges nobody on TCP port%s %s: no program of this host listens "
			     "there",
			     rule->name, count > 1 ? "s" : "", missing);
	}
}

void fw_check_stacked(const struct fw_policy *policy, const struct fw_interface *interfaces, size_t count,
		      const struct fw_link_stack *stack, struct fw_diags *diags)
{
	const struct fw_mark whole = {.file = fw_diags_file(diags, policy->file ? policy->file : "policy")};
	FW_FREE const char **names = calloc(count + 1, sizeof(*names));
	size_t at = 0, upper, lower;

	for (size_t i = 0; names && i < count; i++)
		names[i] = interfaces[i].name;
	while (names && fw_link_stacked_next(stack, names, count, &at, &upper, &lower)) {
		const struct fw_mark *mark = &interfaces[upper].mark;
		char hint[200];

		/* One that the command line or a live attach names has no place in the file. */
		if (!mark->line)
			mark = interfaces[lower].mark.line ? &interfaces[lower].mark : &whole;
		snprintf(hint, sizeof(hint),
			 "filter one of them: '%s' sees all that comes in, '%s' what comes up to it",
			 names[lower], names[upper]);
		WARN(diags, *mark, "stacked-interfaces", hint, FW_STACKED_SAYS, names[upper], names[lower]);
	}
}
