// SPDX-License-Identifier: Apache-2.0
/* Readers of the keys about recorded traffic. */
#include "policy/load.h"

#define KEEP_MIN_NS (86400 * FW_NS_PER_SEC)
#define KEEP_MAX_NS (3650 * KEEP_MIN_NS)
#define SIZE_MIN    (16ULL << 20)
#define SIZE_MAX_   (1ULL << 40)

void fw_load_history(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "history", "history", target);
}

void fw_load_history_enabled(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_bool(loader, value, &((struct fw_policy *)target)->history.enabled);
}

void fw_load_history_keep(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, KEEP_MIN_NS, KEEP_MAX_NS,
			 &((struct fw_policy *)target)->history.keep_ns);
}

void fw_load_history_size(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_amount(loader, value, SIZE_MIN, SIZE_MAX_, &((struct fw_policy *)target)->history.size);
}
