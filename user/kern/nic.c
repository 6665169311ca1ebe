// SPDX-License-Identifier: Apache-2.0
/* Findings about an interface: each says what is, what it means, and the command that mends it. Changes
 * nothing. */
#include "kern/nic.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kern/driver.h"
#include "kern/findings.h"
#include "kern/program.h"
#include "kern/xdp_features.h"
#include "lib/cleanup.h"

void fw_finding_add(struct fw_findings *findings, enum fw_finding_level level, const char *check,
		    const char *format, ...)
{
	struct fw_finding *finding;
	va_list args;

	if (findings->count >= FW_FINDINGS_MAX)
		return;
	finding = &findings->items[findings->count++];
	*finding = (struct fw_finding){.level = level};
	snprintf(finding->check, sizeof(finding->check), "%s", check);
	va_start(args, format);
	vsnprintf(finding->detail, sizeof(finding->detail), format, args);
	va_end(args);
}

void fw_finding_command(struct fw_findings *findings, const char *format, ...)
{
	struct fw_finding *finding = &findings->items[findings->count - 1];
	va_list args;

	va_start(args, format);
	vsnprintf(finding->command, sizeof(finding->command), format, args);
	va_end(args);
}

static void examine_link(struct fw_findings *findings)
{
	if (!fw_link_is_ethernet(&findings->facts)) {
		fw_finding_add(
			findings, FW_FINDING_PROBLEM, "link",
			"%s%sno Ethernet frames: Floodwall would judge none of its packets and does not "
			"attach to it; filter the interface through which they come",
			findings->facts.kind, findings->facts.kind[0] ? ", " : "");
	} else if (!findings->facts.up) {
		fw_finding_add(findings, FW_FINDING_NOTE, "link", "down: no packet comes until it is up");
		fw_finding_command(findings, "ip link set dev %s up", findings->interface);
	}
}

/* Never, whatever is changed about it. */
static bool has_no_native(const struct fw_findings *findings)
{
	return fw_link_is_loopback(&findings->facts) || !fw_link_is_ethernet(&findings->facts) ||
	       (findings->told && !(findings->features & FW_XDP_NATIVE_BASIC) &&
		!fw_driver_find(findings->driver));
}

static void examine_driver(struct fw_findings *findings)
{
	bool named = findings->driver[0] && strcmp(findings->driver, "unknown");
	const char *driver = named ? findings->driver : "this virtual interface";

	if (fw_link_is_loopback(&findings->facts))
		fw_finding_add(findings, FW_FINDING_PROBLEM, "driver",
			       "the loopback has no native XDP; in generic mode it can be filtered, and what "
			       "comes there is this host's own");
	else if (has_no_native(findings))
		fw_finding_add(
			findings, FW_FINDING_PROBLEM, "driver",
			"%s has no native XDP: filter the hardware below it, or this one in generic mode, "
			"at several times the cost per packet",
			driver);
	else if (findings->told && !(findings->features & FW_XDP_NATIVE_BASIC))
		fw_finding_add(
			findings, FW_FINDING_PROBLEM, "driver",
			"%s knows native XDP, but the kernel says not as it is set up now: MTU, queues or "
			"offloads stand in the way, attaching says which",
			driver);
	else if (findings->told || fw_driver_find(findings->driver))
		fw_finding_add(findings, FW_FINDING_OK, "driver", "%s runs XDP programs natively", driver);
	else
		fw_finding_add(findings, FW_FINDING_NOTE, "driver",
			       "%s is not among the drivers known to run XDP natively; attaching tells",
			       driver);
}

static bool runs_multi_buffer(const struct fw_findings *findings)
{
	const struct fw_driver *driver = fw_driver_find(findings->driver);

	return findings->told ? findings->features & FW_XDP_MULTI_BUFFER
			      : driver && driver->frags_since && fw_kernel_version() >= driver->frags_since;
}

