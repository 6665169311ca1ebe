// SPDX-License-Identifier: Apache-2.0
/* Keys of packets come from the kernel's meters, those of log lines from the log worker; both are sorted and
 * written as JSON in a thread. */
#include "agent/key_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uv.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "policy/words.h"

#define PATIENCE_NS (10 * FW_NS_PER_SEC) /* a log worker may be busy with a burst */

struct fw_key_walk {
	struct fw_errand errand;
	struct fw_agent *agent;
	struct fw_meter_walk meters;
	struct { /* of the rule when it was asked for */
		char name[FW_NAME_MAX];
		enum fw_per per;
		unsigned char prefix4, prefix6;
		uint64_t limit, window_ns;
		const char *unit;
	} rule;
	int listed_fd; /* -1: of packets */
	uint32_t serial;
	uint64_t written, asked_ns;
	char *text;
	size_t length;
	bool over;
	int error;
};

static void write_key(const struct fw_key_walk *walk, const struct fw_meter_entry *entry, FILE *out)
{
	struct fw_prefix prefix = {.addr = entry->key.addr, .bits = 128};
	char text[FW_ADDR_TEXT_MAX];

	if (walk->rule.per != FW_PER_DESTINATION)
		prefix.bits = fw_addr_is_v4(&prefix.addr) ? (unsigned char)(FW_V4_BITS + walk->rule.prefix4)
							  : walk->rule.prefix6;
	fprintf(out, "{\"source\":\"%s\",\"amount\":%lu,\"ratio\":%.6g,\"beyond\":%lu,\"over\":%s",
		walk->rule.per == FW_PER_TOTAL ? "total" : fw_prefix_format(&prefix, text, sizeof(text)),
		(unsigned long)entry->amount, (double)entry->amount / (double)walk->rule.limit,
		(unsigned long)entry->dropped, entry->over ? "true" : "false");
	if (walk->rule.per == FW_PER_SOURCE_DEST_PORT)
		fprintf(out, ",\"port\":%u", entry->key.port);
	fputc('}', out);
}

/* Names of rules are letters, digits, - and _. */
static int write_all(struct fw_key_walk *walk)
{
	const struct fw_meter_walk *meters = &walk->meters;
	FILE *out = open_memstream(&walk->text, &walk->length);

	if (!out)
		return -ENOMEM;
	fprintf(out, "{\"rule\":\"%s\",\"limit\":%lu,\"unit\":\"%s\",\"window_seconds\":%.9g,\"keys\":[",
		walk->rule.name, (unsigned long)walk->rule.limit, walk->rule.unit,
		(double)walk->rule.window_ns / 1e9);
	for (size_t i = 0; i < meters->count; i++) {
		if (i)
			fputc(',', out);
		write_key(walk, &meters->entries[i], out);
	}
	fprintf(out, "],\"over_only\":%s,\"truncated\":%s,\"total\":%lu}",
		meters->over_only ? "true" : "false", meters->count < meters->total ? "true" : "false",
		(unsigned long)meters->total);
	return fclose(out) ? -ENOMEM : 0;
}

/* What an unprivileged process wrote: taken as numbers, and as many as fit what it was given. */
static int read_listed(struct fw_key_walk *walk)
{
	struct fw_log_listed keys[1024];
	uint64_t left = walk->written < FW_LOG_CLIENTS_MAX ? walk->written : FW_LOG_CLIENTS_MAX;

	for (off_t at = 0; left;) {
		size_t want = left < 1024 ? left : 1024;
		ssize_t got = pread(walk->listed_fd, keys, want * sizeof(keys[0]), at);

		if (got != (ssize_t)(want * sizeof(keys[0])))
			return -EIO;
		for (size_t i = 0; i < want; i++) {
			const struct fw_meter_entry entry = {.key.addr = keys[i].addr,
							     .amount = keys[i].amount,
							     .over = keys[i].amount > walk->rule.limit};

			if (fw_meter_walk_add(&walk->meters, &entry))
				return -ENOMEM;
		}
		at += got;
		left -= want;
	}
	fw_meter_walk_sort(&walk->meters);
	return 0;
}

static void collect(struct fw_errand *errand)
{
	struct fw_key_walk *walk = (struct fw_key_walk *)errand;

	walk->error = walk->listed_fd >= 0 ? read_listed(walk) : fw_meter_walk_run(&walk->meters);
	if (!walk->error)
		walk->error = write_all(walk);
	fw_meter_walk_done(&walk->meters);
}

static void walk_free(struct fw_errand *errand)
{
	struct fw_key_walk *walk = (struct fw_key_walk *)errand;

	walk->agent->key_walks.running--;
	fw_meter_walk_done(&walk->meters);
	if (walk->listed_fd >= 0)
		close(walk->listed_fd);
	free(walk->text);
	free(walk);
}

