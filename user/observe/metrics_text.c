// SPDX-License-Identifier: Apache-2.0
/* Families and samples in the text format of Prometheus. */
#include "observe/metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>

void fw_metric_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void label_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		if (*value == '\n')
			fputs("\\n", out);
		else
			fputc(*value, out);
	}
}

void fw_metric_sample(FILE *out, const char *name, double value, ...)
{
	const char *label, *separator = "{";
	va_list labels;

	fputs(name, out);
	va_start(labels, value);
	while ((label = va_arg(labels, const char *))) {
		fprintf(out, "%s%s=\"", separator, label);
		label_value(out, va_arg(labels, const char *));
		fputc('"', out);
		separator = ",";
	}
	va_end(labels);
	if (*separator == ',')
		fputc('}', out);
	if (value == (double)(int64_t)value && value < 9e15)
		fprintf(out, " %" PRId64 "\n", (int64_t)value);
	else
		fprintf(out, " %.17g\n", value);
}

void fw_metric_single(FILE *out, const char *name, const char *type, const char *help, double value)
{
	fw_metric_family(out, name, type, help);
	fw_metric_sample(out, name, value, NULL);
}

double fw_metric_seconds(uint64_t ns)
{
	return (double)ns / 1e9;
}
