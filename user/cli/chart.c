// SPDX-License-Identifier: Apache-2.0
/* SVG by hand: coordinates in pixels, text escaped. */
#include "cli/chart.h"

#include <math.h>

#define WIDTH	    960
#define LABEL	    330
#define RIGHT	    110
#define ROW	    20
#define TOP	    44
#define SCALE	    120
#define SCALE_LEFT  40
#define SCALE_RIGHT 120
#define TICKS_MAX   16

static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '<')
			fputs("&lt;", out);
		else if (byte == '>')
			fputs("&gt;", out);
		else if (byte == '&')
			fputs("&amp;", out);
		else if (byte == '"')
			fputs("&quot;", out);
		else
			fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, out);
	}
}

static void text_at(FILE *out, double x, double y, const char *anchor, const char *text)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	escape(out, text);
	fputs("</text>\n", out);
}

static void head(FILE *out, const char *title, double height)
{
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d "
		"%.0f\" "
		"font-family=\"sans-serif\" font-size=\"12\">\n<title>",
		WIDTH, height, WIDTH, height);
	escape(out, title);
	fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
	text_at(out, 12, 24, "start", title);
}

static double within(double share)
{
	return share > 0 && share <= 1 ? share : share > 1 ? 1 : 0;
}

void fw_chart_bars(FILE *out, const char *title, const struct fw_bar *bars, size_t count)
{
	double room = WIDTH - LABEL - RIGHT;

	head(out, title, TOP + ROW * (double)count + 28);
	for (size_t i = 0; i < count; i++) {
		double y = TOP + ROW * (double)i;

		text_at(out, LABEL - 8, y + 12, "end", bars[i].label);
		fprintf(out,
			"<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"#3b6ea5\"/>\n"
			"<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"#c0392b\"/>\n",
			LABEL, y, room * within(bars[i].share), LABEL, y, room * within(bars[i].dropped));
		text_at(out, LABEL + room * within(bars[i].share) + 6, y + 12, "start", bars[i].amount);
	}
	text_at(out, LABEL, TOP + ROW * (double)count + 14, "start", "red: dropped");
	fputs("</svg>\n", out);
}

void fw_chart_begin(FILE *out, const char *title, size_t scales)
{
	head(out, title, TOP + SCALE * (double)scales + 12);
}

void fw_chart_end(FILE *out)
{
	fputs("</svg>\n", out);
}

void fw_chart_scale(FILE *out, size_t index, const char *label, const struct fw_tick *ticks, size_t count)
{
	double y = TOP + SCALE * (double)index, least = INFINITY, most = 0;

	for (size_t i = 0; i < count; i++) {
		least = fmin(least, log(fmax(ticks[i].amount, 1)));
		most = fmax(most, log(fmax(ticks[i].amount, 1)));
	}
	if (!(most > least))
		most = least + 1;
	text_at(out, 12, y + 14, "start", label);
	fprintf(out, "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#888\"/>\n", SCALE_LEFT,
		y + 26, WIDTH - SCALE_RIGHT, y + 26);
	for (size_t i = 0; i < count && i < TICKS_MAX; i++) {
		double x = SCALE_LEFT + (WIDTH - SCALE_LEFT - SCALE_RIGHT) *
						(log(fmax(ticks[i].amount, 1)) - least) / (most - least);
		double below = y + 42 + 12 * (double)(i % 6);

		fprintf(out,
			"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
			"stroke-width=\"2\"/>\n",
			x, y + 20, x, below - 8, ticks[i].color);
		text_at(out, x + 3, below, "start", ticks[i].label);
	}
}
