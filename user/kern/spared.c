// SPDX-License-Identifier: Apache-2.0
/* Spared sources: the filter says yes before an entry exists and no only after it is gone. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw_filter.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/publish.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

struct spared_list {
	struct fw_spared_entry *entries;
	size_t count;
	bool out_of_memory;
};

static bool collect(const void *key, const void *value, void *context)
{
	struct spared_list *list = context;
	struct fw_spared_entry entry = {};
	struct fw_spared spared;

	memcpy(&entry.addr, key, sizeof(entry.addr));
	memcpy(&spared, value, sizeof(spared));
	entry.kind = (enum fw_spared_kind)spared.kind;
	entry.expires_ns = spared.expires_ns;
	list->out_of_memory = FW_APPEND(list->entries, list->count, entry) != 0;
	return !list->out_of_memory;
}

static int spared_fd(const struct fw_datapath *datapath)
{
	return fw_map_fd(datapath, FW_MAP_ID_fw_spared_map);
}

static int read_all(struct fw_datapath *datapath, struct spared_list *list)
{
	int r = fw_batch_walk(spared_fd(datapath), sizeof(struct fw_addr), sizeof(struct fw_spared), collect,
			      list);

	return !r && list->out_of_memory ? -ENOMEM : r;
}

size_t fw_spared_list(struct fw_datapath *datapath, struct fw_spared_entry **ret)
{
	struct spared_list list = {};

	if (read_all(datapath, &list)) {
		free(list.entries);
		list = (struct spared_list){};
	}
	*ret = list.entries;
	return list.count;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct fw_addr)); /* addr comes first */
}

static int insert_all(struct fw_datapath *datapath, const struct fw_spared_entry *entries, size_t count,
		      struct fw_err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct fw_spared spared = {.expires_ns = entries[i].expires_ns, .kind = entries[i].kind};

		if (bpf_map_update_elem(spared_fd(datapath), &entries[i].addr, &spared, BPF_ANY))
			return fw_err_set(err, errno == E2BIG ? -ENOSPC : -errno,
					  errno == E2BIG ? "no room for all %zu spared addresses, %zu are "
							   "stored; put networks into "
							   "a never_block set instead"
							 : "storing %zu spared addresses failed after %zu",
					  count, i);
	}
	return 0;
}

int fw_spared_set(struct fw_datapath *datapath, const struct fw_spared_entry *entries, size_t count,
		  struct fw_err *err)
{
	uint64_t words[FW_SPARED_WORDS] = {};
	FW_FREE struct fw_spared_entry *sorted = calloc(count + 1, sizeof(*sorted));
	struct spared_list old = {};
	int r;

	if (!sorted)
		return fw_err_set(err, -ENOMEM, "out of memory for the spared addresses");
	for (size_t i = 0; i < count; i++) {
		uint64_t hash = fw_filter_hash(&entries[i].addr, 128, datapath->config.seed);

		sorted[i] = entries[i];
		words[fw_spared_word(hash)] |= fw_spared_bit(hash);
		__atomic_fetch_or(&datapath->control->spared[fw_spared_word(hash)], fw_spared_bit(hash),
				  __ATOMIC_RELEASE);
	}
	qsort(sorted, count, sizeof(*sorted), compare);
	r = read_all(datapath, &old);
	if (r)
		r = fw_err_set(err, r, "cannot list the spared addresses: %s", strerror(-r));
	for (size_t i = 0; i < old.count && !r; i++)
		if (!bsearch(&old.entries[i], sorted, count, sizeof(*sorted), compare))
			bpf_map_delete_elem(spared_fd(datapath), &old.entries[i].addr);
	free(old.entries);
	if (!r)
		r = insert_all(datapath, entries, count, err);
	if (r)
		return r; /* too many bits are set, which costs a lookup and spares nobody */
	for (size_t i = 0; i < FW_SPARED_WORDS; i++)
		__atomic_store_n(&datapath->control->spared[i], words[i], __ATOMIC_RELEASE);
	return 0;
}