static void examine_mtu(struct fw_findings *findings)
{
	const struct fw_driver *driver = fw_driver_find(findings->driver);
	unsigned int plain = fw_driver_plain_mtu(findings->driver);
	int mtu = fw_interface_mtu(findings->interface);

	if (mtu < 0)
		fw_finding_add(findings, FW_FINDING_NOTE, "mtu", "cannot be read: %s", strerror(-mtu));
	else if ((unsigned int)mtu <= plain)
		fw_finding_add(findings, FW_FINDING_OK, "mtu", "%d, at most %u for a plain native program",
			       mtu, plain);
	else if (runs_multi_buffer(findings))
		fw_finding_add(
			findings, FW_FINDING_OK, "mtu",
			"%d is above %u: the program for multi-buffer frames will be used, a little slower",
			mtu, plain);
	else {
		fw_finding_add(
			findings, driver ? FW_FINDING_PROBLEM : FW_FINDING_WARNING, "mtu",
			"%d is above %u, and %s", mtu, plain,
			driver ? "this driver runs no multi-buffer programs on this kernel: native XDP "
				 "will be refused"
			       : "nothing is known of this driver and multi-buffer programs: native XDP "
				 "may be refused");
		fw_finding_command(findings, "ip link set dev %s mtu %u", findings->interface, plain);
	}
}

static void say_queues(struct fw_findings *findings, unsigned int rx, unsigned int most, long cpus)
{
	const char *plural = rx == 1 ? "" : "s";

	if (rx < (unsigned int)cpus)
		fw_finding_add(findings, FW_FINDING_OK, "queues", "%u receive queue%s for %ld CPUs%s", rx,
			       plural, cpus, rx == most ? ", all there are" : "");
	else
		fw_finding_add(findings, FW_FINDING_OK, "queues", "%u receive queue%s, %ld CPU%s", rx, plural,
			       cpus, cpus == 1 ? "" : "s");
}

static void examine_queues(struct fw_findings *findings)
{
	const struct fw_driver *driver = fw_driver_find(findings->driver);
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int rx, most;

	if (fw_ethtool(findings->interface, &channels)) {
		fw_finding_add(findings, FW_FINDING_NOTE, "queues",
			       "%u receive queue%s; the driver does not let them be changed",
			       findings->facts.rx_queues, findings->facts.rx_queues == 1 ? "" : "s");
		return;
	}
	rx = channels.combined_count + channels.rx_count;
	most = channels.max_combined ? channels.max_combined : channels.max_rx;
	if (!rx) {
		fw_finding_add(findings, FW_FINDING_NOTE, "queues",
			       "no receive queue: the program behind %s does not run", findings->interface);
	} else if (driver && driver->half_channels && rx > most / 2) {
		fw_finding_add(findings, FW_FINDING_PROBLEM, "queues",
			       "%u of %u channels: %s wants at most half of them in use for XDP", rx, most,
			       findings->driver);
		fw_finding_command(findings, "ethtool -L %s combined %u", findings->interface,
				   most / 2 ? most / 2 : 1);
	} else if (rx < (unsigned int)cpus && rx < most) {
		fw_finding_add(
			findings, FW_FINDING_WARNING, "queues",
			"%u receive queue%s for %ld CPUs: a flood has fewer cores against it than there are",
			rx, rx == 1 ? "" : "s", cpus);
		fw_finding_command(findings, "ethtool -L %s %s %u", findings->interface,
				   channels.max_combined ? "combined" : "rx",
				   most < (unsigned int)cpus ? most : (unsigned int)cpus);
	} else {
		say_queues(findings, rx, most, cpus);
	}
}

