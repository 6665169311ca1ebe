// SPDX-License-Identifier: Apache-2.0
/* Suppressions as they would stand in the file. Pure. */
#include "policy/describe_notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/daytime.h"

/* A flow map being written. */
struct map {
	FILE *out;
	bool any;
};

static void key(struct map *map, const char *name)
{
	fprintf(map->out, "%s%s: ", map->any ? ", " : "", name);
	map->any = true;
}

static void write_names(struct map *map, const char *name, const struct fw_names *names)
{
	if (!names->count)
		return;
	key(map, name);
	for (size_t i = 0; i < names->count; i++)
		fprintf(map->out, "%s%s", i ? ", " : "[", names->items[i]);
	fputc(']', map->out);
}

/* A set that the key itself lists has no name to be called by. */
static void write_source(struct map *map, const struct fw_policy *policy, const struct fw_set_refs *refs)
{
	const char *comma = "[";

	if (!refs->count)
		return;
	key(map, "source");
	for (size_t i = 0; i < refs->count; i++) {
		const struct fw_set *set = &policy->sets[refs->items[i]];
		char text[FW_ADDR_TEXT_MAX];

		if (!strchr(set->name, '.')) {
			fprintf(map->out, "%s%s", comma, set->name);
			comma = ", ";
			continue;
		}
		for (size_t k = 0; k < set->prefix_count; k++) {
			fprintf(map->out, "%s\"%s\"", comma,
				fw_prefix_format(&set->prefixes[k], text, sizeof(text)));
			comma = ", ";
		}
	}
	fputc(']', map->out);
}

char *fw_suppression_text(const struct fw_policy *policy, const struct fw_suppression *suppression)
{
	char *text = NULL, word[64];
	size_t size = 0;
	struct map map = {.out = open_memstream(&text, &size)};

	if (!map.out)
		return NULL;
	fputc('{', map.out);
	write_names(&map, "events", &suppression->events);
	write_names(&map, "rule", &suppression->rules);
	write_source(&map, policy, &suppression->source);
	if (suppression->from || suppression->to != FW_DAY_MINUTES) {
		key(&map, "from");
		fprintf(map.out, "\"%s\"", fw_daytime_format(suppression->from, word, sizeof(word)));
		key(&map, "to");
		fprintf(map.out, "\"%s\"", fw_daytime_format(suppression->to, word, sizeof(word)));
	}
	if (suppression->days) {
		key(&map, "days");
		fprintf(map.out, "[%s]", fw_days_format(suppression->days, word, sizeof(word)));
	}
	if (suppression->has_until) {
		key(&map, "until");
		fprintf(map.out, "\"%s\"", fw_date_format(&suppression->until, word, sizeof(word)));
	}
	fputc('}', map.out);
	if (fclose(map.out)) {
		free(text);
		return NULL;
	}
	return text;
}
