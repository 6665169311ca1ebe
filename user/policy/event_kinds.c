// SPDX-License-Identifier: Apache-2.0
/* Kinds of events: one table, asked by the loader and by whoever sorts events. Pure. */
#include "policy/event_kinds.h"

#include <string.h>

static const struct {
	const char *word;
	bool finding;
} kinds[] = {
#define X(word, finding) {word, finding},
	FW_EVENT_KINDS(X)
#undef X
};

#define COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *fw_event_kind_find(const char *word, bool *ret_finding)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(kinds[i].word, word)) {
			if (ret_finding)
				*ret_finding = kinds[i].finding;
			return kinds[i].word;
		}
	return NULL;
}

size_t fw_event_kind_names(bool findings, const char **names, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT; i++) {
		if (findings && !kinds[i].finding)
			continue;
		if (count < most)
			names[count] = kinds[i].word;
		count++;
	}
	return count;
}

bool fw_event_is(const char *kind, const char *type, bool failed)
{
	size_t length = strlen(kind);

	if (!strcmp(kind, "failure"))
		return failed;
	return !strncmp(kind, type, length) && (!type[length] || type[length] == '_');
}

bool fw_event_is_finding(const char *type)
{
	for (size_t i = 0; i < COUNT; i++)
		if (kinds[i].finding && fw_event_is(kinds[i].word, type, false))
			return true;
	return false;
}
