// SPDX-License-Identifier: Apache-2.0
/* The feeds: what each lists, what of it is in force, what was refused and why. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"

/* Conditions an operator must see at once. */
static bool is_trouble(const char *state)
{
	return !strcmp(state, "failed") || !strcmp(state, "held") || !strcmp(state, "stale");
}

static const char *state_of(const json_t *feed, char *buffer, size_t size)
{
	const char *state = fw_doc_text(feed, "state");

	snprintf(buffer, size, "%s%s%s", state, fw_doc_true(feed, "running") ? ", fetching" : "",
		 fw_doc_true(feed, "trial") ? ", on trial" : "");
	for (size_t i = 0; is_trouble(state) && i < strlen(state); i++)
		buffer[i] = (char)(buffer[i] - 'a' + 'A');
	return buffer;
}

static uint64_t sum_of(const json_t *counts)
{
	const char *word;
	json_t *count;
	uint64_t sum = 0;

	json_object_foreach ((json_t *)counts, word, count)
		sum += fw_json_count(count);
	return sum;
}

/* "NAME: 7 entries refused (5 bogon, 2 own_address), such as 10.0.0.0/8 on line 7" */
static void print_refused(const struct fw_page *page, const json_t *feed, const char *member, const char *how)
{
	const json_t *counts = json_object_get(feed, member),
		     *example = json_array_get(json_object_get(feed, "examples"), 0);
	const char *word, *separator = " (";
	char number[FW_SAY_MAX];
	json_t *count;

	if (!sum_of(counts))
		return;
	fputs("refused   ", page->out);
	fw_print_safe(page->out, fw_doc_text(feed, "name"));
	fprintf(page->out, ": %s %s%s", fw_say_count(sum_of(counts), number),
		sum_of(counts) == 1 ? "entry" : "entries", how);
	json_object_foreach ((json_t *)counts, word, count) {
		fprintf(page->out, "%s%s ", separator, fw_say_count(fw_json_count(count), number));
		fw_print_safe(page->out, word);
		separator = ", ";
	}
	fputs(")", page->out);
	if (example && !strcmp(member, "refused")) {
		fputs(", such as ", page->out);
		fw_print_safe(page->out, fw_doc_text(example, "entry"));
		fprintf(page->out, " on line %.0f", fw_doc_number(example, "line"));
	}
	fputc('\n', page->out);
}

static void print_lines(const struct fw_page *page, const json_t *feed)
{
	const json_t *worker = json_object_get(feed, "worker"),
		     *reason = json_array_get(json_object_get(worker, "reasons"), 0);
	char number[FW_SAY_MAX];

	if (!fw_doc_count(worker, "refused_lines"))
		return;
	fputs("refused   ", page->out);
	fw_print_safe(page->out, fw_doc_text(feed, "name"));
	fprintf(page->out, ": %s %s", fw_say_count(fw_doc_count(worker, "refused_lines"), number),
		fw_doc_count(worker, "refused_lines") == 1 ? "line that is no entry"
							   : "lines that are no entries");
	if (json_string_value(reason)) {
		fputs(", such as ", page->out);
		fw_print_safe(page->out, json_string_value(reason));
	}
	fputc('\n', page->out);
}

static void print_say(const struct fw_page *page, const json_t *feed, const char *label, const char *text)
{
	if (!*text)
		return;
	fputs(label, page->out);
	fw_print_safe(page->out, fw_doc_text(feed, "name"));
	fputs(": ", page->out);
	fw_print_safe(page->out, text);
	fputc('\n', page->out);
}

static void print_trial(const struct fw_page *page, const json_t *feed)
{
	if (!fw_doc_true(feed, "trial"))
		return;
	fputs("trial     ", page->out);
	fw_print_safe(page->out, fw_doc_text(feed, "name"));
	fputs(": what only this feed lists is counted, not dropped", page->out);
	if (*fw_doc_text(feed, "trial_until")) {
		fputs(", until ", page->out);
		fw_print_safe(page->out, fw_doc_text(feed, "trial_until"));
	}
	fputc('\n', page->out);
}

static void print_particulars(const struct fw_page *page, const json_t *feed)
{
	print_say(page, feed, "note      ", fw_doc_text(feed, "notice"));
	print_refused(page, feed, "refused", "");
	print_refused(page, feed, "split", " in part");
	print_lines(page, feed);
	print_trial(page, feed);
}

void fw_show_feeds(const struct fw_page *page, const json_t *feeds)
{
	struct fw_table *table =
		FW_TABLE_NEW("FEED", "STATE", ">LISTED", ">IN FORCE", "LAST SUCCESS", "NEXT IN");
	const json_t *feed;
	size_t index;

	json_array_foreach (feeds, index, feed) {
		char state[64], listed[FW_SAY_MAX], kept[FW_SAY_MAX], next[FW_SAY_MAX];
		const char *success = fw_doc_text(feed, "last_success");

		FW_TABLE_ROW(table, fw_doc_text(feed, "name"), state_of(feed, state, sizeof(state)),
			     fw_say_count(fw_doc_count(feed, "entries"), listed),
			     fw_say_count(fw_doc_count(feed, "in_force"), kept), *success ? success : "never",
			     fw_doc_has(feed, "next_attempt_in_seconds")
				     ? fw_say_seconds(fw_doc_number(feed, "next_attempt_in_seconds"), next)
				     : "-");
	}
	if (!fw_table_rows(table))
		fputs("no feeds\n", page->out);
	fw_table_print(table, page->out);
	json_array_foreach (feeds, index, feed)
		print_say(page, feed, "attention ", fw_doc_text(feed, "error"));
	json_array_foreach (feeds, index, feed)
		print_particulars(page, feed);
}
