// SPDX-License-Identifier: Apache-2.0
/* What a CPU decides without asking a meter is what the meter would have said, packet by packet. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

#include "fw_allowance.h"
#include "fw_filter.h"
#include "fw_meter.h"
#include "kern/cpu_ids.h"
#include "kern/stats.h"
#include "lab.h"

#define SOURCES 400u
#define PACKETS 60000u
#define SEED	20261126u

/* The meter alone, with the arithmetic that it shares with the packet path. */
struct model {
	struct fw_meter meters[SOURCES];
	const struct fw_rule *rule;
};

static bool model_drops(struct model *model, uint32_t source, uint64_t cost, uint64_t now_ns)
{
	const struct fw_rule *rule = model->rule;
	struct fw_meter *meter = &model->meters[source];

	if (!meter->shape) {
		meter->sub_start_ns = now_ns;
		meter->shape = rule->shape;
	}
	if (fw_meter_is_due(meter, now_ns, rule->sub_ns, rule->shape))
		fw_meter_rotate(meter, now_ns, rule->sub_ns, rule->shape, rule->cell_shift);
	if (rule->action == FW_ACTION_POLICE)
		return !fw_meter_take(meter, cost, rule->limit);
	return fw_meter_add(meter, cost) > rule->limit;
}

/* A few send most: some stay far below the limit, some cross it again and again, some come twice an hour. */
static uint32_t pick(unsigned int *seed, uint32_t many, uint32_t all)
{
	uint32_t roll = (uint32_t)rand_r(seed);

	return roll % 3 ? roll / 3 % many : roll / 3 % all;
}

/* The last bytes of an IPv4 address, or of an IPv6 /64. */
#define NUMBER_AT(address) ((unsigned char *)&(address) + (ipv6 ? 5 : 13))

static void number(unsigned char *at, uint32_t source)
{
	at[0] = (unsigned char)(source >> 16);
	at[1] = (unsigned char)(source >> 8);
	at[2] = (unsigned char)source;
}

#define NEIGHBOURS (2 * FW_ALLOWANCE_WAYS + 1)

/* Sources that share a line: each in turn wants a place. */
static void find_neighbours(bool ipv6, uint32_t ret[NEIGHBOURS])
{
	const uint32_t mask = fw_allowance_lines(fw_cpu_ids()) - 1;
	struct fw_addr address = lab_addr(ipv6 ? "2001:db8::" : "10.0.0.0");
	uint32_t line = 0, found = 0;

	for (uint32_t i = 1; i < 1u << 24 && found < NEIGHBOURS; i++) {
		uint32_t index;

		number(NUMBER_AT(address), i);
		index = fw_allowance_index(0, fw_filter_hash(&address, 128, LAB_SEED), mask);
		if (!found)
			line = index;
		if (index == line)
			ret[found++] = i;
	}
	cr_assert_eq(found, NEIGHBOURS);
}

enum sources { MANY, SHARING_A_LINE };

static void compare(const char *policy, bool ipv6, enum sources sources)
{
	struct lab lab;
	struct model *model = calloc(1, sizeof(*model));
	unsigned int seed = SEED, wrong = 0, dropped = 0;
	const bool shared = sources == SHARING_A_LINE;
	uint32_t neighbours[NEIGHBOURS] = {};

	lab_open_with(&lab, policy, (struct fw_datapath_options){.sources = 4096, .bans = 64}, false);
	model->rule = &lab.image->slot->rules[0];
	cr_assert_gt(model->rule->batch, 0, "a limit this small never leads to an allowance");
	if (shared)
		find_neighbours(ipv6, neighbours);
	for (uint32_t i = 0; i < PACKETS; i++) {
		uint32_t source = shared ? pick(&seed, 3, NEIGHBOURS) : pick(&seed, 8, SOURCES);
		struct packet packet = PACKET(.from = ipv6 ? "2001:db8::1" : "10.0.0.0",
					      .payload = (unsigned int)rand_r(&seed) % 900);
		unsigned char *at = packet.bytes + packet.ip + (ipv6 ? 8 + 5 : 13);
		bool drops, expected;

		number(at, shared ? neighbours[source] : source);
		expected = model_drops(model, source, model->rule->unit == FW_UNIT_BYTES ? packet.length : 1,
				       lab.now_ns);
		lab_run(&lab, &packet);
		drops = lab.trace.verdict == FW_VERDICT_DROP;
		dropped += drops;
		wrong += drops != expected;
		if (rand_r(&seed) % (shared ? 15 : 400) == 0)
			lab.now_ns += (uint64_t)(rand_r(&seed) % (shared ? 150 : 1200)) * MS;
		if (rand_r(&seed) % 5000 == 0)
			lab.now_ns += 60 * SECONDS;
	}
	cr_expect_eq(wrong, 0, "%u of %u verdicts differ from the meter's", wrong, PACKETS);
	cr_expect(dropped > PACKETS / 20 && dropped < PACKETS / 20 * 19, "%u dropped: no test", dropped);
	lab_close(&lab);
	free(model);
}

