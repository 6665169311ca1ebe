// SPDX-License-Identifier: Apache-2.0
#include "kern/local.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "kern/instance.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

static struct fw_local_key key_of(const struct fw_prefix *prefix)
{
	return (struct fw_local_key){.bits = prefix->bits, .addr = prefix->addr};
}

/* What is in the map, sorted as the prefixes are. */
static int read_all(int fd, struct fw_prefix **ret, size_t *ret_count)
{
	struct fw_local_key key, next;
	bool first = true;
	int r = 0;

	while (!r && *ret_count <= FW_LOCAL_MAX && !bpf_map_get_next_key(fd, first ? NULL : &key, &next)) {
		struct fw_prefix prefix = {.addr = next.addr, .bits = (unsigned char)next.bits};

		r = FW_APPEND(*ret, *ret_count, prefix);
		key = next;
		first = false;
	}
	if (*ret_count)
		qsort(*ret, *ret_count, sizeof(**ret), fw_prefix_compare);
	return r;
}

static bool is_in(const struct fw_prefix *prefixes, size_t count, const struct fw_prefix *prefix)
{
	return count && bsearch(prefix, prefixes, count, sizeof(*prefixes), fw_prefix_compare);
}

int fw_local_set(struct fw_datapath *datapath, const struct fw_prefix *prefixes, size_t count)
{
	int fd = fw_map_fd(datapath, FW_MAP_ID_fw_local_map), r;
	FW_FREE struct fw_prefix *there = NULL;
	size_t there_count = 0;

	if (count > FW_LOCAL_MAX)
		return -E2BIG;
	r = read_all(fd, &there, &there_count);
	if (r)
		return r;
	for (size_t i = 0; i < there_count; i++) {
		struct fw_local_key key = key_of(&there[i]);

		if (!is_in(prefixes, count, &there[i]) && bpf_map_delete_elem(fd, &key) && errno != ENOENT)
			r = -errno;
	}
	for (size_t i = 0; i < count; i++) {
		struct fw_local_key key = key_of(&prefixes[i]);
		uint32_t family = fw_prefix_family(&prefixes[i]);

		if (!is_in(there, there_count, &prefixes[i]) &&
		    bpf_map_update_elem(fd, &key, &family, BPF_ANY))
			r = -errno;
	}
	return r;
}

void fw_published_set(struct fw_datapath *datapath, const uint64_t ports[FW_PUBLISHED_WORDS])
{
	for (size_t i = 0; i < FW_PUBLISHED_WORDS; i++)
		if (datapath->published[i] != ports[i])
			__atomic_store_n(&datapath->published[i], ports[i], __ATOMIC_RELAXED);
}
