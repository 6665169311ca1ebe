// SPDX-License-Identifier: Apache-2.0
/* Attacks: those that last, then the last ones that are over, each with what it is made of. */
#include <stdlib.h>
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"
#include "observe/attack.h"

#define LINES_MAX 12  /* of status */
#define A_PART	  0.1 /* of what is dropped: less passes for moments only, as the two rates are measured */

/* Answered with cookies: counted among what is dropped, and neither that nor passed. */
static uint64_t less_answered(const json_t *counts)
{
	uint64_t dropped = fw_doc_count(counts, "dropped"), answered = fw_doc_count(counts, "answered");

	return dropped > answered ? dropped - answered : 0;
}

/* What becomes of its packets now, not since it began: a rule sharpened on the way dropped nothing before. */
static const char *fate_of(const json_t *attack)
{
	double dropped = fw_doc_number(attack, "dropped_per_second"),
	       counted = fw_doc_number(attack, "would_drop_per_second"),
	       answered = fw_doc_number(attack, "answered_per_second");

	if (dropped <= 0 && counted <= 0)
		return "QUIET";
	if (dropped <= 0)
		return "PASSES";
	if (counted > A_PART * dropped)
		return "PARTLY DROPPED";
	return answered > (1 - A_PART) * dropped ? "ANSWERED"
	       : answered > A_PART * dropped	 ? "DROPPED AND ANSWERED"
						 : "DROPPED";
}

static void print_list(const struct fw_page *page, const json_t *attacks)
{
	struct fw_table *table = FW_TABLE_NEW(">ID", "TARGET", "VECTOR", "BY", "STARTED", "FOR", ">NOW",
					      ">PEAK", ">PEAK BITS", ">DROPPED", ">COUNTED");
	const json_t *attack;
	size_t index;

	json_array_foreach (attacks, index, attack) {
		char id[FW_SAY_MAX], age[FW_SAY_MAX], now[FW_SAY_MAX], peak[FW_SAY_MAX], bits[FW_SAY_MAX],
			dropped[FW_SAY_MAX], counted[FW_SAY_MAX];
		bool active = !strcmp(fw_doc_text(attack, "state"), "active");

		snprintf(id, sizeof(id), "%.0f", fw_doc_number(attack, "id"));
		FW_TABLE_ROW(table, id, fw_doc_text(attack, "target"), fw_doc_text(attack, "vector"),
			     fw_doc_text(attack, "cause"), fw_doc_text(attack, "started"),
			     fw_say_seconds(fw_doc_number(attack, "seconds"), age),
			     active ? fw_say_pps(fw_doc_number(attack, "packets_per_second"), now) : "over",
			     fw_say_pps(fw_doc_number(attack, "peak_packets_per_second"), peak),
			     fw_say_bits(fw_doc_number(attack, "peak_bytes_per_second"), bits),
			     fw_say_count(less_answered(attack), dropped),
			     fw_say_count(fw_doc_count(attack, "would_drop"), counted));
	}
	fw_table_print(table, page->out);
}

static void print_fate(const struct fw_page *page, const json_t *attack)
{
	bool active = !strcmp(fw_doc_text(attack, "state"), "active");
	const char *fate = fate_of(attack);
	char answered[FW_SAY_MAX];

	if (fw_doc_count(attack, "answered"))
		fprintf(page->out, "%.0f %s answered with cookies: neither dropped nor passed\n",
			fw_doc_number(attack, "id"),
			fw_say_count(fw_doc_count(attack, "answered"), answered));
	if (active ? strcmp(fate, "PASSES") && strcmp(fate, "PARTLY DROPPED")
		   : fw_doc_count(attack, "dropped") || !fw_doc_count(attack, "would_drop"))
		return;
	fprintf(page->out, "%.0f ", fw_doc_number(attack, "id"));
	if (!active)
		fputs("PASSED: what would have been dropped was only counted\n", page->out);
	else
		fw_paint(page, FW_PAINT_CAREFUL, fate);
	if (active)
		fputs(!strcmp(fate, "PASSES") ? ": what would be dropped is only counted\n"
					      : ": a part of what would be dropped is only counted\n",
		      page->out);
}

