/* SPDX-License-Identifier: Apache-2.0 */
/* Trailing windows per rule and client, bounded: the least recently used goes. Time is a parameter. */
#ifndef FW_LOGS_METERS_H
#define FW_LOGS_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "fw_types.h"

struct fw_log_key {
	struct fw_addr addr; /* masked */
	uint16_t rule;	     /* id */
	uint16_t epoch;	     /* another rule may get a recycled id */
};

struct fw_log_meter {
	struct fw_log_key key;
	uint32_t next, older, newer; /* index + 1: of the bucket, of the order of use */
	bool over;
	uint64_t told_ns; /* of the last offence told: when it was, or until when it lasts */
	struct fw_meter window;
};

struct fw_log_meters; /* owns its memory; pages are touched as keys come */

/* keys: at most that many, a power of two. seed: random, so that nobody can make keys collide. */
int fw_log_meters_new(uint32_t keys, uint64_t seed, struct fw_log_meters **ret);
void fw_log_meters_free(struct fw_log_meters *meters);
/* Never NULL. A new one begins empty; *evicted is whose had to go for it, if *ret_evicted. */
struct fw_log_meter *fw_log_meters_get(struct fw_log_meters *meters, const struct fw_log_key *key,
				       uint64_t now_ns, uint32_t sub_us, struct fw_log_key *evicted,
				       bool *ret_evicted, bool *ret_new);

uint32_t fw_log_meters_size(const struct fw_log_meters *meters);
/* All of them by number, from 0 to fw_log_meters_used: in no order. */
uint32_t fw_log_meters_used(const struct fw_log_meters *meters);
const struct fw_log_meter *fw_log_meters_at(const struct fw_log_meters *meters, uint32_t number);
/* What the window holds now, without a line more. */
uint64_t fw_log_meter_amount(const struct fw_log_meter *meter, uint64_t now_ns, uint32_t sub_us,
			     uint8_t cell_shift);
/* What the window holds with one more line, which is counted. */
uint64_t fw_log_meter_count(struct fw_log_meter *meter, uint64_t now_ns, uint32_t sub_us, uint8_t cell_shift);
/* When the window, after a count, falls to the limit if nothing more comes. */
uint64_t fw_log_meter_over_until(const struct fw_log_meter *meter, uint64_t limit, uint8_t cell_shift);

#endif
