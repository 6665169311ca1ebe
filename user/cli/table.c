// SPDX-License-Identifier: Apache-2.0
/* Column widths count code points; the last column is never padded. */
#include "cli/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/page.h"
#include "lib/grow.h"

#define GAP 2

struct fw_table {
	size_t columns;
	bool right[FW_TABLE_COLUMNS_MAX];
	size_t width[FW_TABLE_COLUMNS_MAX];
	char **cells; /* row by row, the headers first */
	size_t cell_count;
	bool failed;
};

static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void add(struct fw_table *table, const char *const *cells)
{
	for (size_t i = 0; i < table->columns; i++) {
		char *copy = strdup(cells[i] ? cells[i] : "");
		char **grown = copy ? fw_grow(table->cells, table->cell_count, sizeof(*table->cells)) : NULL;

		if (!grown) {
			free(copy);
			table->failed = true;
			return;
		}
		table->cells = grown;
		table->cells[table->cell_count++] = copy;
		if (width_of(copy) > table->width[i])
			table->width[i] = width_of(copy);
	}
}

struct fw_table *fw_table_new(const char *const *headers)
{
	struct fw_table *table = calloc(1, sizeof(*table));
	const char *names[FW_TABLE_COLUMNS_MAX];

	if (!table)
		return NULL;
	for (; headers[table->columns] && table->columns < FW_TABLE_COLUMNS_MAX; table->columns++) {
		table->right[table->columns] = headers[table->columns][0] == '>';
		names[table->columns] = headers[table->columns] + table->right[table->columns];
	}
	add(table, names);
	return table;
}

void fw_table_row(struct fw_table *table, const char *const *cells)
{
	if (table && !table->failed)
		add(table, cells);
}

size_t fw_table_rows(const struct fw_table *table)
{
	return table && table->columns ? table->cell_count / table->columns - 1 : 0;
}

static void print_row(const struct fw_table *table, size_t first, FILE *out)
{
	size_t pending = 0; /* spaces that only come out when something follows */

	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = table->cells[first + i];
		size_t padding = table->width[i] - width_of(cell);

		if (table->right[i])
			pending += padding;
		if (*cell) {
			fprintf(out, "%*s", (int)pending, "");
			fw_print_safe(out, cell);
			pending = 0;
		}
		pending += GAP + (table->right[i] ? 0 : padding);
	}
	fputc('\n', out);
}

void fw_table_print(struct fw_table *table, FILE *out)
{
	if (!table || table->failed)
		fputs("(out of memory: the table is not shown)\n", out);
	else if (fw_table_rows(table))
		for (size_t i = 0; i < table->cell_count; i += table->columns)
			print_row(table, i, out);
	for (size_t i = 0; table && i < table->cell_count; i++)
		free(table->cells[i]);
	if (table)
		free(table->cells);
	free(table);
}
