/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rule terms a source's country and network satisfy: one map value, plain loads in it. */
#ifndef FW_BPF_GEO_H
#define FW_BPF_GEO_H

#include "fw_geo.h"
#include "maps.h"

static __always_inline const struct fw_geo_table *geo_table(__u32 slot)
{
	__u32 zero = 0;
	void *tables;

	slot %= FW_SLOTS;
	tables = bpf_map_lookup_elem(&fw_geo_map, &slot);
	return tables ? bpf_map_lookup_elem(tables, &zero) : NULL;
}

/* The root's entry, asked for before it is needed: its cache miss passes while others are waited for. Global,
 * like the other: verified once, whatever path leads here. */
__noinline int geo_begin(__u32 slot, __u32 family, const struct fw_addr *addr)
{
	const struct fw_geo_table *table = geo_table(slot);

	if (!table || !addr)
		return 0;
	return family == FW_FAMILY_V4 ? fw_geo_root4(table, addr) : fw_geo_root6(table, addr);
}

__noinline int geo_descend(__u32 slot, __u32 family, const struct fw_addr *addr, __u32 entry)
{
	const struct fw_geo_table *table = geo_table(slot);

	if (!table || !addr)
		return 0;
	return family == FW_FAMILY_V4 ? fw_geo_descend4(table, entry, addr)
				      : fw_geo_descend6(table, entry, addr);
}

static __always_inline __u64 geo_terms(const struct fw_policy_slot *policy, __u32 family,
				       const struct fw_addr *addr, __u32 entry)
{
	__u64 *terms;
	__u32 index;

	if (entry & FW_GEO_IS_NODE)
		entry = geo_descend(policy->geo_slot, family, addr, entry);
	index = (policy->generation % FW_SLOTS) * FW_GEO_CLASSES_MAX + (entry & (FW_GEO_CLASSES_MAX - 1));
	terms = bpf_map_lookup_elem(&fw_geo_class_map, &index);
	return terms ? *terms : 0;
}

#endif
