// SPDX-License-Identifier: Apache-2.0
/* The one screen of `status`. */
#include <string.h>

#include "cli/show.h"
#include "lib/reason.h"

static enum fw_paint paint_of_state(const char *state)
{
	return !strcmp(state, "enforcing")  ? FW_PAINT_GOOD
	       : !strcmp(state, "counting") ? FW_PAINT_CAREFUL
					    : FW_PAINT_BAD;
}

static void print_interfaces(const struct fw_page *page, const json_t *interfaces)
{
	const json_t *interface;
	size_t index, shown = 0;

	json_array_foreach (interfaces, index, interface) {
		if (!fw_doc_true(interface, "attached"))
			continue;
		fputs(shown++ ? ", " : " on ", page->out);
		fw_print_safe(page->out, fw_doc_text(interface, "name"));
		fprintf(page->out, " (%s%s)", fw_doc_text(interface, "xdp"),
			!strcmp(fw_doc_text(interface, "mode"), "count") ? ", counting" : "");
	}
}

static void print_first_line(const struct fw_page *page, const json_t *status)
{
	const char *state = fw_doc_text(status, "state");
	char buffer[FW_SAY_MAX], word[32];
	size_t i;

	for (i = 0; state[i] && i < sizeof(word) - 1; i++)
		word[i] = state[i] >= 'a' && state[i] <= 'z' ? (char)(state[i] - 32) : state[i];
	word[i] = '\0';
	fputs("floodwall ", page->out);
	fw_print_safe(page->out, fw_doc_text(status, "version"));
	fputs("   ", page->out);
	fw_paint(page, paint_of_state(state), *word ? word : "UNKNOWN");
	print_interfaces(page, json_object_get(status, "interfaces"));
	if (!strcmp(state, "counting"))
		fputs("   nothing is dropped", page->out);
	else if (!strcmp(state, "detached"))
		fputs("   nothing is filtered", page->out);
	if (fw_doc_has(status, "uptime_seconds"))
		fprintf(page->out, "   up %s",
			fw_say_seconds(fw_doc_number(status, "uptime_seconds"), buffer));
	fputc('\n', page->out);
}

/* What was answered is counted among what was dropped, and is neither that nor passed. */
static void print_now(const struct fw_page *page, const json_t *rates)
{
	double in = fw_doc_number(rates, "packets_per_second"),
	       dropped = fw_doc_number(rates, "dropped_per_second"),
	       answered = fw_doc_number(rates, "answered_per_second");
	char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX], d[FW_SAY_MAX];

	fprintf(page->out, "now       in %s  %s   dropped %s (%s)", fw_say_pps(in, a),
		fw_say_bits(fw_doc_number(rates, "bytes_per_second"), b), fw_say_pps(dropped - answered, c),
		fw_say_share(dropped - answered, in, d));
	if (answered > 0)
		fprintf(page->out, "   answered %s (%s)", fw_say_pps(answered, a),
			fw_say_share(answered, in, b));
	fprintf(page->out, "   passed %s\n", fw_say_pps(in - dropped, a));
}

static void print_packets(const struct fw_page *page, const json_t *status)
{
	uint64_t dropped = fw_doc_count(status, "dropped"), answered = fw_doc_count(status, "answered");
	double packets = fw_doc_number(status, "packets");
	char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX];

	dropped = dropped > answered ? dropped - answered : 0;
	fprintf(page->out, "packets   in %s   dropped %s (%s)",
		fw_say_count(fw_doc_count(status, "packets"), a), fw_say_count(dropped, b),
		fw_say_share((double)dropped, packets, c));
	if (answered)
		fprintf(page->out, "   answered %s (%s)", fw_say_count(answered, a),
			fw_say_share((double)answered, packets, b));
	fprintf(page->out, "   passed %s", fw_say_count(fw_doc_count(status, "passed"), a));
	if (fw_doc_count(status, "would_drop"))
		fprintf(page->out, ", of which %s would drop",
			fw_say_count(fw_doc_count(status, "would_drop"), a));
	fputc('\n', page->out);
}

