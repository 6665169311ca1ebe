/* SPDX-License-Identifier: Apache-2.0 */
/* Aligned columns: rows are collected, then printed as wide as they need to be. */
#ifndef FW_CLI_TABLE_H
#define FW_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct fw_table;

#define FW_TABLE_COLUMNS_MAX 12

/* Headers end with NULL; a leading '>' aligns the column to the right. NULL when out of memory: every
 * function takes that. */
struct fw_table *fw_table_new(const char *const *headers);
/* As many cells as headers; copied. */
void fw_table_row(struct fw_table *table, const char *const *cells);
size_t fw_table_rows(const struct fw_table *table);
/* Prints, nothing without rows, and frees. */
void fw_table_print(struct fw_table *table, FILE *out);

#define FW_TABLE_NEW(...)	 fw_table_new((const char *const[]){__VA_ARGS__, NULL})
#define FW_TABLE_ROW(table, ...) fw_table_row(table, (const char *const[]){__VA_ARGS__, NULL})

#endif
