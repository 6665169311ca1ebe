// SPDX-License-Identifier: Apache-2.0
/* Lists as a fresh LPM trie per rebuild: filled by batches, probed, then put into its slot. */
#include "kern/trie.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "kern/program.h"
#include "lib/cleanup.h"

#define BATCH  4096u
#define PROBES 64u

static struct fw_lpm_key key_of(const struct fw_listed *listed)
{
	return (struct fw_lpm_key){.bits = listed->prefix.bits, .addr = listed->prefix.addr};
}

static int fill(int fd, const struct fw_image *image, struct fw_err *err)
{
	FW_FREE struct fw_lpm_key *keys = calloc(BATCH, sizeof(*keys));
	FW_FREE uint32_t *classes = calloc(BATCH, sizeof(*classes));
	size_t done = 0;

	if (!keys || !classes)
		return fw_err_set(err, -ENOMEM, "out of memory for the lists");
	while (done < image->listed_count) {
		uint32_t count = 0, wanted;

		for (; count < BATCH && done + count < image->listed_count; count++) {
			keys[count] = key_of(&image->listed[done + count]);
			classes[count] = image->listed[done + count].list_class;
		}
		wanted = count;
		if (bpf_map_update_batch(fd, keys, classes, &count, NULL))
			return fw_err_set(err, -errno,
					  "cannot store prefix %zu of %zu: %s; the lists in force stay",
					  done + count, image->listed_count, strerror(errno));
		if (count != wanted)
			return fw_err_set(err, -EIO,
					  "the kernel stored %u of %u prefixes; the lists in force stay",
					  count, wanted);
		done += count;
	}
	return 0;
}

/* The kernel tells no count of a trie, so some of its entries, spread over all, are asked back. */
static int verify(int fd, const struct fw_image *image, struct fw_err *err)
{
	size_t step = image->listed_count / PROBES + 1;

	for (size_t i = 0; i < image->listed_count; i += step) {
		const struct fw_listed *listed = &image->listed[i];
		struct fw_lpm_key key = key_of(listed);
		char text[FW_ADDR_TEXT_MAX];
		uint32_t found = 0;

		if (bpf_map_lookup_elem(fd, &key, &found) || found != listed->list_class)
			return fw_err_set(
				err, -EIO,
				"%s was stored in the lists but reads back as class %u, expected %u; the "
				"lists in force stay",
				fw_prefix_format(&listed->prefix, text, sizeof(text)), found,
				listed->list_class);
	}
	return 0;
}

int fw_trie_build(struct fw_datapath *datapath, const struct fw_image *image, uint32_t slot,
		  struct fw_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	size_t room = image->listed_count + image->listed_count / 8 + 1;
	int r;

	if (image->listed_count > datapath->capacity_prefixes)
		return fw_err_set(
			err, -ENOSPC,
			"the sets hold %zu prefixes after merging, capacity: {prefixes: %lu} allows "
			"fewer: raise it; the lists in force stay",
			image->listed_count, (unsigned long)datapath->capacity_prefixes);
	FW_CLOSE int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "fw_list", sizeof(struct fw_lpm_key),
					 sizeof(uint32_t), (uint32_t)room, &opts);
	if (fd < 0)
		return fw_program_refused(-errno, "create the lists", NULL, err);
	r = fill(fd, image, err);
	if (!r)
		r = verify(fd, image, err);
	if (!r && bpf_map_update_elem(fw_map_fd(datapath, FW_MAP_ID_fw_list_map), &slot, &fd, BPF_ANY))
		r = fw_err_set(err, -errno, "cannot put the new lists in place: %s; those in force stay",
			       strerror(errno));
	return r;
}

void fw_trie_drop(struct fw_datapath *datapath, uint32_t slot)
{
	bpf_map_delete_elem(fw_map_fd(datapath, FW_MAP_ID_fw_list_map), &slot);
}
