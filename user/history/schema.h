/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in the history's file, for those who read it with sqlite3, Grafana or from an export. */
#ifndef FW_HISTORY_SCHEMA_H
#define FW_HISTORY_SCHEMA_H

#include <stddef.h>

struct fw_history_table {
	const char *name, *columns; /* "start, rule, packets" */
	const char *meaning;	    /* a sentence or two */
};

const struct fw_history_table *fw_history_tables(size_t *ret_count);
/* Tables, views and indexes, each made where missing. */
extern const char fw_history_schema[];

#endif
