// SPDX-License-Identifier: Apache-2.0
/* Targets of messages and suppressions as they would stand in the file. Pure. */
#include "policy/describe_notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/units.h"
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

/* In double quotes, with what they need escaped. */
static void write_quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', out);
		if (*text >= 0 && *text < ' ')
			fprintf(out, "\\x%02x", (unsigned int)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

static void write_text(struct map *map, const char *name, const char *text)
{
	key(map, name);
	write_quoted(map->out, text);
}

void fw_url_mask(const char *url, char *buffer, size_t size)
{
	const char *host = strstr(url, "://");
	size_t length = host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;

	snprintf(buffer, size, "%.*s%s", (int)length, url, url[length] ? "/…" : "");
}

static void write_argv(struct map *map, const struct fw_names *argv)
{
	key(map, "exec");
	for (size_t i = 0; i < argv->count; i++) {
		fputs(i ? ", " : "[", map->out);
		write_quoted(map->out, argv->items[i]);
	}
	fputc(']', map->out);
}

static void write_how(struct map *map, const struct fw_notify_target *target)
{
	const struct {
		const char *name, *text;
	} texts[] = {{"header", target->header},
		     {"secret", target->secret},
		     {"proxy", target->proxy && !*target->proxy ? "none" : target->proxy},
		     {"ca_file", target->ca_file}};
	char text[32];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text)
			write_text(map, texts[i].name, texts[i].text);
	if (target->rate != FW_NOTIFY_RATE || target->rate_window_ns != FW_NOTIFY_RATE_WINDOW) {
		key(map, "rate");
		fprintf(map->out, "%llu/%s", (unsigned long long)target->rate,
			fw_duration_format(target->rate_window_ns, text, sizeof(text)));
	}
	if (target->timeout_ns != FW_NOTIFY_TIMEOUT_NS) {
		key(map, "timeout");
		fputs(fw_duration_format(target->timeout_ns, text, sizeof(text)), map->out);
	}
	if (target->retries != (target->url ? FW_NOTIFY_RETRIES : 0)) {
		key(map, "retries");
		fprintf(map->out, "%u", target->retries);
	}
}

char *fw_notify_target_text(const struct fw_notify_target *target, bool masked)
{
	static const uint8_t usual[] = {50, 70, 90};
	char *text = NULL, url[512];
	size_t size = 0;
	struct map map = {.out = open_memstream(&text, &size)};

	if (!map.out)
		return NULL;
	fputc('{', map.out);
	if (target->url && masked)
		fw_url_mask(target->url, url, sizeof(url));
	if (target->url)
		write_text(&map, "webhook", masked ? url : target->url);
	else
		write_argv(&map, &target->argv);
	if (target->user)
		write_text(&map, "user", target->user);
	write_names(&map, "events", &target->events);
	if (target->level_count != sizeof(usual) || memcmp(target->levels, usual, sizeof(usual))) {
		key(&map, "levels");
		for (size_t i = 0; i < target->level_count; i++)
			fprintf(map.out, "%s%u%%", i ? ", " : "[", target->levels[i]);
		fputc(']', map.out);
	}
	write_how(&map, target);
	fputc('}', map.out);
	if (fclose(map.out)) {
		free(text);
		return NULL;
	}
	return text;
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
