// SPDX-License-Identifier: Apache-2.0
/* Command lines: where options may stand, what belongs to them, and a table that contradicts nothing. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/line.h"

struct parsed {
	struct fw_line line;
	struct fw_err err;
	char *words;
	char *argv[16];
	int r;
};

/* Blanks separate; the line is kept for the arguments that point into it. */
static struct parsed parse(const char *text)
{
	struct parsed parsed = {.words = strdup(text), .argv = {(char *)"floodwall"}};
	char *save = NULL;
	int argc = 1;

	for (char *word = strtok_r(parsed.words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		parsed.argv[argc++] = word;
	parsed.r = fw_line_parse(argc, parsed.argv, &parsed.line, &parsed.err);
	return parsed;
}

static void done(struct parsed *parsed)
{
	if (!parsed->r)
		fw_line_done(&parsed->line);
	free(parsed->words);
}

static const struct good_case {
	const char *name, *line, *verb, *subverb;
	int arguments;
	const char *first, *option, *value; /* value NULL: the option must be absent */
} good[] = {
	{"nothing", "", "status", NULL, 0, NULL, NULL, NULL},
	{"verb", "bans", "bans", NULL, 0, NULL, NULL, NULL},
	{"subverb", "sets add vpn 192.0.2.1", "sets", "add", 2, "vpn", "for", NULL},
	{"option last", "ban 192.0.2.1 --for 1h", "ban", NULL, 1, "192.0.2.1", "for", "1h"},
	{"option first", "ban --for 1h 192.0.2.1", "ban", NULL, 1, "192.0.2.1", "for", "1h"},
	{"option between verbs", "sets --for 1h add vpn 192.0.2.1", "sets", "add", 2, "vpn", "for", "1h"},
	{"equals", "ban --for=1h 192.0.2.1", "ban", NULL, 1, "192.0.2.1", "for", "1h"},
	{"value with equals", "ban --reason=a=b 192.0.2.1", "ban", NULL, 1, "192.0.2.1", "reason", "a=b"},
	{"value that is a dash", "ban --reason - 192.0.2.1", "ban", NULL, 1, "192.0.2.1", "reason", "-"},
	{"dash is an argument", "ban -", "ban", NULL, 1, "-", "for", NULL},
	{"switch", "top --once", "top", NULL, 0, NULL, "once", ""},
	{"letter", "events -f", "events", NULL, 0, NULL, "follow", ""},
	{"optional value", "apply x.yaml --confirm 60s", "apply", NULL, 1, "x.yaml", "confirm", "60s"},
	{"optional value missing", "apply x.yaml --confirm", "apply", NULL, 1, "x.yaml", "confirm", ""},
	{"optional value missing before a file", "apply --confirm x.yaml", "apply", NULL, 1, "x.yaml",
	 "confirm", ""},
	{"optional value not a file", "apply --confirm 5.yaml", "apply", NULL, 1, "5.yaml", "confirm", ""},
	{"end of options", "tune -- blanket --limit", "tune", NULL, 2, "blanket", "save", NULL},
	{"globals around", "--json ban --socket /x 192.0.2.1 --no-color", "ban", NULL, 1, "192.0.2.1", "for",
	 NULL},
};

Test(cli_line, good)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good_case *want = &good[i];
		struct parsed got = parse(want->line);
		const char *value;

		cr_assert_eq(got.r, 0, "%s: %s", want->name, got.err.text);
		cr_expect_str_eq(got.line.command->verb, want->verb, "%s", want->name);
		cr_expect((got.line.command->subverb == NULL) == (want->subverb == NULL), "%s", want->name);
		cr_expect_eq(got.line.argument_count, want->arguments, "%s", want->name);
		if (want->first)
			cr_expect_str_eq(got.line.arguments[0], want->first, "%s", want->name);
		value = want->option ? fw_line_option(&got.line, want->option) : NULL;
		cr_expect((value == NULL) == (want->value == NULL), "%s", want->name);
		if (value && want->value)
			cr_expect_str_eq(value, want->value, "%s", want->name);
		done(&got);
	}
}

