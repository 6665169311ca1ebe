// SPDX-License-Identifier: Apache-2.0
/* `chain: true` beside somebody else's program under libxdp's dispatcher: both run, ours first, and ours
 * alone leaves. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "kern/attach.h"
#include "kern/hook.h"
#include "neighbour.skel.h"
#include "results.h"
#include "subject.h"
#include "wire.h"

#define PACKETS 200

struct street {
	struct wire wire;
	struct neighbour_bpf *skeleton;
	struct xdp_program *neighbour;
	struct fw_datapath *datapath;
	struct fw_attachments *attachments;
	const char *receiver;
	int ifindex;
};

static int neighbour_move_in(struct street *street)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .prog_name = "neighbour");

	street->skeleton = neighbour_bpf__open();
	if (!street->skeleton)
		return -errno;
	opts.obj = street->skeleton->obj;
	street->neighbour = xdp_program__create(&opts);
	if (libxdp_get_error(street->neighbour))
		return (int)libxdp_get_error(street->neighbour);
	return xdp_program__attach(street->neighbour, street->ifindex, XDP_MODE_NATIVE, 0);
}

/* Reads the counter through the kernel: the program was loaded by libxdp, not by the skeleton. */
static uint64_t neighbour_saw(const struct street *street)
{
	struct bpf_map *bss = bpf_object__find_map_by_name(street->skeleton->obj, ".bss");
	uint32_t zero = 0;
	uint64_t seen = 0;

	if (!bss)
		bss = street->skeleton->maps.bss;
	return bpf_map__lookup_elem(bss, &zero, sizeof(zero), &seen, sizeof(seen), 0) ? UINT64_MAX : seen;
}

static void send_both(struct street *street)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct wire_packet flood = {.ipv6 = i & 1, .protocol = IPPROTO_UDP, .source = 0x0b000000 + i};
		struct wire_packet honest = flood;

		flood.dest_port = SUBJECT_BLOCKED_PORT;
		honest.dest_port = 53;
		wire_send(&street->wire, &flood);
		wire_send(&street->wire, &honest);
	}
}

static void share_the_hook(struct results *results, struct street *street)
{
	struct fw_interface request = {.xdp = FW_XDP_NATIVE, .mode = FW_MODE_INHERIT, .chain = true};
	const struct fw_attached *attached = NULL;
	struct fw_err err = {};
	uint64_t before;
	int r;

	snprintf(request.name, sizeof(request.name), "%s", street->receiver);
	r = fw_attach(street->attachments, &request, &attached, &err);
	if (!expect_success(results, "attaches beside the neighbour", r, err.text))
		return;
	expect(results, "says that it is chained and native", 2,
	       (uint64_t)attached->chained + (attached->mode == FW_XDP_NATIVE));
	wire_received(&street->wire);
	before = neighbour_saw(street);
	send_both(street);
	expect(results, "the honest arrive and the flood does not", PACKETS, wire_received(&street->wire));
	expect(results, "the flood is counted", PACKETS,
	       subject_counted(street->datapath, FW_REASON_RULE_BLOCK));
	expect(results, "the neighbour sees what we passed", PACKETS, neighbour_saw(street) - before);

	r = fw_detach(street->attachments, street->receiver, &err);
	expect_success(results, "detaches", r, err.text);
	before = neighbour_saw(street);
	send_both(street);
	expect(results, "everything arrives again", 2 * PACKETS, wire_received(&street->wire));
	expect(results, "the neighbour was left in place", 2 * PACKETS, neighbour_saw(street) - before);
}

static bool test_chain(struct street *street)
{
	struct results results = {.subject = "chain"};
	int r = neighbour_move_in(street);

	if (!expect_success(&results, "the neighbour attaches through libxdp", r, NULL))
		return false;
	r = subject_open(false, &street->datapath);
	if (expect_success(&results, "maps and policy", r, NULL)) {
		street->attachments = fw_attachments_new(street->datapath);
		share_the_hook(&results, street);
		fw_attachments_free(street->attachments, true);
		fw_datapath_close(street->datapath);
	}
	xdp_program__detach(street->neighbour, street->ifindex, XDP_MODE_NATIVE, 0);
	xdp_program__close(street->neighbour);
	neighbour_bpf__destroy(street->skeleton);
	return !results.failed;
}

int main(int argc, char **argv)
{
	struct street street = {};
	bool good;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: chain RECEIVER SENDER: two ends of a veth, both up\n");
		return 64;
	}
	fw_silence_libxdp();
	street.receiver = argv[1];
	street.ifindex = (int)if_nametoindex(argv[1]);
	r = wire_open(argv[2], argv[1], &street.wire);
	if (r) {
		printf("not ok chain: raw sockets on %s and %s: %s\n", argv[1], argv[2], strerror(-r));
		return 1;
	}
	good = test_chain(&street);
	wire_close(&street.wire);
	return good ? 0 : 1;
}
