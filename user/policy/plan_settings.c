// SPDX-License-Identifier: Apache-2.0
/* What would change of everything that is one value of the file. Pure. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/units.h"
#include "policy/plan_line.h"
#include "policy/words.h"

/* Kinds of values: each writes what stands at `value` in the policy. */
typedef void write_value(const struct fw_policy *policy, const void *value, FILE *out);

static void write_flag(const struct fw_policy *policy, const void *value, FILE *out)
{
	(void)policy;
	fputs(*(const bool *)value ? "true" : "false", out);
}

static void write_refs(const struct fw_policy *policy, const void *value, FILE *out)
{
	const struct fw_set_refs *refs = value;

	for (size_t i = 0; i < refs->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", policy->sets[refs->items[i]].name);
}

static void write_limit(const struct fw_policy *policy, const void *value, FILE *out)
{
	char text[96];

	(void)policy;
	fputs(fw_limit_format(value, text, sizeof(text)), out);
}

static void write_duration(const struct fw_policy *policy, const void *value, FILE *out)
{
	char text[96];

	(void)policy;
	fputs(fw_duration_format(*(const uint64_t *)value, text, sizeof(text)), out);
}

/* In thousands: 20k */
static void write_rate(const struct fw_policy *policy, const void *value, FILE *out)
{
	char text[96];

	(void)policy;
	fputs(fw_amount_exact(*(const uint64_t *)value, false, text, sizeof(text)), out);
}

/* In 1024s where that is shorter: 512MiB */
static void write_size(const struct fw_policy *policy, const void *value, FILE *out)
{
	char text[96];

	(void)policy;
	fputs(fw_amount_exact(*(const uint64_t *)value, true, text, sizeof(text)), out);
}

static void write_size_or_none(const struct fw_policy *policy, const void *value, FILE *out)
{
	if (*(const uint64_t *)value)
		write_size(policy, value, out);
	else
		fputs("none", out);
}

static void write_path(const struct fw_policy *policy, const void *value, FILE *out)
{
	const char *path = *(char *const *)value;

	(void)policy;
	fputs(path ? path : "", out);
}

static void write_mode(const struct fw_policy *policy, const void *value, FILE *out)
{
	(void)policy;
	fputs(fw_mode_word(*(const enum fw_mode *)value), out);
}

static void write_on_exit(const struct fw_policy *policy, const void *value, FILE *out)
{
	(void)policy;
	fputs(fw_word_of(&fw_on_exit_words, *(const enum fw_on_exit *)value), out);
}

static void write_wscale(const struct fw_policy *policy, const void *value, FILE *out)
{
	unsigned int wscale = *(const unsigned int *)value;

	(void)policy;
	if (wscale == FW_SYNPROXY_NONE)
		fputs("none", out);
	else
		fprintf(out, "%u", wscale);
}

static void write_listen(const struct fw_policy *policy, const void *value, FILE *out)
{
	fputs(policy->metrics.enabled ? value : "none", out);
}

/* What each kind reads at `value`. */
typedef bool of_flag;
typedef struct fw_set_refs of_refs;
typedef struct fw_limit of_limit;
typedef uint64_t of_duration, of_rate, of_size, of_size_or_none;
typedef char *of_path;
typedef enum fw_mode of_mode;
typedef enum fw_on_exit of_on_exit;
typedef unsigned int of_wscale;
typedef char of_listen[sizeof(((struct fw_policy *)0)->metrics.listen)];

/* 0; no program when the member is of another type than its kind reads. */
#define TYPE_CHECKED(kind, member)                                                                           \
	(0 * sizeof(struct {                                                                                 \
		 _Static_assert(__builtin_types_compatible_p(__typeof__(((struct fw_policy *)0)->member),    \
							     of_##kind),                                     \
				#member " is no " #kind);                                                    \
		 int unused;                                                                                 \
	 }))

#define SETTING(name, kind, member)                                                                          \
	{                                                                                                    \
		name, write_##kind, offsetof(struct fw_policy, member) + TYPE_CHECKED(kind, member)          \
	}

static const struct setting {
	const char *name;
	write_value *write;
	size_t offset;
} settings[] = {
	SETTING("mode", mode, mode),
	SETTING("never_block", refs, never_block),
	SETTING("never_block.limit", limit, never_block_limit),
	SETTING("safety.protect_ssh_clients", flag, safety.protect_ssh_clients),
	SETTING("safety.ssh_limit", limit, safety.ssh_limit),
	SETTING("safety.protect_gateways", flag, safety.protect_gateways),
	SETTING("safety.confirm_timeout", duration, safety.confirm_timeout_ns),
	SETTING("safety.essential_limit", rate, safety.essential_limit),
	SETTING("safety.resolvers", refs, safety.resolvers),
	SETTING("safety.time_servers", refs, safety.time_servers),
	SETTING("safety.answers_limit", limit, safety.answers_limit),
	SETTING("safety.attack_from", rate, safety.attack_from),
	SETTING("safety.challenge_replies", rate, safety.challenge_replies),
	SETTING("safety.challenge_replies_per_prefix", rate, safety.challenge_replies_per_prefix),
	SETTING("safety.synproxy_wscale", wscale, safety.synproxy_wscale),
	SETTING("metrics.listen", listen, metrics.listen),
	SETTING("on_exit", on_exit, on_exit),
	SETTING("capacity.sources", size, capacity.sources),
	SETTING("capacity.bans", size, capacity.bans),
	SETTING("capacity.prefixes", size, capacity.prefixes),
	SETTING("capacity.log_clients", size, log_clients),
	SETTING("geo.database", path, geo.database),
	SETTING("geo.asn_database", path, geo.asn_database),
	SETTING("signatures.file", path, signatures.file),
	SETTING("history.enabled", flag, history.enabled),
	SETTING("history.keep", duration, history.keep_ns),
	SETTING("history.size", size, history.size),
	SETTING("memory_limit", size_or_none, memory_limit),
};

static char *text_of(const struct fw_policy *policy, const struct setting *setting)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	setting->write(policy, (const char *)policy + setting->offset, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int fw_plan_settings(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && !r; i++) {
		FW_FREE char *before = text_of(running, &settings[i]);
		FW_FREE char *after = text_of(wanted, &settings[i]);

		if (!before || !after)
			return -ENOMEM;
		if (strcmp(before, after))
			r = fw_plan_line(plan, '~', "setting", settings[i].name, "%s -> %s",
					 *before ? before : "none", *after ? after : "none");
	}
	return r;
}
