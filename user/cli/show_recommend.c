// SPDX-License-Identifier: Apache-2.0
/* Limits proposed: a table, what to think of it, and lines for the policy. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"

#define EXCLUDED_MAX 5
#define RARE	     0.001

static const char *or_dash(const json_t *rule, const char *name)
{
	return *fw_doc_text(rule, name) ? fw_doc_text(rule, name) : "-";
}

static void print_table(const struct fw_page *page, const json_t *rules)
{
	struct fw_table *table =
		FW_TABLE_NEW("RULE", "LIMIT NOW", ">P99", ">P99.9", ">MEDIAN+3MAD", ">HIGHEST HONEST",
			     "PROPOSED", ">WOULD STOP", ">KNOWN GOOD", ">AMOUNT");
	const json_t *rule;
	size_t index;

	json_array_foreach (rules, index, rule) {
		const json_t *would = json_object_get(rule, "would_block");
		char p99[FW_SAY_MAX], p999[FW_SAY_MAX], mad[FW_SAY_MAX], highest[FW_SAY_MAX],
			stop[FW_SAY_MAX], sources[2 * FW_SAY_MAX], good[FW_SAY_MAX], amount[FW_SAY_MAX];
		bool has = *fw_doc_text(rule, "limit");

		snprintf(sources, sizeof(sources), "%s of %.0f",
			 fw_say_count(fw_doc_count(would, "sources"), stop), fw_doc_number(rule, "sources"));
		FW_TABLE_ROW(table, fw_doc_text(rule, "rule"), or_dash(rule, "limit_now"),
			     fw_say_count(fw_doc_count(rule, "p99"), p99),
			     fw_say_count(fw_doc_count(rule, "p999"), p999),
			     fw_say_count(fw_doc_count(rule, "median_3mad"), mad),
			     fw_say_count(fw_doc_count(rule, "honest_highest"), highest),
			     or_dash(rule, "limit"), has ? sources : "-",
			     has ? fw_say_count(fw_doc_count(would, "known_good"), good) : "-",
			     has ? fw_say_count(fw_doc_count(would, "amount"), amount) : "-");
	}
	if (!fw_table_rows(table))
		fputs("nothing is recorded of rules with a limit in that time\n", page->out);
	fw_table_print(table, page->out);
}

/* "1h left out: 2 declared attacks and --exclude"; an older agent does not say how many. */
static void print_left_out(const struct fw_page *page, const json_t *rule)
{
	uint64_t attacks = fw_doc_count(rule, "excluded_attacks");
	bool times = fw_doc_count(rule, "excluded_times"), told = attacks || times;
	char left_out[FW_SAY_MAX];

	if (!fw_doc_count(rule, "excluded_seconds"))
		return;
	fprintf(page->out,
		"  %s left out: ", fw_say_seconds(fw_doc_number(rule, "excluded_seconds"), left_out));
	if (attacks)
		fprintf(page->out, "%.0f declared attack%s", (double)attacks, attacks == 1 ? "" : "s");
	fputs(!told	? "declared attacks and --exclude"
	      : !times	? ""
	      : attacks ? " and --exclude"
			: "--exclude",
	      page->out);
	fputc('\n', page->out);
}

/* Who was not asked for an opinion. */
static void print_set_apart(const struct fw_page *page, const json_t *rule)
{
	const json_t *excluded = json_object_get(rule, "excluded"), *source;
	const json_t *apart = json_object_get(rule, "set_apart");
	char highest[FW_SAY_MAX];
	size_t index;

	if (!json_array_size(excluded))
		return;
	fprintf(page->out,
		"  set apart: %.0f dropped by the limit, %.0f above a gap: ", fw_doc_number(apart, "blocked"),
		fw_doc_number(apart, "apart"));
	json_array_foreach (excluded, index, source) {
		if (index == EXCLUDED_MAX) {
			fputs(", ...", page->out);
			break;
		}
		fputs(index ? ", " : "", page->out);
		fw_print_safe(page->out, fw_doc_text(source, "source"));
		fprintf(page->out, " (%s)", fw_say_count(fw_doc_count(source, "highest"), highest));
	}
	fputc('\n', page->out);
}

/* An older agent does not say. */
static void print_unseen(const struct fw_page *page, const json_t *rule)
{
	const json_t *over = json_object_get(rule, "unseen_over");
	double chance = json_number_value(over);

	if (!over || !*fw_doc_text(rule, "limit"))
		return;
	fputs("  sources not seen yet: ", page->out);
	if (json_is_null(over))
		fputs("not known, too few honest ones are recorded one by one\n", page->out);
	else if (chance < RARE)
		fprintf(page->out, "of as many again one is over the limit in less than 1 of %.0f cases\n",
			1 / RARE);
	else
		fprintf(page->out, "of as many again one is over the limit in 1 of %.3g cases\n", 1 / chance);
}