static void print_traffic(const struct fw_page *page, const json_t *status)
{
	const json_t *rates = json_object_get(status, "rates");

	if (json_is_object(rates))
		print_now(page, rates);
	print_packets(page, status);
}

enum reason_line { REASONS_DROPPED, REASONS_ANSWERED, REASONS_COUNTED, REASONS_PASSED };

/* How much of a reason belongs on a line. In count mode an interface passes what has a reason to be dropped.
 */
static uint64_t packets_on(const json_t *status, size_t reason, enum reason_line line)
{
	uint64_t all = fw_doc_count(json_object_get(status, "reasons"), fw_reason_facts(reason)->word);
	uint64_t would =
		fw_doc_count(json_object_get(status, "would_drop_reasons"), fw_reason_facts(reason)->word);

	/* An older agent: what the interfaces do now stands for what they did. */
	if (!fw_doc_has(status, "would_drop_reasons"))
		would = fw_doc_count(status, "dropped") || strcmp(fw_doc_text(status, "state"), "counting")
				? 0
				: all;
	if (fw_reason_facts(reason)->action == FW_REASON_IS_PASS)
		return line == REASONS_PASSED ? all : 0;
	if (line == REASONS_COUNTED)
		return would;
	return line == (fw_reason_facts(reason)->action == FW_REASON_IS_ANSWER ? REASONS_ANSWERED
									       : REASONS_DROPPED) &&
			       all > would
		       ? all - would
		       : 0;
}

/* Packets that a rule in count mode would have dropped: the reason they have is that of their passing. */
static uint64_t counted_by_rules(const json_t *status)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < FW_REASON_MAX_; i++)
		if (fw_reason_facts(i)->action == FW_REASON_IS_PASS)
			sum += fw_doc_count(json_object_get(status, "would_drop_reasons"),
					    fw_reason_facts(i)->word);
	return sum;
}

static void print_reasons(const struct fw_page *page, const json_t *status, enum reason_line line)
{
	static const char *const labels[] = {"drops     ", "answers   ", "counted   ", "passes    "};
	uint64_t by_rules = line == REASONS_COUNTED ? counted_by_rules(status) : 0;
	char buffer[FW_SAY_MAX];
	bool any = false;

	for (size_t i = 0; i < FW_REASON_MAX_; i++) {
		uint64_t count = packets_on(status, i, line);

		if (!count)
			continue;
		fputs(any ? "   " : labels[line], page->out);
		fprintf(page->out, "%s %s", fw_reason_facts(i)->word, fw_say_count(count, buffer));
		any = true;
	}
	if (by_rules)
		fprintf(page->out, "%srules in count mode %s", any ? "   " : labels[line],
			fw_say_count(by_rules, buffer));
	if (any || by_rules)
		fputs(line == REASONS_COUNTED ? "   (not dropped)\n" : "\n", page->out);
}

/* "feeds     3 current   1 stale (spamhaus_drop)   1 failed (aws)" */
static void print_feeds(const struct fw_page *page, const json_t *feeds)
{
	static const char *const troubles[] = {"stale", "failed", "held"};
	const json_t *troubled = json_object_get(feeds, "troubled"), *feed;

	if (!fw_doc_count(feeds, "total"))
		return;
	fprintf(page->out, "feeds     %.0f current", fw_doc_number(feeds, "current"));
	if (fw_doc_count(feeds, "waiting"))
		fprintf(page->out, "   %.0f waiting", fw_doc_number(feeds, "waiting"));
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		size_t index, count = 0;

		json_array_foreach (troubled, index, feed)
			count += !strcmp(fw_doc_text(feed, "state"), troubles[i]);
		if (!count)
			continue;
		fprintf(page->out, "   %zu ", count);
		fw_paint(page, FW_PAINT_CAREFUL, troubles[i]);
		count = 0;
		json_array_foreach (troubled, index, feed) {
			if (strcmp(fw_doc_text(feed, "state"), troubles[i]))
				continue;
			fputs(count++ ? ", " : " (", page->out);
			fw_print_safe(page->out, fw_doc_text(feed, "name"));
		}
		fputc(')', page->out);
	}
	fputc('\n', page->out);
}

