// SPDX-License-Identifier: Apache-2.0
/* replay: the real packet program, one packet of a capture after another, on the capture's own clock. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"
#include "cli/number.h"
#include "cli/show.h"
#include "cli/tally.h"
#include "kern/publish.h"
#include "kern/replay.h"
#include "kern/stats.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/reason.h"

#define EPOCH_NS	(1000 * FW_NS_PER_SEC) /* clock of the first packet: any window fits in front of it */
#define SOURCES_LISTED	10000
#define VIRTUAL_TICK_NS 1

struct replay {
	struct fw_cli *cli;
	struct fw_policy *policy;
	struct fw_image *image;
	struct fw_rule_ids *ids;
	struct fw_datapath *datapath;
	struct fw_runner *runner;
	struct fw_capture *capture;
	FILE *verdicts; /* NULL: not asked for */
	uint64_t first_ns, now_ns, packets;
	uint64_t by_reason[FW_REASON_MAX_], by_verdict[FW_VERDICT_MAX_];
	struct fw_tally sources;
};

static void replay_done(struct replay *replay)
{
	fw_tally_done(&replay->sources);
	fw_capture_close(replay->capture);
	fw_runner_close(replay->runner);
	fw_datapath_close(replay->datapath);
	fw_image_free(replay->image);
	fw_policy_free(replay->policy);
	free(replay->ids);
	if (replay->verdicts)
		fclose(replay->verdicts);
}

static const char *reason_word(uint32_t reason)
{
	return reason == FW_REASON_UNDECIDED ? "undecided" : fw_reason_facts(reason)->word;
}

static const char *verdict_word(uint32_t verdict)
{
	return verdict == FW_VERDICT_DROP ? "drop" : verdict == FW_VERDICT_WOULD_DROP ? "would_drop" : "pass";
}

/* Policy and image; exit code after a reported failure. */
static int prepare_policy(struct replay *replay, const char *path)
{
	struct fw_diags diags = {0};
	int r, exit = FW_EXIT_OK;

	replay->ids = calloc(1, sizeof(*replay->ids));
	if (!replay->ids)
		return fw_cli_fail_memory(replay->cli);
	r = fw_policy_load(path, &diags, &replay->policy);
	if (!r)
		r = fw_image_compile(replay->policy, &(struct fw_image_input){.tick_ns = VIRTUAL_TICK_NS},
				     replay->ids, &diags, &replay->image);
	if (r) {
		if (!replay->cli->json) {
			fw_diags_sort(&diags);
			fw_diags_render(&diags, replay->cli->err);
		}
		exit = fw_cli_fail(replay->cli, FW_EXIT_CONFIG, "bad-policy",
				   "all of it: floodwall check FILE",
				   "policy '%s' has %zu errors: nothing was replayed", path, diags.errors);
	}
	/* Marks of the policy point into the diags; nothing reads them from here on. */
	fw_diags_done(&diags);
	return exit;
}

/* Nothing is fetched here, and what an agent has is its own. */
static void say_feeds(const struct replay *replay)
{
	const struct fw_policy *policy = replay->policy;

	if (!policy->feed_count || replay->cli->json)
		return;
	fputs("note: feeds have no entries in a replay, rules that ask for them match nothing:",
	      replay->cli->err);
	for (size_t i = 0; i < policy->feed_count; i++)
		fprintf(replay->cli->err, " %s", policy->feeds[i].name);
	fputc('\n', replay->cli->err);
}

static enum fw_exit exit_of(int r)
{
	return r == -EPERM || r == -EACCES ? FW_EXIT_NO_PERMISSION : FW_EXIT_KERNEL;
}

static int prepare_program(struct replay *replay, uint32_t seed)
{
	struct fw_datapath_options options = {.sources = replay->policy->capacity.sources,
					      .bans = replay->policy->capacity.bans,
					      .prefixes = replay->policy->capacity.prefixes,
					      .virtual_clock = true,
					      .replay = true,
					      .trace = true,
					      .seed = seed};
	uint32_t generation, count_ifaces = replay->policy->mode == FW_MODE_COUNT ? UINT32_MAX : 0;
	enum fw_adoption adoption;
	struct fw_err err = {0};
	int r = fw_datapath_open(&options, &replay->datapath, &adoption, NULL, &err);

	r = r ? r : fw_publish(replay->datapath, replay->image, count_ifaces, true, &generation, &err);
	r = r ? r : fw_runner_open(replay->datapath, false, &replay->runner, &err);
	if (r)
		return fw_cli_fail(replay->cli, exit_of(r), "kernel",
				   exit_of(r) == FW_EXIT_NO_PERMISSION
					   ? "replay loads the packet program: run it with sudo"
					   : NULL,
				   "%s", err.text);
	return FW_EXIT_OK;
}