static void on_collected(struct fw_errand *errand)
{
	((struct fw_key_walk *)errand)->over = true;
}

static int ask_worker(struct fw_key_walk *walk, uint16_t rule)
{
	struct fw_key_walks *walks = &walk->agent->key_walks;
	int r;

	walk->listed_fd = memfd_create("keys", MFD_CLOEXEC);
	if (walk->listed_fd < 0 ||
	    ftruncate(walk->listed_fd, (off_t)(FW_LOG_CLIENTS_MAX * sizeof(struct fw_log_listed))))
		return -errno;
	walk->serial = ++walks->serial;
	walk->asked_ns = fw_monotonic_ns();
	r = fw_log_worker_ask_keys(walk->agent, rule, walk->serial, walk->listed_fd);
	for (size_t i = 0; i < FW_KEY_WALKS && !r; i++) {
		if (walks->asked[i])
			continue;
		walks->asked[i] = walk;
		break;
	}
	return r;
}

static void forget_asked(struct fw_key_walk *walk)
{
	struct fw_key_walks *walks = &walk->agent->key_walks;

	for (size_t i = 0; i < FW_KEY_WALKS; i++)
		if (walks->asked[i] == walk)
			walks->asked[i] = NULL;
}

void fw_key_walk_listed(struct fw_agent *agent, uint64_t serial, uint64_t written)
{
	for (size_t i = 0; i < FW_KEY_WALKS; i++) {
		struct fw_key_walk *walk = agent->key_walks.asked[i];

		if (!walk || walk->serial != serial)
			continue;
		forget_asked(walk);
		walk->written = written;
		walk->error = fw_errand_send(&agent->errands, &walk->errand);
		walk->over = walk->error != 0;
	}
}

static int say_why(const struct fw_key_walk *walk, int r, struct fw_err *err)
{
	if (r == -ESRCH)
		return fw_err_set(err, -EAGAIN,
				  "rule '%s' counts lines of a log, and floodwall-log is not running: see "
				  "'floodwall status'",
				  walk->rule.name);
	return fw_err_set(err, r, "the keys of rule '%s' could not be read: %s", walk->rule.name,
			  strerror(-r));
}

int fw_key_walk_start(struct fw_agent *agent, size_t index, bool over_only, size_t limit,
		      struct fw_key_walk **ret, struct fw_err *err)
{
	const struct fw_policy_rule *rule = &agent->loaded->policy->rules[index];
	uint16_t id = agent->loaded->image->slot->rules[index].id;
	struct fw_key_walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return fw_err_set(err, -ENOMEM, "out of memory");
	agent->key_walks.running++;
	walk->errand = (struct fw_errand){.run = collect, .landed = on_collected, .release = walk_free};
	walk->agent = agent;
	walk->listed_fd = -1;
	snprintf(walk->rule.name, sizeof(walk->rule.name), "%s", rule->name);
	walk->rule.per = rule->per;
	walk->rule.prefix4 = rule->per == FW_PER_DESTINATION_PREFIX ? rule->dest_prefix4 : rule->prefix4;
	walk->rule.prefix6 = rule->per == FW_PER_DESTINATION_PREFIX ? rule->dest_prefix6 : rule->prefix6;
	walk->rule.limit = rule->limit.amount;
	walk->rule.window_ns = rule->limit.window_ns;
	walk->rule.unit = fw_unit_word(rule->limit.unit);
	walk->meters.over_only = over_only;
	walk->meters.limit = limit;
	if (rule->match.log) {
		r = ask_worker(walk, id);
	} else {
		r = fw_meter_walk_prepare(agent->datapath, id, &walk->meters);
		r = r ? r : fw_errand_send(&agent->errands, &walk->errand);
	}
	if (r) {
		say_why(walk, r, err);
		fw_key_walk_drop(walk);
		return r;
	}
	*ret = walk;
	return 0;
}

int fw_key_walk_result(struct fw_key_walk *walk, char **ret_text, struct fw_err *err)
{
	if (!walk->over && (walk->errand.under_way || fw_monotonic_ns() - walk->asked_ns < PATIENCE_NS))
		return -EAGAIN;
	if (!walk->over)
		return fw_err_set(err, -EIO,
				  "floodwall-log has not told the keys of rule '%s' in 10 s: try again",
				  walk->rule.name);
	if (walk->error)
		return say_why(walk, walk->error, err);
	*ret_text = TAKE_PTR(walk->text);
	return 0;
}

void fw_key_walk_drop(struct fw_key_walk *walk)
{
	if (!walk)
		return;
	forget_asked(walk);
	fw_errand_drop(&walk->errand);
}
