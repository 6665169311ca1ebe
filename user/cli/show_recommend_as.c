// SPDX-License-Identifier: Apache-2.0
/* Limits proposed, for a spreadsheet and for a report. */
#include <string.h>

#include "cli/chart.h"
#include "cli/show.h"

#define SCALES_MAX 64

void fw_show_recommend_csv(const struct fw_page *page, const json_t *document)
{
	static const char *const numbers[] = {
		"honest_highest", "attack_lowest",    "p99",	     "p999", "median_3mad",
		"sources",	  "recorded_seconds", "span_seconds"};
	const json_t *rule;
	size_t index;

	fputs("rule,unit,window_seconds,limit_now,limit,honest_highest,attack_lowest,p99,p999,median_3mad,"
	      "sources,recorded_seconds,span_seconds,would_block_sources,would_block_known_good,"
	      "would_block_amount\n",
	      page->out);
	json_array_foreach (json_object_get(document, "rules"), index, rule) {
		const json_t *would = json_object_get(rule, "would_block");

		fw_print_safe(page->out, fw_doc_text(rule, "rule"));
		fputc(',', page->out);
		fw_print_safe(page->out, fw_doc_text(rule, "unit"));
		fprintf(page->out, ",%.15g,", fw_doc_number(rule, "window_seconds"));
		fw_print_safe(page->out, fw_doc_text(rule, "limit_now"));
		fputc(',', page->out);
		fw_print_safe(page->out, fw_doc_text(rule, "limit"));
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			fprintf(page->out, ",%.0f", fw_doc_number(rule, numbers[i]));
		fprintf(page->out, ",%.0f,%.0f,%.0f\n", fw_doc_number(would, "sources"),
			fw_doc_number(would, "known_good"), fw_doc_number(would, "amount"));
	}
}

static const struct {
	const char *name, *label, *color;
} marks[] = {{"median_3mad", "median + 3 MAD", "#888"},
	     {"p99", "p99", "#888"},
	     {"p999", "p99.9", "#888"},
	     {"honest_highest", "highest honest", "#2e7d32"},
	     {"amount", "proposed limit", "#3b6ea5"},
	     {"attack_lowest", "lowest set apart", "#c0392b"}};
#define MARKS (sizeof(marks) / sizeof(marks[0]))

static void draw_rule(const struct fw_page *page, size_t index, const json_t *rule)
{
	struct fw_tick ticks[MARKS];
	char labels[MARKS][96], head[192], amount[FW_SAY_MAX];
	const char *now = fw_doc_text(rule, "limit_now"), *limit = fw_doc_text(rule, "limit");
	size_t count = 0;

	for (size_t i = 0; i < MARKS; i++) {
		if (!fw_doc_count(rule, marks[i].name))
			continue;
		snprintf(labels[count], sizeof(labels[count]), "%s %s", marks[i].label,
			 fw_say_count(fw_doc_count(rule, marks[i].name), amount));
		ticks[count] = (struct fw_tick){.label = labels[count],
						.amount = fw_doc_number(rule, marks[i].name),
						.color = marks[i].color};
		count++;
	}
	snprintf(head, sizeof(head), "%.63s: now %.50s, proposed %.50s", fw_doc_text(rule, "rule"),
		 *now ? now : "-", *limit ? limit : "-");
	fw_chart_scale(page->out, index, head, ticks, count);
}

void fw_show_recommend_svg(const struct fw_page *page, const json_t *document)
{
	const json_t *rules = json_object_get(document, "rules"), *rule;
	size_t index, scales = json_array_size(rules) < SCALES_MAX ? json_array_size(rules) : SCALES_MAX;
	char title[160];

	snprintf(title, sizeof(title), "limits from %.40s to %.40s, logarithmic",
		 fw_doc_text(document, "since"), fw_doc_text(document, "until"));
	fw_chart_begin(page->out, title, scales);
	json_array_foreach (rules, index, rule)
		if (index < scales)
			draw_rule(page, index, rule);
	fw_chart_end(page->out);
}
