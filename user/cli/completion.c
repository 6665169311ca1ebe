// SPDX-License-Identifier: Apache-2.0
/* Completion scripts from the command table; live names come from the agent when the shell asks for them. */
#include <net/if.h>
#include <string.h>

#include "cli/cli.h"

static const char *kind_of(enum fw_complete complete)
{
	switch (complete) {
	case FW_COMPLETE_INTERFACE:
		return "interfaces";
	case FW_COMPLETE_RULE:
		return "rules";
	case FW_COMPLETE_SET:
		return "sets";
	case FW_COMPLETE_FEED:
		return "feeds";
	case FW_COMPLETE_NOTIFY:
		return "notify";
	case FW_COMPLETE_BAN:
		return "bans";
	case FW_COMPLETE_NOTHING:
	case FW_COMPLETE_FILE:
	case FW_COMPLETE_COMMAND:
	case FW_COMPLETE_WORDS:
		break;
	}
	return NULL;
}

static void write_words(FILE *out, const char *words)
{
	for (; *words; words++)
		fputc(*words == '|' ? ' ' : *words, out);
}

static void write_verbs(FILE *out)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	for (size_t i = 0, any = 0; i < count; i++)
		if (!commands[i]->subverb)
			fprintf(out, "%s%s", any++ ? " " : "", commands[i]->verb);
}

static size_t write_subverbs(FILE *out, const char *verb)
{
	size_t count, any = 0;
	const struct fw_command *const *commands = fw_commands(&count);

	for (size_t i = 0; i < count; i++)
		if (commands[i]->subverb && !strcmp(commands[i]->verb, verb))
			fprintf(out, "%s%s", any++ ? " " : "", commands[i]->subverb);
	return any;
}

/* The assignment that fills COMPREPLY for one kind of word; nothing for what has no candidates. */
static bool write_bash_reply(FILE *out, enum fw_complete complete, const char *words)
{
	if (kind_of(complete)) {
		fprintf(out,
			"COMPREPLY=($(compgen -W \"$(floodwall completion %s 2>/dev/null)\" -- \"$cur\"))",
			kind_of(complete));
	} else if (complete == FW_COMPLETE_FILE) {
		fputs("compopt -o default; COMPREPLY=()", out);
	} else if (complete == FW_COMPLETE_COMMAND) {
		fputs("COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))", out);
	} else if (complete == FW_COMPLETE_WORDS) {
		fputs("COMPREPLY=($(compgen -W \"", out);
		write_words(out, words);
		fputs("\" -- \"$cur\"))", out);
	} else {
		return false;
	}
	return true;
}

static void write_bash_values(FILE *out, const char *verb, const struct fw_option *option)
{
	if (!option->value || option->complete == FW_COMPLETE_NOTHING)
		return;
	fprintf(out, "\t'%s --%s') ", verb, option->name);
	write_bash_reply(out, option->complete, option->words);
	fputs("; return ;;\n", out);
}

static void write_bash_options(FILE *out, const struct fw_command *command)
{
	fprintf(out, "\t'%s%s%s') options='", command->verb, command->subverb ? " " : "",
		command->subverb ? command->subverb : "");
	for (int i = 0; i < FW_OPTIONS_MAX && command->options[i].name; i++)
		fprintf(out, "%s--%s", i ? " " : "", command->options[i].name);
	fputs("' ;;\n", out);
}

static void write_bash_arguments(FILE *out, const struct fw_command *command)
{
	if (command->complete == FW_COMPLETE_NOTHING)
		return;
	fprintf(out, "\t'%s%s%s') ", command->verb, command->subverb ? " " : "",
		command->subverb ? command->subverb : "");
	write_bash_reply(out, command->complete, command->words);
	fputs(" ;;\n", out);
}

