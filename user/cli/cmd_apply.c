// SPDX-License-Identifier: Apache-2.0
/* plan and apply; after apply --confirm the wait for a word: from here, from elsewhere, or from the agent's
 * clock. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/policy_text.h"
#include "cli/show.h"
#include "fw_types.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"
#include "policy/policy.h"

#define POLL_MS		    200
#define POLL_ANSWER_MS	    2000
#define CONFIRM_SECONDS_MAX (24 * 3600)

enum outcome { WAITING, CONFIRMED, ROLLED_BACK, TIMED_OUT, LOST, FAILED };

struct wait {
	struct fw_cli *cli;
	int signal_fd;
	bool read_stdin;
	uint64_t give_up_ns; /* as long without the agent as it takes for the deadline to pass twice */
	uint64_t generation; /* the one that was applied */
	char line[16];	     /* typed so far; length counts what does not fit, too */
	size_t length;
};

static int cmd_plan(struct fw_cli *cli, const struct fw_line *line)
{
	struct fw_policy_text policy FW_CLEANUP(fw_policy_text_done) = {0};
	int exit = fw_policy_text_read(cli, line->arguments[0], &policy);
	json_t *body;

	if (exit)
		return exit;
	body = fw_policy_text_body(&policy, line->arguments[0]);
	if (!body)
		return fw_cli_fail(cli, FW_EXIT_CONFIG, "not-utf8", "see: floodwall check FILE",
				   "'%s' is no UTF-8 text", line->arguments[0]);
	return fw_cli_ask_and_show(cli, FW_API_PLAN, NULL, body, fw_show_plan);
}

const struct fw_command fw_command_plan = {
	.verb = "plan",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_FILE,
	.help = "what apply would change; changes nothing",
	.about = "Compares a policy file with what is running, unsaved changes included. Where the limit of "
		 "a rule "
		 "changes and traffic was recorded, it says how many sources and how much of the last seven "
		 "days "
		 "the new limit would have stopped, and how much today's.",
	.examples = "floodwall plan new.yaml",
	.route = FW_API_PLAN,
	.json = "{\"changes\":[{\"kind\":\"add|change|remove\",\"object\",\"name\",\"detail\"}],\"add\":N,"
		"\"change\":N,\"remove\":N,"
		"\"memory_bytes\":N,\"warnings\":[as "
		"check],\"history\":[{\"rule\",\"unit\",\"limit\",\"limit_now\","
		"\"sources\":N,\"would_block\":{\"sources\":N,\"known_good\":N,\"amount\":N},"
		"\"would_block_now\":as would_block,\"recorded_seconds\":N,\"span_seconds\":N}],"
		"\"history_error\":TEXT}; the last two only with a changed limit",
	.run = cmd_plan,
};

/* What the file says about the time to confirm; a file with mistakes is the agent's to refuse. */
static uint64_t timeout_of(const struct fw_policy_text *text, const char *path)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	uint64_t seconds = 60;

	if (!fw_policy_parse(text->text, text->length, path, text->base_dir, &diags, &policy))
		seconds = (policy->safety.confirm_timeout_ns + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC;
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return seconds;
}

/* 0 seconds: no confirmation was asked for. */
static int confirm_seconds(struct fw_cli *cli, const char *path, const char *text,
			   const struct fw_policy_text *policy, uint64_t *ret)
{
	struct fw_err err = {0};
	uint64_t ns = 0;

	*ret = 0;
	if (!text)
		return FW_EXIT_OK;
	if (!*text) {
		*ret = timeout_of(policy, path);
		return FW_EXIT_OK;
	}
	if (fw_duration_parse(text, &ns, &err))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "--confirm: %s", err.text);
	*ret = (ns + FW_NS_PER_SEC - 1) / FW_NS_PER_SEC;
	if (!*ret || *ret > CONFIRM_SECONDS_MAX)
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL,
				   "--confirm expects a time from 1s to 24h, got '%s'", text);
	return FW_EXIT_OK;
}

/* What the agent says about the confirmation; LOST while it cannot be reached. */
static enum outcome ask_outcome(struct wait *wait)
{
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	enum outcome outcome = LOST;
	json_t *document;

