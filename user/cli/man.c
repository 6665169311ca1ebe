// SPDX-License-Identifier: Apache-2.0
/* floodwall(1) in roff: commands from the command table, reasons from fw_reason.h, routes from ctl/api.h. */
#include <string.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "lib/reason.h"

/* Text with roff's specials escaped; may break after a comma, so that JSON shapes fit the line. */
static void write_text(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		if (strchr(",|", *text) && text[1] && text[1] != ' ')
			fputs("\\:", out);
	}
}

static void write_paragraph(FILE *out, const char *text)
{
	write_text(out, text);
	fputc('\n', out);
}

static void write_option(FILE *out, const struct fw_option *option)
{
	fputs(".TP\n", out);
	if (option->letter)
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	fputs("\\fB\\-\\-", out);
	write_text(out, option->name);
	fputs("\\fR", out);
	if (option->value) {
		fputs(option->value_optional ? " [\\fI" : " \\fI", out);
		write_text(out, option->value);
		fputs(option->value_optional ? "\\fR]" : "\\fR", out);
	}
	fputc('\n', out);
	write_text(out, option->help);
	if (option->words) {
		fputs(" (", out);
		write_text(out, option->words);
		fputs(")", out);
	}
	fputc('\n', out);
}

static void write_examples(FILE *out, const char *lines)
{
	fputs(".PP\n.nf\n.RS\n", out);
	while (*lines) {
		char line[256];
		size_t length = strcspn(lines, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)length, lines);
		write_paragraph(out, line);
		lines += length + (lines[length] == '\n');
	}
	fputs(".RE\n.fi\n", out);
}

static void write_command(FILE *out, const struct fw_command *command)
{
	fputs(".SS \"", out);
	write_text(out, command->verb);
	if (command->subverb) {
		fputc(' ', out);
		write_text(out, command->subverb);
	}
	if (*command->arguments) {
		fputc(' ', out);
		write_text(out, command->arguments);
	}
	fputs("\"\n", out);
	write_text(out, command->help);
	fputs(".\n", out);
	if (*command->about)
		write_paragraph(out, command->about);
	for (int i = 0; i < FW_OPTIONS_MAX && command->options[i].name; i++)
		write_option(out, &command->options[i]);
	write_examples(out, command->examples);
}

static void write_json(FILE *out)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);

	fputs(".SH JSON\n"
	      "With \\fB\\-\\-json\\fR every command prints one document on one line of standard output; "
	      "\\fBevents \\-f\\fR and a "
	      "live \\fBtop\\fR print one a line and go on. Numbers are in base units: packets, bytes, "
	      "seconds. Later versions may "
	      "add members.\n.PP\n"
	      "A failure prints nothing there, unless a change with \\fB\\-\\-save\\fR is in force and was "
	      "not "
	      "saved, or the file not reloaded: then its document, where saved says whether the file was "
	      "written. On standard error it prints\n.PP\n"
	      "{\"error\":{\"exit\":N,\\:\"code\",\\:\"message\",\\:\"hint\",\\:\"diagnostics\":[as "
	      "check]}}\n.PP\n"
	      "where hint and diagnostics may be missing and exit is the exit status.\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		if (commands[i]->needs_subverb)
			continue;
		fputs(".TP\n\\fB", out);
		write_text(out, commands[i]->verb);
		if (commands[i]->subverb) {
			fputc(' ', out);
			write_text(out, commands[i]->subverb);
		}
		fputs("\\fR\n", out);
		write_paragraph(out, commands[i]->json);
	}
}

static void write_reasons(FILE *out)
{
	static const char *const actions[] = {[FW_REASON_IS_PASS] = "pass",
					      [FW_REASON_IS_DROP] = "drop",
					      [FW_REASON_IS_ANSWER] = "answered"};

	fputs(".SH REASONS\nWhy a packet passed or was dropped; in count mode everything passes and keeps "
	      "its reason.\n",
	      out);
	for (unsigned int i = 0; i < FW_REASON_MAX_; i++) {
		const struct fw_reason_facts *reason = fw_reason_facts(i);

		fprintf(out, ".TP\n\\fB%s\\fR (%s)\n", reason->word, actions[reason->action]);
		write_paragraph(out, reason->help);
	}
	fputs(".SS Faults\nWhat can go wrong without deciding a packet, counted by status.\n", out);
	for (unsigned int i = 0; i < FW_FAULT_MAX_; i++) {
		const struct fw_fault_facts *fault = fw_fault_facts(i);

		fprintf(out, ".TP\n\\fB%s\\fR\n", fault->word);
		write_paragraph(out, fault->help);
	}
}

