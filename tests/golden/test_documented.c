// SPDX-License-Identifier: Apache-2.0
/* The overview, the manual and the completions name every command, each of them once. */
#include "agent/event_log.h"
#include "printed.h"

/* roff writes "\\-" for a dash. */
static void plain_dashes(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (strncmp(text, "\\-", 2))
			*to++ = *text;
	*to = '\0';
}

/* The overview names every command, and so do the manual and the completions. */
Test(golden, every_command_is_documented)
{
	static const char *const documents[] = {"help", "man", "completion bash", "completion zsh",
						"completion fish"};
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	for (size_t d = 0; d < sizeof(documents) / sizeof(documents[0]); d++) {
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);

		cr_assert(run(documents[d], file, stderr) == 0);
		fclose(file);
		plain_dashes(out.text);
		for (size_t i = 0; i < count; i++) {
			cr_assert(strstr(out.text, commands[i]->verb), "%s has no %s", documents[d],
				  commands[i]->verb);
			if (commands[i]->subverb)
				cr_assert(strstr(out.text, commands[i]->subverb), "%s has no %s",
					  documents[d], commands[i]->subverb);
		}
		free(out.text);
	}
	for (size_t i = 0; i < count; i++) {
		char line[64];
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);

		snprintf(line, sizeof(line), "%s %s --help", commands[i]->verb,
			 commands[i]->subverb ? commands[i]->subverb : "");
		cr_assert(run(line, file, stderr) == 0, "%s", line);
		fclose(file);
		cr_assert(commands[i]->needs_subverb || strstr(out.text, commands[i]->help),
			  "%s lacks the help of its row", line);
		for (int k = 0; k < FW_OPTIONS_MAX && commands[i]->options[k].name; k++)
			cr_assert(strstr(out.text, commands[i]->options[k].name), "%s lacks --%s", line,
				  commands[i]->options[k].name);
		free(out.text);
	}
}

/* Events end with the agent: who misses some learns where they are. */
Test(golden, events_of_before_a_restart_are_said_to_be_in_the_journal)
{
	static const char *const documents[] = {"events --help", "man"};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);
		char kept[32];

		cr_assert(run(documents[i], file, stderr) == 0);
		fclose(file);
		plain_dashes(out.text);
		snprintf(kept, sizeof(kept), "the last %d in memory", FW_EVENTS_KEPT);
		cr_expect(strstr(out.text, kept), "%s lacks '%s'", documents[i], kept);
		cr_expect(strstr(out.text, "before its last start"), "%s", documents[i]);
		cr_expect(strstr(out.text, "journalctl -u floodwalld FLOODWALL_EVENT_TYPE=ban"), "%s",
			  documents[i]);
		free(out.text);
	}
}

/* What agent/attacks.c, confirm.c, api_policy.c, under_attack.c and api_tune.c put into theirs. */
Test(golden, events_are_documented_with_their_members)
{
	static const char *const members[] = {
		"attack",
		"target",
		"vector",
		"packets_per_second",
		"peak_packets_per_second",
		"dropped",
		"would_drop",
		"seconds",
		"merged_into",
		"previous",
		"confirm_seconds",
		"rolled_back",
		"why",
		"mode",
		"active",
		"rules",
		"changes",
		"key",
		"old",
		"new",
	};
	struct printed out = {0};
	FILE *file = open_memstream(&out.text, &out.length);
	char *section;

	cr_assert(run("man", file, stderr) == 0);
	fclose(file);
	plain_dashes(out.text);
	section = strstr(out.text, "\"events\":[{");
	cr_assert_not_null(section);
	*strchr(section, '\n') = '\0';
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		char quoted[40];

		snprintf(quoted, sizeof(quoted), "\"%s\"", members[i]);
		cr_expect(strstr(section, quoted), "events does not document %s", quoted);
	}
	free(out.text);
}

static size_t occurrences(const char *text, const char *what)
{
	size_t found = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		found++;
	return found;
}

/* A verb that is nothing without its subcommands is no command of its own beside them. */
Test(golden, every_command_is_listed_once)
{
	static const struct {
		const char *line, *heading;
	} lists[] = {
		{"help", "\n  import aws-waf FILE"},
		{"man", "SS \"import aws-waf FILE\""},
		{"man", ".TP\n\\fBimport"},
		{"import --help", "usage: floodwall import aws-waf FILE"},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);

		cr_assert(run(lists[i].line, file, stderr) == 0, "%s", lists[i].line);
		fclose(file);
		if (!strcmp(lists[i].line, "man"))
			plain_dashes(out.text);
		cr_expect_eq(occurrences(out.text, lists[i].heading), 1, "%s: %s", lists[i].line,
			     lists[i].heading);
		free(out.text);
	}
}

/* Whoever reads it then has no time to look for it. */
Test(golden, the_manual_says_how_to_stop_filtering)
{
	static const char *const ways[] = {"\n.SH EMERGENCY\n",
					   "floodwall rollback",
					   "sudo floodwall detach IFACE",
					   "neither removed by ip link",
					   "sudo systemctl disable --now floodwalld",
					   "sudo rm -r /sys/fs/bpf/floodwall",
					   "floodwalld --check"};
	struct printed out = {0};
	FILE *file = open_memstream(&out.text, &out.length);

	cr_assert(run("man", file, stderr) == 0);
	fclose(file);
	plain_dashes(out.text);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		cr_expect(strstr(out.text, ways[i]), "man lacks '%s'", ways[i]);
	free(out.text);
}