static int prepare_files(struct replay *replay, const struct fw_line *line)
{
	const char *verdicts = fw_line_option(line, "verdicts");
	struct fw_err err = {0};

	if (fw_capture_open(line->arguments[0], &replay->capture, &err))
		return fw_cli_fail(replay->cli, FW_EXIT_FAILED, "bad-capture", NULL, "%s", err.text);
	if (!verdicts)
		return FW_EXIT_OK;
	replay->verdicts = fopen(verdicts, "we");
	if (!replay->verdicts)
		return fw_cli_fail(replay->cli, FW_EXIT_FAILED, "output", NULL, "'%s' cannot be written: %s",
				   verdicts, strerror(errno));
	fputs("index,timestamp_ns,source,verdict,reason,rule\n", replay->verdicts);
	return FW_EXIT_OK;
}

/* The capture's clock never goes back: several receive queues write a little out of order. */
static void advance_clock(struct replay *replay, uint64_t timestamp_ns)
{
	uint64_t now;

	if (!replay->packets) {
		replay->first_ns = timestamp_ns;
		replay->now_ns = EPOCH_NS;
	}
	now = timestamp_ns > replay->first_ns ? EPOCH_NS + (timestamp_ns - replay->first_ns) : EPOCH_NS;
	if (now > replay->now_ns)
		replay->now_ns = now;
}

static void write_verdict(struct replay *replay, const struct fw_captured *packet,
			  const struct fw_trace *trace)
{
	char source[FW_ADDR_TEXT_MAX] = "";

	if (trace->family != FW_FAMILY_NONE)
		fw_addr_format(&trace->source, source, sizeof(source));
	fprintf(replay->verdicts, "%" PRIu64 ",%" PRIu64 ",%s,%s,%s,%s\n", replay->packets,
		packet->timestamp_ns, source, verdict_word(trace->verdict), reason_word(trace->reason),
		trace->rule < FW_RULE_IDS ? replay->ids->name[trace->rule] : "");
}

/* A test run refuses frames without a link header: judged here as the packet path would. */
static struct fw_trace judge_runt(const struct replay *replay)
{
	return (struct fw_trace){.reason = FW_REASON_TRUNCATED_LINK,
				 .verdict = replay->policy->mode == FW_MODE_COUNT ? FW_VERDICT_WOULD_DROP
										  : FW_VERDICT_DROP,
				 .rule = FW_RULE_NONE};
}

static int judge(struct replay *replay, const struct fw_captured *packet, struct fw_err *err)
{
	struct fw_trace trace = judge_runt(replay);
	uint32_t action;
	int r;

	advance_clock(replay, packet->timestamp_ns);
	if (packet->length >= FW_FRAME_MIN) {
		r = fw_runner_run(replay->runner, replay->now_ns, packet->frame, packet->length, &action,
				  &trace, err);
		if (r)
			return r;
		if (trace.reason >= FW_REASON_MAX_ || trace.verdict >= FW_VERDICT_MAX_)
			return fw_err_set(err, -EPROTO,
					  "the packet program left no verdict for packet %" PRIu64,
					  replay->packets + 1);
	}
	replay->packets++;
	replay->by_reason[trace.reason]++;
	replay->by_verdict[trace.verdict]++;
	if (replay->verdicts)
		write_verdict(replay, packet, &trace);
	if (trace.family == FW_FAMILY_NONE)
		return 0;
	r = fw_tally_add(&replay->sources, &trace.source, trace.verdict == FW_VERDICT_DROP);
	return r ? fw_err_set(err, r, "out of memory after %zu sources", replay->sources.count) : 0;
}

static int run(struct replay *replay, const char *verdicts)
{
	struct fw_captured packet;
	struct fw_err err = {0};
	int r;

	while ((r = fw_capture_next(replay->capture, &packet, &err)) > 0) {
		r = judge(replay, &packet, &err);
		if (r)
			return fw_cli_fail(replay->cli, r == -ENOMEM ? FW_EXIT_FAILED : FW_EXIT_KERNEL,
					   "kernel", NULL, "%s", err.text);
	}
	if (r)
		return fw_cli_fail(replay->cli, FW_EXIT_FAILED, "bad-capture", NULL,
				   "%s; %" PRIu64 " packets before that were good", err.text,
				   replay->packets);
	if (replay->verdicts && fflush(replay->verdicts))
		return fw_cli_fail(replay->cli, FW_EXIT_FAILED, "output", NULL, "'%s' cannot be written: %s",
				   verdicts, strerror(errno));
	return FW_EXIT_OK;
}

static json_t *rules_to_json(struct replay *replay)
{
	FW_FREE struct fw_rule_count *counts = calloc(FW_RULE_IDS, sizeof(*counts));
	json_t *rules = json_object();

	if (!counts) {
		json_decref(rules);
		return NULL;
	}
	fw_stats_rules(replay->datapath, counts);
	for (size_t i = 0; i < replay->policy->rule_count; i++)
		for (size_t id = 0; id < FW_RULE_IDS; id++)
			if (!strcmp(replay->ids->name[id], replay->policy->rules[i].name))
				json_object_set_new(rules, replay->ids->name[id],
						    json_pack("{s:I,s:I,s:I}", "packets",
							      (json_int_t)counts[id].packets, "dropped",
							      (json_int_t)counts[id].dropped, "would_drop",
							      (json_int_t)counts[id].would_drop));
	return rules;
}

