// SPDX-License-Identifier: Apache-2.0
/* check: the loader and the compiler without agent, root or kernel. */
#include <stdlib.h>

#include "cli/cli.h"
#include "lib/cleanup.h"
#include "policy/geo.h"
#include "policy/image.h"

#define TICK_NS 4000000 /* a kernel with HZ=250: window arithmetic does not differ enough to be seen here */

static void print_summary(const struct fw_page *page, const struct fw_policy *policy,
			  const struct fw_image *image)
{
	char a[FW_SAY_MAX], b[FW_SAY_MAX], c[FW_SAY_MAX];
	size_t named = 0;

	for (size_t i = 0; i < policy->set_count; i++)
		named += policy->sets[i].name && policy->sets[i].name[0] != '(';
	fprintf(page->out, "rules     %u, using %u of %d terms; at most %u %s looked up for a packet\n",
		image->rule_count, image->term_count, FW_TERMS_MAX, image->meters_worst,
		image->meters_worst == 1 ? "meter" : "meters");
	fprintf(page->out, "sets      %zu with %s prefixes, %s kept after merging (%s), %zu list classes\n",
		named, fw_say_count(image->prefixes_read, a), fw_say_count(image->listed_count, b),
		fw_say_share((double)image->listed_count, (double)image->prefixes_read, c),
		image->class_count);
	if (image->geo)
		fprintf(page->out,
			"geo       %u groups of countries and networks told apart, %s of %s nodes, %s\n",
			image->geo->class_count, fw_say_count(image->geo->node_count, a),
			fw_say_count(FW_GEO_NODES, b),
			fw_say_memory(FW_SLOTS * sizeof(struct fw_geo_table), c));
	fprintf(page->out, "memory    %s in the kernel\n", fw_say_memory(image->memory_bytes, a));
}

static void print_report(struct fw_cli *cli, const struct fw_diags *diags, const struct fw_policy *policy,
			 const struct fw_image *image)
{
	FILE *out = cli->page.out;

	if (cli->json) {
		json_t *array = fw_cli_diags_to_json(diags);

		fw_cli_print_json(cli, array);
		json_decref(array);
		return;
	}
	fw_diags_render(diags, out);
	fprintf(out, "%zu %s, %zu %s\n", diags->errors, diags->errors == 1 ? "error" : "errors",
		diags->warnings, diags->warnings == 1 ? "warning" : "warnings");
	if (image)
		print_summary(&cli->page, policy, image);
}

int fw_cmd_check(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	int r = ids ? fw_policy_load(line->arguments[0], &diags, &policy) : -1, exit;

	if (!ids)
		return fw_cli_fail_memory(cli);
	if (!r)
		r = fw_image_compile(policy, &(struct fw_image_input){.tick_ns = TICK_NS}, ids, &diags,
				     &image);
	fw_diags_sort(&diags);
	if (r && !diags.errors)
		exit = fw_cli_fail_memory(cli);
	else
		exit = r || diags.errors ? FW_EXIT_CONFIG : FW_EXIT_OK;
	print_report(cli, &diags, policy, r ? NULL : image);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return exit;
}
