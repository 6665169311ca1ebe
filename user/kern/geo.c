// SPDX-License-Identifier: Apache-2.0
/* Geo tables: one map value of 8.5 MiB, copied through mmap and read back before anybody asks it. */
#include "kern/geo.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kern/program.h"
#include "lib/cleanup.h"
#include "policy/geo.h"

static bool asks(const struct fw_policy_slot *slot)
{
	return slot && slot->features & FW_FEATURE_GEO;
}

static int copy_into(int fd, const struct fw_geo *geo, struct fw_err *err)
{
	struct fw_geo_table *table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (table == MAP_FAILED)
		return fw_err_set(err, -errno,
				  "cannot map the geo table (%zu bytes): %s; the policy in force stays",
				  sizeof(*table), strerror(errno));
	/* A fresh map is zero beyond the nodes in use. */
	memcpy(table, geo->table,
	       offsetof(struct fw_geo_table, node) + geo->node_count * sizeof(struct fw_geo_node));
	munmap(table, sizeof(*table));
	return 0;
}

/* Asks the kernel, not our own mapping. */
static int verify(int fd, const struct fw_geo *geo, struct fw_err *err)
{
	FW_FREE struct fw_geo_table *found = malloc(sizeof(*found));
	uint32_t zero = 0;

	if (!found)
		return fw_err_set(err, -ENOMEM,
				  "out of memory while the geo table was checked; the policy in force stays");
	if (bpf_map_lookup_elem(fd, &zero, found) || memcmp(found, geo->table, sizeof(*found)) != 0)
		return fw_err_set(err, -EIO,
				  "the geo table reads back differently from what was written; the policy in "
				  "force stays");
	return 0;
}

int fw_geo_load(struct fw_datapath *datapath, const struct fw_image *image,
		const struct fw_policy_slot *active, uint32_t *ret_slot, struct fw_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	uint32_t slot = active ? active->geo_slot % FW_SLOTS : 0;
	int r;

	*ret_slot = slot;
	if (!image->geo || (asks(active) && active->geo_digest == image->geo->digest))
		return 0;
	slot = (slot + 1) % FW_SLOTS;
	FW_CLOSE int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "fw_geo", sizeof(uint32_t),
					 sizeof(struct fw_geo_table), 1, &opts);
	if (fd < 0)
		return fw_program_refused(-errno, "create the geo table", NULL, err);
	r = copy_into(fd, image->geo, err);
	if (!r)
		r = verify(fd, image->geo, err);
	if (!r && bpf_map_update_elem(fw_map_fd(datapath, FW_MAP_ID_fw_geo_map), &slot, &fd, BPF_ANY))
		r = fw_err_set(err, -errno,
			       "cannot put the new geo table in place: %s; the policy in force stays",
			       strerror(errno));
	if (!r)
		*ret_slot = slot;
	return r;
}

void fw_geo_write(struct fw_datapath *datapath, const struct fw_image *image, uint32_t generation,
		  uint32_t geo_slot)
{
	fw_policy_slot_at(datapath, generation)->geo_slot = geo_slot;
	if (image->geo)
		memcpy(&datapath->geo_terms[(size_t)(generation % FW_SLOTS) * FW_GEO_CLASSES_MAX],
		       image->geo_terms, image->geo->class_count * sizeof(*image->geo_terms));
}

void fw_geo_retire(struct fw_datapath *datapath, const struct fw_policy_slot *old,
		   const struct fw_image *image, uint32_t geo_slot)
{
	uint32_t slot = old->geo_slot % FW_SLOTS;

	if (!asks(old) || (image->geo && slot == geo_slot))
		return;
	fw_wait_for_readers(datapath, datapath->policy_flipped_ns);
	bpf_map_delete_elem(fw_map_fd(datapath, FW_MAP_ID_fw_geo_map), &slot);
}
