// SPDX-License-Identifier: Apache-2.0
/* Leases: the map is the truth, filter and lengths follow it in the order that never misses one. */
#include "kern/bans.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/ban_filter.h"
#include "kern/batch.h"
#include "lib/grow.h"

static int ban_fd(const struct fw_datapath *datapath)
{
	return fw_map_fd(datapath, FW_MAP_ID_fw_ban_map);
}

static struct fw_ban_key key_of(const struct fw_prefix *prefix)
{
	return (struct fw_ban_key){.addr = prefix->addr, .bits = prefix->bits};
}

static int insert(struct fw_datapath *datapath, const struct fw_ban_key *key, const struct fw_ban *ban)
{
	if (!bpf_map_update_elem(ban_fd(datapath), key, ban, BPF_ANY))
		return 0;
	if (errno != E2BIG && errno != ENOMEM)
		return -errno;
	fw_ban_collect(datapath, 0); /* room that expired leases take */
	return bpf_map_update_elem(ban_fd(datapath), key, ban, BPF_ANY) ? -errno : 0;
}

int fw_ban_add(struct fw_datapath *datapath, const struct fw_prefix *prefix, const struct fw_ban *ban,
	       struct fw_err *err)
{
	struct fw_ban fresh = *ban, known;

	if (fw_ban_get(datapath, prefix, &known) && known.strikes > fresh.strikes)
		fresh.strikes = known.strikes;
	return fw_ban_put(datapath, prefix, &fresh, err);
}

int fw_ban_put(struct fw_datapath *datapath, const struct fw_prefix *prefix, const struct fw_ban *ban,
	       struct fw_err *err)
{
	struct fw_ban_key key = key_of(prefix);
	int r = fw_ban_lengths_add(datapath, fw_prefix_family(prefix), prefix->bits, err);

	if (r)
		return r;
	r = insert(datapath, &key, ban);
	if (r == -E2BIG || r == -ENOMEM)
		return fw_err_set(
			err, -ENOSPC,
			"the ban table is full: all %lu leases are in force; nothing was banned; raise "
			"capacity: {bans: …} in the policy",
			(unsigned long)datapath->capacity_bans);
	if (r)
		return fw_err_set(err, r, "the kernel did not store the ban: %s", strerror(-r));
	fw_ban_filter_mark(datapath, &key);
	if (fw_ban_filter_is_crowded(datapath))
		fw_ban_collect(datapath, UINT64_MAX);
	return 0;
}

int fw_ban_remove(struct fw_datapath *datapath, const struct fw_prefix *prefix, struct fw_err *err)
{
	struct fw_ban_key key = key_of(prefix);
	char text[FW_ADDR_TEXT_MAX];

	if (!bpf_map_delete_elem(ban_fd(datapath), &key))
		return 0; /* its filter bits stay until the next collection: they cost a lookup, nothing else
			   */
	if (errno == ENOENT)
		return fw_err_set(err, -ENOENT, "%s is not banned",
				  fw_prefix_format(prefix, text, sizeof(text)));
	return fw_err_set(err, -errno, "the kernel did not remove the ban of %s: %s",
			  fw_prefix_format(prefix, text, sizeof(text)), strerror(errno));
}

bool fw_ban_get(struct fw_datapath *datapath, const struct fw_prefix *prefix, struct fw_ban *ret)
{
	struct fw_ban_key key = key_of(prefix);

	return !bpf_map_lookup_elem(ban_fd(datapath), &key, ret);
}

