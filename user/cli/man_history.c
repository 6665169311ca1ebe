// SPDX-License-Identifier: Apache-2.0
/* The history's tables as a section of floodwall(1). */
#include "cli/help.h"
#include "history/schema.h"

void fw_man_history(FILE *out, void (*write_text)(FILE *out, const char *text))
{
	size_t count;
	const struct fw_history_table *tables = fw_history_tables(&count);

	fputs(".SH HISTORY FILE\n"
	      "history.db in the state directory (\\fI/var/lib/floodwall\\fR) is a SQLite database, readable "
	      "by "
	      "root while the agent writes it (WAL): with \\fBsqlite3\\fR(1), Grafana's SQLite data source, "
	      "or "
	      "as JSON lines from \\fBhistory export\\fR. Times are Unix seconds, the beginning of a step in "
	      "UTC. A step that is not there had no packets, or was not recorded: see recording. Sources are "
	      "text, IPv6 as its /64. Tables may gain columns.\n"
	      ".PP\n.nf\n.RS\n"
	      "sqlite3 \\-readonly /var/lib/floodwall/history.db"
	      "  \"SELECT datetime(time, 'unixepoch'), * FROM highest_keys ORDER BY amount DESC LIMIT 20\"\n"
	      ".RE\n.fi\n"
	      "In Grafana, for a panel:\n"
	      ".PP\n.nf\n.RS\n"
	      "SELECT time, rule, dropped_per_second FROM rule_rates_10s WHERE time >= $__from / 1000\n"
	      ".RE\n.fi\n",
	      out);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, ".TP\n\\fB%s\\fR (", tables[i].name);
		write_text(out, tables[i].columns);
		fputs(")\n", out);
		write_text(out, tables[i].meaning);
		fputc('\n', out);
	}
}