static void write_bash_cases(FILE *out)
{
	size_t count, globals;
	const struct fw_command *const *commands = fw_commands(&count);
	const struct fw_option *options = fw_global_options(&globals);

	fputs("\tcase \"$verb $previous\" in\n", out);
	for (size_t i = 0; i < count; i++)
		for (int k = 0; k < FW_OPTIONS_MAX && commands[i]->options[k].name; k++)
			write_bash_values(out, commands[i]->verb, &commands[i]->options[k]);
	fputs("\tesac\n\tcase \"$previous\" in\n\t--socket) compopt -o default; return ;;\n\tesac\n", out);
	fputs("\tif [ -z \"$verb\" ] && [[ $cur != -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))\n\t\treturn\n\tfi\n",
	      out);
	fputs("\tcase \"$verb\" in\n", out);
	for (size_t i = 0; i < count; i++) {
		if (commands[i]->subverb)
			continue;
		fprintf(out, "\t%s) subverbs='", commands[i]->verb);
		write_subverbs(out, commands[i]->verb);
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n\tcase \" $subverbs \" in\n\t*\" $word \"*) [ -n \"$word\" ] && verb=\"$verb $word\" "
	      ";;\n\tesac\n",
	      out);
	fputs("\tif [[ $cur == -* ]]; then\n\t\tcase \"$verb\" in\n", out);
	for (size_t i = 0; i < count; i++)
		write_bash_options(out, commands[i]);
	fputs("\t\tesac\n\t\tCOMPREPLY=($(compgen -W \"$options", out);
	for (size_t i = 0; i < globals; i++)
		fprintf(out, " --%s", options[i].name);
	fputs("\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\tif [ -z \"$word\" ] && [ -n \"$subverbs\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$subverbs\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	      "\tcase \"$verb\" in\n",
	      out);
	for (size_t i = 0; i < count; i++)
		write_bash_arguments(out, commands[i]);
	fputs("\tesac\n", out);
}

static void write_bash(FILE *out)
{
	fputs("# bash completion of floodwall, printed by: floodwall completion bash\n"
	      "# shellcheck shell=bash disable=SC2207\n"
	      "_floodwall() {\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal verb='' word='' subverbs='' options='' i verbs='",
	      out);
	write_verbs(out);
	fputs("'\n"
	      "\tCOMPREPLY=()\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase \"${COMP_WORDS[i]}\" in\n"
	      "\t\t--socket) i=$((i + 1)) ;;\n"
	      "\t\t-*) ;;\n"
	      "\t\t*) if [ -z \"$verb\" ]; then verb=${COMP_WORDS[i]}; elif [ -z \"$word\" ]; then "
	      "word=${COMP_WORDS[i]}; fi ;;\n"
	      "\t\tesac\n"
	      "\tdone\n",
	      out);
	write_bash_cases(out);
	fputs("}\n", out);
}

static void write_fish_text(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++)
		fputs(*text == '\'' ? "\\'" : (char[]){*text, '\0'}, out);
	fputc('\'', out);
}

static void write_fish_candidates(FILE *out, enum fw_complete complete, const char *words)
{
	if (kind_of(complete))
		fprintf(out, " -a '(floodwall completion %s 2>/dev/null)'", kind_of(complete));
	else if (complete == FW_COMPLETE_FILE)
		fputs(" -F", out);
	else if (complete == FW_COMPLETE_WORDS || complete == FW_COMPLETE_COMMAND) {
		fputs(" -a '", out);
		if (complete == FW_COMPLETE_WORDS)
			write_words(out, words);
		else
			write_verbs(out);
		fputs("'", out);
	}
}

static void write_fish_option(FILE *out, const char *verb, const struct fw_option *option)
{
	fputs("complete -c floodwall", out);
	if (verb)
		fprintf(out, " -n '__fish_seen_subcommand_from %s'", verb);
	fprintf(out, " -l %s", option->name);
	if (option->letter)
		fprintf(out, " -s %c", option->letter);
	if (option->value && !option->value_optional)
		fputs(" -r", out);
	write_fish_candidates(out, option->complete, option->words);
	fputs(" -d ", out);
	write_fish_text(out, option->help);
	fputc('\n', out);
}

