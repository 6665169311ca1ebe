// SPDX-License-Identifier: Apache-2.0
/* The busiest sources of the past: as a table, as CSV, as bars. */
#include <stdio.h>
#include <string.h>

#include "cli/chart.h"
#include "cli/show.h"
#include "cli/table.h"

#define BARS_MAX 60

/* With a rule: the highest windows of its keys, in its unit. */
static const char *amount_of(const json_t *document)
{
	return fw_doc_has(document, "rule") ? "amount" : "packets";
}

/* Amounts of sources are; those of a rule's keys are counted, and of none nothing is said. */
static bool is_estimated(const json_t *document)
{
	return fw_doc_true(document, "estimated") && json_array_size(json_object_get(document, "entries"));
}

/* "~1.24 M" */
static const char *marked(const json_t *document, const char *number, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s%s", is_estimated(document) ? "~" : "", number);
	return buffer;
}

static void print_span(const struct fw_page *page, const json_t *document)
{
	char window[FW_SAY_MAX];

	fputs("from ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "since"));
	fputs(" to ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "until"));
	fprintf(page->out, ", windows of %s",
		fw_say_seconds(fw_doc_number(document, "window_seconds"), window));
	if (fw_doc_has(document, "rule")) {
		fputs(", rule ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "rule"));
	}
	if (is_estimated(document))
		fputs(", estimated from samples (~)", page->out);
	fputc('\n', page->out);
}

void fw_show_history(const struct fw_page *page, const json_t *document)
{
	bool by_rule = fw_doc_has(document, "rule");
	struct fw_table *table = by_rule ? FW_TABLE_NEW("WINDOW", "SOURCE", ">HIGHEST", "UNIT", ">DROPPED")
					 : FW_TABLE_NEW("WINDOW", "SOURCE", ">PACKETS", ">BYTES", ">DROPPED");
	const json_t *entry;
	size_t index;

	print_span(page, document);
	json_array_foreach (json_object_get(document, "entries"), index, entry) {
		char say[FW_SAY_MAX], amount[FW_SAY_MAX + 1], bytes[FW_SAY_MAX + 1], dropped[FW_SAY_MAX + 1];

		marked(document, fw_say_count(fw_doc_count(entry, amount_of(document)), say), amount,
		       sizeof(amount));
		marked(document, fw_say_memory(fw_doc_count(entry, "bytes"), say), bytes, sizeof(bytes));
		marked(document, fw_say_count(fw_doc_count(entry, "dropped"), say), dropped, sizeof(dropped));
		if (by_rule)
			FW_TABLE_ROW(table, fw_doc_text(entry, "start"), fw_doc_text(entry, "source"), amount,
				     fw_doc_text(document, "unit"), dropped);
		else
			FW_TABLE_ROW(table, fw_doc_text(entry, "start"), fw_doc_text(entry, "source"), amount,
				     bytes, dropped);
	}
	if (!fw_table_rows(table))
		fputs("nothing is recorded of that time\n", page->out);
	fw_table_print(table, page->out);
}

/* Addresses and times hold neither commas nor quotes; a spreadsheet reads no formula in them. */
void fw_show_history_csv(const struct fw_page *page, const json_t *document)
{
	bool by_rule = fw_doc_has(document, "rule");
	const json_t *entry;
	size_t index;

	fputs(by_rule ? "start,source,amount,unit,dropped\n" : "start,source,packets,bytes,dropped\n",
	      page->out);
	json_array_foreach (json_object_get(document, "entries"), index, entry) {
		fw_print_safe(page->out, fw_doc_text(entry, "start"));
		fputc(',', page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "source"));
		fprintf(page->out, ",%.0f,", fw_doc_number(entry, amount_of(document)));
		if (by_rule)
			fw_print_safe(page->out, fw_doc_text(document, "unit"));
		else
			fprintf(page->out, "%.0f", fw_doc_number(entry, "bytes"));
		fprintf(page->out, ",%.0f\n", fw_doc_number(entry, "dropped"));
	}
}

void fw_show_history_svg(const struct fw_page *page, const json_t *document)
{
	const json_t *entries = json_object_get(document, "entries"), *entry;
	struct fw_bar bars[BARS_MAX] = {0};
	char labels[BARS_MAX][128], amounts[BARS_MAX][FW_SAY_MAX], title[256];
	double most = (double)fw_doc_count(json_array_get(entries, 0), amount_of(document));
	size_t index, count = 0;

	json_array_foreach (entries, index, entry) {
		double amount = (double)fw_doc_count(entry, amount_of(document));

		if (count == BARS_MAX)
			break;
		snprintf(labels[count], sizeof(labels[count]), "%.40s  %.60s", fw_doc_text(entry, "start"),
			 fw_doc_text(entry, "source"));
		bars[count] = (struct fw_bar){
			.label = labels[count],
			.amount = fw_say_count(fw_doc_count(entry, amount_of(document)), amounts[count]),
			.share = most > 0 ? amount / most : 0,
			.dropped = most > 0 ? (double)fw_doc_count(entry, "dropped") / most : 0};
		if (bars[count].dropped > bars[count].share)
			bars[count].dropped = bars[count].share;
		count++;
	}
	snprintf(title, sizeof(title), "%.70s, %.40s to %.40s, %.20s%s",
		 fw_doc_has(document, "rule") ? fw_doc_text(document, "rule") : "busiest sources",
		 fw_doc_text(document, "since"), fw_doc_text(document, "until"),
		 fw_doc_has(document, "rule") ? fw_doc_text(document, "unit") : "packets",
		 is_estimated(document) ? ", estimated" : "");
	fw_chart_bars(page->out, title, bars, count);
}