static void examine_offloads(struct fw_findings *findings)
{
	const struct fw_driver *driver = fw_driver_find(findings->driver);
	static const struct {
		const char *feature, *check, *option;
	} merging[] = {{"rx-lro", "offload lro", "lro"}, {"rx-gro-hw", "offload rx-gro-hw", "rx-gro-hw"}};

	for (size_t i = 0; i < sizeof(merging) / sizeof(merging[0]); i++) {
		int on = fw_offload(findings->interface, merging[i].feature);

		if (on < 0)
			continue;
		if (!on) {
			fw_finding_add(findings, FW_FINDING_OK, merging[i].check, "off");
			continue;
		}
		fw_finding_add(
			findings, driver && driver->no_lro ? FW_FINDING_PROBLEM : FW_FINDING_WARNING,
			merging[i].check,
			"on: frames are merged before XDP sees them, and most drivers refuse native XDP");
		fw_finding_command(findings, "ethtool -K %s %s off", findings->interface, merging[i].option);
	}
	if (fw_offload(findings->interface, "rx-vlan-hw-parse") == 1) {
		fw_finding_add(
			findings, FW_FINDING_NOTE, "offload rxvlan",
			"on: the driver takes VLAN tags out of the frame: packet: tagged never matches, and "
			"answers of challenge to tagged SYNs go out without tag; all else works");
		fw_finding_command(findings, "ethtool -K %s rxvlan off", findings->interface);
	}
}

static void examine_flow_hash(struct fw_findings *findings)
{
	struct ethtool_rxnfc hash = {.cmd = ETHTOOL_GRXFH, .flow_type = UDP_V4_FLOW};

	if (fw_ethtool(findings->interface, &hash))
		return; /* one queue or a virtual device: there is nothing to hash */
	if (hash.data & RXH_L4_B_0_1) {
		fw_finding_add(findings, FW_FINDING_OK, "rx-flow-hash", "UDP spreads by address and port");
		return;
	}
	fw_finding_add(findings, FW_FINDING_NOTE, "rx-flow-hash",
		       "UDP spreads by address only: a flood between two addresses lands on one queue");
	fw_finding_command(findings, "ethtool -N %s rx-flow-hash udp4 sdfn", findings->interface);
}

#define MERGED "where packets come merged (GRO, GSO) and limits in packets are too lax"

static void examine_relations(struct fw_findings *findings)
{
	const struct fw_link_facts *facts = &findings->facts;

	if (!strcmp(facts->kind, "vlan")) {
		fw_finding_add(
			findings, FW_FINDING_WARNING, "relation",
			"a VLAN on %s: it has no native XDP; attach to %s, tagged packets are judged there",
			facts->parent, facts->parent);
		fw_finding_command(findings, "floodwall attach %s", facts->parent);
	} else if (facts->master[0]) {
		fw_finding_add(findings, FW_FINDING_WARNING, "relation",
			       "a port of %s: a program on %s keeps others from its ports, and one here sees "
			       "this port only",
			       facts->master, facts->master);
	} else if (!strcmp(facts->kind, "bridge")) {
		fw_finding_add(findings, FW_FINDING_WARNING, "relation",
			       "a bridge runs XDP in generic mode only, " MERGED ": attach to its ports");
	} else if (!strcmp(facts->kind, "macvlan") && facts->parent[0]) {
		fw_finding_add(findings, FW_FINDING_WARNING, "relation",
			       "a macvlan on %s: it runs XDP in generic mode only, " MERGED
			       "; what comes to it is judged on %s",
			       facts->parent, facts->parent);
		fw_finding_command(findings, "floodwall attach %s", facts->parent);
	} else {
		fw_finding_add(findings, FW_FINDING_OK, "relation", "%s%snot part of a bond or bridge",
			       facts->kind, facts->kind[0] ? ", " : "");
	}
}

