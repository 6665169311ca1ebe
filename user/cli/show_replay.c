// SPDX-License-Identifier: Apache-2.0
/* A replay's totals as tables, and a doctor's findings. */
#include <string.h>

#include "cli/show.h"
#include "cli/table.h"
#include "lib/reason.h"

#define SOURCES_SHOWN 10

static void print_reasons(const struct fw_page *page, const json_t *document)
{
	struct fw_table *table = FW_TABLE_NEW("REASON", ">PACKETS", "MEANING");
	char count[FW_SAY_MAX];

	for (unsigned int i = 0; i < FW_REASON_MAX_; i++) {
		const struct fw_reason_facts *reason = fw_reason_facts(i);
		uint64_t packets = fw_doc_count(json_object_get(document, "reasons"), reason->word);

		if (packets)
			FW_TABLE_ROW(table, reason->word, fw_say_count(packets, count), reason->help);
	}
	if (fw_table_rows(table))
		fputc('\n', page->out);
	fw_table_print(table, page->out);
}

static void print_rules(const struct fw_page *page, json_t *rules)
{
	struct fw_table *table = FW_TABLE_NEW("RULE", ">MATCHED", ">DROPPED", ">WOULD DROP");
	const char *name;
	json_t *rule;

	json_object_foreach (rules, name, rule) {
		char matched[FW_SAY_MAX], dropped[FW_SAY_MAX], would[FW_SAY_MAX];

		FW_TABLE_ROW(table, name, fw_say_count(fw_doc_count(rule, "packets"), matched),
			     fw_say_count(fw_doc_count(rule, "dropped"), dropped),
			     fw_say_count(fw_doc_count(rule, "would_drop"), would));
	}
	if (fw_table_rows(table))
		fputc('\n', page->out);
	fw_table_print(table, page->out);
}

static void print_sources(const struct fw_page *page, const json_t *sources)
{
	struct fw_table *table = FW_TABLE_NEW("SOURCE", ">PACKETS", ">DROPPED");
	const json_t *source;
	size_t index;

	json_array_foreach (sources, index, source) {
		char packets[FW_SAY_MAX], dropped[FW_SAY_MAX];

		if (index == SOURCES_SHOWN)
			break;
		FW_TABLE_ROW(table, fw_doc_text(source, "source"),
			     fw_say_count(fw_doc_count(source, "packets"), packets),
			     fw_say_count(fw_doc_count(source, "dropped"), dropped));
	}
	if (fw_table_rows(table))
		fputc('\n', page->out);
	fw_table_print(table, page->out);
	if (json_array_size(sources) > SOURCES_SHOWN)
		fprintf(page->out, "the first %d of %zu sources; --json lists up to 10 000\n", SOURCES_SHOWN,
			json_array_size(sources));
}

void fw_show_replay(const struct fw_page *page, const json_t *document)
{
	char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX], d[FW_SAY_MAX], e[FW_SAY_MAX];

	fprintf(page->out, "%s packets over %s   passed %s   dropped %s (%s)",
		fw_say_count(fw_doc_count(document, "packets"), a),
		fw_say_seconds(fw_doc_number(document, "seconds"), e),
		fw_say_count(fw_doc_count(document, "passed"), b),
		fw_say_count(fw_doc_count(document, "dropped"), c),
		fw_say_share(fw_doc_number(document, "dropped"), fw_doc_number(document, "packets"), d));
	if (fw_doc_count(document, "would_drop"))
		fprintf(page->out, "   would drop %s", fw_say_count(fw_doc_count(document, "would_drop"), a));
	fputc('\n', page->out);
	print_reasons(page, document);
	print_rules(page, json_object_get(document, "rules"));
	print_sources(page, json_object_get(document, "sources"));
}

void fw_show_doctor(const struct fw_page *page, const json_t *document)
{
	const json_t *finding;
	size_t index, problems = 0, commands = 0;
	bool unknown = false;
	struct fw_table *table = FW_TABLE_NEW("CHECK", "STATE", "WHAT IT MEANS");

	json_array_foreach (json_object_get(document, "findings"), index, finding) {
		const char *level = fw_doc_text(finding, "level");

		FW_TABLE_ROW(table, fw_doc_text(finding, "check"),
			     !strcmp(level, "problem")	 ? "PROBLEM"
			     : !strcmp(level, "warning") ? "WARNING"
							 : level,
			     fw_doc_text(finding, "detail"));
		problems += !strcmp(level, "problem");
		unknown |= !strcmp(level, "note") && !strcmp(fw_doc_text(finding, "check"), "driver");
		commands += *fw_doc_text(finding, "command") != '\0';
	}
	fw_table_print(table, page->out);
	if (commands)
		fputs("\nto mend it\n", page->out);
	json_array_foreach (json_object_get(document, "findings"), index, finding) {
		if (!*fw_doc_text(finding, "command"))
			continue;
		fputs("  ", page->out);
		fw_print_safe(page->out, fw_doc_text(finding, "command"));
		fputs("   # ", page->out);
		fw_print_safe(page->out, fw_doc_text(finding, "check"));
		fputc('\n', page->out);
	}
	fw_print_safe(page->out, fw_doc_text(document, "interface"));
	if (problems)
		fprintf(page->out, ": %zu %s native XDP\n", problems,
			problems == 1 ? "problem blocks" : "problems block");
	else if (unknown)
		fputs(": nothing known blocks native XDP, attaching tells\n", page->out);
	else
		fputs(": nothing blocks native XDP\n", page->out);
}
