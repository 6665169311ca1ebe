// SPDX-License-Identifier: Apache-2.0
/* Runs a program on packets that vary as a plan says. */
#include "harness.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "lib/addr.h"
#include "plan.h"
#include "harness.skel.h"

static const struct {
	const char *proto, *payload;
} spoken[] = {
	{"request",
	 "GET /shop/item/4711?color=red&n=1 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n"},
	{"data", "\x17\x03\x03\x01\x2c what TLS carries, and nobody looks at on its way to the server"},
};

int harness_plan(const char *proto, const char *dst, const char *source, struct packet_plan *ret,
		 struct fw_err *err)
{
	struct plan_wish wish = {
		.dst_mac = {2, 0, 0, 0, 0, 1}, .src_mac = {2, 0, 0, 0, 0, 2}, .dport = 80, .sport = -1};
	int r = fw_addr_parse(dst, &wish.dst, err);

	for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
		if (strcmp(proto, spoken[i].proto) != 0)
			continue;
		wish.payload = spoken[i].payload;
		proto = "ack";
		break;
	}
	if (!r)
		r = plan_proto_parse(proto, &wish.proto, err);
	if (!r)
		r = plan_source_parse(source, &wish, err);
	return r ? r : plan_make(&wish, ret, err);
}

int harness_open(const struct packet_plan *plan, int program, struct harness *ret, struct fw_err *err)
{
	static const unsigned int flags[] = {BPF_F_XDP_HAS_FRAGS, 0};
	uint32_t slot = 0;
	int r = -EINVAL;

	for (unsigned int i = 0; i < 2 && r; i++) {
		struct harness_bpf *skel = harness_bpf__open();

		if (!skel)
			return fw_err_set(err, -errno, "cannot open the harness: %s", strerror(errno));
		skel->rodata->plan = *plan;
		bpf_program__set_flags(skel->progs.harness, flags[i]);
		r = harness_bpf__load(skel);
		if (!r)
			r = bpf_map_update_elem(bpf_map__fd(skel->maps.under_test), &slot, &program, BPF_ANY);
		if (r)
			harness_bpf__destroy(skel);
		else
			*ret = (struct harness){.skel = skel, .plan = *plan};
	}
	return r ? fw_err_set(err, r, "the kernel refused the program behind the harness: %s", strerror(-r))
		 : 0;
}

int harness_measure(const struct harness *harness, unsigned int repeat, int verdict, double *ret,
		    struct fw_err *err)
{
	struct xdp_md context = {.data_end = harness->plan.length, .ingress_ifindex = harness->ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = harness->plan.bytes,
		    .data_size_in = harness->plan.length, .repeat = repeat);
	int r;

	if (harness->ifindex) {
		run.ctx_in = &context;
		run.ctx_size_in = sizeof(context);
	}
	r = bpf_prog_test_run_opts(bpf_program__fd(harness->skel->progs.harness), &run);
	if (r)
		return fw_err_set(err, r, "the kernel refused to run the harness: %s", strerror(-r));
	if (harness->skel->bss->missed)
		return fw_err_set(err, -EIO, "%llu packets did not reach the program under test",
				  (unsigned long long)harness->skel->bss->missed);
	if (verdict != HARNESS_ANY_VERDICT && run.retval != (uint32_t)verdict)
		return fw_err_set(err, -EPROTO, "expects verdict %d (1 drop, 2 pass), got %u", verdict,
				  run.retval);
	*ret = run.duration;
	return 0;
}

void harness_close(struct harness *harness)
{
	harness_bpf__destroy(harness->skel);
	*harness = (struct harness){};
}
