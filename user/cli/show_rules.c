// SPDX-License-Identifier: Apache-2.0
/* Rules, their keys, and what tune changed. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"
#include "fw_types.h"
#include "lib/units.h"

#define WINDOW_MAX_SECONDS 1e9 /* far beyond any window */

const char *fw_show_limit(const json_t *object, char *buffer)
{
	const json_t *unit = json_object_get(object, "unit");
	double window = fw_doc_number(object, "window_seconds");
	char amount[FW_SAY_MAX], duration[FW_SAY_MAX];

	if (!json_is_string(unit) || !fw_doc_has(object, "limit") ||
	    !(window > 0 && window < WINDOW_MAX_SECONDS))
		return memcpy(buffer, "-", 2);
	snprintf(buffer, FW_SAY_MAX, "%.15s %.12s/%.15s",
		 fw_amount_exact(fw_doc_count(object, "limit"), !strcmp(json_string_value(unit), "bytes"),
				 amount, sizeof(amount)),
		 json_string_value(unit),
		 fw_duration_format((uint64_t)(window * 1e3 + 0.5) * 1000000, duration, sizeof(duration)));
	return buffer;
}

/* Why the action is not what happens, or only now. */
static const char *note_on_mode(const json_t *rule)
{
	const char *mode = fw_doc_text(rule, "mode"), *action = fw_doc_text(rule, "action");

	if (!strcmp(fw_doc_text(rule, "counts_by"), "interfaces") &&
	    (!strcmp(action, "block") || !strcmp(action, "police") || !strcmp(action, "challenge")))
		return " (counts: mode of the interfaces)";
	if (!strcmp(mode, "attack") && !strcmp(fw_doc_text(rule, "counts_by"), "policy"))
		return " (counts: mode of the policy)";
	if (!strcmp(mode, "attack"))
		return fw_doc_true(rule, "enforcing") ? " (under attack)" : " (counts until attacked)";
	return !strcmp(mode, "count") && strcmp(action, "count") ? " (counts)" : "";
}

/* That column has no second meaning anywhere else. */
static void explain_dropped(const struct fw_page *page, bool challenges)
{
	if (challenges)
		fputs("DROPPED of a challenge rule: SYNs answered with cookies or dropped, and TCP without a "
		      "connection, which it does not match; status tells them apart\n",
		      page->out);
}

void fw_show_rules(const struct fw_page *page, const json_t *rules)
{
	struct fw_table *table = FW_TABLE_NEW(">#", "RULE", "ACTION", "LIMIT", "PER", ">MATCHED", ">DROPPED",
					      ">WOULD DROP", ">OVER", "BAN");
	const json_t *rule;
	bool challenges = false;
	size_t index;

	json_array_foreach (rules, index, rule) {
		char number[24], limit[FW_SAY_MAX], action[96], matched[FW_SAY_MAX], dropped[FW_SAY_MAX],
			would[FW_SAY_MAX], over[FW_SAY_MAX];
		bool limited = strcmp(fw_show_limit(rule, limit), "-");

		challenges |=
			!strcmp(fw_doc_text(rule, "action"), "challenge") && fw_doc_count(rule, "dropped");
		snprintf(number, sizeof(number), "%zu", index + 1);
		snprintf(action, sizeof(action), "%.40s%s", fw_doc_text(rule, "action"), note_on_mode(rule));
		FW_TABLE_ROW(table, number, fw_doc_text(rule, "name"), action, limit,
			     limited ? fw_doc_text(rule, "per") : "-",
			     fw_say_count(fw_doc_count(rule, "packets"), matched),
			     fw_say_count(fw_doc_count(rule, "dropped"), dropped),
			     fw_say_count(fw_doc_count(rule, "would_drop"), would),
			     limited ? fw_say_count(fw_doc_count(rule, "keys_over"), over) : "-",
			     json_is_string(json_object_get(rule, "ban")) ? fw_doc_text(rule, "ban") : "-");
	}
	if (!fw_table_rows(table))
		fputs("no rules: everything passes that no ban stops\n", page->out);
	fw_table_print(table, page->out);
	explain_dropped(page, challenges);
}

void fw_show_rule_keys(const struct fw_page *page, const json_t *document)
{
	struct fw_table *table;
	const json_t *key;
	size_t index;
	char limit[FW_SAY_MAX];

	fputs("rule ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "rule"));
	if (!fw_doc_has(document, "unit")) {
		fputs(" has no limit: it counts nobody\n", page->out);
		return;
	}
	fprintf(page->out, ", limit %s\n", fw_show_limit(document, limit));
	table = FW_TABLE_NEW("KEY", ">AMOUNT", ">OF LIMIT", ">BEYOND", "STATE");
	json_array_foreach (json_object_get(document, "keys"), index, key) {
		char name[96], amount[FW_SAY_MAX], share[FW_SAY_MAX], beyond[FW_SAY_MAX];

		if (fw_doc_has(key, "port"))
			snprintf(name, sizeof(name), "%.70s port %.0f", fw_doc_text(key, "source"),
				 fw_doc_number(key, "port"));
		else
			snprintf(name, sizeof(name), "%.90s", fw_doc_text(key, "source"));
		FW_TABLE_ROW(table, name, fw_say_count(fw_doc_count(key, "amount"), amount),
			     fw_say_share(fw_doc_number(key, "ratio"), 1, share),
			     fw_say_count(fw_doc_count(key, "beyond"), beyond),
			     fw_doc_true(key, "over") ? "OVER" : "ok");
	}
	if (!fw_table_rows(table))
		fputs(fw_doc_true(document, "over_only") ? "no key is over the limit now\n"
							 : "no key has sent anything in the window\n",
		      page->out);
	fw_table_print(table, page->out);
	if (fw_doc_true(document, "truncated"))
		fputs("more keys than shown: --limit N\n", page->out);
}

void fw_show_tune(const struct fw_page *page, const json_t *document)
{
	const json_t *change;
	size_t index;
	char buffer[FW_SAY_MAX];

	json_array_foreach (json_object_get(document, "changes"), index, change) {
		fw_print_safe(page->out, fw_doc_text(document, "rule"));
		fputs(": ", page->out);
		fw_print_safe(page->out, fw_doc_text(change, "key"));
		fputs(" ", page->out);
		fw_print_safe(page->out, fw_doc_text(change, "old"));
		fputs(" -> ", page->out);
		fw_print_safe(page->out, fw_doc_text(change, "new"));
		fputc('\n', page->out);
	}
	if (fw_doc_true(document, "saved"))
		fputs("in force and saved in the policy file\n", page->out);
	else if (fw_doc_true(document, "unchanged"))
		fputs("nothing changed\n", page->out);
	else if (fw_doc_has(document, "expires_in_seconds"))
		fprintf(page->out, "in force %s\n", fw_show_ends(document, buffer));
	else
		fw_show_unsaved(page, document);
	fw_show_warnings(page, json_object_get(document, "warnings"));
	fw_show_not_kept(page, document);
	fw_show_also_changed(page, document);
	fw_show_undo(page, document);
}
