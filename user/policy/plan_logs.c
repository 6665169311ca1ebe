// SPDX-License-Identifier: Apache-2.0
/* What would change about logs. Pure. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/plan_line.h"
#include "policy/words.h"

/* As it would stand in the file; the caller frees. */
static char *log_text(const struct fw_policy *policy, const struct fw_log *log)
{
	static const char *const sources[] = {[FW_LOG_FILE] = "path: ",
					      [FW_LOG_JOURNAL] = "journal: ",
					      [FW_LOG_SYSLOG_UDP] = "syslog: udp:",
					      [FW_LOG_SYSLOG_UNIX] = "syslog: unix:"};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s%s, format: %s", sources[log->source], log->place,
		fw_word_of(&fw_log_format_words, log->format));
	if (log->regex)
		fprintf(out, ", regex: '%s'", log->regex);
	for (unsigned int i = 0; i < FW_LOG_FIELD_MAX_; i++)
		if (log->fields[i])
			fprintf(out, ", %s at %s", fw_word_of(&fw_log_field_words, i), log->fields[i]);
	for (size_t i = 0; i < log->trusted_proxies.count; i++)
		fprintf(out, "%s%s",
			i ? " " : ", trusted_proxies: ", policy->sets[log->trusted_proxies.items[i]].name);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int fw_plan_logs(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted)
{
	int r = 0;

	for (size_t i = 0; i < wanted->log_count && !r; i++) {
		int old = fw_policy_log_find(running, wanted->logs[i].name);
		FW_FREE char *after = log_text(wanted, &wanted->logs[i]);
		FW_FREE char *before = old < 0 ? NULL : log_text(running, &running->logs[old]);

		if (!after || (old >= 0 && !before))
			return -ENOMEM;
		if (old < 0)
			r = fw_plan_line(plan, '+', "log", wanted->logs[i].name, "%s", after);
		else if (strcmp(before, after))
			r = fw_plan_line(plan, '~', "log", wanted->logs[i].name, "%s -> %s", before, after);
	}
	for (size_t i = 0; i < running->log_count && !r; i++)
		if (fw_policy_log_find(wanted, running->logs[i].name) < 0)
			r = fw_plan_line(plan, '-', "log", running->logs[i].name, "%s", "not read any more");
	return r;
}
