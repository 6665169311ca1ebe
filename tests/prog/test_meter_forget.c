// SPDX-License-Identifier: Apache-2.0
/* Meters of many sources at once: those and no others, by one walk of the map. */
#include <bpf/bpf.h>
#include <stdio.h>

#include "kern/allowances.h"
#include "lab.h"

#define CROWD 1200u

/* Sources of a rule without packets: even numbers are IPv4, odd ones IPv6, each of them in small networks. */
static struct fw_addr crowd_addr(unsigned int number)
{
	char text[40];

	if (number & 1)
		snprintf(text, sizeof(text), "%x:db8:%x::", number & 2 ? 0x2001 : 1, number);
	else
		snprintf(text, sizeof(text), "10.%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
	return lab_addr(text);
}

static void crowd_of(struct lab *lab, uint16_t rule)
{
	int fd = fw_datapath_map_fd(lab->datapath, "fw_meter_map");
	const struct fw_meter meter = {0};

	for (unsigned int i = 0; i < CROWD; i++) {
		struct fw_meter_key key = {.addr = crowd_addr(i), .rule = rule, .port = (uint16_t)(i % 3)};

		cr_assert_eq(bpf_map_update_elem(fd, &key, &meter, BPF_ANY), 0);
	}
}

static bool crowd_has(struct lab *lab, uint16_t rule, unsigned int number)
{
	struct fw_meter_key key = {.addr = crowd_addr(number), .rule = rule, .port = (uint16_t)(number % 3)};
	struct fw_meter meter;

	return !bpf_map_lookup_elem(fw_datapath_map_fd(lab->datapath, "fw_meter_map"), &key, &meter);
}

/* Forgets them at once, and asks each key of the crowd whether that was right. */
static void forget_of_crowd(struct lab *lab, const struct fw_prefix *sources, size_t count)
{
	uint16_t of_sources = lab->image->slot->rules[0].id, of_destinations = lab->image->slot->rules[1].id;
	uint16_t epoch = fw_allowances_epoch(lab->datapath);
	unsigned int wrong = 0, gone = 0, others_gone = 0;

	crowd_of(lab, of_sources);
	crowd_of(lab, of_destinations);
	lab_forget(lab, sources, count);
	for (unsigned int i = 0; i < CROWD; i++) {
		struct fw_addr addr = crowd_addr(i);
		bool named = false, has = crowd_has(lab, of_sources, i);

		for (size_t j = 0; j < count && !named; j++)
			named = fw_prefix_contains(&sources[j], &addr);
		wrong += has == named;
		gone += !has;
		others_gone += !crowd_has(lab, of_destinations, i);
	}
	cr_expect_eq(wrong, 0, "of %zu prefixes: %u of %u keys are there or gone wrongly", count, wrong,
		     CROWD);
	cr_expect_gt(gone, 0);
	cr_expect_lt(gone, CROWD);
	cr_expect_eq(others_gone, 0, "keys that are destinations: %u", others_gone);
	/* Each walk of the map ends the CPUs' allowances once. */
	cr_expect_eq((uint16_t)(fw_allowances_epoch(lab->datapath) - epoch), 1 << 8, "one walk for all %zu",
		     count);
}

Test(meter_forget, of_many_sources_are_forgotten_in_one_walk)
{
	struct fw_prefix *sources = calloc(2 * CROWD, sizeof(*sources));
	size_t count = 0;
	struct lab lab;

	lab_open(&lab, "version: 1\n"
		       "rules:\n"
		       "  - {name: r, limit: 50 packets/10s, action: block}\n"
		       "  - {name: d, limit: 50 packets/10s, per: destination, action: police}\n");
	/* In no order, some twice, some within others before and after them. */
	for (unsigned int i = 0; i < CROWD; i++) /* most of whom have no meter */
		sources[count++] = (struct fw_prefix){crowd_addr(i * 7919 % (4 * CROWD)), 128};
	sources[count++] = lab_prefix("10.0.3.0/24");
	sources[count++] = lab_prefix("10.0.3.128/25");
	sources[count++] = lab_prefix("10.0.1.64/26");
	sources[count++] = lab_prefix("2001:db8:400::/40");
	sources[count++] = lab_prefix("2001:db8:403::/64");
	sources[count++] = sources[5];
	forget_of_crowd(&lab, sources, count);
	/* Of one family, in which what lies behind the other one is, too. */
	sources[count++] = lab_prefix("::/0");
	forget_of_crowd(&lab, sources, count);
	sources[0] = lab_prefix("0.0.0.0/0");
	forget_of_crowd(&lab, sources, 1);
	lab_close(&lab);
	free(sources);
}