	if (fw_client_call(wait->cli->client, FW_API_CONFIRM_STATE, NULL, NULL, &answer, &err))
		return LOST;
	document = json_loadb(answer.body, answer.length, 0, NULL);
	if (answer.status < 400 && json_is_object(document)) {
		const char *word = fw_doc_text(document, "outcome");

		if (fw_doc_true(document, "pending"))
			outcome = WAITING;
		else if (!strcmp(word, "confirmed"))
			outcome = CONFIRMED;
		else if (!strcmp(word, "rolled_back"))
			outcome = fw_doc_true(document, "timed_out") ? TIMED_OUT : ROLLED_BACK;
		else /* an agent restarted since then remembers no outcome, but has a generation */
			outcome = fw_doc_count(document, "generation") == wait->generation ? CONFIRMED
											   : ROLLED_BACK;
	}
	json_decref(document);
	fw_answer_done(&answer);
	return outcome;
}

static enum outcome tell_agent(struct wait *wait, enum fw_api_route route, enum outcome outcome)
{
	json_t *document = NULL;
	int exit = fw_cli_ask(wait->cli, route, NULL, NULL, &document);

	json_decref(document);
	return exit ? FAILED : outcome;
}

/* One that is left there would end the process when it no longer holds them back. */
static void take_interrupts(int signal_fd)
{
	struct signalfd_siginfo one;

	while (read(signal_fd, &one, sizeof(one)) == sizeof(one))
		;
}

static void ask_operator(const struct wait *wait)
{
	if (!wait->cli->json)
		fputs("Keep it? [Enter = keep, Ctrl-C = roll back now] ", wait->cli->page.out);
	fflush(wait->cli->page.out);
}

/* "yes", " Y ": a policy that locks somebody out must not stay because of a word that was not understood. */
static bool line_is(const struct wait *wait, const char *letter, const char *word)
{
	const char *from = wait->line + strspn(wait->line, " \t\r");
	size_t length = strlen(from);

	while (length && strchr(" \t\r", from[length - 1]))
		length--;
	return wait->length < sizeof(wait->line) &&
	       ((length == strlen(letter) && !strncasecmp(from, letter, length)) ||
		(length == strlen(word) && !strncasecmp(from, word, length)));
}

static enum outcome take_line(struct wait *wait)
{
	enum outcome outcome = WAITING;

	if (line_is(wait, "", "") || line_is(wait, "y", "yes")) {
		outcome = tell_agent(wait, FW_API_CONFIRM, CONFIRMED);
	} else if (line_is(wait, "n", "no")) {
		outcome = tell_agent(wait, FW_API_ROLLBACK, ROLLED_BACK);
	} else {
		if (!wait->cli->json)
			fputs("That was neither yes nor no: 'y' or Enter alone keeps the policy, 'n' rolls "
			      "back.\n",
			      wait->cli->page.out);
		ask_operator(wait);
	}
	memset(wait->line, 0, sizeof(wait->line));
	wait->length = 0;
	return outcome;
}

/* An empty line or yes keeps, no or Ctrl-C rolls back, otherwise time passes. */
static enum outcome listen_to_operator(struct wait *wait)
{
	struct pollfd fds[] = {{.fd = wait->signal_fd, .events = POLLIN},
			       {.fd = wait->read_stdin ? STDIN_FILENO : -1, .events = POLLIN}};
	char byte = 0;

	if (poll(fds, 2, POLL_MS) <= 0)
		return WAITING;
	if (fds[0].revents) {
		take_interrupts(wait->signal_fd);
		return tell_agent(wait, FW_API_ROLLBACK, ROLLED_BACK);
	}
	if (!fds[1].revents)
		return WAITING;
	if (read(STDIN_FILENO, &byte, 1) != 1) {
		wait->read_stdin = false;
		return WAITING;
	}
	if (byte == '\n')
		return take_line(wait);
	if (wait->length < sizeof(wait->line) - 1)
		wait->line[wait->length] = byte;
	wait->length++;
	return WAITING;
}

static enum outcome wait_for_outcome(struct wait *wait)
{
	enum outcome outcome;

	fw_client_timeout(wait->cli->client, POLL_ANSWER_MS);
	for (;;) {
		outcome = listen_to_operator(wait);
		if (outcome == WAITING)
			outcome = ask_outcome(wait);
		if (outcome != WAITING && (outcome != LOST || fw_monotonic_ns() > wait->give_up_ns))
			return outcome;
	}
}

