// SPDX-License-Identifier: Apache-2.0
/* The kernel takes one XDP mode at a time: between two of them an interface has no filter. Nothing that takes
 * long may come there, which is told from the order of what is done, on however slow a machine. */
#include <net/if.h>

#include "place.h"

/* L a program is loaded, D a link detached, C one created, c creation was refused; since the last start. */
static char order[64];

static void note(char what)
{
	size_t length = strlen(order);

	cr_assert_lt(length, sizeof(order) - 1);
	order[length] = what;
}

int __real_fw_datapath_load_program(struct fw_datapath *datapath, uint32_t iface, unsigned int how,
				    int *ret_prog_fd, struct fw_err *err);
int __wrap_fw_datapath_load_program(struct fw_datapath *datapath, uint32_t iface, unsigned int how,
				    int *ret_prog_fd, struct fw_err *err)
{
	note('L');
	return __real_fw_datapath_load_program(datapath, iface, how, ret_prog_fd, err);
}

int __real_bpf_link_detach(int fd);
int __wrap_bpf_link_detach(int fd)
{
	note('D');
	return __real_bpf_link_detach(fd);
}

int __real_bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type type,
			   const struct bpf_link_create_opts *opts);
int __wrap_bpf_link_create(int prog_fd, int target_fd, enum bpf_attach_type type,
			   const struct bpf_link_create_opts *opts)
{
	int fd = __real_bpf_link_create(prog_fd, target_fd, type, opts);

	note(fd < 0 ? 'c' : 'C');
	return fd;
}

static void start(void)
{
	memset(order, 0, sizeof(order));
}

/* The program in force, of whichever mode. */
static uint32_t in_force(const char *name)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	cr_assert_eq(bpf_xdp_query((int)if_nametoindex(name), 0, &query), 0);
	return query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
}

Test(change_mode, the_next_program_is_loaded_before_the_old_one_goes)
{
	struct fw_attached before, after;
	struct place place;

	place_open(&place);
	place_veth();
	struct fw_datapath *datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	struct fw_attachments *attachments = fw_attachments_new(datapath);
	before = attach(attachments, "fw0", FW_XDP_GENERIC);
	for (int i = 0; i < 4; i++) {
		start();
		after = attach(attachments, "fw0", i % 2 ? FW_XDP_GENERIC : FW_XDP_NATIVE);
		cr_expect_str_eq(order, "LDC");
		cr_expect_eq(after.mode, i % 2 ? FW_XDP_GENERIC : FW_XDP_NATIVE);
		cr_expect_eq(in_force("fw0"), after.prog_id);
		cr_expect_neq(after.link_id, before.link_id);
		cr_expect_eq(after.iface, before.iface, "its counters go on");
		cr_expect_neq(after.gap_ns, 0, "which is to be said");
	}
	fw_attachments_free(attachments, false);

	/* By the next agent, from the pinned link. */
	attachments = fw_attachments_new(datapath);
	start();
	after = attach(attachments, "fw0", FW_XDP_NATIVE);
	cr_expect_str_eq(order, "LDC");
	cr_expect_eq(after.mode, FW_XDP_NATIVE);
	cr_expect_eq(in_force("fw0"), after.prog_id);
	fw_attachments_free(attachments, true);
	cr_expect_eq(in_force("fw0"), 0);
	fw_datapath_close(datapath);
}

Test(change_mode, what_is_in_force_already_is_left)
{
	struct fw_attached before, after;
	struct place place;

	place_open(&place);
	place_veth();
	struct fw_datapath *datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	struct fw_attachments *attachments = fw_attachments_new(datapath);
	before = attach(attachments, "fw0", FW_XDP_NATIVE);
	start();
	after = attach(attachments, "fw0", FW_XDP_AUTO);
	cr_expect_eq(after.link_id, before.link_id, "auto would have taken native");
	before = attach(attachments, "lo", FW_XDP_AUTO);
	cr_expect(before.fell_back);
	start();
	after = attach(attachments, "lo", FW_XDP_GENERIC);
	cr_expect_str_eq(order, "");
	cr_expect_eq(after.link_id, before.link_id);
	cr_expect(!after.fell_back, "as was asked for");
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

/* Every D has a C after it, and no L between: what was there is back before anything is loaded. */
static void expect_no_long_gap(void)
{
	for (const char *at = strchr(order, 'D'); at; at = strchr(at + 1, 'D'))
		cr_expect(at[1] == 'C' || (at[1] == 'c' && at[2] == 'C'), "%s", order);
}

Test(change_mode, refused_the_old_one_goes_on)
{
	struct fw_interface native = request("lo", FW_XDP_NATIVE);
	const struct fw_attached *list;
	struct fw_attached before, after;
	struct place place;
	struct fw_err err = {0};

	place_open(&place);
	struct fw_datapath *datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	struct fw_attachments *attachments = fw_attachments_new(datapath);
	before = attach(attachments, "lo", FW_XDP_GENERIC);
	start();
	cr_expect_eq(fw_attach(attachments, &native, NULL, &err), -EOPNOTSUPP);
	cr_expect(strstr(err.text, "native mode"), "the kernel's own words: %s", err.text);
	cr_expect(strchr(order, 'D'), "%s", order);
	expect_no_long_gap();
	cr_assert_eq(fw_attachments_list(attachments, &list), 1);
	cr_expect_eq(list[0].mode, FW_XDP_GENERIC);
	cr_expect_eq(in_force("lo"), before.prog_id, "the same program");
	cr_expect_eq(list[0].prog_id, before.prog_id);
	start();
	after = attach(attachments, "lo", FW_XDP_GENERIC);
	cr_expect_str_eq(order, "", "as it was asked for before");
	after = attach(attachments, "lo", FW_XDP_AUTO);
	expect_no_long_gap();
	cr_expect(after.fell_back);
	cr_expect_eq(in_force("lo"), before.prog_id);
	fw_attachments_free(attachments, false);

	attachments = fw_attachments_new(datapath);
	cr_expect_eq(attach(attachments, "lo", FW_XDP_AUTO).mode, FW_XDP_GENERIC);
	before = attach(attachments, "lo", FW_XDP_GENERIC);
	fw_attachments_free(attachments, false);
	attachments = fw_attachments_new(datapath);
	start();
	cr_expect_eq(fw_attach(attachments, &native, NULL, &err), -EOPNOTSUPP);
	expect_no_long_gap();
	cr_expect_eq(in_force("lo"), before.prog_id, "an earlier agent's filter as well");
	cr_expect_eq(attach(attachments, "lo", FW_XDP_AUTO).iface, before.iface, "which is pinned still");
	fw_attachments_free(attachments, true);
	cr_expect_eq(in_force("lo"), 0);
	fw_datapath_close(datapath);
}
