// SPDX-License-Identifier: Apache-2.0
/* Prints what the command table says; knows no command by name. */
#include "cli/help.h"

#include <stdlib.h>
#include <string.h>

#include "cli/wrap.h"
#include "lib/cleanup.h"
#include "lib/diag.h"

#define HELP_COLUMN  28
#define HELP_COLUMNS 100

void fw_help_synopsis(FILE *out, const struct fw_command *command)
{
	fprintf(out, "floodwall %s", command->verb);
	if (command->subverb)
		fprintf(out, " %s", command->subverb);
	if (*command->arguments)
		fprintf(out, " %s", command->arguments);
	for (int i = 0; i < FW_OPTIONS_MAX && command->options[i].name; i++) {
		const struct fw_option *option = &command->options[i];

		if (option->letter)
			fprintf(out, " [-%c%s%s]", option->letter, option->value ? " " : "",
				option->value ? option->value : "");
		else
			fprintf(out, " [--%s%s%s%s]", option->name,
				option->value ? option->value_optional ? " [" : " " : "",
				option->value ? option->value : "",
				option->value && option->value_optional ? "]" : "");
		fputs(option->repeats ? "..." : "", out);
	}
}

static void print_option(FILE *out, const struct fw_option *option)
{
	char names[80];
	int length = snprintf(names, sizeof(names), "  %s%c%s--%s%s%s%s", option->letter ? "-" : "  ",
			      option->letter ? option->letter : ' ', option->letter ? ", " : " ",
			      option->name, option->value ? option->value_optional ? " [" : " " : "",
			      option->value ? option->value : "",
			      option->value && option->value_optional ? "]" : "");

	fprintf(out, "%-*s", HELP_COLUMN, names);
	if (length >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	fw_wrap(out, option->help, HELP_COLUMN, HELP_COLUMN, HELP_COLUMNS);
	if (option->words)
		fprintf(out, "%*sone of: %s\n", HELP_COLUMN, "", option->words);
}

static void print_lines(FILE *out, const char *lines)
{
	while (*lines) {
		int length = (int)strcspn(lines, "\n");

		fprintf(out, "  %.*s\n", length, lines);
		lines += length + (lines[length] == '\n');
	}
}

static void print_command(FILE *out, const struct fw_command *command)
{
	fputs("usage: ", out);
	fw_help_synopsis(out, command);
	fputs("\n\n", out);
	fw_wrap(out, command->help, 0, 0, HELP_COLUMNS);
	if (*command->about)
		fw_wrap(out, command->about, 0, 0, HELP_COLUMNS);
	if (command->options[0].name)
		fputs("\noptions\n", out);
	for (int i = 0; i < FW_OPTIONS_MAX && command->options[i].name; i++)
		print_option(out, &command->options[i]);
	fputs("\nexamples\n", out);
	print_lines(out, command->examples);
}

/* The command, and for a verb with subcommands those too. */
static void print_family(FILE *out, const struct fw_command *chosen)
{
	size_t count, any = !chosen->needs_subverb;
	const struct fw_command *const *commands = fw_commands(&count);

	if (any)
		print_command(out, chosen);
	for (size_t i = 0; i < count; i++) {
		if (chosen->subverb || !commands[i]->subverb || strcmp(commands[i]->verb, chosen->verb))
			continue;
		fputs(any++ ? "\n" : "", out);
		print_command(out, commands[i]);
	}
}

static void print_overview(FILE *out)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);
	const struct fw_option *options;
	char name[64];

	fputs("usage: floodwall [options] [command]\n\n"
	      "Drops floods in the network driver and says why. Without a command: status.\n\ncommands\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		int length;

		if (commands[i]->needs_subverb)
			continue;
		length = snprintf(name, sizeof(name), "  %s%s%s%s%s", commands[i]->verb,
				  commands[i]->subverb ? " " : "",
				  commands[i]->subverb ? commands[i]->subverb : "",
				  *commands[i]->arguments ? " " : "", commands[i]->arguments);

		fprintf(out, "%-*s", HELP_COLUMN, name);
		if (length >= HELP_COLUMN)
			fprintf(out, "\n%*s", HELP_COLUMN, "");
		fw_wrap(out, commands[i]->help, HELP_COLUMN, HELP_COLUMN, HELP_COLUMNS);
	}
	fputs("\noptions, anywhere on the line\n", out);
	options = fw_global_options(&count);
	for (size_t i = 0; i < count; i++)
		print_option(out, &options[i]);
	fputs("\nAll about one: floodwall help COMMAND. The manual: floodwall man | man -l -\n", out);
}

static void write_help(FILE *out, const void *context)
{
	if (context)
		print_family(out, context);
	else
		print_overview(out);
}

int fw_help_for(struct fw_cli *cli, const struct fw_command *command)
{
	return fw_cli_show_text(cli, write_help, command);
}

static int unknown(struct fw_cli *cli, const char *verb, const char *subverb)
{
	const char *words[64], *best;
	size_t count, found = 0;
	const struct fw_command *const *commands = fw_commands(&count);
	char has[128] = "";

	if (fw_command_comes_later(verb, subverb))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "unknown command '%s%s%s': not in this version", verb, subverb ? " " : "",
				   subverb ? subverb : "");
	if (subverb) {
		found = fw_command_subverbs(verb, words, 64);
		fw_command_subverbs_text(verb, has, sizeof(has));
	}
	for (size_t i = 0; !subverb && i < count && found < 64; i++)
		if (!commands[i]->subverb)
			words[found++] = commands[i]->verb;
	best = found ? fw_did_you_mean(subverb ? subverb : verb, words, found) : NULL;
	return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", *has ? has : "floodwall help lists the commands",
			   "unknown command '%s%s%s'%s%s%s", verb, subverb ? " " : "", subverb ? subverb : "",
			   best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "");
}

static int cmd_help(struct fw_cli *cli, const struct fw_line *line)
{
	const char *verb = line->argument_count > 0 ? line->arguments[0] : NULL;
	const char *subverb = line->argument_count > 1 ? line->arguments[1] : NULL;
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	if (!verb)
		return fw_help_for(cli, NULL);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(commands[i]->verb, verb) &&
		    (subverb ? commands[i]->subverb && !strcmp(commands[i]->subverb, subverb)
			     : !commands[i]->subverb))
			return fw_help_for(cli, commands[i]);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(commands[i]->verb, verb))
			return unknown(cli, verb, subverb);
	return unknown(cli, verb, NULL);
}

const struct fw_command fw_command_help = {
	.verb = "help",
	.arguments = "[COMMAND [SUBCOMMAND]]",
	.most = 2,
	.complete = FW_COMPLETE_COMMAND,
	.help = "this overview, or all about one command",
	.about = "",
	.examples = "floodwall help ban",
	.route = FW_NO_ROUTE,
	.json = "{\"text\"}",
	.run = cmd_help,
};

static int cmd_version(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *document;

	(void)line;
	if (!cli->json) {
		fputs("floodwall " FW_VERSION "\n", cli->page.out);
		return FW_EXIT_OK;
	}
	document = json_pack("{s:s}", "version", FW_VERSION);
	fw_cli_print_json(cli, document);
	json_decref(document);
	return FW_EXIT_OK;
}

const struct fw_command fw_command_version = {
	.verb = "version",
	.arguments = "",
	.help = "the version",
	.about = "",
	.examples = "floodwall version",
	.route = FW_NO_ROUTE,
	.json = "{\"version\"}",
	.run = cmd_version,
};
