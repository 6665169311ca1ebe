// SPDX-License-Identifier: Apache-2.0
/* import: reads the files, prints the policy on stdout and beside it what it does not say. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "lib/cleanup.h"
#include "waf/import.h"

#define BYTES_MAX (16u << 20) /* of a file; AWS's own limits end far below */
#define STEP	  (64u << 10)

/* "-" is standard input. -EFBIG beyond BYTES_MAX; *ret is the caller's. */
static int read_file(const char *path, char **ret, size_t *ret_length)
{
	bool piped = !strcmp(path, "-");
	FW_CLOSE int fd = piped ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	FW_FREE char *text = NULL;
	size_t length = 0, size = 0;
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	for (;;) {
		ssize_t got;

		if (length == size) {
			char *grown = size < BYTES_MAX ? realloc(text, size ? size * 2 : STEP) : NULL;

			if (!grown)
				return size < BYTES_MAX ? -ENOMEM : -EFBIG;
			text = grown;
			size = size ? size * 2 : STEP;
		}
		got = read(fd, text + length, size - length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += (size_t)got;
	}
	*ret = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}

struct sources {
	struct fw_waf_file *files; /* the web ACL, then IP sets; texts owned */
	size_t count;
};

static void sources_done(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		free((char *)sources->files[i].text);
	free(sources->files);
}

static int read_source(struct fw_cli *cli, struct sources *sources, const char *path)
{
	char *text = NULL;
	size_t length = 0;
	int r = read_file(path, &text, &length);

	if (r)
		return fw_cli_fail(cli,
				   r == -EACCES || r == -EPERM ? FW_EXIT_NO_PERMISSION
				   : r == -ENOMEM	       ? FW_EXIT_FAILED
							       : FW_EXIT_CONFIG,
				   "unreadable", NULL, "cannot read '%s': %s", path, strerror(-r));
	sources->files[sources->count++] =
		(struct fw_waf_file){strcmp(path, "-") ? path : "standard input", text, length};
	return FW_EXIT_OK;
}

static int read_sources(struct fw_cli *cli, const struct fw_line *line, struct sources *sources)
{
	int exit;

	sources->files = calloc(line->repeated_count + 1, sizeof(*sources->files));
	if (!sources->files)
		return fw_cli_fail_memory(cli);
	exit = read_source(cli, sources, line->arguments[0]);
	for (size_t i = 0; !exit && i < line->repeated_count; i++)
		exit = read_source(cli, sources, line->repeated[i]);
	return exit;
}

/* Written whole or not at all: beside the file, then renamed onto it. */
static int write_output(struct fw_cli *cli, const char *path, const char *policy)
{
	FW_FREE char *beside = NULL;
	FILE *file;
	int failed;

	if (asprintf(&beside, "%s.new", path) < 0) {
		beside = NULL;
		return fw_cli_fail_memory(cli);
	}
	file = fopen(beside, "we");
	failed = file ? 0 : errno;
	if (file && fputs(policy, file) < 0)
		failed = errno;
	if (file && fclose(file) && !failed)
		failed = errno;
	if (!failed && rename(beside, path))
		failed = errno;
	if (!failed)
		return FW_EXIT_OK;
	if (file)
		unlink(beside);
	return fw_cli_fail(cli,
			   failed == EACCES || failed == EPERM || failed == EROFS ? FW_EXIT_NO_PERMISSION
										  : FW_EXIT_FAILED,
			   "output", "without -o the policy goes to stdout", "'%s' cannot be written: %s",
			   path, strerror(failed));
}

static json_t *items_to_json(const struct fw_waf_import *import, bool omitted)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < import->item_count; i++) {
		const struct fw_waf_item *item = &import->items[i];

		if (item->omitted == omitted)
			json_array_append_new(array,
					      json_pack("{s:o,s:o,s:o}", "path", fw_doc_string(item->path),
							"rule", fw_doc_string(item->rule), "message",
							fw_doc_string(item->message)));
	}
	return array;
}

static int print_json(struct fw_cli *cli, const struct fw_waf_import *import, const char *output)
{
	json_t *document = json_pack("{s:o,s:o,s:I,s:I,s:o,s:o}", "policy", fw_doc_string(import->policy),
				     "output", fw_doc_string(output), "rules", (json_int_t)import->rules,
				     "carried", (json_int_t)import->carried, "omitted",
				     items_to_json(import, true), "notes", items_to_json(import, false));

	if (!document)
		return fw_cli_fail_memory(cli);
	fw_cli_print_json(cli, document);
	json_decref(document);
	return FW_EXIT_OK;
}