static json_t *sources_to_json(struct replay *replay)
{
	size_t count = fw_tally_rank(&replay->sources, SOURCES_LISTED);
	json_t *array = json_array();

	for (size_t i = 0; array && i < count; i++) {
		const struct fw_tally_entry *entry = &replay->sources.slots[i];
		struct fw_prefix source = fw_source_of(&entry->source);
		char text[FW_ADDR_TEXT_MAX];

		json_array_append_new(array, json_pack("{s:s,s:I,s:I}", "source",
						       fw_prefix_format(&source, text, sizeof(text)),
						       "packets", (json_int_t)entry->packets, "dropped",
						       (json_int_t)entry->dropped));
	}
	return array;
}

static json_t *to_json(struct replay *replay)
{
	json_t *reasons = json_object(), *rules = rules_to_json(replay);
	uint64_t would = replay->by_verdict[FW_VERDICT_WOULD_DROP],
		 dropped = replay->by_verdict[FW_VERDICT_DROP];
	uint64_t lasted = replay->packets ? replay->now_ns - EPOCH_NS : 0;

	for (uint32_t i = 0; i < FW_REASON_MAX_; i++)
		json_object_set_new(reasons, reason_word(i), json_integer((json_int_t)replay->by_reason[i]));
	return json_pack("{s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:b,s:f}", "packets", (json_int_t)replay->packets,
			 "passed", (json_int_t)(replay->packets - dropped), "dropped", (json_int_t)dropped,
			 "would_drop", (json_int_t)would, "reasons", reasons, "rules", rules, "sources",
			 sources_to_json(replay), "sources_truncated", replay->sources.count > SOURCES_LISTED,
			 "seconds", (double)lasted / (double)FW_NS_PER_SEC);
}

static int cmd_replay(struct fw_cli *cli, const struct fw_line *line)
{
	struct replay replay FW_CLEANUP(replay_done) = {.cli = cli};
	const char *policy = fw_line_option(line, "policy"), *seed_text = fw_line_option(line, "seed");
	uint64_t seed = 0;
	json_t *document;
	int exit;

	if (!policy)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "'replay' expects --policy FILE");
	if (seed_text && !fw_number_parse(seed_text, UINT32_MAX, &seed))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--seed expects a whole number up to %u, got '%s'", UINT32_MAX, seed_text);
	exit = prepare_policy(&replay, policy);
	if (!exit)
		say_feeds(&replay);
	exit = exit ? exit : prepare_files(&replay, line);
	/* Seed 0 means random to the datapath; the operator's 0 is a seed like any other. */
	exit = exit ? exit : prepare_program(&replay, seed_text && !seed ? UINT32_MAX : (uint32_t)seed);
	exit = exit ? exit : run(&replay, fw_line_option(line, "verdicts"));
	if (exit)
		return exit;
	document = to_json(&replay);
	if (!document)
		return fw_cli_fail(cli, FW_EXIT_FAILED, "failed", NULL,
				   "the result could not be read back from the kernel");
	fw_cli_show(cli, document, fw_show_replay);
	json_decref(document);
	return FW_EXIT_OK;
}

const struct fw_command fw_command_replay = {
	.verb = "replay",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_FILE,
	.options = {{.name = "policy",
		     .value = "FILE",
		     .complete = FW_COMPLETE_FILE,
		     .help = "the policy to judge with (required)"},
		    {.name = "seed", .value = "N", .help = "fix what is random, to repeat a run exactly"},
		    {.name = "verdicts",
		     .value = "OUT.csv",
		     .complete = FW_COMPLETE_FILE,
		     .help = "write one line per packet: index,timestamp_ns,source,verdict,reason,rule"}},
	.help = "judge a capture (pcap, pcapng) by the real packet program, on the capture's own clock",
	.about = "Needs root (CAP_BPF) to load the program, but no agent and no interface. One CPU; packets "
		 "are padded to their original "
		 "length; Ethernet, RAW, SLL and SLL2 captures. Timestamps that go back stay at the last "
		 "one. Live SSH peers, gateways "
		 "and resolvers of this host play no part. Verdicts in the CSV: pass, drop, would_drop.",
	.examples = "sudo floodwall replay attack.pcapng --policy new.yaml",
	.route = FW_NO_ROUTE,
	.json = "{\"packets\":N,\"passed\":N,\"dropped\":N,\"would_drop\":N,\"reasons\":{\"WORD\":N},"
		"\"rules\":{\"NAME\":{\"packets\",\"dropped\","
		"\"would_drop\"}},\"sources\":[{\"source\",\"packets\",\"dropped\"}],\"sources_truncated\":"
		"BOOL,\"seconds\":F}",
	.run = cmd_replay,
};
