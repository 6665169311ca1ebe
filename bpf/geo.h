/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rule terms a source's country and network satisfy: one look-up of the table, then plain loads. */
#ifndef FW_BPF_GEO_H
#define FW_BPF_GEO_H

#include "fw_geo.h"
#include "maps.h"

/* Global: verified once, whatever path leads here. */
__noinline int geo_class(__u32 slot, __u32 family, const struct fw_addr *addr)
{
	const struct fw_geo_table *table;
	__u32 zero = 0;
	void *tables;

	slot %= FW_SLOTS;
	tables = bpf_map_lookup_elem(&fw_geo_map, &slot);
	if (!tables || !addr)
		return 0;
	table = bpf_map_lookup_elem(tables, &zero);
	if (!table)
		return 0;
	return family == FW_FAMILY_V4 ? fw_geo_class4(table, addr) : fw_geo_class6(table, addr);
}

static __always_inline __u64 geo_terms(const struct fw_policy_slot *policy, __u32 family,
				       const struct fw_addr *addr)
{
	__u32 class = geo_class(policy->geo_slot, family, addr);
	__u32 index =
		(policy->generation % FW_SLOTS) * FW_GEO_CLASSES_MAX + (class & (FW_GEO_CLASSES_MAX - 1));
	__u64 *terms = bpf_map_lookup_elem(&fw_geo_class_map, &index);

	return terms ? *terms : 0;
}

#endif
