// SPDX-License-Identifier: Apache-2.0
/* Number and text formats of the human output. */
#include "cli/page.h"

#include <stdlib.h>
#include <string.h>

#include "cli/plain.h"
#include "fw_types.h"
#include "lib/units.h"

void fw_paint(const struct fw_page *page, enum fw_paint paint, const char *text)
{
	static const char *const codes[] = {[FW_PAINT_GOOD] = "32",
					    [FW_PAINT_CAREFUL] = "33",
					    [FW_PAINT_BAD] = "31",
					    [FW_PAINT_FAINT] = "2"};

	if (!page->color || paint == FW_PAINT_NONE) {
		fw_print_safe(page->out, text);
		return;
	}
	fprintf(page->out, "\033[%sm", codes[paint]);
	fw_print_safe(page->out, text);
	fputs("\033[0m", page->out);
}

void fw_print_safe(FILE *out, const char *text)
{
	while (*text) {
		size_t control = fw_control_length(text);

		fputc(control ? '?' : *text, out);
		text += control ? control : 1;
	}
}

static double whole(double value)
{
	return value > 0 && value < 1.8e19 ? (double)(uint64_t)value : 0;
}

/* Three digits and an SI prefix. */
static const char *say_scaled(double value, const char *unit, char *buffer)
{
	static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
	size_t power = 0;

	if (!(value > 0))
		value = 0;
	while (value >= 999.5 && power + 1 < sizeof(prefixes) / sizeof(prefixes[0])) {
		value /= 1000;
		power++;
	}
	snprintf(buffer, FW_SAY_MAX, "%.*f %s%s",
		 value >= 99.95 || (!power && value == whole(value)) ? 0
		 : value >= 9.995				     ? 1
								     : 2,
		 value, prefixes[power], unit);
	return buffer;
}

const char *fw_say_count(uint64_t count, char *buffer)
{
	return fw_amount_format(count, buffer, FW_SAY_MAX);
}

const char *fw_say_pps(double per_second, char *buffer)
{
	return say_scaled(per_second >= 1 ? per_second : per_second > 0 ? 1 : 0, "pps", buffer);
}

const char *fw_say_bits(double bytes_per_second, char *buffer)
{
	return say_scaled(whole(bytes_per_second * 8), "bit/s", buffer);
}

const char *fw_say_memory(uint64_t bytes, char *buffer)
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t power = 0;

	while (value >= 1023.5 && power + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		power++;
	}
	snprintf(buffer, FW_SAY_MAX, "%.*f %s", power && value < 9.95 ? 1 : 0, value, units[power]);
	return buffer;
}

const char *fw_say_seconds(double seconds, char *buffer)
{
	/* Below a minute tenths would only flicker; below a second milliseconds tell. */
	if (!(seconds > 0))
		return memcpy(buffer, "0s", 3);
	if (seconds > 1e9)
		return memcpy(buffer, "for ever", 9);
	if (seconds >= 1)
		seconds = whole(seconds);
	return fw_age_format((uint64_t)(seconds * (double)FW_NS_PER_SEC), buffer, FW_SAY_MAX);
}

const char *fw_say_lasting(const json_t *seconds, char *buffer)
{
	if (!json_is_number(seconds))
		return memcpy(buffer, "until removed", 14);
	return fw_say_seconds(json_number_value(seconds), buffer);
}

const char *fw_say_share(double part, double whole, char *buffer)
{
	if (!(whole > 0))
		return memcpy(buffer, "-", 2);
	snprintf(buffer, FW_SAY_MAX, "%.1f %%", 100 * part / whole);
	return buffer;
}

const char *fw_doc_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

double fw_doc_number(const json_t *object, const char *name)
{
	return json_number_value(json_object_get(object, name));
}

uint64_t fw_json_count(const json_t *value)
{
	double number = json_number_value(value);

	if (json_is_integer(value))
		return json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
	return number > 0 && number < 1.8e19 ? (uint64_t)number : 0;
}

uint64_t fw_doc_count(const json_t *object, const char *name)
{
	return fw_json_count(json_object_get(object, name));
}

bool fw_doc_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

bool fw_doc_has(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);

	return member && !json_is_null(member);
}

json_t *fw_doc_string(const char *text)
{
	json_t *string = text ? json_string(text) : json_null();
	char *copy;

	if (string || !text)
		return string;
	copy = strdup(text);
	for (char *byte = copy; byte && *byte; byte++)
		if (*byte & 0x80)
			*byte = '?';
	string = copy ? json_string(copy) : NULL;
	free(copy);
	return string;
}