/* "logs      web 1.20 M lines, 42 offences   auth WAITING" */
static void print_logs(const struct fw_page *page, const json_t *logs)
{
	char buffer[FW_SAY_MAX];
	const json_t *log;
	size_t index;

	json_array_foreach (logs, index, log) {
		fputs(index ? "   " : "logs      ", page->out);
		fw_print_safe(page->out, fw_doc_text(log, "name"));
		if (strcmp(fw_doc_text(log, "state"), "reading")) {
			fputc(' ', page->out);
			fw_paint(page, FW_PAINT_CAREFUL, "WAITING");
		}
		fprintf(page->out, " %s lines", fw_say_count(fw_doc_count(log, "lines"), buffer));
		if (fw_doc_count(log, "unparsed"))
			fprintf(page->out, " (%s not in its format)",
				fw_say_count(fw_doc_count(log, "unparsed"), buffer));
		fprintf(page->out, ", %s offences", fw_say_count(fw_doc_count(log, "offences"), buffer));
	}
	if (json_array_size(logs))
		fputc('\n', page->out);
}

/* "history   since 2026-11-20T10:00:00Z, 12 MiB"; what is wrong stands among the warnings. */
static void print_history(const struct fw_page *page, const json_t *history)
{
	const char *state = fw_doc_text(history, "state");
	char buffer[FW_SAY_MAX];

	if (!*state)
		return;
	fputs("history   ", page->out);
	if (!strcmp(state, "paused"))
		fw_paint(page, FW_PAINT_CAREFUL, "PAUSED");
	else
		fw_print_safe(page->out, state);
	if (*fw_doc_text(history, "since")) {
		fputs(", since ", page->out);
		fw_print_safe(page->out, fw_doc_text(history, "since"));
		fprintf(page->out, ", %s", fw_say_memory(fw_doc_count(history, "bytes"), buffer));
	}
	fputc('\n', page->out);
}

static void print_notify(const struct fw_page *page, const json_t *targets)
{
	const json_t *target;
	char buffer[FW_SAY_MAX];
	size_t index;

	json_array_foreach (targets, index, target) {
		bool failing = !strcmp(fw_doc_text(target, "state"), "failing");

		fputs(index ? "   " : "notify    ", page->out);
		fw_print_safe(page->out, fw_doc_text(target, "name"));
		fputc(' ', page->out);
		fw_paint(page, failing ? FW_PAINT_CAREFUL : FW_PAINT_NONE,
			 failing ? "FAILING" : fw_doc_text(target, "state"));
		fprintf(page->out, ", %s told", fw_say_count(fw_doc_count(target, "delivered"), buffer));
		if (fw_doc_count(target, "held_back"))
			fprintf(page->out, ", %s held back",
				fw_say_count(fw_doc_count(target, "held_back"), buffer));
	}
	if (json_array_size(targets))
		fputc('\n', page->out);
}

static void print_suppressions(const struct fw_page *page, const json_t *suppressions)
{
	const json_t *suppression;
	char buffer[FW_SAY_MAX];
	size_t index;

	json_array_foreach (suppressions, index, suppression) {
		fputs(index ? "   " : "suppress  ", page->out);
		fw_print_safe(page->out, fw_doc_text(suppression, "name"));
		fprintf(page->out, " %s, %s expected", fw_doc_text(suppression, "state"),
			fw_say_count(fw_doc_count(suppression, "events"), buffer));
	}
	if (json_array_size(suppressions))
		fputc('\n', page->out);
}

/* What is done with its packets, as far as it is not what challenge is for. */
static const char *odd_outcome(const json_t *entry)
{
	if (!fw_doc_true(entry, "answers"))
		return " (answers nobody)";
	if (!fw_doc_count(entry, "no_listener_packets"))
		return "";
	return fw_doc_count(entry, "answered_packets")
		       ? " (SYNs to ports where nobody listens are dropped)"
		       : " (none answered yet: SYNs to ports where nobody listens are dropped)";
}

