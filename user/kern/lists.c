// SPDX-License-Identifier: Apache-2.0
/* Lists as tables: laid out in user space, copied through mmap into maps as large as they need to be. */
#include "kern/lists.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "kern/program.h"
#include "kern/publish.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "policy/tables.h"

const enum fw_map_id fw_list_table_maps[FW_LIST_TABLES] = {
	FW_MAP_ID_fw_list4_run_map, FW_MAP_ID_fw_list4_leaf_map, FW_MAP_ID_fw_list6_group_map,
	FW_MAP_ID_fw_list6_map};

struct table {
	const char *name;
	uint32_t entry_bytes, entries; /* of these */
	uint32_t used;		       /* have a content */
	const void *content;
};

/* The memory stays mapped: changes in place are written there. */
static int copy_into(int fd, const struct table *table, void **ret_memory, size_t *ret_bytes,
		     struct fw_err *err)
{
	size_t bytes = (size_t)table->entry_bytes * table->entries;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return fw_err_set(err, -errno,
				  "cannot map the lists (%zu bytes): %s; the lists in force stay", bytes,
				  strerror(errno));
	if (table->used)
		memcpy(memory, table->content, (size_t)table->entry_bytes * table->used);
	*ret_memory = memory;
	*ret_bytes = bytes;
	return 0;
}

/* Asks the kernel for the last entry, not our own mapping. */
static int verify(int fd, const struct table *table, struct fw_err *err)
{
	uint32_t last = table->used ? table->used - 1 : 0;
	const unsigned char *wanted = table->content;
	unsigned char found[sizeof(struct fw_list4_leaf)];

	if (!table->used)
		return 0;
	if (bpf_map_lookup_elem(fd, &last, found) ||
	    memcmp(found, wanted + (size_t)last * table->entry_bytes, table->entry_bytes))
		return fw_err_set(
			err, -EIO,
			"the lists read back differently from what was written; those in force stay");
	return 0;
}

static int load_table(struct fw_datapath *datapath, const struct table *table, uint32_t list_slot,
		      unsigned int place, struct fw_err *err)
{
	struct fw_list_view *view = &datapath->list_view[list_slot];
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int r;

	if (!table->entries)
		return 0;
	FW_CLOSE int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, table->name, sizeof(uint32_t),
					 table->entry_bytes, table->entries, &opts);
	if (fd < 0)
		return fw_program_refused(-errno, "create the lists", NULL, err);
	r = copy_into(fd, table, &view->memory[place], &view->bytes[place], err);
	if (!r)
		r = verify(fd, table, err);
	if (!r &&
	    bpf_map_update_elem(fw_map_fd(datapath, fw_list_table_maps[place]), &list_slot, &fd, BPF_ANY))
		r = fw_err_set(err, -errno, "cannot put the new lists in place: %s; those in force stay",
			       strerror(errno));
	return r;
}

static void copy_or_clear(void *to, const void *from, size_t bytes)
{
	if (from)
		memcpy(to, from, bytes);
	else
		memset(to, 0, bytes);
}

static void load_fixed(struct fw_datapath *datapath, const struct fw_list_tables *tables, uint32_t list_slot)
{
	uint64_t *bitmaps = &datapath->list_bitmap[(size_t)list_slot * 2 * FW_LIST_BITMAP_WORDS];
	struct fw_list4_line *lines = &datapath->list4_line[(size_t)list_slot * FW_LIST4_LINES];
	const size_t bitmap_bytes = FW_LIST_BITMAP_WORDS * sizeof(*bitmaps);

	copy_or_clear(bitmaps, tables->bitmap4, bitmap_bytes);
	copy_or_clear(bitmaps + FW_LIST_BITMAP_WORDS, tables->bitmap6, bitmap_bytes);
	copy_or_clear(lines, tables->lines4, FW_LIST4_LINES * sizeof(*lines));
	copy_or_clear(&datapath->list_wide[list_slot], tables->wide6, sizeof(*tables->wide6));
}

static void close_view(struct fw_list_view *view)
{
	for (int i = 0; i < FW_LIST_TABLES; i++)
		if (view->memory[i])
			munmap(view->memory[i], view->bytes[i]);
	*view = (struct fw_list_view){};
}

