// SPDX-License-Identifier: Apache-2.0
/* recommend: limits from the past, and on request into a policy beside the one in force. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/policy_text.h"
#include "cli/show.h"
#include "lib/cleanup.h"
#include "policy/policy.h"

static int write_copy(const char *path, const struct fw_policy_text *text)
{
	FW_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < text->length) {
		ssize_t wrote = write(fd, text->text + done, text->length - done);

		if (wrote < 0)
			return -errno;
		done += (size_t)wrote;
	}
	return 0;
}

static int cannot_write(struct fw_cli *cli, const char *path, int r)
{
	return fw_cli_fail(cli, r == -EACCES || r == -EPERM ? FW_EXIT_NO_PERMISSION : FW_EXIT_FAILED,
			   "not-written", "nothing was changed; the limits can be pasted or tuned by hand",
			   "cannot write '%s': %s", path, strerror(-r));
}

/* The limits proposed, each into the copy; *ret_changed of them. */
static int edit_copy(struct fw_cli *cli, const char *path, const json_t *document, size_t *ret_changed)
{
	const json_t *rule;
	size_t index;

	json_array_foreach (json_object_get(document, "rules"), index, rule) {
		struct fw_err err = {0};

		if (!*fw_doc_text(rule, "limit"))
			continue;
		if (fw_policy_save_tune(path, fw_doc_text(rule, "rule"), "limit", fw_doc_text(rule, "limit"),
					&err)) {
			if (err.code == -ENOENT) /* recorded, and gone from the file since */
				continue;
			return fw_cli_fail(cli, FW_EXIT_CONFIG, "not-written", "nothing was changed",
					   "rule '%s' cannot have the limit %s: %s",
					   fw_doc_text(rule, "rule"), fw_doc_text(rule, "limit"), err.text);
		}
		(*ret_changed)++;
	}
	return FW_EXIT_OK;
}

static int write_recommended(struct fw_cli *cli, const char *file, const char *path, const json_t *document)
{
	struct fw_policy_text text FW_CLEANUP(fw_policy_text_done) = {0};
	size_t changed = 0;
	int exit = fw_policy_text_read(cli, file, &text), r;

	if (exit)
		return exit;
	r = write_copy(path, &text);
	if (r)
		return cannot_write(cli, path, r);
	exit = edit_copy(cli, path, document, &changed);
	if (!exit && !changed)
		exit = fw_cli_fail(cli, FW_EXIT_FAILED, "no-ground", NULL,
				   "there is no limit to apply: no rule of '%s' has enough recorded", file);
	if (exit)
		unlink(path);
	return exit;
}

/* A policy that was recommended and applied before goes by its first name. */
static char *recommended_path(const char *file)
{
	static const char ending[] = ".recommended";
	size_t length = strlen(file), tail = strlen(ending);
	char *path = NULL;

	if (length > tail && !strcmp(file + length - tail, ending))
		return strdup(file);
	return asprintf(&path, "%s%s", file, ending) < 0 ? NULL : path;
}

static int apply_recommended(struct fw_cli *cli, const struct fw_line *line, const json_t *document)
{
	FW_FREE char *path = NULL;
	json_t *status = NULL;
	const char *file;
	int exit = fw_cli_ask(cli, FW_API_STATUS, NULL, NULL, &status);

	if (exit)
		return exit;
	file = fw_doc_text(status, "policy_file");
	path = recommended_path(file);
	if (!*file)
		exit = fw_cli_fail(cli, FW_EXIT_FAILED, "no-file", NULL,
				   "the agent's policy came from no file: paste the limits, or tune them");
	else if (!path)
		exit = fw_cli_fail_memory(cli);
	else
		exit = write_recommended(cli, file, path, document);
	if (!exit && !cli->json) {
		fputs("\nwritten: ", cli->page.out);
		fw_print_safe(cli->page.out, path);
		fputs("; to have it after a reboot too, put it in the place of the file you start with\n",
		      cli->page.out);
	}
	if (!exit)
		exit = fw_cli_apply(cli, path, fw_line_option(line, "confirm"));
	json_decref(status);
	return exit;
}

