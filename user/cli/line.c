// SPDX-License-Identifier: Apache-2.0
/* argv → struct fw_line: options may stand anywhere behind the command, global ones anywhere at all. */
#include "cli/line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"

#define WORDS_MAX 128

/* Options as they were found, before the command is certain. */
struct found {
	const struct fw_option *option;
	const char *text, *value;
};

struct reader {
	int argc, at;
	char *const *argv;
	bool only_words; /* behind "--" */
	struct found *found;
	size_t found_count;
	struct fw_line *line;
	struct fw_err *err;
};

void fw_line_done(struct fw_line *line)
{
	free(line->arguments);
	free(line->repeated);
	*line = (struct fw_line){0};
}

bool fw_line_wants_json(int argc, char *const *argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

const char *fw_line_option(const struct fw_line *line, const char *name)
{
	for (int i = 0; i < FW_OPTIONS_MAX && line->command->options[i].name; i++)
		if (!strcmp(line->command->options[i].name, name))
			return line->values[i];
	return NULL;
}

static bool same_option(const struct fw_option *option, const char *name, size_t length, char letter)
{
	if (letter)
		return option->letter == letter;
	return strlen(option->name) == length && !memcmp(option->name, name, length);
}

/* Among the global options and those of every command of the verb. */
static const struct fw_option *option_find(const char *verb, const char *name, size_t length, char letter)
{
	size_t count;
	const struct fw_option *options = fw_global_options(&count);
	const struct fw_command *const *commands;

	for (size_t i = 0; i < count; i++)
		if (same_option(&options[i], name, length, letter))
			return &options[i];
	commands = fw_commands(&count);
	for (size_t i = 0; i < count; i++) {
		if (!verb || strcmp(commands[i]->verb, verb))
			continue;
		for (int k = 0; k < FW_OPTIONS_MAX && commands[i]->options[k].name; k++)
			if (same_option(&commands[i]->options[k], name, length, letter))
				return &commands[i]->options[k];
	}
	return NULL;
}

/* "--name" of every option that could be meant, for the suggestion. */
static const char *option_suggestion(const char *verb, const char *typed, char *buffer, size_t size)
{
	const char *words[WORDS_MAX], *best;
	size_t count, found = 0;
	const struct fw_option *options = fw_global_options(&count);
	const struct fw_command *const *commands;

	for (size_t i = 0; i < count; i++)
		words[found++] = options[i].name;
	commands = fw_commands(&count);
	for (size_t i = 0; i < count && verb; i++)
		for (int k = 0; k < FW_OPTIONS_MAX && commands[i]->options[k].name && found < WORDS_MAX; k++)
			if (!strcmp(commands[i]->verb, verb))
				words[found++] = commands[i]->options[k].name;
	best = fw_did_you_mean(typed, words, found);
	snprintf(buffer, size, best ? "; did you mean '--%s'?" : "", best);
	return buffer;
}

static int unknown_option(struct reader *reader, const char *text)
{
	const char *verb = reader->line->verb, *name = text + strspn(text, "-");
	char suggestion[96], bare[64];

	snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(name, "="), name);
	option_suggestion(verb, bare, suggestion, sizeof(suggestion));
	if (verb)
		return fw_err_set(reader->err, -EINVAL,
				  "unknown option '%s' of %s%s\nsee: floodwall %s --help", text, verb,
				  suggestion, verb);
	return fw_err_set(reader->err, -EINVAL, "unknown option '%s' before a command%s\nsee: floodwall help",
			  text, suggestion);
}

/* An optional value is a time: digits and letters from a digit on ("60s"; also "1x", to be refused as one).
 */
static bool looks_like_value(const char *text)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	return text[0] >= '0' && text[0] <= '9' && !text[strspn(text, letters)];
}

/* The value of an option: behind '=', or the next word. */
static int take_value(struct reader *reader, const struct fw_option *option, const char *text,
		      const char *inline_value, const char **ret)
{
	const char *next = reader->at + 1 < reader->argc ? reader->argv[reader->at + 1] : NULL;

	*ret = "";
	if (!option->value) {
		if (inline_value)
			return fw_err_set(reader->err, -EINVAL, "option '--%s' takes no value, got '%s'",
					  option->name, text);
		return 0;
	}
	if (inline_value) {
		if (!*inline_value)
			return fw_err_set(reader->err, -EINVAL,
					  "option '--%s' expects %s behind '=', got nothing", option->name,
					  option->value);
		*ret = inline_value;
		return 0;
	}
	if (option->value_optional && (!next || !looks_like_value(next)))
		return 0;
	if (!next || (next[0] == '-' && next[1] == '-'))
		return fw_err_set(reader->err, -EINVAL, "option '--%s' expects a value: --%s %s",
				  option->name, option->name, option->value);
	reader->at++;
	*ret = next;
	return 0;
}