int fw_ban_find(struct fw_datapath *datapath, const struct fw_addr *addr, struct fw_ban_entry *ret)
{
	enum fw_family family = fw_addr_family(addr);
	uint64_t now = fw_datapath_now_ns(datapath);
	int longest = -1;

	for (uint32_t i = 0; i < datapath->control->ban_lengths[family] && i < FW_BAN_LENGTHS; i++) {
		unsigned int bits = datapath->control->ban_bits[family][i];
		struct fw_ban_key key = {.addr = fw_addr_masked(addr, bits), .bits = bits};
		struct fw_ban ban;

		if ((int)bits <= longest || bpf_map_lookup_elem(ban_fd(datapath), &key, &ban) ||
		    ban.expires_ns <= now)
			continue;
		longest = (int)bits;
		*ret = (struct fw_ban_entry){.prefix = {.addr = key.addr, .bits = (unsigned char)bits},
					     .ban = ban};
	}
	return longest < 0 ? -ENOENT : 0;
}

struct collected {
	struct fw_ban_entry *entries;
	size_t count;
	uint64_t in_force_after; /* only leases that expire later */
	bool out_of_memory;
};

static bool collect(const void *key, const void *value, void *context)
{
	struct collected *collected = context;
	struct fw_ban_entry entry;
	struct fw_ban_key found;

	memcpy(&found, key, sizeof(found));
	memcpy(&entry.ban, value, sizeof(entry.ban));
	entry.prefix = (struct fw_prefix){.addr = found.addr, .bits = (unsigned char)found.bits};
	if (entry.ban.expires_ns <= collected->in_force_after)
		return true;
	collected->out_of_memory = FW_APPEND(collected->entries, collected->count, entry) != 0;
	return !collected->out_of_memory;
}

int fw_ban_list(struct fw_datapath *datapath, bool expired_too, struct fw_ban_entry **ret, size_t *ret_count,
		struct fw_err *err)
{
	struct collected collected = {.in_force_after = expired_too ? 0 : fw_datapath_now_ns(datapath)};
	int r = fw_batch_walk(ban_fd(datapath), sizeof(struct fw_ban_key), sizeof(struct fw_ban), collect,
			      &collected);

	if (!r && collected.out_of_memory)
		r = -ENOMEM;
	if (r) {
		free(collected.entries);
		return fw_err_set(err, r, "cannot list the bans: %s", strerror(-r));
	}
	*ret = collected.entries;
	*ret_count = collected.count;
	return 0;
}

/* The packet path may renew a lease between our look and the deletion: then it goes back. */
static bool delete_expired(struct fw_datapath *datapath, const struct fw_ban_entry *entry, uint64_t now)
{
	struct fw_ban_key key = key_of(&entry->prefix);
	struct fw_ban gone;

	if (bpf_map_lookup_and_delete_elem(ban_fd(datapath), &key, &gone))
		return false;
	if (gone.expires_ns <= now)
		return true;
	bpf_map_update_elem(ban_fd(datapath), &key, &gone, BPF_NOEXIST);
	return false;
}

/* Deletes what may go and returns how much; the rest is counted in *ret_kept. */
static size_t delete_old(struct fw_datapath *datapath, uint64_t keep_ns, size_t *ret_kept)
{
	struct fw_ban_entry *entries = NULL;
	uint64_t now = fw_datapath_now_ns(datapath);
	size_t count = 0, gone = 0;

	if (fw_ban_list(datapath, true, &entries, &count, NULL))
		return 0;
	if (count > datapath->capacity_bans / 10 * 9)
		keep_ns = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t expires = entries[i].ban.expires_ns;

		if (expires <= now && now - expires >= keep_ns && delete_expired(datapath, &entries[i], now))
			gone++;
	}
	free(entries);
	*ret_kept = count - gone;
	return gone;
}

size_t fw_ban_collect(struct fw_datapath *datapath, uint64_t keep_ns)
{
	struct fw_ban_entry *entries = NULL;
	size_t kept = 0, count, gone = delete_old(datapath, keep_ns, &kept);

	fw_ban_filter_clear_inactive(datapath, kept); /* before the map is read: see there */
	if (fw_ban_list(datapath, true, &entries, &count, NULL))
		return gone;
	fw_ban_filter_switch(datapath, entries, count);
	free(entries);
	return gone;
}
