// SPDX-License-Identifier: Apache-2.0
/* Interfaces: modes by name, links that are taken over without a gap, devices that go and come back, foreign
 * programs. */
#include "kern/xdp_features.h"
#include "place.h"

Test(attach, modes_are_what_was_asked_for)
{
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	const struct fw_attached *list;
	struct fw_attached attached;
	struct place place;
	struct fw_interface native_lo = request("lo", FW_XDP_NATIVE);
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	attached = attach(attachments, "fw0", FW_XDP_AUTO);
	cr_expect_eq(attached.mode, FW_XDP_NATIVE);
	cr_expect(!attached.fell_back);
	cr_expect_str_eq(attached.driver, "veth");
	cr_expect_eq(program_on("fw0"), attached.prog_id);
	attached = attach(attachments, "fw0", FW_XDP_GENERIC);
	cr_expect_eq(attached.mode, FW_XDP_GENERIC, "another mode is asked for: attached anew");
	cr_expect_eq(fw_attach(attachments, &native_lo, NULL, &err), -EOPNOTSUPP);
	cr_expect(strstr(err.text, "native mode"), "the kernel's own words: %s", err.text);
	attached = attach(attachments, "lo", FW_XDP_AUTO);
	cr_expect_eq(attached.mode, FW_XDP_GENERIC);
	cr_expect(attached.fell_back && strstr(attached.fallback, "native XDP refused"), "%s",
		  attached.fallback);
	cr_expect_eq(fw_attachments_list(attachments, &list), 2);
	cr_expect_neq(list[0].iface, list[1].iface, "counters of their own");
	cr_expect_eq(fw_detach(attachments, "fw1", &err), -ENOENT);
	cr_expect_eq(fw_detach(attachments, "fw0", &err), 0);
	cr_expect_eq(program_on("fw0"), 0);
	fw_attachments_free(attachments, true);
	cr_expect_eq(program_on("lo"), 0);
	fw_datapath_close(datapath);
}

