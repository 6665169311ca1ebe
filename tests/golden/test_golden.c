// SPDX-License-Identifier: Apache-2.0
/* What the CLI prints, against tests/golden/: canned answers through the renderers, and command lines that
 * are wrong. FW_GOLDEN_UPDATE=1 writes what is printed now; read the diff before you commit it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/show.h"

#define GOLDEN FW_TESTS_DIR "/golden/"

struct printed {
	char *text;
	size_t length;
};

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, 1 << 20);
	size_t length;

	cr_assert(file && text, "%s can be read", path);
	length = fread(text, 1, (1 << 20) - 1, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static void compare(const char *name, const char *got)
{
	char path[512], *want;
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "%s.txt", name);
	if (getenv("FW_GOLDEN_UPDATE")) {
		file = fopen(path, "we");
		cr_assert(file && fputs(got, file) >= 0 && !fclose(file), "%s can be written", path);
		return;
	}
	want = read_file(path);
	cr_assert_str_eq(got, want, "%s differs\n--- want\n%s--- got\n%s", path, want, got);
	free(want);
}

static void render(const char *name, fw_show *show, bool color)
{
	struct printed printed = {0};
	struct fw_page page = {.out = open_memstream(&printed.text, &printed.length), .color = color};
	char path[512], out_name[128], *text;
	json_error_t where;
	json_t *document;

	snprintf(path, sizeof(path), GOLDEN "%s.json", name);
	text = read_file(path);
	document = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	cr_assert(document, "%s:%d: %s", path, where.line, where.text);
	show(&page, document);
	fclose(page.out);
	snprintf(out_name, sizeof(out_name), "%s%s", name, color ? "_color" : "");
	compare(out_name, printed.text);
	json_decref(document);
	free(printed.text);
	free(text);
}

static const struct {
	const char *name;
	fw_show *show;
} answers[] = {
	{"status_enforcing", fw_show_status},
	{"status_counting", fw_show_status},
	{"status_detached", fw_show_status},
	{"status_held_off", fw_show_status},
	{"rules", fw_show_rules},
	{"rules_none", fw_show_rules},
	{"rule_keys", fw_show_rule_keys},
	{"rule_keys_none", fw_show_rule_keys},
	{"tune", fw_show_tune},
	{"tune_saved", fw_show_tune},
	{"tune_unchanged", fw_show_tune},
	{"bans", fw_show_bans},
	{"bans_none", fw_show_bans},
	{"ban", fw_show_ban},
	{"unban", fw_show_unban},
	{"allow", fw_show_allow},
	{"sets", fw_show_sets},
	{"sets_add", fw_show_sets_change},
	{"sets_add_not_kept", fw_show_sets_change},
	{"sets_del", fw_show_sets_change},
	{"sets_test", fw_show_sets_test},
	{"feeds", fw_show_feeds},
	{"feeds_none", fw_show_feeds},
	{"check_cost", fw_show_cost},
	{"explain_drop", fw_show_explain},
	{"explain_pass", fw_show_explain},
	{"explain_over", fw_show_explain},
	{"explain_counting", fw_show_explain},
	{"top", fw_show_top},
	{"top_none", fw_show_top},
	{"plan", fw_show_plan},
	{"apply_confirm", fw_show_apply},
	{"apply", fw_show_apply},
	{"reload", fw_show_reload},
	{"reload_unchanged", fw_show_reload},
	{"confirm", fw_show_confirm},
	{"rollback", fw_show_rollback},
	{"attach", fw_show_attach},
	{"attach_unchanged", fw_show_attach},
	{"attach_in_policy", fw_show_attach},
	{"detach", fw_show_detach},
	{"replay", fw_show_replay},
	{"doctor", fw_show_doctor},
	{"doctor_unknown", fw_show_doctor},
	{"events", fw_show_events},
	{"history_top", fw_show_history},
	{"history_none", fw_show_history},
	{"history_rule", fw_show_history},
	{"history_csv", fw_show_history_csv},
	{"history_svg", fw_show_history_svg},
	{"history_svg_none", fw_show_history_svg},
	{"recommend", fw_show_recommend},
	{"recommend_none", fw_show_recommend},
	{"recommend_careful", fw_show_recommend},
	{"recommend_unseen", fw_show_recommend},
	{"recommend_csv", fw_show_recommend_csv},
	{"recommend_svg", fw_show_recommend_svg},
	{"attacks", fw_show_attacks},
	{"attacks_none", fw_show_attacks},
	{"under_attack", fw_show_under_attack},
	{"under_attack_off", fw_show_under_attack},
	{"under_attack_auto", fw_show_under_attack},
	{"under_attack_none", fw_show_under_attack},
	{"notify", fw_show_notify},
	{"notify_none", fw_show_notify},
	{"notify_test", fw_show_notify_test},
	{"notify_test_failed", fw_show_notify_test},
};

Test(golden, answers)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		render(answers[i].name, answers[i].show, false);
}

Test(golden, colour_is_only_added_to_words)
{
	render("status_enforcing", fw_show_status, true);
	render("explain_drop", fw_show_explain, true);
}

/* A document of another version or of nobody must not bring the CLI down. */
Test(golden, strange_documents)
{
	static const char *const documents[] = {
		"[]", "{}", "null", "[1,\"x\",null,{}]",
		"{\"interfaces\":1,\"reasons\":[],\"drift\":{},\"rates\":[],\"confirm\":7,\"steps\":[3],"
		"\"seen\":[],\"rules\":[],\"sources\":{},\"keys\":[[]],\"changes\":[0],\"banned\":\"x\","
		"\"limit\":-1,\"unit\":\"x\",\"window_seconds\":-5,\"expires_in_seconds\":-1e300}"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		for (size_t k = 0; k < sizeof(documents) / sizeof(documents[0]); k++) {
			struct printed printed = {0};
			struct fw_page page = {.out = open_memstream(&printed.text, &printed.length)};
			json_t *document = json_loads(documents[k], JSON_DECODE_ANY, NULL);

			cr_assert(document);
			answers[i].show(&page, document);
			fclose(page.out);
			cr_assert(printed.text);
			free(printed.text);
			json_decref(document);
		}
}

static int run(const char *line, FILE *out, FILE *err)
{
	char *words = strdup(line), *argv[32] = {(char *)"floodwall"}, *save = NULL;
	int argc = 1, exit;

	for (char *word = strtok_r(words, " ", &save); word && argc < 31; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	exit = fw_cli_main(argc, argv, out, err);
	free(words);
	return exit;
}

/* Command lines that need no agent; those that do find none here. */
static const char *const lines[] = {
	"statsu",
	"xyzzy",
	"recommend --rule x",
	"recommend --confirm 5m",
	"recommend --csv --svg",
	"recommend --exclude",
	"history",
	"history top --csv --svg",
	"history top --limit 0",
	"history top --window",
	"history export extra",
	"capture -w x",
	"attacks",
	"under-attack on",
	"import",
	"import csf x",
	"import aws-waf",
	"import aws-waf /nonexistent.json",
	"--json import aws-waf /dev/null",
	"import aws-waf /dev/null --ip-set /nonexistent.json",
	"feeds sync",
	"feeds sync a b",
	"feeds snyc",
	"sets ad vpn 192.0.2.1",
	"status extra",
	"status --wat",
	"statsu --json",
	"--jsn status",
	"--for 1h ban 192.0.2.1",
	"status --for 1h",
	"attach",
	"attach eth0 --xdp natve",
	"attach eth0 eth1",
	"attach eth0 --xdp",
	"attach eth0 --xdp native --xdp generic",
	"apply",
	"apply /nonexistent.yaml",
	"apply /nonexistent.yaml --confirm",
	"apply --confirm=1x /dev/null",
	"apply /dev/null --confirm 1x",
	"apply --confirm=0s /dev/null",
	"check",
	"check /nonexistent.yaml",
	"--json check /nonexistent.yaml",
	"plan /nonexistent.yaml",
	"rules kesy blanket",
	"rules keys",
	"rules keys blanket --limit none",
	"tune blanket",
	"tune blanket limit",
	"tune blanket =5",
	"tune blanket limit=",
	"tune blanket limit=1/1s limit=2/1s",
	"tune blanket limit=5/1s --for soon",
	"tune blanket limit=5/1s --for 1h --save",
	"top --by pakets",
	"top --limit 0",
	"ban",
	"ban 1.2.3",
	"ban 192.0.2.1/24",
	"ban 192.0.2.1 --for 0s",
	"ban 192.0.2.1 --for 10",
	"ban 192.0.2.1 --for 1ms",
	"ban 192.0.2.1 --for 5000d",
	"ban 192.0.2.1 --for 99999999d",
	"ban 192.0.2.1 --strikes 256",
	"ban --for",
	"unban nobody",
	"allow",
	"sets add vpn",
	"sets test vpn 300.1.2.3",
	"explain",
	"explain here",
	"replay x.pcap",
	"replay --policy",
	"replay x.pcap --policy /nonexistent.yaml --seed -1",
	"replay x.pcap --policy /nonexistent.yaml",
	"doctor",
	"events --last many",
	"attacks --last 1000",
	"attacks now",
	"under-attack maybe",
	"under-attack --for 1h",
	"under-attack on --for soon",
	"completion",
	"completion tcsh",
	"help wat",
	"help sets ad",
	"help capture",
	"version extra",
	"--socket",
	"--socket= status",
	"--socket=/nonexistent/api.sock status",
	"--socket=/nonexistent/api.sock --json bans",
	"--socket=/nonexistent/api.sock ban 192.0.2.1",
	"--socket=/nonexistent/api.sock events -f",
	"status --socket /nonexistent/api.sock",
	"-- statsu",
	"-x",
};

Test(golden, wrong_lines)
{
	struct printed all = {0};
	FILE *report = open_memstream(&all.text, &all.length);

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct printed out = {0}, err = {0};
		FILE *out_file = open_memstream(&out.text, &out.length),
		     *err_file = open_memstream(&err.text, &err.length);
		int exit = run(lines[i], out_file, err_file);

		fclose(out_file);
		fclose(err_file);
		fprintf(report, "$ floodwall %s\n%s%s[%d]\n\n", lines[i], out.text, err.text, exit);
		cr_assert(exit != 0, "floodwall %s succeeds", lines[i]);
		cr_assert(out.length == 0 || strstr(lines[i], "check"), "floodwall %s prints on stdout: %s",
			  lines[i], out.text);
		free(out.text);
		free(err.text);
	}
	fclose(report);
	compare("wrong_lines", all.text);
	free(all.text);
}

/* Web ACLs of tests/data/waf, as words and as JSON: the policy, the list beside it and the exit code. */
Test(golden, import)
{
	static const struct {
		const char *line;
		int exit;
	} imports[] = {
		{"import aws-waf three-rules.json", 0},
		{"import aws-waf allow-deny-rate.json --ip-set ipset-allow-v4.json --ip-set "
		 "ipset-allow-v6.json --ip-set "
		 "ipset-deny.json",
		 0},
		{"import aws-waf omissions.json", 3},
		{"--json import aws-waf reputation-set.json", 3},
		{"import aws-waf ipset-deny.json", 78},
	};
	struct printed all = {0};
	FILE *report = open_memstream(&all.text, &all.length);

	cr_assert(!chdir(FW_TESTS_DIR "/data/waf"));
	for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		struct printed out = {0}, err = {0};
		FILE *out_file = open_memstream(&out.text, &out.length),
		     *err_file = open_memstream(&err.text, &err.length);
		int exit = run(imports[i].line, out_file, err_file);

		fclose(out_file);
		fclose(err_file);
		fprintf(report, "$ floodwall %s\n%s--- stderr\n%s[%d]\n\n", imports[i].line, out.text,
			err.text, exit);
		cr_expect_eq(exit, imports[i].exit, "floodwall %s: %d", imports[i].line, exit);
		free(out.text);
		free(err.text);
	}
	fclose(report);
	compare("import", all.text);
	free(all.text);
}