static int cmd_recommend(struct fw_cli *cli, const struct fw_line *line)
{
	static const char *const names[] = {"rule", "since", "until", "buffer", NULL};
	struct fw_query query FW_CLEANUP(fw_query_done) = {0};
	bool wants_apply = fw_line_option(line, "apply");
	json_t *document = NULL;
	fw_show *show = NULL;
	int exit = fw_cli_shape(cli, line, fw_show_recommend, fw_show_recommend_csv, fw_show_recommend_svg,
				&show);

	if (!exit && !wants_apply && fw_line_option(line, "confirm"))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "--confirm goes with --apply");
	exit = exit ? exit : fw_cli_take_options(cli, line, names, &query);
	for (size_t i = 0; !exit && i < line->repeated_count; i++)
		if (fw_query_add(&query, "exclude", line->repeated[i]))
			exit = fw_cli_fail_memory(cli);
	exit = exit ? exit : fw_cli_ask(cli, FW_API_RECOMMEND, &query, NULL, &document);
	if (exit)
		return exit;
	if (!(cli->json && wants_apply)) /* one document: that of the apply */
		fw_cli_show(cli, document, show);
	if (wants_apply)
		exit = apply_recommended(cli, line, document);
	json_decref(document);
	return exit;
}

const struct fw_command fw_command_recommend = {
	.verb = "recommend",
	.arguments = "",
	.options = {{.name = "rule",
		     .value = "NAME",
		     .complete = FW_COMPLETE_RULE,
		     .help = "only this rule (default: every rule with a limit)"},
		    FW_OPTION_SINCE("7d"),
		    FW_OPTION_UNTIL,
		    {.name = "buffer",
		     .value = "FACTOR",
		     .help = "limit = FACTOR times the highest honest window (default 2)"},
		    {.name = "exclude",
		     .value = "FROM..TO",
		     .repeats = true,
		     .help = "leave a time out, such as 3h..2h; may be repeated"},
		    FW_OPTION_CSV,
		    FW_OPTION_SVG,
		    {.name = "apply",
		     .help = "write the policy with these limits beside the file and put it in force"},
		    {.name = "confirm",
		     .value = "TIME",
		     .value_optional = true,
		     .help = "with --apply: roll back after TIME, 1s to 24h, unless confirmed"}},
	.help = "limits from recorded traffic: buffer over the highest honest window",
	.about = "Per rule with a limit: p99, p99.9 and median + 3 MAD of its keys' sub-windows, the highest "
		 "honest window, and the limit proposed, with what it would have stopped. Sources that "
		 "today's "
		 "limit dropped and those above a gap that the crowd does not explain are set apart and "
		 "listed. "
		 "The time of declared attacks (`attacks`) is left out, whole steps of five minutes and the "
		 "window that the meters remember; how much that was stands below, and where nothing is left "
		 "no limit is proposed. It warns when the data is too short or dirty, and says how "
		 "sure it is of whom it set apart and that the limit spares sources not seen yet: believe "
		 "it as little as it does. unseen_over is the chance that of as many sources again an honest "
		 "one is over the limit, null: not known. Nothing is changed without --apply, which writes "
		 "FILE.recommended "
		 "beside the "
		 "policy file, with your own rights, and applies that.",
	.examples = "floodwall recommend\n"
		    "floodwall recommend --rule login --since 2d --buffer 1.5\n"
		    "floodwall recommend --exclude 2026-11-25T10:00..2026-11-25T11:30 --svg >limits.svg\n"
		    "sudo floodwall recommend --rule blanket --apply --confirm 5m",
	.route = FW_API_RECOMMEND,
	.json = "{\"since\":RFC3339,\"until\":RFC3339,\"buffer\":F,\"rules\":[{\"rule\",\"unit\",\"per\","
		"\"window_seconds\",\"limit\":TEXT|null,\"limit_now\":TEXT|null,\"amount\":N,"
		"\"honest_highest\":N,\"attack_lowest\":N,\"gap\":F,\"p99\":N,\"p999\":N,\"median_3mad\":N,"
		"\"sources\":N,\"set_apart\":{\"blocked\":N,\"apart\":N},\"excluded\":[{\"source\","
		"\"highest\":N,\"windows\":N,\"why\":\"blocked|apart\"}],\"would_block\":{\"sources\":N,"
		"\"known_good\":N,\"amount\":N},\"recorded_seconds\":N,\"span_seconds\":N,"
		"\"excluded_seconds\":N,\"excluded_attacks\":N,\"excluded_times\":N,\"unseen_over\":F|null,"
		"\"doubt\":null|{\"sources\":N,\"above\":N,"
		"\"below\":N,\"chance\":F,\"set_apart\":BOOL},\"warnings\":[TEXT]}]}",
	.run = cmd_recommend,
};
