// SPDX-License-Identifier: Apache-2.0
/* Who is told of events, and what is expected and told to nobody. */
#include <stdio.h>
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"

static void show_targets(const struct fw_page *page, const json_t *targets)
{
	struct fw_table *table = FW_TABLE_NEW("TARGET", "STATE", ">TOLD", ">HELD BACK", ">WAITING", ">FAILED",
					      ">DROPPED", "TO", "");
	const json_t *target;
	size_t index;

	json_array_foreach (targets, index, target) {
		char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX], d[FW_SAY_MAX], e[FW_SAY_MAX];
		const char *state = fw_doc_text(target, "state");

		FW_TABLE_ROW(table, fw_doc_text(target, "name"),
			     !strcmp(state, "failing") ? "FAILING" : state,
			     fw_say_count(fw_doc_count(target, "delivered"), a),
			     fw_say_count(fw_doc_count(target, "held_back"), b),
			     fw_say_count(fw_doc_count(target, "queued"), c),
			     fw_say_count(fw_doc_count(target, "failed"), d),
			     fw_say_count(fw_doc_count(target, "dropped"), e), fw_doc_text(target, "to"),
			     fw_doc_text(target, "error"));
	}
	if (!fw_table_rows(table))
		fputs("nobody is told of events; the policy's notify: says who\n", page->out);
	fw_table_print(table, page->out);
}

static void show_utilisation(const struct fw_page *page, const json_t *utilisation)
{
	char buffer[FW_SAY_MAX];

	if (!json_is_object(utilisation))
		return;
	fprintf(page->out, "utilisation: %s near a level",
		fw_say_count(fw_doc_count(utilisation, "keys"), buffer));
	fprintf(page->out, ", the last of %s looks took %.1f ms\n",
		fw_say_count(fw_doc_count(utilisation, "looks"), buffer),
		fw_doc_number(utilisation, "last_look_milliseconds"));
	if (fw_doc_count(utilisation, "unwatched_keys"))
		fprintf(page->out, "attention %s more keys are near a level and not watched\n",
			fw_say_count(fw_doc_count(utilisation, "unwatched_keys"), buffer));
}

void fw_show_notify(const struct fw_page *page, const json_t *document)
{
	const json_t *suppressions = json_object_get(document, "suppressions"), *suppression;
	char buffer[FW_SAY_MAX];
	size_t index;

	show_targets(page, json_object_get(document, "targets"));
	show_utilisation(page, json_object_get(document, "utilisation"));
	json_array_foreach (suppressions, index, suppression) {
		fputs(index ? "" : "\nexpected, and told to nobody:\n", page->out);
		fputs("  ", page->out);
		fw_print_safe(page->out, fw_doc_text(suppression, "name"));
		fprintf(page->out, " %s, %s so far: ", fw_doc_text(suppression, "state"),
			fw_say_count(fw_doc_count(suppression, "events"), buffer));
		fw_print_safe(page->out, fw_doc_text(suppression, "about"));
		fputc('\n', page->out);
	}
}

void fw_show_notify_test(const struct fw_page *page, const json_t *document)
{
	bool delivered = !strcmp(fw_doc_text(document, "outcome"), "delivered");

	fw_print_safe(page->out, fw_doc_text(document, "name"));
	fputs(": ", page->out);
	fw_paint(page, delivered ? FW_PAINT_GOOD : FW_PAINT_BAD, delivered ? "told" : "NOT TOLD");
	fprintf(page->out, " after %.0f ms", fw_doc_number(document, "milliseconds"));
	if (delivered && fw_doc_count(document, "http"))
		fprintf(page->out, ", answer %.0f", fw_doc_number(document, "http"));
	if (!delivered) {
		fputs(": ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "error"));
	}
	fputc('\n', page->out);
}
