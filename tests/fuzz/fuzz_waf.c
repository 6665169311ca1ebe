// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a web ACL, and behind a NUL as an IP set: refused with a sentence, or turned into YAML that
 * the policy reader can take apart. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/tree.h"
#include "waf/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct fw_waf_import *import)
{
	struct fw_diags diags = {0};
	struct fw_tree tree = {0};
	size_t omitted = 0;

	for (size_t i = 0; i < import->item_count; i++) {
		const struct fw_waf_item *item = &import->items[i];

		if (!item->path || !item->message || !*item->message)
			abort();
		omitted += item->omitted;
	}
	if (omitted != import->omitted || import->carried > import->rules)
		abort();
	if (fw_tree_parse(&tree, import->policy, strlen(import->policy), "fuzz", &diags) || diags.errors) {
		fputs(import->policy, stderr);
		fw_diags_render(&diags, stderr);
		abort();
	}
	fw_tree_done(&tree);
	fw_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t length = nul ? (size_t)(nul - data) : size;
	struct fw_waf_file acl = {"acl", (const char *)data, length}, set = {"set", NULL, 0};
	struct fw_waf_import import = {0};
	struct fw_err err = {0};
	int r;

	if (nul) {
		set.text = (const char *)nul + 1;
		set.length = size - length - 1;
	}
	r = fw_waf_import(&acl, &set, nul ? 1 : 0, &import, &err);
	if (!r != !err.code || (r && (!*err.text || import.policy)))
		abort();
	if (!r)
		judge(&import);
	fw_waf_import_done(&import);
	return 0;
}