/* By libbpf alone: the CLI has no libxdp. */
static void examine_hook(struct fw_findings *findings)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info), id;
	int r;

	fw_silence_libbpf();
	r = bpf_xdp_query((int)findings->ifindex, 0, &query);
	if (r) {
		fw_finding_add(findings, FW_FINDING_NOTE, "hook", "cannot be asked: %s", strerror(-r));
		return;
	}
	id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id ? query.skb_prog_id : query.hw_prog_id;
	if (!id) {
		fw_finding_add(findings, FW_FINDING_OK, "hook", "no XDP program is attached");
		return;
	}
	FW_CLOSE int fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0) {
		bool rights = errno == EPERM || errno == EACCES;

		fw_finding_add(findings, FW_FINDING_NOTE, "hook",
			       "program %u is attached, %s: %s, so that it may be Floodwall's own", id,
			       query.skb_prog_id ? "generic" : "native",
			       rights ? "this process lacks CAP_SYS_ADMIN to ask whose it is"
				      : strerror(errno));
		fw_finding_command(findings, "sudo floodwall doctor %s", findings->interface);
		return;
	}
	bpf_obj_get_info_by_fd(fd, &info, &size);
	if (!strcmp(info.name, "fw_xdp")) {
		fw_finding_add(findings, FW_FINDING_OK, "hook", "Floodwall's program %u is attached, %s", id,
			       query.skb_prog_id ? "generic" : "native");
		return;
	}
	fw_finding_add(findings, FW_FINDING_WARNING, "hook",
		       "program %s (id %u, %s) is attached: remove it or use chain: true", info.name, id,
		       query.skb_prog_id ? "generic" : "native");
	fw_finding_command(findings, "bpftool prog show id %u", id);
}

int fw_nic_examine(const char *name, const char *bpffs, struct fw_finding *ret, size_t *ret_count,
		   struct fw_err *err)
{
	struct fw_findings findings = {.items = ret, .interface = name, .ifindex = if_nametoindex(name)};

	if (!findings.ifindex)
		return fw_err_set(err, -ENODEV, "no interface '%s' here: ip link lists them", name);
	fw_nic_driver(name, findings.driver, sizeof(findings.driver));
	fw_link_facts(findings.ifindex, &findings.facts);
	findings.told = !fw_xdp_features(findings.ifindex, &findings.features);
	examine_link(&findings);
	if (fw_link_is_ethernet(&findings.facts))
		examine_driver(&findings);
	if (!has_no_native(&findings)) { /* nothing of it matters to a program in generic mode */
		examine_mtu(&findings);
		examine_queues(&findings);
		examine_offloads(&findings);
		examine_flow_hash(&findings);
	}
	examine_relations(&findings);
	examine_hook(&findings);
	fw_examine_challenge(&findings);
	fw_examine_host(&findings, bpffs);
	*ret_count = findings.count;
	return 0;
}

/* Sentences for what the driver means by an errno; the first that fits. */
void fw_nic_explain_attach(const char *name, int error, char *text, size_t size)
{
	char driver[32];
	const struct fw_driver *known;
	int mtu = fw_interface_mtu(name);
	unsigned int plain;

	fw_nic_driver(name, driver, sizeof(driver));
	known = fw_driver_find(driver);
	plain = fw_driver_plain_mtu(driver);
	if (error == -EOPNOTSUPP && !known)
		snprintf(text, size,
			 "The driver has no native XDP: use --xdp generic, or attach to the hardware below");
	else if (mtu > (int)plain)
		snprintf(text, size, "MTU %d is above the %u that %s takes: ip link set dev %s mtu %u", mtu,
			 plain, driver, name, plain);
	else if (!strcmp(driver, "veth") && error == -ERANGE)
		snprintf(text, size, "The MTU of the peer is too large: ip link set mtu %u on both ends",
			 plain);
	else if (known && known->no_lro &&
		 (fw_offload(name, "rx-lro") == 1 || fw_offload(name, "rx-gro-hw") == 1))
		snprintf(text, size, "Frames are merged by the card: ethtool -K %s lro off rx-gro-hw off",
			 name);
	else if (known && known->half_channels)
		snprintf(text, size,
			 "%s wants at most half of its channels in use: ethtool -l %s, then ethtool -L %s "
			 "combined N",
			 driver, name, name);
	else if (error == -ENOMEM)
		snprintf(text, size,
			 "The driver wants a transmit queue per CPU: ethtool -L %s combined N frees some",
			 name);
	else
		snprintf(text, size,
			 "floodwall doctor %s looks for the cause; --xdp generic works everywhere", name);
}
