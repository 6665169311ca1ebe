// SPDX-License-Identifier: Apache-2.0
/* Why an address passes or not, who is busy, and what happened. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"

static void print_seen(const struct fw_page *page, const json_t *seen)
{
	char rate[FW_SAY_MAX], ago[FW_SAY_MAX], period[FW_SAY_MAX];
	double one_in = fw_doc_number(seen, "sampled_one_in");

	if (!json_is_object(seen)) {
		fputs("   not seen lately\n", page->out);
		return;
	}
	fprintf(page->out, "   %s now", fw_say_pps(fw_doc_number(seen, "packets_per_second"), rate));
	if (one_in > 1)
		fprintf(page->out, ", estimated from one packet in %s", fw_say_count(one_in, period));
	fprintf(page->out, ", last packet %s ago\n",
		fw_say_seconds(fw_doc_number(seen, "last_seconds_ago"), ago));
}

/* What became of it is what the question is about. */
static void print_drops(const struct fw_page *page, const json_t *seen)
{
	char packets[FW_SAY_MAX], dropped[FW_SAY_MAX];

	if (!fw_doc_has(seen, "packets"))
		return;
	fprintf(page->out, "seen: of its last %s packets %s %s dropped",
		fw_say_count(fw_doc_count(seen, "packets"), packets),
		fw_doc_count(seen, "dropped") ? fw_say_count(fw_doc_count(seen, "dropped"), dropped) : "none",
		fw_doc_count(seen, "dropped") == 1 ? "was" : "were");
	if (fw_doc_true(seen, "last_dropped")) {
		fputs(", last as ", page->out);
		fw_print_safe(page->out, fw_doc_text(seen, "last_reason"));
		if (*fw_doc_text(seen, "last_rule")) {
			fputs(" by rule ", page->out);
			fw_print_safe(page->out, fw_doc_text(seen, "last_rule"));
		}
	} else if (fw_doc_count(seen, "dropped")) {
		fputs(", the last one passed", page->out);
	}
	fputs(fw_doc_number(seen, "sampled_one_in") > 1 ? " (estimated from samples)\n" : "\n", page->out);
}

