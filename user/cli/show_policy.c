// SPDX-License-Identifier: Apache-2.0
/* What plan, apply, confirm, rollback and reload say. */
#include <string.h>

#include "cli/show.h"

static void print_changes(const struct fw_page *page, const json_t *changes)
{
	const json_t *change;
	size_t index;

	json_array_foreach (changes, index, change) {
		const char *kind = fw_doc_text(change, "kind");
		bool adds = !strcmp(kind, "add"), removes = !strcmp(kind, "remove");

		fw_paint(page,
			 adds	   ? FW_PAINT_GOOD
			 : removes ? FW_PAINT_BAD
				   : FW_PAINT_CAREFUL,
			 adds	   ? "+"
			 : removes ? "-"
				   : "~");
		fputc(' ', page->out);
		fw_print_safe(page->out, fw_doc_text(change, "object"));
		if (*fw_doc_text(change, "name")) {
			fputc(' ', page->out);
			fw_print_safe(page->out, fw_doc_text(change, "name"));
		}
		if (*fw_doc_text(change, "detail")) {
			fputs("   ", page->out);
			fw_print_safe(page->out, fw_doc_text(change, "detail"));
		}
		fputc('\n', page->out);
	}
}

void fw_show_also_changed(const struct fw_page *page, const json_t *document)
{
	const json_t *changes = json_object_get(document, "also_changed");

	if (!json_array_size(changes))
		return;
	fputs("note: ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "policy_file"));
	fputs(", or a file that it names, had other edits, which are in force now, too:\n", page->out);
	print_changes(page, changes);
}

void fw_show_warnings(const struct fw_page *page, const json_t *warnings)
{
	const json_t *warning;
	size_t index;

	json_array_foreach (warnings, index, warning) {
		fputs(!strcmp(fw_doc_text(warning, "severity"), "note") ? "note: " : "warning: ", page->out);
		fw_print_safe(page->out, json_string_value(warning) ? json_string_value(warning)
								    : fw_doc_text(warning, "message"));
		fputc('\n', page->out);
	}
}

static void print_stopped(const struct fw_page *page, const json_t *stopped, const char *unit)
{
	char sources[FW_SAY_MAX], amount[FW_SAY_MAX];

	fprintf(page->out, "%s sources (", fw_say_count(fw_doc_count(stopped, "sources"), sources));
	if (fw_doc_count(stopped, "known_good"))
		fprintf(page->out, "%.0f of them known-good, ", fw_doc_number(stopped, "known_good"));
	fprintf(page->out, "%s ", fw_say_count(fw_doc_count(stopped, "amount"), amount));
	fw_print_safe(page->out, unit);
	fputc(')', page->out);
}

/* "blanket: of 3400 sources recorded in 6d 23h, 12k packets/10s would have stopped 12 sources (40 M packets)"
 */
static void print_looking_back(const struct fw_page *page, const json_t *history)
{
	const json_t *line;
	char sources[FW_SAY_MAX], recorded[FW_SAY_MAX];
	size_t index;

	json_array_foreach (history, index, line) {
		fw_print_safe(page->out, fw_doc_text(line, "rule"));
		fprintf(page->out, ": of %s sources recorded in %s, ",
			fw_say_count(fw_doc_count(line, "sources"), sources),
			fw_say_seconds(fw_doc_number(line, "recorded_seconds"), recorded));
		fw_print_safe(page->out, fw_doc_text(line, "limit"));
		fputs(" would have stopped ", page->out);
		print_stopped(page, json_object_get(line, "would_block"), fw_doc_text(line, "unit"));
		fputs(", ", page->out);
		fw_print_safe(page->out, fw_doc_text(line, "limit_now"));
		fputs(" stops ", page->out);
		print_stopped(page, json_object_get(line, "would_block_now"), fw_doc_text(line, "unit"));
		fputc('\n', page->out);
	}
}

void fw_show_plan(const struct fw_page *page, const json_t *document)
{
	char memory[FW_SAY_MAX];

	print_changes(page, json_object_get(document, "changes"));
	fw_show_warnings(page, json_object_get(document, "warnings"));
	print_looking_back(page, json_object_get(document, "history"));
	if (fw_doc_count(document, "memory_bytes"))
		fprintf(page->out, "kernel memory afterwards: at most %s\n",
			fw_say_memory(fw_doc_count(document, "memory_bytes"), memory));
	fprintf(page->out, "plan: %.0f to add, %.0f to change, %.0f to remove; nothing was applied\n",
		fw_doc_number(document, "add"), fw_doc_number(document, "change"),
		fw_doc_number(document, "remove"));
}

static void print_generations(const struct fw_page *page, const json_t *document, const char *done)
{
	print_changes(page, json_object_get(document, "changes"));
	fw_show_warnings(page, json_object_get(document, "warnings"));
	fprintf(page->out, "%s: generation %.0f is in force", done, fw_doc_number(document, "generation"));
	if (fw_doc_count(document, "previous"))
		fprintf(page->out, ", before it %.0f", fw_doc_number(document, "previous"));
	fputc('\n', page->out);
}

void fw_show_apply(const struct fw_page *page, const json_t *document)
{
	char buffer[FW_SAY_MAX];

	print_generations(page, document, "applied");
	if (fw_doc_number(document, "confirm_seconds") > 0)
		fprintf(page->out, "goes back in %s unless you run: floodwall confirm\n",
			fw_say_seconds(fw_doc_number(document, "confirm_seconds"), buffer));
	else
		fputs("lasts until the next apply or rollback: reload reads this file again; a reboot loads "
		      "the agent's own policy file\n",
		      page->out);
	fw_show_not_kept(page, document);
	if (*fw_doc_text(document, "undo"))
		fw_show_undo(page, document);
	else
		fputs("undo: floodwall rollback\n", page->out);
}

void fw_show_reload(const struct fw_page *page, const json_t *document)
{
	const json_t *note;
	size_t index;

	json_array_foreach (json_object_get(document, "notes"), index, note) {
		fputs("note: ", page->out);
		fw_print_safe(page->out, json_string_value(note) ? json_string_value(note) : "");
		fputc('\n', page->out);
	}
	print_generations(page, document, "reloaded");
	if (*fw_doc_text(document, "file")) {
		fputs("policy: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "file"));
		fputc('\n', page->out);
	}
	fw_show_not_kept(page, document);
	if (fw_doc_true(document, "unchanged"))
		fputs("the file says what it said before; sets and other files were read again\n", page->out);
	else if (*fw_doc_text(document, "undo"))
		fw_show_undo(page, document);
	else
		fputs("undo: floodwall rollback\n", page->out);
}

void fw_show_confirm(const struct fw_page *page, const json_t *document)
{
	fprintf(page->out, "confirmed: generation %.0f stays until the next apply or rollback\n",
		fw_doc_number(document, "generation"));
	fw_show_not_kept(page, document);
	fputs("undo: floodwall rollback\n", page->out);
}

/* The agent has gone back before, by itself or for somebody else: it is where the operator wants it. */
static void show_gone_already(const struct fw_page *page, const json_t *document)
{
	fprintf(page->out, "nothing changed: generation %.0f was rolled back already, ",
		fw_doc_number(document, "rolled_back"));
	fw_print_safe(page->out, fw_doc_text(document, "why"));
	fputs("\npolicy: ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "policy_file"));
	fprintf(page->out, ", in force as generation %.0f\n", fw_doc_number(document, "generation"));
	if (!*fw_doc_text(document, "before")) {
		fputs("there is no policy before that one to go back to\n", page->out);
		return;
	}
	fputs("to go back further, to the policy before that one (", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "before"));
	fputs("): floodwall rollback\n", page->out);
}

void fw_show_rollback(const struct fw_page *page, const json_t *document)
{
	if (fw_doc_true(document, "unchanged")) {
		show_gone_already(page, document);
		return;
	}
	print_changes(page, json_object_get(document, "changes"));
	fw_show_warnings(page, json_object_get(document, "warnings"));
	if (*fw_doc_text(document, "policy_file")) {
		fputs("policy: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "policy_file"));
		fputc('\n', page->out);
	}
	fprintf(page->out, "rolled back to generation %.0f", fw_doc_number(document, "rolled_back_to"));
	if (fw_doc_count(document, "generation") != fw_doc_count(document, "rolled_back_to"))
		fprintf(page->out, ", now in force as generation %.0f",
			fw_doc_number(document, "generation"));
	fputc('\n', page->out);
	fw_show_not_kept(page, document);
	fw_show_undo(page, document);
}