static void write_exit_status(FILE *out)
{
	static const struct {
		enum fw_exit exit;
		const char *meaning;
	} codes[] = {
		{FW_EXIT_OK, "Done, warnings included."},
		{FW_EXIT_FAILED,
		 "Failed; sets test: not in the set; doctor: native XDP is blocked; confirm: nothing waits."},
		{FW_EXIT_ROLLED_BACK, "Rolled back, or import with omissions."},
		{FW_EXIT_NOT_ENFORCING, "The agent runs but does not enforce (status)."},
		{FW_EXIT_USAGE, "Wrong usage."},
		{FW_EXIT_NO_AGENT, "No agent."},
		{FW_EXIT_KERNEL, "The kernel refused."},
		{FW_EXIT_TRY_AGAIN, "Not now, try again: something is full or busy."},
		{FW_EXIT_NO_PERMISSION, "No permission."},
		{FW_EXIT_CONFIG, "Bad configuration, unknown name, or a ban that was refused."},
	};

	fputs(".SH EXIT STATUS\n", out);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		fprintf(out, ".TP\n\\fB%d\\fR\n", codes[i].exit);
		write_paragraph(out, codes[i].meaning);
	}
}

static void write_routes(FILE *out)
{
	fputs(".SH API\n"
	      "The agent speaks HTTP/1.1 and JSON on its UNIX socket; the answers are the documents above. "
	      "Routes that change something "
	      "are only on api.sock (root and group floodwall), the others also on read.sock. POST takes a "
	      "JSON object.\n"
	      ".PP\n.nf\n.RS\n"
	      "curl \\-\\-unix\\-socket /run/floodwall/read.sock http://d/v1/status\n"
	      ".RE\n.fi\n",
	      out);
	for (int i = 0; i < FW_API_MAX_; i++) {
		const struct fw_api_route_info *info = fw_api_route_info((enum fw_api_route)i);

		fprintf(out, ".TP\n\\fB%s ", info->method);
		write_text(out, info->path);
		fprintf(out, "\\fR%s\n", info->writes ? " (api.sock)" : "");
		write_paragraph(out, *info->request ? info->request : "no parameters");
	}
}

/* Rules that look into payloads: what they cannot do must be known before one relies on them. */
static void write_payloads(FILE *out)
{
	fputs(".SH RULES ABOUT PAYLOADS\n"
	      "\\fBuri\\fR, \\fBmethod\\fR, \\fBhost\\fR and limits in requests read the request that begins "
	      "a "
	      "TCP segment in plain HTTP/1; paths are compared decoded, resolved and without regard to case. "
	      "TLS, "
	      "HTTP/2 and a request line split over segments are not seen (uri_not_seen): count these in the "
	      "server's log, with \\fBlog\\fR.\n"
	      ".PP\n"
	      "\\fBsni\\fR reads the server name of a TLS ClientHello, as far as the segment says in which "
	      "it "
	      "begins. It is best effort and never the only protection: clients may leave the name out, "
	      "forge or "
	      "encrypt it, speak QUIC, or spread the hello over segments (sni_not_seen); post\\-quantum ones "
	      "often "
	      "do.\n",
	      out);
}