static bool has_warning(const json_t *rule, const char *text)
{
	const json_t *warning;
	size_t index;

	json_array_foreach (json_object_get(rule, "warnings"), index, warning)
		if (json_is_string(warning) && !strcmp(json_string_value(warning), text))
			return true;
	return false;
}

/* How many of the rules; *ret_first is the first of them. */
static size_t rules_with(const json_t *rules, const char *text, const json_t **ret_first)
{
	const json_t *rule;
	size_t index, count = 0;

	*ret_first = NULL;
	json_array_foreach (rules, index, rule)
		if (has_warning(rule, text) && !count++)
			*ret_first = rule;
	return count;
}

/* "careful (web, dns): text", once for all the rules that it is true of. */
static void print_shared_warning(const struct fw_page *page, const json_t *rules, const char *text,
				 size_t count)
{
	const json_t *rule;
	const char *between = "";
	size_t index;

	fw_paint(page, FW_PAINT_CAREFUL, "careful");
	if (count == json_array_size(rules))
		fputs(" (all rules", page->out);
	else
		fputs(" (", page->out);
	json_array_foreach (rules, index, rule) {
		if (count == json_array_size(rules) || !has_warning(rule, text))
			continue;
		fputs(between, page->out);
		fw_print_safe(page->out, fw_doc_text(rule, "rule"));
		between = ", ";
	}
	fputs("): ", page->out);
	fw_print_safe(page->out, text);
	fputc('\n', page->out);
}

static void print_shared_warnings(const struct fw_page *page, const json_t *rules)
{
	const json_t *rule, *warning, *first;
	size_t index, nth;

	json_array_foreach (rules, index, rule)
		json_array_foreach (json_object_get(rule, "warnings"), nth, warning) {
			const char *text = json_is_string(warning) ? json_string_value(warning) : "";
			size_t count = rules_with(rules, text, &first);

			if (count > 1 && first == rule)
				print_shared_warning(page, rules, text, count);
		}
}

static void print_remarks(const struct fw_page *page, const json_t *rules, const json_t *rule)
{
	const json_t *first;
	const json_t *warning;
	char recorded[FW_SAY_MAX], span[FW_SAY_MAX];
	size_t index;

	fw_print_safe(page->out, fw_doc_text(rule, "rule"));
	fprintf(page->out, ": %s recorded of %s, per %s\n",
		fw_say_seconds(fw_doc_number(rule, "recorded_seconds"), recorded),
		fw_say_seconds(fw_doc_number(rule, "span_seconds"), span), fw_doc_text(rule, "per"));
	print_left_out(page, rule);
	print_set_apart(page, rule);
	print_unseen(page, rule);
	json_array_foreach (json_object_get(rule, "warnings"), index, warning) {
		if (json_is_string(warning) && rules_with(rules, json_string_value(warning), &first) > 1)
			continue;
		fputs("  ", page->out);
		fw_paint(page, FW_PAINT_CAREFUL, "careful");
		fputs(": ", page->out);
		fw_print_safe(page->out, json_string_value(warning) ? json_string_value(warning) : "");
		fputc('\n', page->out);
	}
}

static void print_yaml_rule(const struct fw_page *page, const json_t *rule)
{
	double highest = fw_doc_number(rule, "honest_highest");

	fputs("  - name: ", page->out);
	fw_print_safe(page->out, fw_doc_text(rule, "rule"));
	fputs("\n    limit: ", page->out);
	fw_print_safe(page->out, fw_doc_text(rule, "limit"));
	fprintf(page->out, "  # %.3g times the highest honest window, %.0f\n",
		highest > 0 ? fw_doc_number(rule, "amount") / highest : 0.0, highest);
}

static void print_yaml(const struct fw_page *page, const json_t *rules)
{
	const json_t *rule;
	bool any = false;
	size_t index;

	json_array_foreach (rules, index, rule) {
		if (!*fw_doc_text(rule, "limit"))
			continue;
		fputs(any ? "" : "\nlines for the policy's rules:\n", page->out);
		any = true;
		print_yaml_rule(page, rule);
	}
	if (any)
		fputs("\nnext      floodwall recommend --apply --confirm 5m | floodwall tune RULE "
		      "limit=...\n",
		      page->out);
}

void fw_show_recommend(const struct fw_page *page, const json_t *document)
{
	const json_t *rules = json_object_get(document, "rules"), *rule;
	size_t index;

	fputs("from ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "since"));
	fputs(" to ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "until"));
	fprintf(page->out, ", buffer %.3g\n", fw_doc_number(document, "buffer"));
	print_table(page, rules);
	json_array_foreach (rules, index, rule)
		print_remarks(page, rules, rule);
	print_shared_warnings(page, rules);
	print_yaml(page, rules);
}
