// SPDX-License-Identifier: Apache-2.0
/* Deny lists as reputation feeds have them: mostly single addresses and /24s, a few large blocks. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "lib/addr.h"
#include "lib/cleanup.h"

#define MARKS (1u << 24)

struct range {
	uint32_t first, last;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* 60 % /32, 25 % /24, 14.9 % /25 to /31, 0.1 % /16 to /23. */
static uint8_t pick_bits(uint64_t random)
{
	unsigned int of1000 = random % 1000, spread = random >> 32;

	if (of1000 < 600)
		return 32;
	if (of1000 < 850)
		return 24;
	if (of1000 < 999)
		return 25 + spread % 7;
	return 16 + spread % 8;
}

/* Unicast, and nothing of the lab's own 198.18.0.0/15. */
static bool is_fit(uint32_t address)
{
	uint8_t first = address >> 24;

	return first > 0 && first < 224 && first != 10 && first != 127 && address >> 17 != 0xc612 >> 1;
}

static uint32_t mask_of(uint8_t bits)
{
	return 0xffffffffu << (32 - bits);
}

static int compare_range(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int measure_shares(struct prefix_list *list)
{
	FW_FREE uint8_t *marks = calloc(MARKS / 8, 1);
	FW_FREE struct range *ranges = calloc(list->count, sizeof(*ranges));
	uint64_t listed = 0, marked = 0, next = 0;

	if (!marks || !ranges)
		return -ENOMEM;
	for (uint32_t i = 0; i < list->count; i++) {
		ranges[i].first = list->address[i];
		ranges[i].last = list->address[i] | ~mask_of(list->bits[i]);
		for (uint32_t mark = ranges[i].first >> 8; mark <= ranges[i].last >> 8; mark++)
			marks[mark / 8] |= 1 << mark % 8;
	}
	qsort(ranges, list->count, sizeof(*ranges), compare_range);
	for (uint32_t i = 0; i < list->count; i++) {
		uint64_t first = ranges[i].first > next ? ranges[i].first : next;

		if (ranges[i].last + 1ULL > first) {
			listed += ranges[i].last + 1ULL - first;
			next = ranges[i].last + 1ULL;
		}
	}
	for (uint32_t i = 0; i < MARKS / 8; i++)
		marked += __builtin_popcount(marks[i]);
	list->marked24 = (double)marked / MARKS;
	list->listed = (double)listed / 4294967296.0;
	return 0;
}

int prefix_list_make(uint32_t count, struct prefix_list *ret, struct fw_err *err)
{
	struct prefix_list list = {.count = count};
	uint64_t state = 20261123;
	int r;

	list.address = calloc(count, sizeof(*list.address));
	list.bits = calloc(count, sizeof(*list.bits));
	if (!list.address || !list.bits)
		r = -ENOMEM;
	else {
		for (uint32_t i = 0; i < count;) {
			uint8_t bits = pick_bits(next_random(&state));
			uint32_t address = next_random(&state) & mask_of(bits);

			if (!is_fit(address))
				continue;
			list.address[i] = address;
			list.bits[i++] = bits;
		}
		r = measure_shares(&list);
	}
	if (r) {
		prefix_list_done(&list);
		return fw_err_set(err, r, "not enough memory for %u prefixes", count);
	}
	*ret = list;
	return 0;
}

int prefix_list_write(const struct prefix_list *list, const char *path, struct fw_err *err)
{
	FW_FCLOSE FILE *file = fopen(path, "we");

	if (!file)
		return fw_err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	for (uint32_t i = 0; i < list->count; i++)
		fprintf(file, "%u.%u.%u.%u/%u\n", list->address[i] >> 24, list->address[i] >> 16 & 255,
			list->address[i] >> 8 & 255, list->address[i] & 255, list->bits[i]);
	return ferror(file) ? fw_err_set(err, -EIO, "cannot write %s", path) : 0;
}

/* 40 % /48, 30 % /64, 20 % /32, 10 % others of 29 to 128. */
static uint8_t pick_bits6(uint64_t random)
{
	unsigned int of10 = random % 10;

	if (of10 < 4)
		return 48;
	if (of10 < 7)
		return 64;
	return of10 < 9 ? 32 : 29 + (random >> 32) % 100;
}

int prefix6_list_write(uint32_t count, const char *path, struct fw_err *err)
{
	FW_FCLOSE FILE *file = fopen(path, "we");
	uint64_t state = 20261124;

	if (!file)
		return fw_err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
	for (uint32_t i = 0; i < count; i++) {
		uint8_t bits = pick_bits6(next_random(&state));
		uint64_t high = next_random(&state), low = next_random(&state);
		struct fw_prefix prefix = {.bits = bits};
		char text[FW_ADDR_TEXT_MAX];

		high = 1ULL << 61 | high >> 3;
		prefix.addr.w[0] = htonl(high >> 32);
		prefix.addr.w[1] = htonl(high);
		prefix.addr.w[2] = htonl(low >> 32);
		prefix.addr.w[3] = htonl(low);
		prefix.addr = fw_addr_masked(&prefix.addr, bits);
		fprintf(file, "%s\n", fw_prefix_format(&prefix, text, sizeof(text)));
	}
	return ferror(file) ? fw_err_set(err, -EIO, "cannot write %s", path) : 0;
}

void prefix_list_done(struct prefix_list *list)
{
	free(list->address);
	free(list->bits);
	list->address = NULL;
	list->bits = NULL;
	list->count = 0;
}
