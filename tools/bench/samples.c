// SPDX-License-Identifier: Apache-2.0
/* Repeated measurements: median and range, never a mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

void samples_add(struct samples *samples, double value)
{
	if (samples->count < BENCH_REPEATS_MAX)
		samples->value[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double ranked(const struct samples *samples, double share)
{
	struct samples sorted = *samples;

	if (!sorted.count)
		return 0;
	qsort(sorted.value, sorted.count, sizeof(sorted.value[0]), compare);
	return sorted.value[(size_t)((sorted.count - 1) * share)];
}

double samples_median(const struct samples *samples)
{
	return ranked(samples, 0.5);
}

double samples_min(const struct samples *samples)
{
	return ranked(samples, 0);
}

double samples_max(const struct samples *samples)
{
	return ranked(samples, 1);
}

json_t *samples_json(const struct samples *samples)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < samples->count; i++)
		json_array_append_new(all, json_real(samples->value[i]));
	return json_pack("{s:f, s:f, s:f, s:o}", "median", samples_median(samples), "min",
			 samples_min(samples), "max", samples_max(samples), "samples", all);
}

void bench_add(struct bench *bench, const char *part, json_t *row)
{
	json_t *rows = json_object_get(bench->result, part);

	if (!rows) {
		rows = json_array();
		json_object_set_new(bench->result, part, rows);
	}
	json_array_append_new(rows, row);
}

void bench_fail(struct bench *bench, const char *part, const char *program, const char *scenario,
		const struct fw_err *err)
{
	printf("  %-16s %-30s not measured: %s\n", program, scenario, err->text);
	fflush(stdout);
	bench->failed++;
	bench_add(bench, part,
		  json_pack("{s:s, s:s, s:s}", "program", program, "scenario", scenario, "error", err->text));
}
