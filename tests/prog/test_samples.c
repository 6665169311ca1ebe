// SPDX-License-Identifier: Apache-2.0
/* Samples of dropped packets: what they say, how many come, and that packets which pass leave none. */
#include "kern/drop_samples.h"
#include "lab.h"

#define POLICY                                                                                               \
	"version: 1\nrules:\n"                                                                               \
	"  - {name: counted, match: {protocol: sctp}, action: count}\n"                                      \
	"  - {name: police, match: {protocol: udp}, limit: 1 packets/10s, per: destination, action: "        \
	"police}\n"                                                                                          \
	"  - {name: syn, match: {protocol: tcp, tcp_flags: syn}, action: block}\n"

struct taken {
	struct lab lab;
	struct fw_drop_samples *samples;
	const struct fw_drop_sample *items;
	size_t count;
};

static void open_taken(struct taken *taken)
{
	struct fw_err err = {0};

	lab_open(&taken->lab, POLICY);
	cr_assert_eq(fw_drop_samples_open(taken->lab.datapath, &taken->samples, &err), 0, "%s", err.text);
}

static void close_taken(struct taken *taken)
{
	fw_drop_samples_close(taken->samples);
	lab_close(&taken->lab);
}

/* In a tick of its own, so that its sample is handed on. */
static const struct fw_drop_sample *drop(struct taken *taken, struct packet packet)
{
	taken->lab.now_ns += 10 * MS;
	lab_run(&taken->lab, &packet);
	taken->count = fw_drop_samples_take(taken->samples, &taken->items);
	cr_assert_eq(taken->count, 1, "%zu samples", taken->count);
	return &taken->items[0];
}

Test(samples, what_they_say)
{
	struct fw_addr victim = lab_addr(VICTIM), victim6 = lab_addr(VICTIM6);
	const struct fw_drop_sample *sample;
	struct taken taken;

	open_taken(&taken);
	lab_send(&taken.lab, PACKET(.from = ATTACKER), 1);
	cr_expect_eq(fw_drop_samples_take(taken.samples, &taken.items), 0, "it passed");
	sample = drop(&taken, PACKET(.from = ATTACKER, .to_port = 5353));
	cr_expect_eq(memcmp(&sample->dest, &victim, sizeof(victim)), 0);
	cr_expect_eq(sample->reason, FW_REASON_POLICED);
	cr_expect_str_eq(taken.lab.ids.name[sample->rule], "police");
	cr_expect_eq(sample->dest_port, 5353);
	cr_expect_eq(sample->protocol, 17);
	cr_expect_eq(sample->family, FW_FAMILY_V4);
	cr_expect_eq(sample->would_drop, 0);
	cr_expect_geq(sample->weight, 1);
	cr_expect_eq(sample->at_ns, taken.lab.now_ns);
	sample = drop(&taken, PACKET(.from = ATTACKER6, .protocol = IPPROTO_TCP, .flags = TCP_SYN));
	cr_expect_eq(memcmp(&sample->dest, &victim6, sizeof(victim6)), 0);
	cr_expect_eq(sample->reason, FW_REASON_RULE_BLOCK);
	cr_expect_eq(sample->tcp_flags, TCP_SYN);
	cr_expect_eq(sample->family, FW_FAMILY_V6);
	sample = drop(&taken, PACKET(.from = ATTACKER, .protocol = PROTO_SCTP));
	cr_expect_eq(sample->would_drop, 1, "it passed because the rule counts");
	cr_expect_str_eq(taken.lab.ids.name[sample->rule], "counted");
	close_taken(&taken);
}

#define IN_TURN 64

/* One packet of many is looked at, by chance, and counted for all since the one before: of sources that send
 * in strict turn each is seen, and none is shown for the others. */
Test(samples, sources_in_strict_turn)
{
	struct fw_source_entry *entries = NULL;
	uint64_t each = 0, shown = 0, began;
	struct taken taken;
	uint32_t period;
	size_t count = 0;

	open_taken(&taken);
	cr_expect_eq(fw_sources_period(taken.lab.datapath, 0), 1, "every packet");
	began = taken.lab.now_ns;
	for (int tick = 0; tick < 60; tick++) {
		taken.lab.now_ns += 10 * MS;
		for (int turn = 0; turn < 10; turn++, each++)
			for (int source = 0; source < IN_TURN; source++) {
				char address[16];

				snprintf(address, sizeof(address), "198.51.100.%d", source);
				lab_send(&taken.lab, PACKET(.from = address), 1);
			}
	}
	period = fw_sources_period(taken.lab.datapath, began);
	cr_expect(period > 1 && period < IN_TURN, "got %u", period);
	cr_expect_eq(fw_sources_period(taken.lab.datapath, taken.lab.now_ns + 1), 1, "nobody sampled since");
	cr_assert_eq(fw_sources_list(taken.lab.datapath, &entries, &count), 0);
	cr_expect_eq(count, IN_TURN, "%zu seen", count);
	for (size_t i = 0; i < count; i++) {
		shown += entries[i].source.packets;
		cr_expect_leq(entries[i].source.packets, 3 * each);
	}
	cr_expect_leq(shown, IN_TURN * each);
	cr_expect_geq(shown, IN_TURN * each - 2 * period);
	free(entries);
	close_taken(&taken);
}

/* A flood hands on a few a tick, and together they stand for all of it. */
Test(samples, bounded_and_weighted)
{
	struct taken taken;
	uint64_t weight = 0;
	size_t handed = 0;

	open_taken(&taken);
	for (int tick = 0; tick < 50; tick++) {
		taken.lab.now_ns += 10 * MS;
		lab_send(&taken.lab, PACKET(.from = ATTACKER), 20);
		taken.count = fw_drop_samples_take(taken.samples, &taken.items);
		cr_expect_leq(taken.count, FW_DROP_SAMPLES_PER_TICK);
		handed += taken.count;
		for (size_t i = 0; i < taken.count; i++)
			weight += taken.items[i].weight;
	}
	cr_expect_geq(handed, 50 * FW_DROP_SAMPLES_PER_TICK / 2);
	cr_expect_leq(weight, 1000);
	close_taken(&taken);
}
