// SPDX-License-Identifier: Apache-2.0
/* The answers of attach and detach, and what others end with, too: until when, and how to undo it. */
#include <stdlib.h>

#include "cli/show.h"
#include "cli/wrap.h"
#include "lib/cleanup.h"

#define UNDO "undo: "
/* A terminal takes 4095 bytes of a line that is pasted, and drops what is behind them. */
#define UNDO_COLUMNS 400

void fw_show_undo(const struct fw_page *page, const json_t *document)
{
	FW_FREE char *text = NULL;
	size_t length;
	FILE *safe = *fw_doc_text(document, "undo") ? open_memstream(&text, &length) : NULL;

	if (!safe)
		return;
	fw_print_safe(safe, fw_doc_text(document, "undo"));
	if (fclose(safe))
		return;
	fputs(UNDO, page->out);
	fw_wrap_command(page->out, text, sizeof(UNDO) - 1, UNDO_COLUMNS);
}

/* The agent's own memory of live changes has failed: what the file says now is what a restart brings. */
void fw_show_not_kept(const struct fw_page *page, const json_t *document)
{
	if (!fw_doc_has(document, "not_kept"))
		return;
	fprintf(page->out, "attention a restart of the agent %s: ",
		fw_doc_true(document, "saved") ? "may bring an older state back" : "forgets this change");
	fw_print_safe(page->out, fw_doc_text(document, "not_kept"));
	fputc('\n', page->out);
}

void fw_show_unsaved(const struct fw_page *page, const json_t *document)
{
	fprintf(page->out, "in force until changed or %s; not saved (--save)\n",
		fw_doc_has(document, "not_kept") ? "the agent ends" : "rebooted");
}

const char *fw_show_ends(const json_t *object, char *buffer)
{
	const json_t *seconds = json_object_get(object, "expires_in_seconds");
	char age[FW_SAY_MAX];

	if (!json_is_number(seconds))
		return fw_say_lasting(seconds, buffer);
	snprintf(buffer, FW_SAY_MAX, "for %.40s", fw_say_lasting(seconds, age));
	return buffer;
}

void fw_show_attach(const struct fw_page *page, const json_t *document)
{
	bool unchanged = fw_doc_true(document, "unchanged");

	fw_print_safe(page->out, fw_doc_text(document, "interface"));
	fprintf(page->out, " is filtered%s, XDP mode %s", unchanged ? " already" : "",
		fw_doc_text(document, "xdp"));
	if (fw_doc_true(document, "fell_back")) {
		fputs(", ", page->out);
		fw_paint(page, FW_PAINT_CAREFUL, "FELL BACK");
		fputs(" from native: slower", page->out);
	}
	if (unchanged)
		fputs("; nothing changed\n", page->out);
	else if (fw_doc_true(document, "in_policy"))
		fputs(", as the policy says\n", page->out);
	else
		fprintf(page->out, "\nlasts until detached or %s; for ever: name it in the policy file\n",
			fw_doc_has(document, "not_kept") ? "the agent ends" : "rebooted");
	if (!unchanged)
		fw_show_not_kept(page, document);
	if (fw_doc_true(document, "fell_back") && *fw_doc_text(document, "message")) {
		fw_print_safe(page->out, fw_doc_text(document, "message"));
		fputc('\n', page->out);
	}
	fw_show_warnings(page, json_object_get(document, "warnings"));
	if (fw_doc_has(document, "undo"))
		fw_show_undo(page, document);
	else if (!unchanged)
		fprintf(page->out, "undo: floodwall detach %s\n", fw_doc_text(document, "interface"));
}

/* What no agent does by itself. */
static void show_orphan(const struct fw_page *page, const json_t *document)
{
	long long others = json_integer_value(json_object_get(document, "still_filtered"));
	const json_t *sysctl;
	size_t i;

	if (!json_is_true(json_object_get(document, "without_agent")))
		return;
	fputs("no agent runs: what the last one had left there is off; bans, meters and counters stay for "
	      "the "
	      "next, which filters again what its policy names\n",
	      page->out);
	if (fw_doc_true(document, "forgotten"))
		fputs("it had been attached by hand, which is forgotten\n", page->out);
	json_array_foreach (json_object_get(document, "sysctls"), i, sysctl) {
		const char *name = fw_doc_text(sysctl, "name"), *error = fw_doc_text(sysctl, "error");
		long long value = json_integer_value(json_object_get(sysctl, "value"));

		if (*error)
			fprintf(page->out, "set it by hand: sysctl net.ipv4.%s=%lld (%s)\n", name, value,
				error);
		else
			fprintf(page->out, "net.ipv4.%s is %lld again, as before challenge\n", name, value);
	}
	if (others)
		fprintf(page->out, "%lld other interface%s filtered still\n", others,
			others == 1 ? " is" : "s are");
}

void fw_show_detach(const struct fw_page *page, const json_t *document)
{
	fw_print_safe(page->out, fw_doc_text(document, "interface"));
	fputs(" is no longer filtered: everything that arrives there passes, until it is attached again\n",
	      page->out);
	show_orphan(page, document);
	fw_show_not_kept(page, document);
	if (fw_doc_has(document, "undo"))
		fw_show_undo(page, document);
	else
		fprintf(page->out, "undo: floodwall attach %s\n", fw_doc_text(document, "interface"));
}