/* Every packet would pass as not_ip. */
Test(attach, no_interface_without_ethernet_frames)
{
	struct fw_interface tunnel = request("fwtun", FW_XDP_AUTO);
	const struct fw_attached *list;
	struct place place;
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	if (run((const char *const[]){"ip", "tuntap", "add", "dev", "fwtun", "mode", "tun", NULL}))
		cr_skip_test("no tun devices here");
	struct fw_datapath *datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	struct fw_attachments *attachments = fw_attachments_new(datapath);
	for (int i = 0; i < 3; i++) {
		tunnel.xdp = (enum fw_xdp_mode[]){FW_XDP_AUTO, FW_XDP_NATIVE, FW_XDP_GENERIC}[i];
		cr_expect_eq(fw_attach(attachments, &tunnel, NULL, &err), -EOPNOTSUPP);
		cr_expect(strstr(err.text, "without Ethernet frames (tun)"), "%s", err.text);
	}
	cr_expect_eq(fw_attachments_list(attachments, &list), 0);
	cr_expect_eq(program_on("fwtun"), 0);
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

Test(attach, unknown_interface_lists_the_known)
{
	struct place place;
	struct fw_interface nowhere = request("nowhere", FW_XDP_AUTO);
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	struct fw_datapath *datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	struct fw_attachments *attachments = fw_attachments_new(datapath);
	cr_expect_eq(fw_attach(attachments, &nowhere, NULL, &err), -ENODEV);
	cr_expect(strstr(err.text, "fw0") && strstr(err.text, "fw1"), "%s", err.text);
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

/* The filter goes on without an agent, and the next one takes the link over with a new program in it. */
Test(attach, links_outlive_the_agent)
{
	struct fw_attached before, after;
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	struct place place;
	char **names;

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	attach(attachments, "lo", FW_XDP_GENERIC);
	before = attach(attachments, "fw0", FW_XDP_NATIVE);
	fw_attachments_free(attachments, false);
	fw_datapath_close(datapath);
	cr_expect_eq(program_on("fw0"), before.prog_id, "nobody holds it but its pin");

	datapath = place_datapath(&place, FW_ADOPTED_ALL);
	names = fw_attachments_pinned(datapath);
	cr_assert(names[0] && names[1] && !names[2]);
	for (char **name = names; *name; name++)
		free(*name);
	free(names);
	attachments = fw_attachments_new(datapath);
	after = attach(attachments, "fw0", FW_XDP_AUTO);
	cr_expect_eq(after.link_id, before.link_id);
	cr_expect_neq(after.prog_id, before.prog_id);
	cr_expect_eq(after.iface, before.iface, "its counters go on");
	cr_expect_eq(after.mode, FW_XDP_NATIVE);
	cr_expect_eq(program_on("fw0"), after.prog_id);
	fw_attachments_free(attachments, false);
	cr_expect_eq(fw_datapath_unpin(datapath, NULL), 0);
	fw_datapath_close(datapath);
	for (int i = 0; i < 100 && program_on("fw0"); i++)
		usleep(10000); /* the kernel frees an unpinned link from a worker */
	cr_expect_eq(program_on("fw0"), 0, "unpinned: detached");
}

Test(attach, renamed_and_dotted_devices)
{
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	const struct fw_attached *list;
	struct fw_attached before, after;
	struct place place;
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	before = attach(attachments, "fw0", FW_XDP_NATIVE);
	RUN("ip", "link", "set", "fw0", "down");
	RUN("ip", "link", "set", "fw0", "name", "fw.10");
	cr_expect_eq(fw_attachments_refresh(attachments, &err), 0, "%s", err.text);
	cr_assert_eq(fw_attachments_list(attachments, &list), 1);
	cr_expect_str_eq(list[0].name, "fw.10");
	fw_attachments_free(attachments, false);
	RUN("ip", "link", "set", "fw.10", "name", "fw.20"); /* while no agent runs */
	attachments = fw_attachments_new(datapath);
	after = attach(attachments, "fw.20", FW_XDP_AUTO);
	cr_expect_eq(after.link_id, before.link_id);
	cr_expect_eq(after.iface, before.iface);
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

/* Two devices whose names change places while no agent runs keep their links. */
Test(attach, swapped_names)
{
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	struct fw_attached first, second, after;
	struct place place;

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	first = attach(attachments, "fw0", FW_XDP_NATIVE);
	second = attach(attachments, "fw1", FW_XDP_NATIVE);
	fw_attachments_free(attachments, false);
	RUN("ip", "link", "set", "fw0", "down");
	RUN("ip", "link", "set", "fw1", "down");
	RUN("ip", "link", "set", "fw0", "name", "fw2");
	RUN("ip", "link", "set", "fw1", "name", "fw0");
	RUN("ip", "link", "set", "fw2", "name", "fw1");
	attachments = fw_attachments_new(datapath);
	after = attach(attachments, "fw0", FW_XDP_AUTO);
	cr_expect_eq(after.link_id, second.link_id);
	after = attach(attachments, "fw1", FW_XDP_AUTO);
	cr_expect_eq(after.link_id, first.link_id);
	RUN("ip", "link", "set", "fw0", "name", "fw2"); /* and back, under the eyes of an agent */
	RUN("ip", "link", "set", "fw1", "name", "fw0");
	RUN("ip", "link", "set", "fw2", "name", "fw1");
	cr_expect_eq(fw_attachments_refresh(attachments, NULL), 0);
	fw_attachments_free(attachments, false);
	attachments = fw_attachments_new(datapath);
	cr_expect_eq(attach(attachments, "fw0", FW_XDP_AUTO).link_id, first.link_id, "still pinned");
	cr_expect_eq(attach(attachments, "fw1", FW_XDP_AUTO).link_id, second.link_id, "still pinned");
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

Test(attach, devices_go_and_come_back)
{
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	const struct fw_attached *list;
	struct place place;
	struct fw_err err = {0};

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	attach(attachments, "fw0", FW_XDP_NATIVE);
	RUN("ip", "link", "del", "fw0");
	cr_expect_eq(fw_attachments_refresh(attachments, &err), 0, "%s", err.text);
	cr_expect_eq(fw_attachments_list(attachments, &list), 0, "it is not filtered");
	cr_assert_eq(fw_attachments_known(attachments, &list), 1, "still wanted");
	cr_expect_eq(list[0].ifindex, 0, "and known to be gone");
	place_veth();
	cr_expect_eq(fw_attachments_refresh(attachments, &err), 0, "%s", err.text);
	cr_assert_eq(fw_attachments_list(attachments, &list), 1);
	cr_expect_eq(list[0].ifindex, if_nametoindex("fw0"));
	cr_expect_neq(program_on("fw0"), 0);
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

/* veth refuses a plain program when its peer sends longer frames: the program for frags goes in. */
Test(attach, long_frames_get_the_program_for_frags)
{
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	struct fw_attached attached;
	struct place place;

	place_open(&place);
	place_veth();
	RUN("ip", "link", "set", "fw0", "mtu", "9000");
	RUN("ip", "link", "set", "fw1", "mtu", "9000");
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	attached = attach(attachments, "fw0", FW_XDP_NATIVE);
	cr_expect(attached.frags);
	cr_expect_eq(attached.mode, FW_XDP_NATIVE);
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

static int load_foreign(void)
{
	static const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", pass, 2, NULL);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(attach, a_foreign_program_is_named_and_left_alone)
{
	struct fw_interface wanted = request("fw0", FW_XDP_AUTO);
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	struct place place;
	struct fw_err err = {0};
	char text[256];
	uint32_t foreign;

	place_open(&place);
	place_veth();
	cr_assert_eq(bpf_xdp_attach((int)if_nametoindex("fw0"), load_foreign(), 0, NULL), 0);
	foreign = program_on("fw0");
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	cr_expect_eq(fw_attach(attachments, &wanted, NULL, &err), -EBUSY);
	snprintf(text, sizeof(text), "stranger id %u, native", foreign);
	cr_expect(strstr(err.text, text), "'%s' names '%s'", err.text, text);
	wanted.xdp = FW_XDP_GENERIC;
	cr_expect_eq(fw_attach(attachments, &wanted, NULL, &err), -EBUSY);
	cr_expect_eq(program_on("fw0"), foreign);
	cr_expect_eq(fw_hook_describe(if_nametoindex("fw0"), text, sizeof(text), &err), 0);
	cr_expect(strstr(text, "stranger"), "%s", text);
	attach(attachments, "fw1", FW_XDP_NATIVE);
	cr_expect_eq(fw_hook_describe(if_nametoindex("fw1"), text, sizeof(text), &err), 0);
	cr_expect_str_eq(text, "", "ours is not foreign");
	fw_attachments_free(attachments, true);
	fw_datapath_close(datapath);
}

Test(attach, doctor_reads_without_touching)
{
	struct fw_finding findings[FW_FINDINGS_MAX];
	struct place place;
	struct fw_err err = {0};
	size_t count = 0;
	bool driver = false, hook = false;

	place_open(&place);
	place_veth();
	cr_expect_eq(fw_nic_examine("nowhere", place.root, findings, &count, &err), -ENODEV);
	cr_assert_eq(fw_nic_examine("fw0", place.root, findings, &count, &err), 0, "%s", err.text);
	for (size_t i = 0; i < count; i++) {
		driver |= !strcmp(findings[i].check, "driver") && strstr(findings[i].detail, "veth");
		hook |= !strcmp(findings[i].check, "hook") && findings[i].level == FW_FINDING_OK;
		cr_expect(findings[i].detail[0], "%s says nothing", findings[i].check);
	}
	cr_expect(driver && hook);
	RUN("ip", "link", "set", "fw0", "mtu", "9000");
	cr_assert_eq(bpf_xdp_attach((int)if_nametoindex("fw1"), load_foreign(), 2 /* generic */, NULL), 0);
	cr_assert_eq(fw_nic_examine("fw1", "/proc", findings, &count, &err), 0, "%s", err.text);
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(findings[i].check, "hook"))
			cr_expect(strstr(findings[i].detail, "stranger"), "%s", findings[i].detail);
		if (!strcmp(findings[i].check, "bpffs"))
			cr_expect_eq(findings[i].level, FW_FINDING_WARNING, "%s", findings[i].detail);
	}
}

static const struct fw_finding *find(const struct fw_finding *findings, size_t count, const char *check)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(findings[i].check, check))
			return &findings[i];
	return NULL;
}

static const struct virtual_case {
	const char *name, *check, *says, *silent; /* silent: a check that would mislead */
} virtual_cases[] = {
	{"lo", "driver", "the loopback has no native XDP", "mtu"},
	{"fwtun", "link", "no Ethernet frames", "driver"},
	{"fwbridge", "driver", "has no native XDP", "queues"},
	{"fwbridge", "relation", "packets come merged", NULL},
	{"fwmacvlan", "relation", "a macvlan on fw1", "mtu"},
	/* The kernel refuses: the peer sends by more queues than this end has. */
	{"fwq0", "driver", "not as it is set up now", NULL},
};

/* None of them is told that nothing blocks native XDP, or to lower its MTU. */
Test(attach, doctor_of_what_has_no_native_xdp)
{
	struct fw_finding findings[FW_FINDINGS_MAX];
	struct place place;
	uint64_t features;

	place_open(&place);
	place_veth();
	if (fw_xdp_features(if_nametoindex("fw0"), &features))
		cr_skip_test("this kernel does not say what interfaces can do with XDP programs");
	RUN("ip", "tuntap", "add", "dev", "fwtun", "mode", "tun");
	RUN("ip", "link", "add", "fwbridge", "type", "bridge");
	RUN("ip", "link", "add", "link", "fw1", "name", "fwmacvlan", "type", "macvlan");
	RUN("ip", "link", "add", "fwq0", "type", "veth", "peer", "name", "fwq1", "numtxqueues", "4");
	RUN("ethtool", "-L", "fwq1", "tx", "4");
	for (size_t i = 0; i < sizeof(virtual_cases) / sizeof(virtual_cases[0]); i++) {
		const struct virtual_case *c = &virtual_cases[i];
		const struct fw_finding *found;
		struct fw_err err = {0};
		size_t count = 0, problems = 0;

		cr_assert_eq(fw_nic_examine(c->name, place.root, findings, &count, &err), 0, "%s", err.text);
		found = find(findings, count, c->check);
		cr_assert(found, "%s: nothing about %s", c->name, c->check);
		cr_expect(strstr(found->detail, c->says), "%s: %s", c->name, found->detail);
		cr_expect(!c->silent || !find(findings, count, c->silent), "%s: %s", c->name, c->silent);
		for (size_t j = 0; j < count; j++)
			problems += findings[j].level == FW_FINDING_PROBLEM;
		cr_expect_eq(problems, 1, "%s: %zu problems", c->name, problems);
	}
}
