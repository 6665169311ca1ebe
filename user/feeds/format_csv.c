// SPDX-License-Identifier: Apache-2.0
/* Tables: one column has the addresses, others may have a score and an expiry (RFC 4180, line by line). Pure.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "feeds/formats.h"

#define COLUMNS_MAX 64

/* Splits a line in place; returns how many columns it has. */
static int split(char *line, char delimiter, char **columns)
{
	int count = 0;

	for (;;) {
		char *from = line, *to;

		from += strspn(from, delimiter == '\t' ? " " : " \t");
		to = from;
		columns[count++] = from;
		if (*from == '"') {
			for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
				from += *from == '"';
				*to++ = *from;
			}
			from += *from == '"';
		}
		while (*from && *from != delimiter)
			*to++ = *from++;
		line = from + 1;
		if (!*from || count == COLUMNS_MAX) {
			*to = '\0';
			return count;
		}
		*to = '\0';
	}
}

static int column_named(char **columns, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcasecmp(fw_feed_trim(columns[i]), name))
			return i;
	return -1;
}

/* A number counts from 1; a name is -1 until a header shows where it is. */
static int column_numbered(const char *name)
{
	uint64_t number;

	return name && fw_feed_number(name, &number) && number && number <= COLUMNS_MAX ? (int)number - 1
											: -1;
}

static const char *address_column(const struct fw_feed_reader *reader)
{
	return reader->shape->fields.count ? reader->shape->fields.items[0] : NULL;
}

static int csv_begin(struct fw_feed_reader *reader)
{
	reader->csv.value = column_numbered(address_column(reader));
	reader->csv.score = column_numbered(reader->shape->score_field);
	reader->csv.expires = column_numbered(reader->shape->expires_field);
	return 0;
}

/* True when the line names the columns we look for. */
static bool is_header(struct fw_feed_reader *reader, char **columns, int count)
{
	const char *name = address_column(reader);
	const struct fw_feed_shape *shape = reader->shape;
	int at;

	if (!name || column_numbered(name) >= 0)
		return false;
	at = column_named(columns, count, name);
	if (at < 0)
		return false;
	reader->csv.value = at;
	if (shape->score_field && column_numbered(shape->score_field) < 0)
		reader->csv.score = column_named(columns, count, shape->score_field);
	if (shape->expires_field && column_numbered(shape->expires_field) < 0)
		reader->csv.expires = column_named(columns, count, shape->expires_field);
	return true;
}

static bool is_address(char *text)
{
	struct fw_prefix prefix;
	char *dash = strchr(text, '-');
	bool is;

	if (dash)
		*dash = '\0';
	is = !fw_prefix_parse_lax(fw_feed_trim(text), &prefix, NULL);
	if (dash)
		*dash = '-';
	return is;
}

/* Without a column to go by: the first one that holds an address. */
static int guess_column(char **columns, int count)
{
	for (int i = 0; i < count; i++)
		if (is_address(columns[i]))
			return i;
	return -1;
}

static int take_row(struct fw_feed_reader *reader, char **columns, int count)
{
	const char *score_text = reader->csv.score >= 0 && reader->csv.score < count
					 ? fw_feed_trim(columns[reader->csv.score])
					 : "";
	unsigned int score = 0;
	uint32_t expires = 0;

	if (reader->csv.value >= count) {
		fw_feed_refuse(reader, reader->line, "expects at least %d columns, got %d",
			       reader->csv.value + 1, count);
		return 0;
	}
	if (*score_text && !fw_feed_score_parse(score_text, &score)) {
		fw_feed_refuse(reader, reader->line, "score '%.20s' is not a number from 0 to 100",
			       score_text);
		return 0;
	}
	if (reader->csv.expires >= 0 && reader->csv.expires < count) {
		const char *text = fw_feed_trim(columns[reader->csv.expires]);

		if (*text && !fw_feed_expiry_parse(reader, text, &expires)) {
			fw_feed_refuse(reader, reader->line, "expiry '%.40s' is no time", text);
			return 0;
		}
	}
	if (expires && expires <= reader->shape->now) {
		reader->reading.filtered++;
		return 0;
	}
	return fw_feed_take(reader, fw_feed_trim(columns[reader->csv.value]), reader->line, expires, score);
}

static int csv_line(struct fw_feed_reader *reader, char *line)
{
	char delimiter = reader->shape->delimiter ? reader->shape->delimiter : ',';
	char *columns[COLUMNS_MAX];
	bool remark;
	int count;

	line = fw_feed_trim(line);
	remark = *line == '#' || (*line == ';' && delimiter != ';');
	if (!*line)
		return 0;
	/* abuse.ch writes the header as a remark. */
	count = split(line + remark, delimiter, columns);
	if (!reader->csv.header_over && is_header(reader, columns, count))
		return 0;
	if (remark)
		return 0;
	if (reader->csv.value < 0 && !address_column(reader))
		reader->csv.value = guess_column(columns, count);
	if (reader->csv.value < 0 && address_column(reader))
		return fw_feed_fail(reader, -EPROTO, "line %u: no column is called '%.40s'", reader->line,
				    address_column(reader));
	if (!reader->csv.header_over) {
		reader->csv.header_over = true;
		/* A first row without an address is a header whose names nobody asked for. */
		if (reader->csv.value < 0 || reader->csv.value >= count ||
		    !is_address(columns[reader->csv.value]))
			return 0;
	}
	if (reader->csv.value < 0) {
		fw_feed_refuse(reader, reader->line, "no column holds an address");
		return 0;
	}
	return take_row(reader, columns, count);
}

const struct fw_feed_format_ops fw_feed_csv = {.begin = csv_begin, .line = csv_line};