/* The tables again, in the kernel's memory. */
static void open_view(struct fw_datapath *datapath, const struct fw_list_tables *built, uint32_t list_slot)
{
	struct fw_list_view *view = &datapath->list_view[list_slot];
	uint64_t *bitmaps = &datapath->list_bitmap[(size_t)list_slot * 2 * FW_LIST_BITMAP_WORDS];

	view->tables = (struct fw_list_tables){
		.shape = built->shape,
		.bitmap4 = bitmaps,
		.bitmap6 = bitmaps + FW_LIST_BITMAP_WORDS,
		.lines4 = built->runs4 ? &datapath->list4_line[(size_t)list_slot * FW_LIST4_LINES] : NULL,
		.runs4 = view->memory[0],
		.run_words4 = built->run_words4,
		.run_room4 = (uint32_t)(view->bytes[0] / sizeof(uint64_t)),
		.leaves4 = view->memory[1],
		.leaf_count4 = built->leaf_count4,
		.leaf_room4 = (uint32_t)(view->bytes[1] / sizeof(struct fw_list4_leaf)),
		.groups6 = view->memory[2],
		.buckets6 = view->memory[3],
		.live = true,
	};
}

int fw_lists_load(struct fw_datapath *datapath, const struct fw_image *image, uint32_t list_slot,
		  struct fw_list_shape *ret_shape, struct fw_err *err)
{
	FW_CLEANUP(fw_list_tables_done) struct fw_list_tables tables = {};
	int r;

	if (image->listed_count > datapath->capacity_prefixes)
		return fw_err_set(
			err, -ENOSPC,
			"the sets hold %zu prefixes after merging, capacity: {prefixes: %lu} allows fewer: "
			"raise it; the lists in force stay",
			image->listed_count, (unsigned long)datapath->capacity_prefixes);
	r = fw_list_tables_build(image->listed, image->listed_count, &tables, err);
	if (r)
		return r;
	const struct table all[] = {
		{"fw_run4", sizeof(*tables.runs4),
		 tables.runs4 ? fw_list_with_slack(tables.run_words4, FW_LIST4_RUN_SLACK) : 0,
		 tables.run_words4, tables.runs4},
		{"fw_leaf4", sizeof(*tables.leaves4),
		 tables.runs4 ? fw_list_with_slack(tables.leaf_count4, FW_LIST4_LEAF_SLACK) : 0,
		 tables.leaf_count4, tables.leaves4},
		{"fw_group6", sizeof(*tables.groups6), tables.groups6 ? tables.shape.group_mask6 + 1 : 0,
		 tables.shape.group_mask6 + 1, tables.groups6},
		{"fw_list6", sizeof(*tables.buckets6), tables.buckets6 ? tables.shape.mask6 + 1 : 0,
		 tables.shape.mask6 + 1, tables.buckets6},
	};

	_Static_assert(sizeof(all) / sizeof(all[0]) == FW_LIST_TABLES, "the view holds all tables");
	close_view(&datapath->list_view[list_slot]);
	for (size_t i = 0; i < FW_LIST_TABLES && !r; i++)
		r = load_table(datapath, &all[i], list_slot, (unsigned int)i, err);
	if (r)
		return r;
	load_fixed(datapath, &tables, list_slot);
	open_view(datapath, &tables, list_slot);
	*ret_shape = tables.shape;
	return 0;
}

int fw_lists_patch(struct fw_datapath *datapath, const struct fw_list_delta *delta, uint32_t list_slot)
{
	struct fw_list_tables *tables = &datapath->list_view[list_slot % FW_SLOTS].tables;
	bool left_behind = false;
	int r;

	fw_wait_for_readers(datapath, datapath->lists_freed_ns);
	r = tables->live ? fw_list_tables_patch(tables, delta->regions, delta->count) : -ENOSPC;
	for (size_t i = 0; i < delta->count; i++)
		left_behind |= fw_prefix_family(&delta->regions[i].prefix) != FW_FAMILY_V4;
	/* What was written in vain must not be met by a later change: the lists are built anew. */
	tables->live = tables->live && !r;
	if (r || !left_behind)
		return r;
	fw_publish_barrier(datapath);
	for (size_t i = 0; i < delta->count; i++)
		if (fw_prefix_family(&delta->regions[i].prefix) != FW_FAMILY_V4)
			fw_list_tables_sweep6(tables, &delta->regions[i]);
	datapath->lists_freed_ns = fw_monotonic_ns();
	return 0;
}

void fw_lists_drop(struct fw_datapath *datapath, uint32_t list_slot)
{
	close_view(&datapath->list_view[list_slot % FW_SLOTS]);
	for (size_t i = 0; i < FW_LIST_TABLES; i++)
		bpf_map_delete_elem(fw_map_fd(datapath, fw_list_table_maps[i]), &list_slot);
}

void fw_lists_close(struct fw_datapath *datapath)
{
	for (uint32_t slot = 0; slot < FW_SLOTS; slot++)
		close_view(&datapath->list_view[slot]);
}