Test(allowance, block_by_packets)
{
	compare("version: 1\nrules: [{name: r, limit: 300 packets/10s, action: block}]\n", false, MANY);
}

Test(allowance, police_by_packets)
{
	compare("version: 1\nrules: [{name: r, limit: 300 packets/10s, action: police}]\n", false, MANY);
}

Test(allowance, block_by_bytes)
{
	compare("version: 1\nrules: [{name: r, limit: 100k bytes/10s, action: block}]\n", false, MANY);
}

Test(allowance, police_by_bytes)
{
	compare("version: 1\nrules: [{name: r, limit: 100k bytes/10s, action: police}]\n", false, MANY);
}

Test(allowance, ipv6)
{
	compare("version: 1\nrules: [{name: r, limit: 300 packets/10s, action: block}]\n", true, MANY);
}

Test(allowance, block_where_a_line_has_no_place_for_all)
{
	compare("version: 1\nrules: [{name: r, limit: 300 packets/10s, action: block}]\n", false,
		SHARING_A_LINE);
}

Test(allowance, police_where_a_line_has_no_place_for_all)
{
	compare("version: 1\nrules: [{name: r, limit: 100k bytes/10s, action: police}]\n", false,
		SHARING_A_LINE);
}

Test(allowance, ipv6_where_a_line_has_no_place_for_all)
{
	compare("version: 1\nrules: [{name: r, limit: 300 packets/10s, action: block}]\n", true,
		SHARING_A_LINE);
}

static void amount_is(struct lab *lab, uint64_t amount, uint32_t dropped)
{
	struct fw_meter_entry entry;
	struct fw_addr from;

	cr_assert_eq(fw_addr_parse(HONEST, &from, NULL), 0);
	cr_assert_eq(fw_meter_read(lab->datapath, &lab->image->slot->rules[0], &from, NULL, 0, &entry), 0);
	cr_expect_eq(entry.amount, amount, "%lu counted", (unsigned long)entry.amount);
	cr_expect_eq(entry.dropped, dropped, "%u dropped", entry.dropped);
}