/* For whoever reads the page because something is wrong now. */
static void write_emergency(FILE *out)
{
	static const struct {
		const char *when, *command, *what;
	} ways[] = {
		{"Too much is dropped, the agent answers", "floodwall explain ADDRESS",
		 "says what drops it and how to undo that. To let everything pass: floodwall detach IFACE, "
		 "for "
		 "each interface that floodwall status names. For one address: floodwall allow ADDRESS --for "
		 "1h."},
		{"A change has locked you out", "floodwall rollback",
		 "from the console; a change that was applied with --confirm takes itself back."},
		{"No agent runs, or it does not start", "sudo floodwall detach IFACE",
		 "The filter goes on in the kernel without an agent, after kill -9 and with on_exit: keep; "
		 "it is "
		 "neither removed by ip link set dev IFACE xdp off nor by a restart of the network. detach "
		 "takes it off "
		 "without an agent, and gives back the sysctls that challenge had set; bans and counters "
		 "stay for "
		 "the next agent. floodwall doctor IFACE says whether an agent runs. An agent that pinned "
		 "elsewhere "
		 "or kept its state elsewhere: --bpffs, --state-dir."},
		{"It must stay off", "sudo systemctl disable --now floodwalld",
		 "then detach: an agent that starts filters again what its policy names."},
		{"Even that does not work", "sudo rm -r /sys/fs/bpf/floodwall",
		 "removes all pins, of all network namespaces, with bans and counters: without an agent "
		 "every "
		 "filter ends. What chain: true has attached: sudo xdp-loader unload IFACE --all, which "
		 "takes off "
		 "everybody's programs. A reboot removes everything."},
		{"How to get back in", "floodwalld --check --config /etc/floodwall/floodwall.yaml",
		 "says why a policy is refused, floodwall check FILE too. Mend it, then sudo systemctl start "
		 "floodwalld, which takes over what goes on in the kernel."},
	};

	fputs(".SH EMERGENCY\nHow to stop filtering, with and without an agent, and how to get back.\n", out);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fprintf(out, ".TP\n\\fB%s\\fR\n\\fI", ways[i].when);
		write_text(out, ways[i].command);
		fputs("\\fR\n.br\n", out);
		write_paragraph(out, ways[i].what);
	}
}

static void write_files(FILE *out)
{
	fputs(".SH FILES\n"
	      ".TP\n\\fI/etc/floodwall/floodwall.yaml\\fR\nThe policy.\n"
	      ".TP\n\\fI" FW_SOCKET_DEFAULT "\\fR\nThe agent's socket: root and group floodwall.\n"
	      ".TP\n\\fI" FW_READ_SOCKET_DEFAULT
	      "\\fR\nWhat may be read by everybody; used when the other is not permitted.\n"
	      ".TP\n\\fI/var/lib/floodwall/history.db\\fR\nWhat was recorded.\n"
	      ".TP\n\\fI/sys/fs/bpf/floodwall/\\fR\nPins: what keeps filtering when the agent dies.\n"
	      ".SH ENVIRONMENT\n"
	      ".TP\n\\fBNO_COLOR\\fR, \\fBTERM=dumb\\fR\nNo colour.\n"
	      ".SH SEE ALSO\n\\fBfloodwalld\\fR(8), \\fBip\\-link\\fR(8), \\fBtcpdump\\fR(1)\n",
	      out);
}

static void write_man(FILE *out, const void *context)
{
	size_t count;
	const struct fw_command *const *commands = fw_commands(&count);
	const struct fw_option *options;

	(void)context;
	fputs(".\\\" Printed by: floodwall man\n"
	      ".TH FLOODWALL 1 2026-11-23 \"floodwall " FW_VERSION "\" \"User Commands\"\n"
	      ".nh\n.ad l\n"
	      ".SH NAME\nfloodwall \\- see and steer a filter that drops floods in the network driver\n"
	      ".SH SYNOPSIS\n\\fBfloodwall\\fR [\\fIoptions\\fR] [\\fIcommand\\fR]\n"
	      ".SH DESCRIPTION\n"
	      "Asks the agent, \\fBfloodwalld\\fR(8), over its socket. Without a command it prints the "
	      "status. Every command that changes "
	      "something says what changed, how long it lasts, and how to undo it.\n"
	      ".SH OPTIONS\nAccepted anywhere on the line.\n",
	      out);
	options = fw_global_options(&count);
	for (size_t i = 0; i < count; i++)
		write_option(out, &options[i]);
	fputs(".SH COMMANDS\n", out);
	commands = fw_commands(&count);
	for (size_t i = 0; i < count; i++)
		if (!commands[i]->needs_subverb)
			write_command(out, commands[i]);
	write_emergency(out);
	write_json(out);
	write_payloads(out);
	write_reasons(out);
	write_exit_status(out);
	write_routes(out);
	fw_man_history(out, write_text);
	write_files(out);
}

static int cmd_man(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_show_text(cli, write_man, NULL);
}

const struct fw_command fw_command_man = {
	.verb = "man",
	.arguments = "",
	.help = "the manual page floodwall(1) in roff",
	.about = "",
	.examples = "floodwall man | man -l -",
	.route = FW_NO_ROUTE,
	.json = "{\"text\"}",
	.run = cmd_man,
};
