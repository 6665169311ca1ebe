// SPDX-License-Identifier: Apache-2.0
/* Bans and sets, and what was changed about them. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"

void fw_show_bans(const struct fw_page *page, const json_t *bans)
{
	struct fw_table *table = FW_TABLE_NEW("SOURCE", "ORIGIN", "REASON", ">PACKETS", "ENDS IN");
	const json_t *ban;
	size_t index;

	json_array_foreach (bans, index, ban) {
		char packets[FW_SAY_MAX], ends[FW_SAY_MAX];

		FW_TABLE_ROW(table, fw_doc_text(ban, "source"), fw_doc_text(ban, "origin"),
			     fw_doc_text(ban, "reason"), fw_say_count(fw_doc_count(ban, "packets"), packets),
			     fw_say_lasting(json_object_get(ban, "expires_in_seconds"), ends));
	}
	if (!fw_table_rows(table))
		fputs("nobody is banned\n", page->out);
	fw_table_print(table, page->out);
}

void fw_show_allowed(const struct fw_page *page, const json_t *allowed)
{
	struct fw_table *table = FW_TABLE_NEW("SOURCE", "BY", "ENDS IN");
	const json_t *one;
	size_t index;

	json_array_foreach (allowed, index, one) {
		char ends[FW_SAY_MAX];

		FW_TABLE_ROW(table, fw_doc_text(one, "source"), fw_doc_text(one, "by"),
			     fw_say_lasting(json_object_get(one, "expires_in_seconds"), ends));
	}
	if (!fw_table_rows(table))
		fputs("nobody is allowed by 'floodwall allow'; never_block and allow rules are the "
		      "policy's\n",
		      page->out);
	fw_table_print(table, page->out);
}

/* "SOURCE banned for 1h" */
static void print_leases(const struct fw_page *page, const json_t *leases, const char *what)
{
	const json_t *lease;
	size_t index;
	char buffer[FW_SAY_MAX];

	json_array_foreach (leases, index, lease) {
		fw_print_safe(page->out, fw_doc_text(lease, "source"));
		fprintf(page->out, " %s %s\n", what, fw_show_ends(lease, buffer));
	}
}

static void print_names(const struct fw_page *page, const json_t *names, const char *what)
{
	const json_t *name;
	size_t index;

	json_array_foreach (names, index, name) {
		fw_print_safe(page->out, json_string_value(name) ? json_string_value(name)
								 : fw_doc_text(name, "source"));
		fprintf(page->out, " %s\n", what);
	}
}

void fw_show_ban(const struct fw_page *page, const json_t *document)
{
	const json_t *entry;
	size_t index;

	print_leases(page, json_object_get(document, "banned"), "banned");
	json_array_foreach (json_object_get(document, "refused"), index, entry) {
		fw_print_safe(page->out, fw_doc_text(entry, "source"));
		fputs(" ", page->out);
		fw_paint(page, FW_PAINT_BAD, "REFUSED");
		fputs(": ", page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "why"));
		fputc('\n', page->out);
	}
	fw_show_undo(page, document);
}

void fw_show_unban(const struct fw_page *page, const json_t *document)
{
	print_names(page, json_object_get(document, "unbanned"), "is no longer banned");
	print_names(page, json_object_get(document, "not_banned"), "was not banned: nothing to do");
	fw_show_undo(page, document);
}

void fw_show_allow(const struct fw_page *page, const json_t *document)
{
	const json_t *first = json_array_get(json_object_get(document, "allowed"), 0);

	print_leases(page, json_object_get(document, "allowed"), "passes every ban and rule");
	fw_show_not_kept(page, document);
	if (*fw_doc_text(document, "undo")) {
		fw_show_undo(page, document);
	} else if (first) {
		fputs("to end it early: floodwall allow ", page->out);
		fw_print_safe(page->out, fw_doc_text(first, "source"));
		fputs(" --for 1s\n", page->out);
	}
}

static const char *state_of_set(const json_t *set)
{
	const char *state = fw_doc_text(set, "state");

	if (!strcmp(state, "broken"))
		return "BROKEN";
	if (json_is_false(json_object_get(set, "used")))
		return strcmp(state, "ok") ? state : "ok, no rule names it";
	return state;
}

