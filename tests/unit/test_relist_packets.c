// SPDX-License-Identifier: Apache-2.0
/* What packets see while lists change in place. */
#include <pthread.h>
#include <sched.h>

#include "relist_world.h"

/* Both halves, their whole, and what is inside: an address of the last stays listed all the time. */
static const char *const dance[] = {"2001:db8:1::/48",	      "2001:db8::/48",	 "2001:db8::/33",
				    "2001:db8:8000::/33",     "2001:db8::/64",	 "2001:db8:0:1::/64",
				    "2001:db8:0:0:8000::/65", "2001:db8::8/125", "2001:db8:0:0:1::/80"};
/* Beside 10.64.0.7, alone in its /24: the slots of its /18's line change, and never become a run. */
static const char *const slots[] = {"10.64.0.7", "10.64.1.1", "10.64.2.0/24", "10.64.3.0/28", "10.64.4.4"};

struct watch {
	struct fw_list_tables *tables;
	struct fw_addr addr6, addr4, addr4_alone;
	uint64_t rounds;
	unsigned long missed;
	bool over;
};

static void *look_on(void *data)
{
	struct watch *watch = data;

	while (!__atomic_load_n(&watch->over, __ATOMIC_ACQUIRE)) {
		watch->missed += !walk(watch->tables, &watch->addr4) + !walk(watch->tables, &watch->addr6) +
				 !walk(watch->tables, &watch->addr4_alone);
		__atomic_fetch_add(&watch->rounds, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

static void grace(const struct watch *watch)
{
	uint64_t now = __atomic_load_n(&watch->rounds, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&watch->rounds, __ATOMIC_ACQUIRE) < now + 2)
		sched_yield();
}

/* On a CPU of its own, if there is another: else looks and changes take turns, and hardly ever meet. */
static void keep_to(pthread_t thread, int nth)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && !nth--)
			CPU_SET(cpu, &one);
	if (CPU_COUNT(&one))
		cr_assert_eq(pthread_setaffinity_np(thread, sizeof(one), &one), 0);
}

/* A thread stands for the packets: what is listed before and after must be found at every moment between. */
Test(relist_packets, packets_look_on, .timeout = 1800)
{
	struct world *world = empty_world();
	struct watch watch = {.tables = &world->tables};
	pthread_t thread;

	add(world, S0, "2001:db8::7", false);
	add(world, S0, "10.0.0.7", false);
	add(world, S0, "10.64.0.7", false);
	watch.addr6 = world->changes[0].prefix.addr;
	watch.addr4 = world->changes[1].prefix.addr;
	watch.addr4_alone = world->changes[2].prefix.addr;
	world->image = compile(world);
	lay_out(world);
	cr_assert_eq(pthread_create(&thread, NULL, look_on, &watch), 0);
	keep_to(thread, 1);
	keep_to(pthread_self(), 0);
	for (unsigned int step = 0; step < 4000; step++) {
		struct fw_list_delta delta = {0};
		struct fw_diags diags = {0};
		int r;

		world->input.change_count = 3;
		add(world, roll(world, 2), dance[roll(world, sizeof(dance) / sizeof(dance[0]))], false);
		add(world, roll(world, 2), roll(world, 2) ? "10.0.0.6" : "10.0.0.0/28", false);
		add(world, S1, slots[roll(world, sizeof(slots) / sizeof(slots[0]))], false);
		if (step % 3)
			add(world, roll(world, 2), dance[roll(world, sizeof(dance) / sizeof(dance[0]))],
			    false);
		cr_assert_eq(fw_image_change(&world->policy, &world->input, world->image, &diags, &delta), 0);
		r = fw_list_tables_patch(&world->tables, delta.regions, delta.count);
		grace(&watch);
		for (size_t i = 0; i < delta.count && !r; i++)
			if (fw_prefix_family(&delta.regions[i].prefix) == FW_FAMILY_V6)
				fw_list_tables_sweep6(&world->tables, &delta.regions[i]);
		grace(&watch);
		fw_list_delta_done(&delta);
		fw_diags_done(&diags);
		if (r) /* full: enough seen */
			break;
		world->in_place++;
	}
	__atomic_store_n(&watch.over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	cr_expect_gt(world->in_place, 500, "full after %u", world->in_place);
	cr_expect_eq(world->tables.lines4[0x0a400000 >> 14].run, 0, "slots were to be watched");
	cr_expect_eq(watch.missed, 0, "%lu of %lu looks missed", watch.missed, (unsigned long)watch.rounds);
	close_world(world);
	free(world);
}
