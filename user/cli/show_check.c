// SPDX-License-Identifier: Apache-2.0
/* What a policy costs, behind the complaints of `check`. */
#include "cli/show.h"

/* Longer windows ask for hardly more, as long as a key sends several packets a second. */
static void show_floods(const struct fw_page *page, const json_t *floods)
{
	char a[FW_SAY_MAX], b[FW_SAY_MAX];
	const json_t *flood;
	size_t i;

	if (!json_array_size(floods))
		return;
	fprintf(page->out,
		"floods    beside packets from keys never seen, new keys are caught at limits from");
	json_array_foreach ((json_t *)floods, i, flood)
		fprintf(page->out, "%s %s/1s (%s packets/s)", i ? "," : "",
			fw_say_count(fw_doc_count(flood, "least_packets"), a),
			fw_say_count(fw_doc_count(flood, "packets_per_second"), b));
	fprintf(page->out, "\n");
}

void fw_show_cost(const struct fw_page *page, const json_t *cost)
{
	char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX];
	const json_t *geo = json_object_get(cost, "geo");
	double lookups = fw_doc_number(cost, "state_lookups_worst");

	fprintf(page->out, "rules     %.0f, using %.0f of %.0f terms; the worst packet asks for %.0f %s\n",
		fw_doc_number(cost, "rules"), fw_doc_number(cost, "terms"), fw_doc_number(cost, "terms_max"),
		lookups, lookups == 1 ? "meter" : "meters");
	fprintf(page->out, "sets      %.0f with %s prefixes, %s after merging (%s)\n",
		fw_doc_number(cost, "sets"), fw_say_count(fw_doc_count(cost, "prefixes_read"), a),
		fw_say_count(fw_doc_count(cost, "prefixes_merged"), b),
		fw_say_share(fw_doc_number(cost, "prefixes_merged"), fw_doc_number(cost, "prefixes_read"),
			     c));
	if (fw_doc_count(cost, "feeds"))
		fprintf(page->out, "feeds     %.0f, whose entries come on top once they are fetched\n",
			fw_doc_number(cost, "feeds"));
	fprintf(page->out, "classes   %.0f of %.0f: combinations of sets that rules tell apart\n",
		fw_doc_number(cost, "list_classes"), fw_doc_number(cost, "list_classes_max"));
	if (json_is_object(geo))
		fprintf(page->out,
			"geo       %.0f groups of countries and networks told apart, %s of %s nodes, %s\n",
			fw_doc_number(geo, "classes"), fw_say_count(fw_doc_count(geo, "nodes"), a),
			fw_say_count(fw_doc_count(geo, "nodes_max"), b),
			fw_say_memory(fw_doc_count(geo, "bytes"), c));
	show_floods(page, json_object_get(cost, "floods"));
	fprintf(page->out, "memory    at most %s in the kernel, %s of it for these prefixes\n",
		fw_say_memory(fw_doc_count(cost, "memory_bytes"), a),
		fw_say_memory(fw_doc_count(cost, "list_bytes"), b));
}