static bool is_one_of(const char *value, const char *words)
{
	size_t length = strlen(value);

	for (const char *at = words; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (length && !strchr(value, '|') && !strncmp(at, value, length) &&
		    (at[length] == '|' || !at[length]))
			return true;
	return false;
}

static bool take_global(struct fw_line *line, const struct fw_option *option, const char *value)
{
	size_t count;
	const struct fw_option *options = fw_global_options(&count);

	if (option < options || option >= options + count)
		return false;
	if (!strcmp(option->name, "socket"))
		line->socket = value;
	line->json |= !strcmp(option->name, "json");
	line->no_color |= !strcmp(option->name, "no-color");
	line->help |= !strcmp(option->name, "help");
	line->version |= !strcmp(option->name, "version");
	return true;
}

static int read_option(struct reader *reader)
{
	const char *text = reader->argv[reader->at], *value, *equals = strchr(text, '=');
	const struct fw_option *option;
	int r;

	if (text[1] == '-') {
		option = option_find(reader->line->verb, text + 2,
				     equals ? (size_t)(equals - text - 2) : strlen(text + 2), 0);
	} else {
		option = text[2] ? NULL : option_find(reader->line->verb, NULL, 0, text[1]);
		equals = NULL;
	}
	if (!option)
		return unknown_option(reader, text);
	r = take_value(reader, option, text, equals ? equals + 1 : NULL, &value);
	if (r)
		return r;
	if (option->words && !is_one_of(value, option->words))
		return fw_err_set(reader->err, -EINVAL, "option '--%s' expects one of %s, got '%s'",
				  option->name, option->words, value);
	if (!take_global(reader->line, option, value))
		reader->found[reader->found_count++] = (struct found){option, text, value};
	return 0;
}

static int unknown_command(const char *verb, struct fw_err *err)
{
	const char *words[WORDS_MAX], *best;
	size_t count, found = 0;
	const struct fw_command *const *commands = fw_commands(&count);

	if (fw_command_comes_later(verb, NULL))
		return fw_err_set(
			err, -EINVAL,
			"unknown command '%s': not in this version\nfloodwall help lists what there is",
			verb);
	for (size_t i = 0; i < count && found < WORDS_MAX; i++)
		if (!commands[i]->subverb)
			words[found++] = commands[i]->verb;
	best = fw_did_you_mean(verb, words, found);
	if (best)
		return fw_err_set(
			err, -EINVAL,
			"unknown command '%s'; did you mean '%s'?\nfloodwall help lists the commands", verb,
			best);
	return fw_err_set(err, -EINVAL, "unknown command '%s'\nfloodwall help lists the commands", verb);
}

static const struct fw_command *command_find(const char *verb, const char *subverb)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(commands[i]->verb, verb) &&
		    (subverb ? commands[i]->subverb && !strcmp(commands[i]->subverb, subverb)
			     : !commands[i]->subverb))
			return commands[i];
	return NULL;
}

static int read_words(struct reader *reader)
{
	struct fw_line *line = reader->line;

	for (reader->at = 1; reader->at < reader->argc; reader->at++) {
		const char *word = reader->argv[reader->at];
		int r;

		if (!reader->only_words && !strcmp(word, "--")) {
			reader->only_words = true;
		} else if (!reader->only_words && word[0] == '-' && word[1]) {
			r = read_option(reader);
			if (r)
				return r;
		} else if (!line->verb) {
			if (!command_find(word, NULL))
				return unknown_command(word, reader->err);
			line->verb = word;
		} else {
			line->arguments[line->argument_count++] = word;
		}
	}
	return 0;
}

static int unknown_subcommand(const char *verb, const char *typed, const char *has, struct fw_err *err)
{
	const char *words[WORDS_MAX], *best;

	best = fw_did_you_mean(typed, words, fw_command_subverbs(verb, words, WORDS_MAX));
	if (best)
		return fw_err_set(
			err, -EINVAL,
			"unknown command '%s %s'; did you mean '%s %s'?\n%s; see: floodwall %s --help", verb,
			typed, verb, best, has, verb);
	return fw_err_set(err, -EINVAL, "unknown command '%s %s'\n%s; see: floodwall %s --help", verb, typed,
			  has, verb);
}

