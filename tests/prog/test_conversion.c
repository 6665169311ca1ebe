// SPDX-License-Identifier: Apache-2.0
/* A limit in another unit begins at zero with the flip, before user space has deleted a single meter: bytes
 * that were counted are no packets. */
#include <stdio.h>

#include "kern/stats.h"
#include "lab.h"
#include "packets.h"

#define BEFORE	400 /* packets of 600 bytes: of bytes, less than a tenth of the limits below */
#define BEHIND	30
#define ALLOWED "action: block, ban: {for: 1m, unverified: true}}]\n"

static const struct conversion {
	const char *name, *from, *to;
} conversions[] = {
	{"packets of a source", "limit: 4M bytes/10s, per: source, " ALLOWED,
	 "limit: 400 packets/10s, per: source, " ALLOWED},
	{"of a prefix", "limit: 4M bytes/10s, per: source_prefix, " ALLOWED,
	 "limit: 400 packets/10s, per: source_prefix, " ALLOWED},
	{"of a port", "limit: 4M bytes/10s, per: [source, dest_port], " ALLOWED,
	 "limit: 400 packets/10s, per: [source, dest_port], " ALLOWED},
	{"of a destination", "limit: 4M bytes/10s, per: destination, action: police}]\n",
	 "limit: 400 packets/10s, per: destination, action: police}]\n"},
	{"of all", "limit: 4M bytes/10s, per: total, action: police}]\n",
	 "limit: 400 packets/10s, per: total, action: police}]\n"},
	{"of all, of which nothing is kept back", "limit: 4M bytes/10s, per: total, action: police}]\n",
	 "limit: 31 packets/10s, per: total, action: police}]\n"},
	{"with another window", "limit: 40M bytes/100s, per: source, " ALLOWED,
	 "limit: 400 packets/10s, per: source, " ALLOWED},
	{"of a limit beyond 2^31", "limit: 100G bytes/10s, per: source, " ALLOWED,
	 "limit: 400 packets/10s, per: source, " ALLOWED},
	{"bytes of a limit beyond 2^31", "limit: 100G bytes/10s, per: source, " ALLOWED,
	 "limit: 20k bytes/10s, per: source, " ALLOWED},
};

#define PACKETS_OF(count_, lab) lab_send(lab, PACKET(.from = HONEST, .payload = 550), count_)

static void publish(struct lab *lab, const char *rule)
{
	char text[256];

	snprintf(text, sizeof(text), "version: 1\nrules: [{name: r, %s", rule);
	lab_publish(lab, text);
}

static void send_before(struct lab *lab, const struct conversion *conversion)
{
	publish(lab, conversion->from);
	cr_expect_eq(PACKETS_OF(BEFORE, lab), BEFORE, "%s: before", conversion->name);
	lab->now_ns += 700000000; /* some of it is in closed sub-windows */
	cr_expect_eq(PACKETS_OF(BEFORE, lab), BEFORE, "%s: before", conversion->name);
}

Test(conversion, begins_at_zero)
{
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
		const struct conversion *conversion = &conversions[i];
		struct lab lab;

		lab_open(&lab, NULL);
		send_before(&lab, conversion);
		publish(&lab, conversion->to);
		cr_expect_eq(PACKETS_OF(BEHIND, &lab), BEHIND, "%s", conversion->name);
		lab_close(&lab);
	}
}

/* What one CPU has kept back is in bytes, too, when another one has made the meter one of packets. */
Test(conversion, of_what_another_cpu_keeps)
{
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
		const struct conversion *conversion = &conversions[i];
		struct lab lab;
		unsigned int passed;

		lab_open(&lab, NULL);
		publish(&lab, conversion->from);
		for (unsigned int cpu = 0; cpu < 2; cpu++) {
			if (!lab_go_to_cpu(cpu))
				cr_skip_test("one CPU alone");
			PACKETS_OF(20, &lab);
		}
		publish(&lab, conversion->to);
		lab_go_to_cpu(0);
		passed = PACKETS_OF(10, &lab);
		lab_go_to_cpu(1);
		passed += PACKETS_OF(10, &lab);
		lab_go_to_cpu(0);
		passed += PACKETS_OF(10, &lab);
		cr_expect_eq(passed, 30, "%s: %u passed", conversion->name, passed);
		lab_close(&lab);
	}
}

/* A rule that was taken out and comes back with another unit. */
Test(conversion, of_a_rule_that_comes_back)
{
	struct lab lab;

	lab_open(&lab, NULL);
	send_before(&lab, &conversions[0]);
	lab_publish(&lab, "version: 1\nrules: [{name: other, limit: 40k packets/10s, action: block}]\n");
	publish(&lab, conversions[0].to);
	cr_expect_eq(PACKETS_OF(BEHIND, &lab), BEHIND);
	lab_close(&lab);
}