static int report(struct fw_cli *cli, enum outcome outcome, json_t *document)
{
	bool kept = outcome == CONFIRMED;

	if (outcome == FAILED)
		return FW_EXIT_FAILED; /* has been reported; the agent's clock decides */
	if (outcome == LOST)
		return fw_cli_fail(
			cli, FW_EXIT_NO_AGENT, "agent-gone", "look at: journalctl -u floodwalld",
			"the agent could not be reached again; when it is back it rolls back by itself");
	if (cli->json) {
		json_object_set_new(document, "outcome", json_string(kept ? "confirmed" : "rolled_back"));
		json_object_set_new(document, "timed_out", json_boolean(outcome == TIMED_OUT));
		fw_cli_print_json(cli, document);
	} else if (kept) {
		fputs("confirmed: the policy stays\nundo: floodwall rollback\n", cli->page.out);
	} else {
		fprintf(cli->page.out, "%s%srolled back: the policy of generation %.0f is in force again\n",
			cli->interactive ? "\n" : "",
			outcome == TIMED_OUT ? "nobody confirmed it in time, so it was " : "",
			fw_doc_number(document, "previous"));
	}
	return kept ? FW_EXIT_OK : FW_EXIT_ROLLED_BACK;
}

/* With SIGINT blocked in *before's place: it waits in the descriptor until somebody reads it. */
static int hold_interrupts(sigset_t *before)
{
	sigset_t interrupt;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	if (sigprocmask(SIG_BLOCK, &interrupt, before))
		return -1;
	return signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int wait_for_confirmation(struct fw_cli *cli, json_t *document, uint64_t seconds, int signal_fd)
{
	struct wait wait = {.cli = cli,
			    .signal_fd = signal_fd,
			    .read_stdin = cli->interactive,
			    .give_up_ns = fw_monotonic_ns() + 2 * seconds * FW_NS_PER_SEC,
			    .generation = fw_doc_count(document, "generation")};

	if (cli->interactive)
		ask_operator(&wait);
	fflush(cli->page.out);
	return report(cli, wait_for_outcome(&wait), document);
}

static int apply(struct fw_cli *cli, json_t *body, uint64_t seconds)
{
	json_t *document = NULL;
	sigset_t before;
	int signal_fd = seconds ? hold_interrupts(&before) : -1, exit;

	exit = fw_cli_ask(cli, FW_API_APPLY, NULL, body, &document);
	if (!exit && (!cli->json || !seconds))
		fw_cli_show(cli, document, fw_show_apply);
	if (!exit && seconds) {
		exit = wait_for_confirmation(cli, document, seconds, signal_fd);
		take_interrupts(
			signal_fd); /* an impatient second one: the outcome is said, and is the exit code */
	}
	if (seconds)
		sigprocmask(SIG_SETMASK, &before, NULL);
	if (signal_fd >= 0)
		close(signal_fd);
	json_decref(document);
	return exit;
}

int fw_cli_apply(struct fw_cli *cli, const char *path, const char *confirm)
{
	struct fw_policy_text policy FW_CLEANUP(fw_policy_text_done) = {0};
	uint64_t seconds = 0;
	int exit = fw_policy_text_read(cli, path, &policy);
	json_t *body;

	exit = exit ? exit : confirm_seconds(cli, path, confirm, &policy, &seconds);
	if (exit)
		return exit;
	body = fw_policy_text_body(&policy, path);
	if (!body)
		return fw_cli_fail(cli, FW_EXIT_CONFIG, "not-utf8", "see: floodwall check FILE",
				   "'%s' is no UTF-8 text", path);
	if (seconds)
		json_object_set_new(body, "confirm_seconds", json_integer((json_int_t)seconds));
	return apply(cli, body, seconds);
}

static int cmd_apply(struct fw_cli *cli, const struct fw_line *line)
{
	return fw_cli_apply(cli, line->arguments[0], fw_line_option(line, "confirm"));
}

const struct fw_command fw_command_apply = {
	.verb = "apply",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_FILE,
	.options = {{.name = "confirm",
		     .value = "TIME",
		     .value_optional = true,
		     .help = "roll back after TIME, 1s to 24h, unless confirmed (without TIME: "
			     "safety.confirm_timeout of the file)"}},
	.help = "put a policy file in force, whole or not at all",
	.about = "Meters, counters and bans go on, and so do sets add and attach; "
		 "unsaved tunes belong "
		 "to the policy before and go with it, which is said. Reload reads the applied file again. "
		 "With --confirm the agent itself rolls back unless "
		 "somebody confirms in time, also "
		 "when this terminal is gone; on a terminal Enter keeps the policy and Ctrl-C rolls back at "
		 "once. Exit code 3: it was "
		 "rolled back.",
	.examples = "floodwall apply new.yaml --confirm 60s",
	.route = FW_API_APPLY,
	.json = "{\"generation\":N,\"previous\":N,\"confirm_seconds\":N|null,\"changes\":[as "
		"plan],\"warnings\":[TEXT],\"undo\",\"not_kept\":TEXT (see sets add),"
		"\"outcome\":\"confirmed|rolled_back\",\"timed_out\":true|false}",
	.run = cmd_apply,
};
