// SPDX-License-Identifier: Apache-2.0
/* All commands, what is accepted with any of them, and what is not a command yet. */
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#define X(name) &fw_command_##name,
static const struct fw_command *const commands[] = {FW_COMMANDS(X)};
#undef X

static const struct fw_option global_options[] = {
	{.name = "socket",
	 .value = "PATH",
	 .complete = FW_COMPLETE_FILE,
	 .help = "the agent's socket (default " FW_SOCKET_DEFAULT ")"},
	{.name = "json", .help = "one JSON document on stdout; errors as JSON on stderr"},
	{.name = "no-color", .help = "no colour; so do NO_COLOR and TERM=dumb"},
	{.name = "help", .letter = 'h', .help = "help, for the command if there is one"},
	{.name = "version", .letter = 'V', .help = "the version"},
};

const struct fw_command *const *fw_commands(size_t *ret_count)
{
	*ret_count = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

size_t fw_command_subverbs(const char *verb, const char **ret, size_t most)
{
	size_t found = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && found < most; i++)
		if (commands[i]->subverb && !strcmp(commands[i]->verb, verb))
			ret[found++] = commands[i]->subverb;
	return found;
}

const char *fw_command_subverbs_text(const char *verb, char *text, size_t size)
{
	const char *words[sizeof(commands) / sizeof(commands[0])];
	size_t count = fw_command_subverbs(verb, words, sizeof(words) / sizeof(words[0])), used = 0;

	*text = '\0';
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)(i ? snprintf(text + used, size - used, ", %s", words[i])
				   : snprintf(text + used, size - used, "%s has the subcommand%s %s", verb,
					      count > 1 ? "s" : "", words[i]));
	return text;
}

const struct fw_option *fw_global_options(size_t *ret_count)
{
	*ret_count = sizeof(global_options) / sizeof(global_options[0]);
	return global_options;
}

bool fw_command_comes_later(const char *verb, const char *subverb)
{
	static const char *const later[][2] = {{"capture", NULL}};

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (!strcmp(verb, later[i][0]) &&
		    (subverb ? later[i][1] && !strcmp(subverb, later[i][1]) : !later[i][1]))
			return true;
	return false;
}