/* What one line of the table cannot say: further vectors, and whether it passes. */
static void print_more(const struct fw_page *page, const json_t *attack)
{
	const json_t *vectors = json_object_get(attack, "vectors"), *vector;
	char packets[FW_SAY_MAX], counted[FW_SAY_MAX], peak[FW_SAY_MAX], now[FW_SAY_MAX];
	bool active = !strcmp(fw_doc_text(attack, "state"), "active");
	size_t index;

	if (fw_doc_has(attack, "merged_into")) {
		fprintf(page->out, "%.0f is part of %.0f\n", fw_doc_number(attack, "id"),
			fw_doc_number(attack, "merged_into"));
		return;
	}
	print_fate(page, attack);
	if (json_array_size(vectors) < 2)
		return;
	json_array_foreach (vectors, index, vector) {
		fprintf(page->out, "%.0f ", fw_doc_number(attack, "id"));
		fw_print_safe(page->out, fw_doc_text(vector, "vector"));
		fputs(" by ", page->out);
		fw_print_safe(page->out, fw_doc_has(vector, "rule") ? fw_doc_text(vector, "rule")
								    : fw_doc_text(vector, "reason"));
		fputs(": ", page->out);
		if (active)
			fprintf(page->out, "now %s, ",
				fw_say_pps(fw_doc_number(vector, "packets_per_second"), now));
		fprintf(page->out, "%s dropped, %s only counted, peak %s\n",
			fw_say_count(less_answered(vector), packets),
			fw_say_count(fw_doc_count(vector, "would_drop"), counted),
			fw_say_pps(fw_doc_number(vector, "peak_packets_per_second"), peak));
	}
}

static void print_all_more(const struct fw_page *page, const json_t *attacks)
{
	const json_t *attack;
	size_t index;

	json_array_foreach (attacks, index, attack)
		print_more(page, attack);
}

/* Where there are more targets than have an attack of their own. */
static void print_others(const struct fw_page *page, const json_t *attacks)
{
	const json_t *attack;
	size_t index;

	json_array_foreach (attacks, index, attack)
		if (!strcmp(fw_doc_text(attack, "target"), FW_ATTACK_OTHERS) &&
		    !strcmp(fw_doc_text(attack, "state"), "active"))
			fprintf(page->out,
				"attention more targets are under attack than are shown: what is dropped of "
				"the rest is summed up in attack %.0f on others\n",
				fw_doc_number(attack, "id"));
}

bool fw_show_not_filtered(const struct fw_page *page, const json_t *document)
{
	if (strcmp(fw_doc_text(document, fw_doc_has(document, "filtering") ? "filtering" : "state"),
		   "detached") != 0)
		return false;
	fw_paint(page, FW_PAINT_BAD, "nothing is filtered here");
	fputs(": no interface is attached; next: floodwall doctor IFACE | floodwall attach IFACE\n",
	      page->out);
	return true;
}

void fw_show_attacks(const struct fw_page *page, const json_t *document)
{
	const json_t *active = json_object_get(document, "active"),
		     *recent = json_object_get(document, "recent");
	json_t *all = json_array();

	if (active)
		json_array_extend(all, (json_t *)active);
	if (recent)
		json_array_extend(all, (json_t *)recent);
	if (!fw_show_not_filtered(page, document) && !json_array_size(active))
		fputs("no attack now\n", page->out);
	if (json_array_size(all))
		print_list(page, all);
	print_all_more(page, all);
	print_others(page, active);
	json_decref(all);
}

static int busiest_first(const void *a, const void *b)
{
	double left = fw_doc_number(*(const json_t *const *)a, "packets_per_second"),
	       right = fw_doc_number(*(const json_t *const *)b, "packets_per_second");

	return (left < right) - (left > right);
}

/* Of many the busiest: status is one screen. */
static json_t *choose(const json_t *attacks)
{
	size_t count = json_array_size(attacks);
	const json_t **sorted = calloc(count + 1, sizeof(*sorted));
	json_t *chosen = json_array();

	for (size_t i = 0; i < count && sorted; i++)
		sorted[i] = json_array_get(attacks, i);
	if (sorted && count > LINES_MAX)
		qsort(sorted, count, sizeof(*sorted), busiest_first);
	for (size_t i = 0; i < count && i < LINES_MAX && sorted; i++)
		json_array_append(chosen, (json_t *)sorted[i]);
	free(sorted);
	return chosen;
}