/* "sets add …": the first argument names the subcommand if there is one of that name. */
static int choose_command(struct fw_line *line, struct fw_err *err)
{
	const struct fw_command *sub;
	char has[128];

	line->command = command_find(line->verb ? line->verb : "status", NULL);
	if (!line->argument_count)
		return 0;
	if (fw_command_comes_later(line->verb, line->arguments[0]))
		return fw_err_set(err, -EINVAL, "unknown command '%s %s': not in this version", line->verb,
				  line->arguments[0]);
	sub = command_find(line->verb, line->arguments[0]);
	if (!sub) {
		fw_command_subverbs_text(line->verb, has, sizeof(has));
		return *has && !line->help && !line->version &&
				       (line->command->needs_subverb || !line->command->most)
			       ? unknown_subcommand(line->verb, line->arguments[0], has, err)
			       : 0;
	}
	line->command = sub;
	memmove(line->arguments, line->arguments + 1,
		(size_t)--line->argument_count * sizeof(*line->arguments));
	return 0;
}

static int take_options(struct fw_line *line, const struct reader *reader, struct fw_err *err)
{
	const struct fw_command *command = line->command;

	for (size_t i = 0; i < reader->found_count; i++) {
		const struct found *found = &reader->found[i];
		int k = 0;

		while (k < FW_OPTIONS_MAX && command->options[k].name &&
		       strcmp(command->options[k].name, found->option->name))
			k++;
		if (k == FW_OPTIONS_MAX || !command->options[k].name)
			return fw_err_set(
				err, -EINVAL, "'%s%s%s' has no option '%s'\nsee: floodwall %s --help",
				command->verb, command->subverb ? " " : "",
				command->subverb ? command->subverb : "", found->text, command->verb);
		if (command->options[k].repeats)
			line->repeated[line->repeated_count++] = found->value;
		else if (line->values[k])
			return fw_err_set(err, -EINVAL, "option '--%s' is given twice",
					  command->options[k].name);
		line->values[k] = found->value;
	}
	return 0;
}

static int check_arguments(const struct fw_line *line, struct fw_err *err)
{
	const struct fw_command *command = line->command;
	const char *space = command->subverb ? " " : "", *sub = command->subverb ? command->subverb : "";

	if (line->argument_count < command->least)
		return fw_err_set(err, -EINVAL, "'%s%s%s' expects %s, got %s%s%s\nsee: floodwall %s --help",
				  command->verb, space, sub, command->arguments,
				  line->argument_count ? "only '" : "nothing",
				  line->argument_count ? line->arguments[0] : "",
				  line->argument_count ? "'" : "", command->verb);
	if (command->most != FW_ANY_NUMBER && line->argument_count > command->most)
		return fw_err_set(
			err, -EINVAL, "'%s%s%s' expects %s, got '%s' besides\nsee: floodwall %s --help",
			command->verb, space, sub, *command->arguments ? command->arguments : "no argument",
			line->arguments[command->most], command->verb);
	if (command->complete == FW_COMPLETE_WORDS && line->argument_count &&
	    !is_one_of(line->arguments[0], command->words))
		return fw_err_set(err, -EINVAL, "'%s%s%s' expects one of %s, got '%s'", command->verb, space,
				  sub, command->words, line->arguments[0]);
	return 0;
}

int fw_line_parse(int argc, char *const *argv, struct fw_line *ret, struct fw_err *err)
{
	struct fw_line line = {.socket = FW_SOCKET_DEFAULT};
	struct reader reader = {.argc = argc, .argv = argv, .line = &line, .err = err};
	int r = -ENOMEM;

	line.arguments = calloc((size_t)argc + 1, sizeof(*line.arguments));
	line.repeated = calloc((size_t)argc + 1, sizeof(*line.repeated));
	reader.found = calloc((size_t)argc + 1, sizeof(*reader.found));
	if (!line.arguments || !line.repeated || !reader.found)
		r = fw_err_set(err, -ENOMEM, "out of memory");
	else
		r = read_words(&reader);
	if (!r)
		r = choose_command(&line, err);
	if (!r && !line.help && !line.version) {
		r = take_options(&line, &reader, err);
		r = r ? r : check_arguments(&line, err);
	}
	free(reader.found);
	if (r) {
		fw_line_done(&line);
		return r;
	}
	*ret = line;
	return 0;
}