static void print_verdict(const struct fw_page *page, const json_t *document)
{
	bool drop = !strcmp(fw_doc_text(document, "verdict"), "drop");

	fputs(!strcmp(fw_doc_text(document, "filtering"), "detached") ? "verdict, if it were: " : "verdict: ",
	      page->out);
	if (fw_doc_true(document, "depends") || fw_doc_true(document, "contradicted")) {
		fw_paint(page, FW_PAINT_CAREFUL,
			 fw_doc_true(document, "depends") ? "DEPENDS" : "DROPPED LATELY");
		fprintf(page->out, ", by all that is known %s", drop ? "DROP" : "PASS");
	} else {
		fw_paint(page, drop ? FW_PAINT_BAD : FW_PAINT_GOOD, drop ? "DROP" : "PASS");
	}
	if (fw_doc_true(document, "would_drop"))
		fputs(" in count mode, would be dropped otherwise", page->out);
	fputs(", reason ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "reason"));
	if (*fw_doc_text(document, "rule")) {
		fputs(", rule ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "rule"));
	}
	fputc('\n', page->out);
}

void fw_show_explain(const struct fw_page *page, const json_t *document)
{
	struct fw_table *table = FW_TABLE_NEW(">", "CHECK", "RESULT", "");
	const json_t *step;
	size_t index;

	fw_print_safe(page->out, fw_doc_text(document, "address"));
	print_seen(page, json_object_get(document, "seen"));
	if (*fw_doc_text(document, "note")) {
		fputs("note: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "note"));
		fputc('\n', page->out);
	}
	json_array_foreach (json_object_get(document, "steps"), index, step) {
		const char *result = fw_doc_text(step, "result");
		char number[24];

		snprintf(number, sizeof(number), "%zu", index + 1);
		FW_TABLE_ROW(table, number, fw_doc_text(step, "check"),
			     !strcmp(result, "match")	   ? "MATCH"
			     : !strcmp(result, "no_match") ? "no match"
							   : result,
			     fw_doc_text(step, "detail"));
	}
	fw_table_print(table, page->out);
	fw_show_not_filtered(page, document);
	print_drops(page, json_object_get(document, "seen"));
	print_verdict(page, document);
	if (*fw_doc_text(document, "but")) {
		fputs("but: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "but"));
		fputc('\n', page->out);
	}
	if (*fw_doc_text(document, "suppressed")) {
		fputs("quiet: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "suppressed"));
		fputc('\n', page->out);
	}
	fw_show_undo(page, document);
	if (*fw_doc_text(document, "undo_for_all")) {
		fputs("for all: ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "undo_for_all"));
		fputs(" (the rule drops only while that is on)\n", page->out);
	}
}

static void print_sampled(const struct fw_page *page, double one_in)
{
	char period[FW_SAY_MAX];

	if (one_in <= 1)
		return;
	fw_say_count(one_in, period);
	fprintf(page->out,
		"estimated from one packet in %s, drawn at random: rough for sources of few packets\n",
		period);
}

static const char *state_word(const json_t *source)
{
	const char *state = fw_doc_text(source, "state");

	if (!strcmp(state, "over"))
		return "OVER";
	if (!strcmp(state, "banned"))
		return "BANNED";
	return !strcmp(state, "ok") && fw_doc_true(source, "answered") ? "answered" : state;
}

void fw_show_top(const struct fw_page *page, const json_t *sources)
{
	struct fw_table *table =
		FW_TABLE_NEW("SOURCE", ">RATE", ">BITS", ">DROPPED", "STATE", "REASON", "RULE");
	const json_t *source;
	bool some_rough = false;
	size_t index;

	json_array_foreach (sources, index, source) {
		char rate[FW_SAY_MAX + 1] = "~", bits[FW_SAY_MAX + 1] = "~", dropped[FW_SAY_MAX + 1] = "~";
		size_t skip = fw_doc_true(source, "rough") ? 0 : 1;

		some_rough |= !skip;
		fw_say_pps(fw_doc_number(source, "packets_per_second"), rate + 1);
		fw_say_bits(fw_doc_number(source, "bytes_per_second"), bits + 1);
		fw_say_pps(fw_doc_number(source, "dropped_per_second"), dropped + 1);
		FW_TABLE_ROW(table, fw_doc_text(source, "source"), rate + skip, bits + skip, dropped + skip,
			     state_word(source), fw_doc_text(source, "reason"), fw_doc_text(source, "rule"));
	}
	if (!fw_table_rows(table))
		fputs("no source has sent anything lately\n", page->out);
	fw_table_print(table, page->out);
	if (some_rough)
		fputs("~ of fewer than five samples\n", page->out);
	print_sampled(page, fw_doc_number(json_array_get(sources, 0), "sampled_one_in"));
}

static void print_member(const struct fw_page *page, const char *name, const json_t *value)
{
	if (!json_is_string(value) && !json_is_number(value) && !json_is_boolean(value))
		return;
	fputc(' ', page->out);
	fw_print_safe(page->out, name);
	if (json_is_string(value)) {
		fputc('=', page->out);
		fw_print_safe(page->out, json_string_value(value));
	} else if (json_is_number(value)) {
		fprintf(page->out, "=%.15g", json_number_value(value));
	} else {
		fprintf(page->out, "=%s", json_is_true(value) ? "true" : "false");
	}
}

/* Whatever the event says beyond its time, type and source; an object named after the type holds particulars.
 */
static void print_members(const struct fw_page *page, const json_t *event)
{
	const char *name, *inner;
	const json_t *value, *member;

	json_object_foreach ((json_t *)event, name, value) {
		if (!strcmp(name, "timestamp") || !strcmp(name, "event_type") || !strcmp(name, "src_ip"))
			continue;
		print_member(page, name, value);
		json_object_foreach ((json_t *)value, inner, member)
			print_member(page, inner, member);
	}
}

void fw_show_event(const struct fw_page *page, const json_t *event)
{
	fw_print_safe(page->out, fw_doc_text(event, "timestamp"));
	fputs("  ", page->out);
	fw_print_safe(page->out, fw_doc_text(event, "event_type"));
	fputs("  ", page->out);
	if (*fw_doc_text(event, "message")) {
		fw_print_safe(page->out, fw_doc_text(event, "message"));
	} else {
		fw_print_safe(page->out, fw_doc_text(event, "src_ip"));
		print_members(page, event);
	}
	if (*fw_doc_text(event, "suppressed") && *fw_doc_text(event, "message")) {
		fputs("  (expected: ", page->out);
		fw_print_safe(page->out, fw_doc_text(event, "suppressed"));
		fputc(')', page->out);
	}
	fputc('\n', page->out);
}

void fw_show_events(const struct fw_page *page, const json_t *document)
{
	const json_t *events = json_object_get(document, "events"), *event;
	size_t index;

	json_array_foreach (events, index, event)
		fw_show_event(page, event);
	if (!json_array_size(events))
		fputs("nothing has happened yet\n", page->out);
}
