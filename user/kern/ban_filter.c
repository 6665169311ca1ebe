// SPDX-License-Identifier: Apache-2.0
/* Ban filter and ban lengths: only ever too generous while they change, so no lease is overlooked. */
#include "kern/ban_filter.h"

#include <errno.h>
#include <string.h>

#include "fw_filter.h"
#include "kern/publish.h"
#include "lib/clock.h"

static void mark_slot(struct fw_datapath *datapath, const struct fw_ban_key *key, uint32_t slot)
{
	uint64_t hash = fw_filter_hash(&key->addr, key->bits, datapath->config.seed);
	uint32_t index = fw_ban_filter_index(hash, slot, datapath->control->ban_filter_mask[slot]);

	__atomic_fetch_or(&datapath->ban_filter[index], fw_ban_filter_bits(hash), __ATOMIC_RELAXED);
}

void fw_ban_filter_init(struct fw_datapath *datapath)
{
	for (uint32_t slot = 0; slot < FW_SLOTS; slot++)
		datapath->control->ban_filter_mask[slot] = FW_BAN_FILTER_WORDS_MIN - 1;
}

void fw_ban_filter_mark(struct fw_datapath *datapath, const struct fw_ban_key *key)
{
	for (uint32_t slot = 0; slot < FW_SLOTS; slot++)
		mark_slot(datapath, key, slot);
	datapath->filter_marks++;
}

bool fw_ban_filter_is_crowded(const struct fw_datapath *datapath)
{
	uint32_t words =
		datapath->control->ban_filter_mask[datapath->control->ban_filter_slot % FW_SLOTS] + 1;

	return words < FW_BAN_FILTER_WORDS && datapath->filter_marks > words;
}

static uint32_t inactive_slot(const struct fw_datapath *datapath)
{
	return (datapath->control->ban_filter_slot + 1) % FW_SLOTS;
}

/* One lease a word, with room to double: one address in a hundred is asked for in vain at worst. */
static uint32_t words_for(size_t leases)
{
	uint32_t words = FW_BAN_FILTER_WORDS_MIN;

	while (words < FW_BAN_FILTER_WORDS && words < leases * 2)
		words *= 2;
	return words;
}

/* The packet path inserts a lease first and marks both slots then: whoever comes after the clearing is
 * marked, whoever came before is in the map when it is read. */
void fw_ban_filter_clear_inactive(struct fw_datapath *datapath, size_t leases)
{
	uint32_t slot = inactive_slot(datapath), mask = words_for(leases) - 1;
	uint64_t *words = &datapath->ban_filter[(size_t)slot * FW_BAN_FILTER_WORDS];

	if (datapath->control->ban_filter_mask[slot] != mask) {
		__atomic_store_n(&datapath->control->ban_filter_mask[slot], mask, __ATOMIC_RELEASE);
		fw_publish_barrier(datapath); /* nobody marks by the old mask any more */
	} else {
		fw_wait_for_readers(datapath, datapath->filter_flipped_ns);
	}
	for (size_t i = 0; i <= mask; i++)
		__atomic_store_n(&words[i], 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool is_announced(const struct fw_control *control, enum fw_family family, unsigned int bits)
{
	for (uint32_t i = 0; i < control->ban_lengths[family] && i < FW_BAN_LENGTHS; i++)
		if (control->ban_bits[family][i] == bits)
			return true;
	return false;
}

int fw_ban_lengths_add(struct fw_datapath *datapath, enum fw_family family, unsigned int bits,
		       struct fw_err *err)
{
	struct fw_control *control = datapath->control;
	uint32_t count = control->ban_lengths[family];

	if (is_announced(control, family, bits))
		return 0;
	if (count >= FW_BAN_LENGTHS)
		return fw_err_set(
			err, -E2BIG,
			"bans of %s already use %u different prefix lengths, the most there can be: ban "
			"by one of those, or put the prefix into a set that a rule blocks",
			family == FW_FAMILY_V4 ? "IPv4" : "IPv6", FW_BAN_LENGTHS);
	__atomic_store_n(&control->ban_bits[family][count], (uint8_t)bits, __ATOMIC_RELAXED);
	__atomic_store_n(&control->ban_lengths[family], count + 1, __ATOMIC_RELEASE);
	return 0;
}

static bool rules_need(const struct fw_datapath *datapath, enum fw_family family, unsigned int bits)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(datapath);

	for (size_t i = 0; slot && i < FW_RULES_MAX; i++)
		if (slot->rules[i].terms && slot->rules[i].flags & FW_RULE_BAN &&
		    slot->rules[i].ban_bits[family] == bits)
			return true;
	return false;
}

/* Lengths that neither a lease nor a rule uses any more cost a probe per packet: the last one takes their
 * place before the count shrinks. */
static void shrink_lengths(struct fw_datapath *datapath, bool used[FW_FAMILY_MAX_][129])
{
	struct fw_control *control = datapath->control;

	for (int family = FW_FAMILY_V4; family < FW_FAMILY_MAX_; family++) {
		for (uint32_t i = control->ban_lengths[family]; i-- > 0;) {
			unsigned int bits = control->ban_bits[family][i];
			uint32_t last = control->ban_lengths[family] - 1;

			if (bits <= 128 &&
			    (used[family][bits] || rules_need(datapath, (enum fw_family)family, bits)))
				continue;
			__atomic_store_n(&control->ban_bits[family][i], control->ban_bits[family][last],
					 __ATOMIC_RELEASE);
			__atomic_store_n(&control->ban_lengths[family], last, __ATOMIC_RELEASE);
		}
	}
}

void fw_ban_filter_switch(struct fw_datapath *datapath, const struct fw_ban_entry *entries, size_t count)
{
	bool used[FW_FAMILY_MAX_][129] = {};
	uint32_t slot = inactive_slot(datapath);

	for (size_t i = 0; i < count; i++) {
		struct fw_ban_key key = {.addr = entries[i].prefix.addr, .bits = entries[i].prefix.bits};

		mark_slot(datapath, &key, slot);
		used[fw_prefix_family(&entries[i].prefix)][key.bits] = true;
	}
	__atomic_store_n(&datapath->control->ban_filter_slot, slot, __ATOMIC_RELEASE);
	datapath->filter_flipped_ns = fw_monotonic_ns();
	datapath->filter_marks = count;
	shrink_lengths(datapath, used);
}