void fw_show_sets(const struct fw_page *page, const json_t *sets)
{
	struct fw_table *table = FW_TABLE_NEW("SET", "KIND", ">IPV4", ">IPV6", ">PACKETS", "STATE");
	const json_t *set;
	size_t index;

	json_array_foreach (sets, index, set) {
		char v4[FW_SAY_MAX], v6[FW_SAY_MAX], packets[FW_SAY_MAX];

		FW_TABLE_ROW(table, fw_doc_text(set, "name"), fw_doc_text(set, "kind"),
			     fw_say_count(fw_doc_count(set, "prefixes4"), v4),
			     fw_say_count(fw_doc_count(set, "prefixes6"), v6),
			     fw_say_count(fw_doc_count(set, "packets"), packets), state_of_set(set));
	}
	if (!fw_table_rows(table))
		fputs("no sets\n", page->out);
	fw_table_print(table, page->out);
	json_array_foreach (sets, index, set) {
		if (!*fw_doc_text(set, "error"))
			continue;
		fputs("attention ", page->out);
		fw_print_safe(page->out, fw_doc_text(set, "name"));
		fputs(": ", page->out);
		fw_print_safe(page->out, fw_doc_text(set, "error"));
		fputs("; its last good content stays in force\n", page->out);
	}
}

static const struct sets_change {
	const char *key, *already;
} sets_changes[] = {{"added", "already there"}, {"removed", "not there anyway"}, {"forgotten", "not live"}};

static const struct sets_change *sets_change_of(const json_t *document)
{
	size_t i = sizeof(sets_changes) / sizeof(sets_changes[0]) - 1;

	while (i && !fw_doc_has(document, sets_changes[i].key))
		i--;
	return &sets_changes[i];
}

static void print_how_long(const struct fw_page *page, const json_t *document, const char *key)
{
	char buffer[FW_SAY_MAX];

	if (!fw_doc_count(document, key))
		fprintf(page->out, "nothing changed%s\n", fw_doc_true(document, "saved") ? ", saved" : "");
	else if (!strcmp(key, "forgotten"))
		fputs("what the policy, the file or the feed says holds again\n", page->out);
	else if (fw_doc_true(document, "saved"))
		fputs("in force and saved\n", page->out);
	else if (fw_doc_has(document, "expires_in_seconds"))
		fprintf(page->out, "in force %s\n", fw_show_ends(document, buffer));
	else
		fw_show_unsaved(page, document);
}

void fw_show_sets_change(const struct fw_page *page, const json_t *document)
{
	const struct sets_change *change = sets_change_of(document);
	char a[FW_SAY_MAX], b[FW_SAY_MAX];

	fputs("set ", page->out);
	fw_print_safe(page->out, fw_doc_text(document, "name"));
	fprintf(page->out, ": %s %s", fw_say_count(fw_doc_count(document, change->key), a), change->key);
	if (fw_doc_count(document, "already"))
		fprintf(page->out, ", %s %s", fw_say_count(fw_doc_count(document, "already"), b),
			change->already);
	fprintf(page->out, "; now %s IPv4 and %s IPv6 prefixes\n",
		fw_say_count(fw_doc_count(document, "prefixes4"), a),
		fw_say_count(fw_doc_count(document, "prefixes6"), b));
	fw_show_warnings(page, json_object_get(document, "warnings"));
	print_how_long(page, document, change->key);
	fw_show_not_kept(page, document);
	fw_show_also_changed(page, document);
	fw_show_undo(page, document);
}

void fw_show_sets_test(const struct fw_page *page, const json_t *document)
{
	const json_t *result;
	size_t index;

	json_array_foreach (json_object_get(document, "results"), index, result) {
		bool member = fw_doc_true(result, "member");

		fw_print_safe(page->out, fw_doc_text(result, "cidr"));
		fputs(member ? " is in " : " is NOT in ", page->out);
		fw_print_safe(page->out, fw_doc_text(document, "name"));
		if (member && *fw_doc_text(result, "by")) {
			fputs(", by ", page->out);
			fw_print_safe(page->out, fw_doc_text(result, "by"));
		}
		fputc('\n', page->out);
	}
}