static void print_items(struct fw_cli *cli, const struct fw_waf_import *import)
{
	for (size_t i = 0; i < import->item_count; i++) {
		const struct fw_waf_item *item = &import->items[i];

		fputs(item->omitted ? "omitted " : "note    ", cli->err);
		fw_print_safe(cli->err, item->path);
		if (item->rule) {
			fputs(" ('", cli->err);
			fw_print_safe(cli->err, item->rule);
			fputs("')", cli->err);
		}
		fputs(": ", cli->err);
		fw_print_safe(cli->err, item->message);
		fputc('\n', cli->err);
	}
	fprintf(cli->err, "%zu of %zu rules carried over, %zu omitted, %zu %s\n", import->carried,
		import->rules, import->omitted, import->item_count - import->omitted,
		import->item_count - import->omitted == 1 ? "note" : "notes");
}

static int cmd_import(struct fw_cli *cli, const struct fw_line *line)
{
	struct sources sources FW_CLEANUP(sources_done) = {0};
	struct fw_waf_import import FW_CLEANUP(fw_waf_import_done) = {0};
	const char *output = fw_line_option(line, "output");
	struct fw_err err = {0};
	int exit = read_sources(cli, line, &sources), r;

	if (exit)
		return exit;
	r = fw_waf_import(&sources.files[0], &sources.files[1], sources.count - 1, &import, &err);
	if (r == -ENOMEM)
		return fw_cli_fail_memory(cli);
	if (r)
		return fw_cli_fail(cli, FW_EXIT_CONFIG, "no-web-acl",
				   "aws wafv2 get-web-acl --name NAME --scope REGIONAL --id ID >web-acl.json",
				   "%s", err.text);
	if (output)
		exit = write_output(cli, output, import.policy);
	if (exit)
		return exit;
	if (cli->json) {
		exit = print_json(cli, &import, output);
	} else {
		if (!output)
			fputs(import.policy, cli->page.out);
		print_items(cli, &import);
	}
	return exit ? exit : import.omitted ? FW_EXIT_OMISSIONS : FW_EXIT_OK;
}

const struct fw_command fw_command_import = {
	.verb = "import",
	.needs_subverb = true,
	.arguments = "aws-waf FILE",
	.least = 2,
	.most = 2,
	.complete = FW_COMPLETE_WORDS,
	.words = "aws-waf",
	.help = "rules of another system as a policy (aws-waf)",
	.about = "What is carried over and what is not: floodwall import aws-waf --help",
	.examples = "floodwall import aws-waf web-acl.json -o imported.yaml",
	.route = FW_NO_ROUTE,
	.json = "as import aws-waf",
	.run = cmd_import,
};

const struct fw_command fw_command_import_aws_waf = {
	.verb = "import",
	.subverb = "aws-waf",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_FILE,
	.options =
		{{.name = "output",
		  .letter = 'o',
		  .value = "FILE",
		  .complete = FW_COMPLETE_FILE,
		  .help = "write the policy there instead of to stdout"},
		 {.name = "ip-set",
		  .value = "FILE",
		  .repeats = true,
		  .complete = FW_COMPLETE_FILE,
		  .help = "members of an IP set that the web ACL names, from get-ip-set; may be repeated"}},
	.help = "an AWS WAF web ACL (JSON) as a policy, and a list of what it does not say",
	.about = "FILE is the output of aws wafv2 get-web-acl, a bare web ACL or a CloudFormation template "
		 "in JSON; - reads "
		 "standard input. Needs no agent, changes nothing. The policy goes to stdout, the list to "
		 "stderr: 'omitted' is what the policy does not do, 'note' what it does in other terms. A "
		 "rule is "
		 "carried over whole or not at all. Rate-based rules become limits on requests, which "
		 "packets show in "
		 "plain HTTP on port 80 only. Exit code 3: something is omitted. 78: FILE is no web ACL.",
	.examples = "aws wafv2 get-web-acl --name shop --scope REGIONAL --id ID >web-acl.json\n"
		    "aws wafv2 get-ip-set --name deny --scope REGIONAL --id ID >deny.json\n"
		    "floodwall import aws-waf web-acl.json --ip-set deny.json -o imported.yaml",
	.route = FW_NO_ROUTE,
	.json = "{\"policy\":TEXT,\"output\":PATH|null,\"rules\":N,\"carried\":N,\"omitted\":[{\"path\","
		"\"rule\":NAME|null,"
		"\"message\"}],\"notes\":[as omitted]}",
	.run = cmd_import,
};