/* Whose SYNs are left alone, and why: nobody should look for a fault in that. */
static void print_unanswered(const struct fw_page *page, const json_t *challenge)
{
	const json_t *ports = json_object_get(challenge, "container_ports"), *port;
	size_t index;

	if (!fw_doc_true(challenge, "passes_on"))
		return;
	fputs("   not answered: what is not for this host's own addresses", page->out);
	json_array_foreach (ports, index, port)
		fprintf(page->out, "%s %lld", index ? "," : ", nor TCP port",
			(long long)json_integer_value(port));
	if (json_array_size(ports))
		fputs(" (docker-proxy publishes it for a container)", page->out);
}

/* "challenge syn on 192.0.2.80 for 12 s   345 verified sources   tcp_syncookies 2 (was 1)" */
static void print_challenge(const struct fw_page *page, const json_t *challenge)
{
	const json_t *active = json_object_get(challenge, "active"), *sysctl, *entry;
	char buffer[FW_SAY_MAX];
	const char *name;
	size_t index;

	if (!fw_doc_true(challenge, "engaged"))
		return;
	fputs("challenge ", page->out);
	if (!json_array_size(active))
		fputs("none now", page->out);
	json_array_foreach (active, index, entry) {
		fputs(index ? ", " : "", page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "rule"));
		fputs(" on ", page->out);
		fw_print_safe(page->out, fw_doc_text(entry, "destination"));
		fprintf(page->out, " for %.0f s%s", fw_doc_number(entry, "since_seconds"),
			odd_outcome(entry));
	}
	fprintf(page->out, "   %s verified sources",
		fw_say_count(fw_doc_count(challenge, "verified"), buffer));
	json_object_foreach ((json_t *)json_object_get(challenge, "sysctls"), name, sysctl)
		fprintf(page->out, "   %s %.0f (was %.0f)", name, fw_doc_number(sysctl, "value"),
			fw_doc_number(sysctl, "before"));
	print_unanswered(page, challenge);
	fputc('\n', page->out);
}

/* Worth a line when it sharpens, and when it was told not to while it would be needed. */
static void print_under_attack(const struct fw_page *page, const json_t *status)
{
	const json_t *document = json_object_get(status, "under_attack");
	bool held_off = !strcmp(fw_doc_text(document, "mode"), "off") && fw_doc_count(document, "rules") &&
			json_array_size(json_object_get(status, "attacks"));

	if (held_off || fw_doc_true(document, "active"))
		fw_show_under_attack(page, document);
}

void fw_show_status(const struct fw_page *page, const json_t *status)
{
	const char *state = fw_doc_text(status, "state");
	char buffer[FW_SAY_MAX];

	print_first_line(page, status);
	print_traffic(page, status);
	fw_show_attack_lines(page, json_object_get(status, "attacks"));
	print_under_attack(page, status);
	print_reasons(page, status, REASONS_DROPPED);
	print_reasons(page, status, REASONS_ANSWERED);
	print_reasons(page, status, REASONS_COUNTED);
	print_reasons(page, status, REASONS_PASSED);
	fprintf(page->out, "bans      %s\n", fw_say_count(fw_doc_count(status, "bans"), buffer));
	print_feeds(page, json_object_get(status, "feeds"));
	print_logs(page, json_object_get(status, "logs"));
	print_history(page, json_object_get(status, "history"));
	print_challenge(page, json_object_get(status, "challenge"));
	fprintf(page->out, "policy    generation %.0f, mode %s", fw_doc_number(status, "generation"),
		fw_doc_text(status, "mode"));
	if (*fw_doc_text(status, "policy_file")) {
		fputs(", ", page->out);
		fw_print_safe(page->out, fw_doc_text(status, "policy_file"));
	}
	fputc('\n', page->out);
	print_notify(page, json_object_get(status, "notify"));
	print_suppressions(page, json_object_get(status, "suppressions"));
	fw_show_open_matters(page, status);
	if (!strcmp(state, "detached"))
		fputs("next      floodwall doctor IFACE | floodwall attach IFACE\n", page->out);
	else
		fputs("next      floodwall top | floodwall rules | floodwall explain ADDR\n", page->out);
}