/* What a CPU keeps to itself is seen by who asks, and a changed limit holds from the next packet on. */
Test(allowance, is_seen_and_ends_with_the_policy)
{
	struct lab lab;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 64k packets/10s, action: block}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 100), 100);
	amount_is(&lab, 100, 0);
	lab_publish(&lab, "version: 1\nrules: [{name: r, limit: 50 packets/10s, action: block}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 70), 0, "the new limit is already exceeded");
	amount_is(&lab, 170, 70);
	lab_publish(&lab, "version: 1\nrules: [{name: r, limit: 64k packets/10s, action: block}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 10), 10, "and so is the next");
	lab_close(&lab);
}

/* Ticks begin anew after 52 days; what is left from before does not hold again. */
Test(allowance, is_past_for_good)
{
	const uint64_t tick_ns = 1ULL << 20, end = 1000 * SECONDS;
	const struct fw_allowance allowance = {.until = fw_allowance_tick(end)};

	cr_expect(!fw_allowance_is_past(&allowance, end - 225 * SECONDS));
	cr_expect(!fw_allowance_is_past(&allowance, end - tick_ns));
	cr_expect(fw_allowance_is_past(&allowance, end));
	for (uint64_t days = 1; days < 52; days++)
		cr_expect(fw_allowance_is_past(&allowance, end + days * 86400 * SECONDS), "after %lu days",
			  (unsigned long)days);
}

/* An IPv4 address and a rule are the id itself, everything else is hashed into it. */
Test(allowance, has_an_id_by_which_ipv4_sources_are_told_apart)
{
	const struct fw_addr near[] = {lab_addr("10.0.0.1"),	lab_addr("10.0.0.2"),
				       lab_addr("10.0.1.1"),	lab_addr("::10.0.0.1"),
				       lab_addr("2001:db8::1"), lab_addr("2001:db8:0:1::")};
	const size_t addresses = sizeof(near) / sizeof(near[0]), keys = addresses * 4;
	uint64_t ids[sizeof(near) / sizeof(near[0]) * 4];

	for (size_t i = 0; i < keys; i++) {
		const struct fw_meter_key key = {
			.addr = near[i / 4], .rule = i & 1 ? 255 : 1, .port = i & 2 ? 53 : 0};

		ids[i] = fw_allowance_id(&key, 0x123456789abcdef0ULL * (i / 4 + 1));
		cr_expect_eq(fw_allowance_is_exact(&key), i / 4 < 3 && !key.port, "key %zu", i);
		cr_expect_eq(ids[i] << FW_ALLOWANCE_ID >> FW_ALLOWANCE_ID, ids[i], "key %zu", i);
		for (size_t j = 0; j < i; j++)
			cr_expect_neq(ids[i], ids[j], "keys %zu and %zu", i, j);
	}
}

/* Says that every place is another's. */
static void change_keys(struct lab *lab)
{
	int fd = fw_datapath_map_fd(lab->datapath, "fw_allowance_key_map");
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), zero = 0;
	struct fw_meter_key *keys;

	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	keys = calloc(1, info.value_size);
	cr_assert_eq(bpf_map_lookup_elem(fd, &zero, keys), 0);
	for (size_t i = 0; i < info.value_size / sizeof(*keys); i++)
		keys[i].addr.w[1] ^= 1;
	cr_assert_eq(bpf_map_update_elem(fd, &zero, keys, BPF_ANY), 0);
	free(keys);
}

/* Two IPv6 sources may have one id: the other one is over its limit, this one has no meter yet. */
Test(allowance, of_a_key_with_the_same_id_drops_nobody)
{
	const char *source = "2001:db8:1::1";
	struct fw_meter_key key = {.addr = lab_addr("2001:db8:1::")};
	struct lab lab;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 300 packets/10s, action: block}]\n");
	key.rule = lab.image->slot->rules[0].id;
	cr_expect_eq(lab_send(&lab, PACKET(.from = source), 320), 300);
	cr_assert_eq(bpf_map_delete_elem(fw_datapath_map_fd(lab.datapath, "fw_meter_map"), &key), 0);
	cr_expect_eq(lab_send(&lab, PACKET(.from = source), 10), 0, "the allowance is its own");
	change_keys(&lab);
	cr_expect_eq(lab_send(&lab, PACKET(.from = source), 10), 10, "the allowance is another's");
	lab_close(&lab);
}

Test(allowance, ends_when_meters_are_forgotten)
{
	struct fw_prefix source;
	struct lab lab;

	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 50 packets/10s, action: block}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 70), 50);
	cr_assert_eq(fw_prefix_parse(HONEST, &source, NULL), 0);
	lab_forget(&lab, &source, 1);
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 70), 50);
	lab_close(&lab);
}

