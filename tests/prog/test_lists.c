// SPDX-License-Identifier: Apache-2.0
/* Lists as the packet path answers them: random overlapping sets of both families against a scan of every
 * prefix. */
#include "lab.h"

#include "policy/tables.h"

#define SETS	  3
#define PER_SET	  40
#define POLICIES  60
#define ADDRESSES 400

struct world {
	struct fw_prefix prefixes[SETS][PER_SET];
	uint64_t state;
};

static uint32_t roll(struct world *world, uint32_t below)
{
	world->state = world->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(world->state >> 33) % below;
}

/* Few distinct bytes in the first places, so that prefixes nest and collide; all lengths, 0 included. */
static struct fw_addr random_addr(struct world *world, bool v4)
{
	struct fw_addr addr = {};
	unsigned char *bytes = (unsigned char *)&addr;

	for (int i = 0; i < 16; i++)
		bytes[i] = roll(world, 3) ? (unsigned char)roll(world, 3) : (unsigned char)roll(world, 256);
	if (v4) {
		memset(bytes, 0, 10);
		bytes[10] = bytes[11] = 255;
	} else {
		bytes[0] = 0x20;
	}
	return addr;
}

static struct fw_prefix random_prefix(struct world *world)
{
	static const unsigned char lengths6[] = {16, 19, 24, 29, 32, 33, 40, 48, 56, 64, 96, 127, 128};
	bool v4 = roll(world, 2);
	struct fw_prefix prefix = {.addr = random_addr(world, v4)};

	prefix.bits =
		v4 ? (unsigned char)(FW_V4_BITS + (roll(world, 8) ? 8 + roll(world, 25) : roll(world, 33)))
		: roll(world, 40) ? lengths6[roll(world, sizeof(lengths6))]
				  : (unsigned char)roll(world, 16);
	prefix.addr = fw_addr_masked(&prefix.addr, prefix.bits);
	return prefix;
}

static char *policy_text(struct world *world)
{
	char *text = NULL, word[FW_ADDR_TEXT_MAX];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	fputs("version: 1\ncapacity: {sources: 4096, bans: 1024}\nsets:\n", out);
	for (int set = 0; set < SETS; set++) {
		fprintf(out, "  s%d:\n    entries:\n", set);
		for (int i = 0; i < PER_SET; i++) {
			world->prefixes[set][i] = random_prefix(world);
			fprintf(out, "      - \"%s\"\n",
				fw_prefix_format(&world->prefixes[set][i], word, sizeof(word)));
		}
	}
	fputs("rules:\n", out);
	for (int set = 0; set < SETS; set++)
		fprintf(out, "  - {name: r%d, match: {source: [s%d]}, action: block, force: true}\n", set,
			set);
	fputs("  - {name: outside, match: {source_not: [s0, s1, s2]}, action: allow}\n", out);
	fclose(out);
	return text;
}

static bool covers(const struct fw_prefix *prefix, const struct fw_addr *addr)
{
	return fw_addr_is_v4(addr) == (prefix->bits >= FW_V4_BITS && fw_addr_is_v4(&prefix->addr)) &&
	       fw_prefix_contains(prefix, addr);
}

static int expected_set(const struct world *world, const struct fw_addr *addr)
{
	for (int set = 0; set < SETS; set++)
		for (int i = 0; i < PER_SET; i++)
			if (covers(&world->prefixes[set][i], addr))
				return set;
	return -1;
}

/* Half of the addresses lie in or right beside a listed prefix. */
static struct fw_addr probe(struct world *world)
{
	struct fw_prefix *near = &world->prefixes[roll(world, SETS)][roll(world, PER_SET)];
	struct fw_addr addr = random_addr(world, roll(world, 2)), mask = fw_mask(near->bits);

	if (roll(world, 2))
		return addr;
	for (int i = 0; i < 4; i++)
		addr.w[i] = (near->addr.w[i] & mask.w[i]) | (addr.w[i] & ~mask.w[i]);
	if (near->bits && !roll(world, 3))
		((unsigned char *)&addr)[(near->bits - 1) / 8] ^=
			(unsigned char)(0x80 >> (near->bits - 1) % 8);
	return addr;
}

static void check_address(struct lab *lab, const struct world *world, const struct fw_addr *addr)
{
	char text[FW_ADDR_TEXT_MAX], rule[8];
	int set = expected_set(world, addr);

	if (!fw_addr_is_v4(addr) && !addr->w[0] && !addr->w[1])
		return;
	fw_addr_format(addr, text, sizeof(text));
	snprintf(rule, sizeof(rule), "r%d", set);
	if (set < 0)
		expect_rule(lab, FW_REASON_RULE_ALLOW, "outside", PACKET(.from = text));
	else
		expect_rule(lab, FW_REASON_RULE_BLOCK, rule, PACKET(.from = text));
}

Test(lists, answer_like_a_scan_of_every_prefix, .timeout = 300)
{
	struct world world = {.state = 20261123};
	struct lab lab;

	lab_open(&lab, NULL);
	for (int i = 0; i < POLICIES; i++) {
		char *text = policy_text(&world);

		lab_publish(&lab, text);
		for (int j = 0; j < ADDRESSES; j++) {
			struct fw_addr addr = probe(&world);

			check_address(&lab, &world, &addr);
		}
		free(text);
	}
	lab_close(&lab);
}