Test(cli_line, globals)
{
	struct parsed got = parse("--json bans --socket=/x/api.sock --no-color");

	cr_assert_eq(got.r, 0);
	cr_expect(got.line.json && got.line.no_color && !got.line.help);
	cr_expect_str_eq(got.line.socket, "/x/api.sock");
	done(&got);
	got = parse("");
	cr_expect_str_eq(got.line.socket, FW_SOCKET_DEFAULT);
	done(&got);
	/* Help does not first ask for the rest of the line. */
	got = parse("tune --help");
	cr_expect(!got.r && got.line.help);
	done(&got);
}

/* Values of an option that repeats keep their order, wherever they stand. */
Test(cli_line, repeated_option)
{
	struct parsed got = parse("import --ip-set a.json aws-waf acl.json --ip-set=b.json -o out.yaml");

	cr_assert_eq(got.r, 0, "%s", got.err.text);
	cr_assert_eq(got.line.repeated_count, 2);
	cr_expect_str_eq(got.line.repeated[0], "a.json");
	cr_expect_str_eq(got.line.repeated[1], "b.json");
	cr_expect_str_eq(got.line.arguments[0], "acl.json");
	cr_expect_str_eq(fw_line_option(&got.line, "output"), "out.yaml");
	done(&got);
}

Test(cli_line, bad)
{
	static const struct {
		const char *line, *words; /* what the message must say */
	} cases[] = {
		{"bsns", "did you mean 'bans'"},
		{"capture x", "not in this version"},
		{"import aws-waf a.json -o x -o y", "given twice"},
		{"import csf x", "import has the subcommand aws-waf"},
		{"ban --resaon x 192.0.2.1", "did you mean '--reason'"},
		{"sets --force add vpn 192.0.2.1", "unknown option '--force'"},
		{"sets test vpn 192.0.2.1 --for 1h", "has no option '--for'"},
		{"bans extra", "expects no argument"},
		{"ban", "expects ADDR"},
		{"top --once=yes", "takes no value"},
		{"attach eth0 --xdp ", "expects a value"},
		{"attach eth0 --xdp --json", "expects a value"},
		{"attach eth0 --xdp native|generic", "expects one of"},
		{"attach eth0 --xdp nat", "expects one of"},
		{"ban 192.0.2.1 --for 1h --for 2h", "given twice"},
		{"events -ff", "unknown option '-ff'"},
		{"events -g", "unknown option '-g'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed got = parse(cases[i].line);

		cr_expect_eq(got.r, -EINVAL, "%s is taken", cases[i].line);
		cr_expect(strstr(got.err.text, cases[i].words), "%s: '%s' lacks '%s'", cases[i].line,
			  got.err.text, cases[i].words);
		done(&got);
	}
}

Test(cli_line, json_is_known_before_the_rest_is)
{
	char *const before[] = {(char *)"floodwall", (char *)"nonsense", (char *)"--json"};
	char *const behind[] = {(char *)"floodwall", (char *)"--", (char *)"--json"};

	cr_expect(fw_line_wants_json(3, before));
	cr_expect(!fw_line_wants_json(3, behind));
}

Test(cli_line, table_is_consistent)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	for (size_t i = 0; i < count; i++) {
		const struct fw_command *command = commands[i];

		cr_expect(command->run && command->help && *command->help && command->about &&
				  command->examples && command->json && command->arguments,
			  "%s lacks something", command->verb);
		cr_expect(command->most == FW_ANY_NUMBER || command->least <= command->most, "%s",
			  command->verb);
		cr_expect((command->least > 0) == (*command->arguments && *command->arguments != '['), "%s",
			  command->verb);
		cr_expect(strstr(command->examples, command->verb),
			  "the examples of %s are of another command", command->verb);
		cr_expect((command->complete == FW_COMPLETE_WORDS) == (command->words != NULL), "%s",
			  command->verb);
		for (int k = 0; k < FW_OPTIONS_MAX && command->options[k].name; k++)
			cr_expect((command->options[k].complete == FW_COMPLETE_WORDS) ==
					  (command->options[k].words != NULL),
				  "%s --%s", command->verb, command->options[k].name);
		for (size_t other = i + 1; other < count; other++)
			cr_expect(strcmp(command->verb, commands[other]->verb) ||
					  strcmp(command->subverb ? command->subverb : "",
						 commands[other]->subverb ? commands[other]->subverb : ""),
				  "%s is there twice", command->verb);
		if (command->subverb)
			cr_expect(i > 0 && !strcmp(commands[i - 1]->verb, command->verb),
				  "%s %s is apart from its family", command->verb, command->subverb);
	}
}