/* Packets by two CPUs, of which neither tells the meter all it counted: the key falls silent. */
static void peak_is(const char *limit, unsigned int first, unsigned int second)
{
	char policy[128];
	struct fw_meter_key key = {.addr = lab_addr(HONEST)};
	struct fw_meter_peak peak;
	struct lab lab;
	uint64_t since;

	if (!lab_go_to_cpu(1) || !lab_go_to_cpu(0))
		cr_skip_test("needs two CPUs");
	snprintf(policy, sizeof(policy), "version: 1\nrules: [{name: r, limit: %s, action: block}]\n", limit);
	lab_open(&lab, policy);
	since = lab.now_ns;
	lab_send(&lab, PACKET(.from = HONEST), first);
	lab_go_to_cpu(1);
	lab_send(&lab, PACKET(.from = HONEST), second);
	lab_go_to_cpu(0);
	key.rule = lab.image->slot->rules[0].id;
	cr_assert_eq(fw_meter_peak(lab.datapath, &lab.image->slot->rules[0], &key, since, &peak), 0);
	cr_expect_eq(peak.amount, first + second, "limit %s: %lu of %u", limit, (unsigned long)peak.amount,
		     first + second);
	cr_assert_eq(
		fw_meter_peak(lab.datapath, &lab.image->slot->rules[0], &key, since + 60 * SECONDS, &peak),
		0);
	cr_expect_eq(peak.amount, 0, "limit %s: nothing new, %lu", limit, (unsigned long)peak.amount);
	lab_close(&lab);
}

Test(allowance, is_in_the_peak_of_a_key_that_falls_silent)
{
	peak_is("64k packets/10s", 1000, 500);
	peak_is("100 packets/10s", 300, 250); /* over it */
}

/* What counts no more in the packet path is not read either: after a forget, after a window without packets.
 */
Test(allowance, is_not_read_longer_than_it_counts)
{
	struct fw_prefix source = lab_prefix(HONEST);
	struct lab lab;

	if (!lab_go_to_cpu(1) || !lab_go_to_cpu(0))
		cr_skip_test("needs two CPUs");
	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 64k packets/10s, action: block}]\n");
	lab_send(&lab, PACKET(.from = HONEST), 50);
	lab_go_to_cpu(1);
	lab_send(&lab, PACKET(.from = HONEST), 50);
	amount_is(&lab, 100, 0);
	lab_forget(&lab, &source, 1);
	lab_go_to_cpu(0);
	lab_send(&lab, PACKET(.from = HONEST), 7);
	amount_is(&lab, 7, 0);
	lab.now_ns += 60 * SECONDS;
	lab_send(&lab, PACKET(.from = ATTACKER), 1); /* moves the clock */
	amount_is(&lab, 0, 0);
	lab_close(&lab);
}

/* What each CPU drops by itself counts against the key as well: a source well over its limit that comes by
 * two CPUs, some packets by the one, some by the other, stays over it. */
static void stays_over(unsigned int run_packets)
{
	unsigned int seed = SEED, passed = 0, cpu = 0, left = 1;
	struct lab lab;

	if (!lab_go_to_cpu(1) || !lab_go_to_cpu(0))
		cr_skip_test("needs two CPUs");
	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 100 packets/10s, action: block}]\n");
	for (unsigned int i = 0; i < 1200; i++) {
		if (!--left) {
			cpu ^= 1;
			left = 1 + (unsigned int)rand_r(&seed) % run_packets;
			lab_go_to_cpu(cpu);
		}
		passed += lab_send(&lab, PACKET(.from = HONEST), 1);
		lab.now_ns += 60 * MS;
	}
	cr_expect_eq(passed, 100, "%u passed in a minute, runs of up to %u packets", passed, run_packets);
	lab_close(&lab);
}

Test(allowance, stays_over_by_two_cpus)
{
	stays_over(1);
	stays_over(2);
	stays_over(8);
	stays_over(30);
	stays_over(200);
}

/* Bursts that outlast two sub-windows of the other CPU: what a CPU dropped in its last one is told late. */
Test(allowance, counts_what_was_dropped_in_bursts_by_two_cpus_in_turn)
{
	unsigned int passed = 0;
	struct lab lab;

	if (!lab_go_to_cpu(1) || !lab_go_to_cpu(0))
		cr_skip_test("needs two CPUs");
	lab_open(&lab, "version: 1\nrules: [{name: r, limit: 100 packets/10s, action: block}]\n");
	for (unsigned int i = 0; i < 30; i++) {
		lab_go_to_cpu(i % 2);
		passed += lab_send(&lab, PACKET(.from = HONEST), 250);
		lab.now_ns += 1400 * MS;
	}
	cr_expect_eq(passed, 100, "%u passed in 42 s", passed);
	lab_close(&lab);
}
