// SPDX-License-Identifier: Apache-2.0
/* What status says is left to do: a policy to confirm, changes to save, troubles to look at. */
#include <string.h>

#include "cli/show.h"
#include "lib/reason.h"

#define GOES_ON_SECONDS 5 /* the agent looks once a second */

static void print_pending(const struct fw_page *page, const json_t *status)
{
	const json_t *confirm = json_object_get(status, "confirm");
	char buffer[FW_SAY_MAX];

	if (!fw_doc_true(confirm, "pending"))
		return;
	fputs("confirm   ", page->out);
	fw_paint(page, FW_PAINT_CAREFUL, "WAITING");
	fprintf(page->out, ": goes back to generation %.0f in %s unless you run: floodwall confirm\n",
		fw_doc_number(confirm, "previous_generation"),
		fw_say_seconds(fw_doc_number(confirm, "deadline_seconds"), buffer));
}

static void print_drift(const struct fw_page *page, const json_t *drift)
{
	const json_t *entry;
	char buffer[FW_SAY_MAX];
	size_t index;

	json_array_foreach (drift, index, entry) {
		fputs(index ? "          " : "unsaved   ", page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "object"));
		fputs(": ", page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "detail"));
		/* Of the policy it is a command, of everything else who did it. */
		if (*fw_doc_text(entry, "by") && strcmp(fw_doc_text(entry, "kind"), "policy") != 0) {
			fputs(" by ", page->out);
			fw_print_safe(page->out, fw_doc_text(entry, "by"));
		}
		if (fw_doc_has(entry, "expires_in_seconds"))
			fprintf(page->out, ", ends in %s",
				fw_say_seconds(fw_doc_number(entry, "expires_in_seconds"), buffer));
		fputc('\n', page->out);
	}
}

/* Of those that no warning is about: once is enough. */
static void print_interface_troubles(const struct fw_page *page, const json_t *interfaces)
{
	const json_t *interface;
	size_t index;

	json_array_foreach (interfaces, index, interface) {
		if ((fw_doc_true(interface, "attached") && !fw_doc_true(interface, "fell_back")) ||
		    fw_doc_true(interface, "warned"))
			continue;
		fputs("attention ", page->out);
		fw_print_safe(page->out, fw_doc_text(interface, "name"));
		fputs(fw_doc_true(interface, "attached") ? ": native XDP was refused, generic is slower"
							 : ": NOT ATTACHED",
		      page->out);
		if (*fw_doc_text(interface, "error")) {
			fputs(": ", page->out);
			fw_print_safe(page->out, fw_doc_text(interface, "error"));
		}
		fputc('\n', page->out);
	}
}

/* What a fault comes to, and what can be done where something can. NULL: an agent of another version says it.
 */
static const char *advice_on(const char *fault)
{
	if (!strcmp(fault, "ban_unverified"))
		return "over the limit of a rule with ban, but not banned, as no connection proves that the "
		       "address is no forged one: blocked only while over it. To ban such sources too, and "
		       "with them whom they pretend to be: floodwall tune RULE 'ban={for: 10m, unverified: "
		       "true}'; floodwall rules shows which rules ban";
	for (unsigned int i = 0; i < FW_FAULT_MAX_; i++)
		if (!strcmp(fw_fault_facts(i)->word, fault))
			return fw_fault_facts(i)->help;
	return NULL;
}

/* " and going on", ", last 3m ago", "" of an agent that does not say. false: it is no news any more. */
static bool say_age(const json_t *ages, const char *fault, char *text, size_t size)
{
	char age[FW_SAY_MAX];
	double seconds = fw_doc_number(ages, fault);

	text[0] = '\0';
	if (!json_is_object(ages))
		return true;
	if (!fw_doc_has(ages, fault) || seconds >= FW_FAULT_NEWS_SECONDS)
		return false;
	if (seconds <= GOES_ON_SECONDS)
		snprintf(text, size, " and going on");
	else
		snprintf(text, size, ", last %s ago", fw_say_seconds(seconds, age));
	return true;
}

static void print_faults(const struct fw_page *page, const json_t *status)
{
	json_t *faults = json_object_get(status, "faults");
	char when[FW_SAY_MAX + 16];
	char buffer[FW_SAY_MAX];
	const char *word, *advice;
	json_t *count;

	json_object_foreach (faults, word, count) {
		/* The agent's warnings say it in words, while it matters. */
		if (json_number_value(count) <= 0 || !strcmp(word, "meter_not_admitted"))
			continue;
		if (!say_age(json_object_get(status, "fault_ages"), word, when, sizeof(when)))
			continue;
		fputs("attention ", page->out);
		fw_print_safe(page->out, word);
		advice = advice_on(word);
		fprintf(page->out, " %s times%s%s%s\n", fw_say_count(fw_json_count(count), buffer), when,
			advice ? ": " : "", advice ? advice : "");
	}
}

static void print_warnings(const struct fw_page *page, const json_t *warnings)
{
	const json_t *warning;
	size_t index;

	json_array_foreach (warnings, index, warning) {
		fputs("attention ", page->out);
		fw_print_safe(page->out, json_string_value(warning) ? json_string_value(warning) : "");
		fputc('\n', page->out);
	}
}

void fw_show_open_matters(const struct fw_page *page, const json_t *status)
{
	print_pending(page, status);
	print_drift(page, json_object_get(status, "drift"));
	if (fw_doc_has(status, "pinned") && !fw_doc_true(status, "pinned"))
		fputs("attention no bpffs to pin to: if the agent crashes, the filter ends with it\n",
		      page->out);
	print_interface_troubles(page, json_object_get(status, "interfaces"));
	print_faults(page, status);
	print_warnings(page, json_object_get(status, "warnings"));
}
