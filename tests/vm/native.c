// SPDX-License-Identifier: Apache-2.0
/* Every shipped flavour, natively on a veth: a flood is dropped, a source stops at its limit, the honest
 * arrive. */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "results.h"
#include "subject.h"
#include "wire.h"

#define FLOOD	 4000
#define OFFENDER 300
#define HONEST	 100

/* Both families by turns. Returns how many could not be sent. */
static uint64_t send_many(struct wire *wire, unsigned int count, uint8_t protocol, uint16_t port,
			  uint32_t first, uint32_t step)
{
	uint64_t unsent = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct wire_packet packet = {.ipv6 = i & 1, .protocol = protocol, .dest_port = port};

		packet.source = first + (i >> 1) * step;
		unsent += wire_send(wire, &packet) != 0;
	}
	return unsent;
}

static void drop_flood(struct results *results, struct fw_datapath *datapath, struct wire *wire)
{
	uint64_t unsent;

	wire_received(wire);
	unsent = send_many(wire, FLOOD, IPPROTO_UDP, SUBJECT_BLOCKED_PORT, 0x0b000001, 2654435761u);
	expect(results, "nothing of a random-source flood arrives", 0, wire_received(wire));
	expect(results, "all of it is counted under rule_block", FLOOD - unsent,
	       subject_counted(datapath, FW_REASON_RULE_BLOCK));

	send_many(wire, OFFENDER, IPPROTO_TCP, 80, 0x0c000001, 0);
	expect(results, "one source of each family passes up to its limit", 2 * SUBJECT_SOURCE_LIMIT,
	       wire_received(wire));
	expect(results, "its excess is counted under over_limit", OFFENDER - 2 * SUBJECT_SOURCE_LIMIT,
	       subject_counted(datapath, FW_REASON_OVER_LIMIT));

	send_many(wire, HONEST, IPPROTO_UDP, 53, 0x0d000001, 1);
	expect(results, "the honest arrive", HONEST, wire_received(wire));
}

static int attach_native(struct fw_datapath *datapath, unsigned int ifindex, bool frags, int *ret_link,
			 struct fw_err *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);
	FW_CLOSE int program = -1;
	int r = fw_datapath_load_program(datapath, 0, frags, &program, err);

	if (r)
		return r;
	*ret_link = bpf_link_create(program, (int)ifindex, BPF_XDP, &opts);
	return *ret_link < 0 ? -errno : 0;
}

/* Replay sets the clock before each packet; here it stands still, at a time that can be. */
static int set_clock(struct fw_datapath *datapath)
{
	uint32_t zero = 0;
	uint64_t now_ns = 100 * FW_NS_PER_SEC;

	return bpf_map_update_elem(fw_datapath_map_fd(datapath, "fw_clock_map"), &zero, &now_ns, BPF_ANY)
		       ? -errno
		       : 0;
}

static bool test_flavour(bool frags, bool virtual_clock, unsigned int ifindex, struct wire *wire)
{
	struct fw_datapath *datapath = NULL;
	struct fw_err err = {};
	char flavour[64];
	struct results results = {.subject = flavour};
	FW_CLOSE int link = -1;
	int r;

	snprintf(flavour, sizeof(flavour), "native %s%s", frags ? "frags" : "plain",
		 virtual_clock ? " virtual-clock" : "");
	r = subject_open(virtual_clock, &datapath);
	if (!expect_success(&results, "maps and policy", r, NULL))
		return false;
	if (virtual_clock)
		expect_success(&results, "the clock can be set", set_clock(datapath), NULL);
	r = attach_native(datapath, ifindex, frags, &link, &err);
	if (expect_success(&results, "attaches", r, err.text))
		drop_flood(&results, datapath, wire);
	fw_datapath_close(datapath);
	return !results.failed;
}

int main(int argc, char **argv)
{
	struct wire wire;
	bool good = true;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: native RECEIVER SENDER: two ends of a veth, both up\n");
		return 64;
	}
	r = wire_open(argv[2], argv[1], &wire);
	if (r) {
		printf("not ok native: raw sockets on %s and %s: %s\n", argv[1], argv[2], strerror(-r));
		return 1;
	}
	for (int flavour = 0; flavour < 4; flavour++)
		good &= test_flavour(flavour & 1, flavour & 2, if_nametoindex(argv[1]), &wire);
	wire_close(&wire);
	return good ? 0 : 1;
}
