/* SPDX-License-Identifier: Apache-2.0 */
/* Bars and marks as SVG, for a ticket or a report: one file, no script, no font of its own. */
#ifndef FW_CLI_CHART_H
#define FW_CLI_CHART_H

#include <stdio.h>

struct fw_bar {
	const char *label, *amount; /* texts of others: escaped */
	double share, dropped;	    /* of the longest bar, 0 to 1; dropped ≤ share */
};

/* Horizontal bars under a title. */
void fw_chart_bars(FILE *out, const char *title, const struct fw_bar *bars, size_t count);

struct fw_tick {
	const char *label;
	double amount; /* > 0 */
	const char *color;
};

/* One line per scale, logarithmic, with marks. begin, any number of scales, end. */
void fw_chart_begin(FILE *out, const char *title, size_t scales);
void fw_chart_scale(FILE *out, size_t index, const char *label, const struct fw_tick *ticks, size_t count);
void fw_chart_end(FILE *out);

#endif
