// SPDX-License-Identifier: Apache-2.0
/* Any bytes as a list of signatures: refused with a message, or compiled to a table that the packet path can
 * walk. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/signatures.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_table(const struct fw_signature_table *table, size_t count)
{
	for (unsigned int bucket = 0; bucket < FW_SIGNATURE_BUCKETS; bucket++) {
		unsigned int steps = 0;

		for (unsigned int next = table->first[bucket]; next; next = table->items[next].next) {
			const struct fw_signature *item = &table->items[next];

			assert(++steps <= FW_SIGNATURE_CHAIN_MAX);
			assert(item->source_port % FW_SIGNATURE_BUCKETS == bucket);
			assert(item->class && item->class <= count && item->least <= item->most);
			assert(item->bytes <= FW_SIGNATURE_BYTES && item->offset <= FW_SIGNATURE_OFFSET_MAX);
			assert(!(item->value & ~item->mask));
		}
	}
}

static void compile(struct fw_signature_list *list)
{
	struct fw_policy_rule rule = {.match = {.signature = UINT64_MAX}};
	struct fw_policy policy = {.rules = &rule, .rule_count = 1, .signatures = {.list = list}};
	struct fw_image image = {.slot = calloc(1, sizeof(*image.slot))};
	struct fw_diags diags = {0};

	image.slot->rules[0].terms = 1;
	if (!fw_signatures_compile(&policy, &diags, &image))
		check_table(&image.slot->signatures, list->count);
	else
		assert(diags.errors);
	for (size_t i = 0; i < list->count; i++)
		free(fw_signature_text(&list->items[i]));
	free(image.slot);
	fw_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_diags diags = {0};
	struct fw_signature_list *list = NULL;
	int r = fw_signatures_parse((const char *)data, size, "fuzz", &diags, &list);

	assert(!r == !diags.errors && !r == !!list);
	if (list)
		compile(list);
	fw_signatures_free(list);
	fw_diags_done(&diags);
	return 0;
}
