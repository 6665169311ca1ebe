// SPDX-License-Identifier: Apache-2.0
/* What a policy costs, behind the complaints of `check`. */
#include "cli/show.h"

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
	fprintf(page->out, "memory    %s in the kernel, %s of it for these prefixes\n",
		fw_say_memory(fw_doc_count(cost, "memory_bytes"), a),
		fw_say_memory(fw_doc_count(cost, "list_bytes"), b));
}