static void write_fish(FILE *out)
{
	size_t count, globals;
	const struct fw_command *const *commands = fw_commands(&count);
	const struct fw_option *options = fw_global_options(&globals);

	fputs("# fish completion of floodwall, printed by: floodwall completion fish\ncomplete -c floodwall "
	      "-f\n",
	      out);
	for (size_t i = 0; i < globals; i++)
		write_fish_option(out, NULL, &options[i]);
	for (size_t i = 0; i < count; i++) {
		const struct fw_command *command = commands[i];

		fprintf(out, "complete -c floodwall -n '%s%s' -a %s -d ",
			command->subverb ? "__fish_seen_subcommand_from " : "__fish_use_subcommand",
			command->subverb ? command->verb : "",
			command->subverb ? command->subverb : command->verb);
		write_fish_text(out, command->help);
		fputc('\n', out);
		for (int k = 0; k < FW_OPTIONS_MAX && command->options[k].name; k++)
			write_fish_option(out, command->verb, &command->options[k]);
		if (command->complete == FW_COMPLETE_NOTHING)
			continue;
		fprintf(out, "complete -c floodwall -n '__fish_seen_subcommand_from %s'",
			command->subverb ? command->subverb : command->verb);
		write_fish_candidates(out, command->complete, command->words);
		fputc('\n', out);
	}
}

static void write_script(FILE *out, const void *shell)
{
	if (!strcmp(shell, "fish")) {
		write_fish(out);
		return;
	}
	/* zsh runs bash's script through its own layer for that. */
	if (!strcmp(shell, "zsh"))
		fputs("#compdef floodwall\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit "
		      "&& bashcompinit\n",
		      out);
	write_bash(out);
	fputs("complete -F _floodwall floodwall\n", out);
}

static int print_interfaces(struct fw_cli *cli)
{
	struct if_nameindex *names = if_nameindex();

	for (size_t i = 0; names && names[i].if_index; i++)
		fprintf(cli->page.out, "%s\n", names[i].if_name);
	if (names)
		if_freenameindex(names);
	return FW_EXIT_OK;
}

/* inside: the member that holds the list, NULL when the document is it. */
static int print_names(struct fw_cli *cli, enum fw_api_route route, const char *inside, const char *member)
{
	json_t *document = NULL, *entry;
	size_t index;
	int exit = fw_cli_ask(cli, route, NULL, NULL, &document);

	json_array_foreach (inside ? json_object_get(document, inside) : document, index, entry) {
		fw_print_safe(cli->page.out, fw_doc_text(entry, member));
		fputc('\n', cli->page.out);
	}
	json_decref(document);
	return exit;
}

static int cmd_completion(struct fw_cli *cli, const struct fw_line *line)
{
	const char *what = line->arguments[0];

	if (!strcmp(what, "interfaces"))
		return print_interfaces(cli);
	if (!strcmp(what, "rules"))
		return print_names(cli, FW_API_RULES, NULL, "name");
	if (!strcmp(what, "sets"))
		return print_names(cli, FW_API_SETS, NULL, "name");
	if (!strcmp(what, "feeds"))
		return print_names(cli, FW_API_FEEDS, NULL, "name");
	if (!strcmp(what, "notify"))
		return print_names(cli, FW_API_NOTIFY, "targets", "name");
	if (!strcmp(what, "bans"))
		return print_names(cli, FW_API_BANS, NULL, "source");
	return fw_cli_show_text(cli, write_script, what);
}

const struct fw_command fw_command_completion = {
	.verb = "completion",
	.arguments = "SHELL|KIND",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_WORDS,
	.words = "bash|zsh|fish|rules|sets|feeds|bans|notify|interfaces",
	.help = "completion script for a shell; rules, sets, bans and interfaces print live names",
	.about = "",
	.examples =
		"floodwall completion bash | sudo tee /etc/bash_completion.d/floodwall\nfloodwall "
		"completion zsh "
		">~/.zfunc/_floodwall\nfloodwall completion fish >~/.config/fish/completions/floodwall.fish",
	.route = FW_NO_ROUTE,
	.json = "{\"text\"}",
	.run = cmd_completion,
};