/* -o writes the policy whole, and only the list is printed. */
Test(golden, import_to_a_file)
{
	char folder[] = "/tmp/fw-import-XXXXXX", line[256], path[64], *text;
	struct printed out = {0}, err = {0};
	FILE *out_file = open_memstream(&out.text, &out.length),
	     *err_file = open_memstream(&err.text, &err.length);

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/policy.yaml", folder);
	snprintf(line, sizeof(line), "import aws-waf " FW_TESTS_DIR "/data/waf/three-rules.json -o %s", path);
	cr_expect_eq(run(line, out_file, err_file), 0);
	snprintf(line, sizeof(line), "import aws-waf " FW_TESTS_DIR "/data/waf/three-rules.json -o %s/no/x",
		 folder);
	cr_expect_eq(run(line, out_file, err_file), 1);
	fclose(out_file);
	fclose(err_file);
	text = read_file(path);
	cr_expect(strstr(text, "limit: 2000 requests/5m"), "%s", text);
	cr_expect_str_eq(out.text, "");
	cr_expect(strstr(err.text, "3 of 4 rules carried over") && strstr(err.text, "cannot be written"),
		  "%s", err.text);
	unlink(path);
	cr_expect(!rmdir(folder), "something is left in %s", folder);
	free(text);
	free(out.text);
	free(err.text);
}

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

/* Global options are taken wherever they stand. */
Test(golden, global_options_anywhere)
{
	static const char *const forms[] = {"--json version", "version --json", "--json --no-color version",
					    "version --no-color --json"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);

		cr_assert(run(forms[i], file, stderr) == 0);
		fclose(file);
		cr_assert_str_eq(out.text, "{\"version\":\"" FW_VERSION "\"}\n");
		free(out.text);
	}
}