/* "attack    3: udp to port 53 -> 203.0.113.0/24   1.24 Mpps, peak 2.00 Mpps   by carpet   for 3m 12s" */
void fw_show_attack_lines(const struct fw_page *page, const json_t *attacks)
{
	char now[FW_SAY_MAX], peak[FW_SAY_MAX], age[FW_SAY_MAX];
	json_t *chosen = choose(attacks);
	const json_t *attack;
	size_t index;

	json_array_foreach (chosen, index, attack) {
		fputs("attack    ", page->out);
		fw_paint(page, FW_PAINT_BAD, fate_of(attack));
		fprintf(page->out, " %.0f: ", fw_doc_number(attack, "id"));
		fw_print_safe(page->out, fw_doc_text(attack, "vector"));
		if (fw_doc_count(attack, "kinds_now") > 1)
			fprintf(page->out, " and %.0f more", fw_doc_number(attack, "kinds_now") - 1);
		fputs(" -> ", page->out);
		fw_print_safe(page->out, fw_doc_text(attack, "target"));
		fprintf(page->out, "   %s, peak %s   by ",
			fw_say_pps(fw_doc_number(attack, "packets_per_second"), now),
			fw_say_pps(fw_doc_number(attack, "peak_packets_per_second"), peak));
		fw_print_safe(page->out, fw_doc_text(attack, "cause"));
		fprintf(page->out, "   for %s\n", fw_say_seconds(fw_doc_number(attack, "seconds"), age));
	}
	if (json_array_size(attacks) > LINES_MAX)
		fprintf(page->out, "attack    and %zu more: floodwall attacks\n",
			json_array_size(attacks) - LINES_MAX);
	json_decref(chosen);
	print_others(page, attacks);
}

/* In auto somebody left it to the agent; nobody but the agent switches, though it may go on with what a hand
 * had switched on. */
static void print_who(const struct fw_page *page, const json_t *document)
{
	bool automatic = !strcmp(fw_doc_text(document, "mode"), "auto");

	if (automatic && fw_doc_true(document, "active") && fw_doc_has(document, "switched_by"))
		fputs(!strcmp(fw_doc_text(document, "switched_by"), "agent") ? ", an attack switched it on"
									     : ", an attack keeps it on",
		      page->out);
	if (!*fw_doc_text(document, "by"))
		return;
	fputs(!automatic			? " by "
	      : fw_doc_true(document, "active") ? "; auto was set by "
						: ", set by ",
	      page->out);
	fw_print_safe(page->out, fw_doc_text(document, "by"));
}

/* What rules with mode: attack do now. */
static void print_rules(const struct fw_page *page, const json_t *document, double rules)
{
	bool active = fw_doc_true(document, "active"), many = rules > 1;
	const char *filtering = fw_doc_text(document, "filtering");

	fprintf(page->out, "; %.0f rule%s with mode: attack ", rules, many ? "s" : "");
	if (!active)
		fputs(many ? "only count" : "only counts", page->out);
	else if (*filtering && strcmp(filtering, "enforcing") != 0)
		fputs("would enforce", page->out);
	else
		fputs(many ? "enforce" : "enforces", page->out);
	if (active && *fw_doc_text(document, "but")) {
		fputs(", but ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "but"));
	}
	fputs(!strcmp(fw_doc_text(document, "mode"), "off")
		      ? ", whatever comes: floodwall under-attack auto ends that\n"
		      : "\n",
	      page->out);
}

/* One line: for status when there is something to say, and for the switch itself. */
void fw_show_under_attack(const struct fw_page *page, const json_t *document)
{
	bool active = fw_doc_true(document, "active");
	double rules = fw_doc_number(document, "rules");
	char buffer[FW_SAY_MAX];

	fputs("under attack: ", page->out);
	fw_paint(page, active ? FW_PAINT_CAREFUL : FW_PAINT_NONE, active ? "YES" : "no");
	fprintf(page->out, " (%s", fw_doc_text(document, "mode"));
	print_who(page, document);
	if (fw_doc_has(document, "expires_in_seconds"))
		fprintf(page->out, ", auto again in %s",
			fw_say_seconds(fw_doc_number(document, "expires_in_seconds"), buffer));
	fputs(")", page->out);
	if (fw_doc_has(document, "since_seconds"))
		fprintf(page->out, " for %s",
			fw_say_seconds(fw_doc_number(document, "since_seconds"), buffer));
	if (rules > 0)
		print_rules(page, document, rules);
	else
		fputs("; no rule has mode: attack, so nothing changes\n", page->out);
	fw_show_not_kept(page, document);
}
