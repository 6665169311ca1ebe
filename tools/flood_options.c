// SPDX-License-Identifier: Apache-2.0
/* The command line of floodgen. */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "flood_options.h"
#include "lib/addr.h"
#include "lib/units.h"

#define SECONDS_DEFAULT 10

const char flood_usage[] =
	"usage: floodgen --iface IFACE [options]\n"
	"  --dst ADDR            destination, IPv4 or IPv6 (default " LAB_VICTIM_IP4
	", the victim of tools/lab)\n"
	"  --source SOURCE       ADDR | random4 | random6 | pool:N[@ADDR]: N addresses (IPv6: /64s) in turn\n"
	"                        (default random4, or random6 for an IPv6 destination)\n"
	"  --proto PROTO         udp | syn | ack | rst | fin | syn-ack | icmp | gre | esp | sctp | 0..255 "
	"(default udp)\n"
	"  --dport N|random      --sport N|random     (default 80, random)\n"
	"  --length BYTES        of the frame without FCS (default: as short as the headers allow, 60 at "
	"least)\n"
	"  --vlan ID             a tag; twice for QinQ, outer first\n"
	"  --count N             stop after N packets\n"
	"  --seconds S           stop after S seconds (default 10 where no --count is given; 0.5 and 500ms "
	"work too)\n"
	"  --rate PPS            packets per second (default: as fast as it goes)\n"
	"  --cpu N               run on this CPU\n"
	"  --dst-mac, --src-mac  (default: victim and attacker of tools/lab)\n"
	"  --live                a JSON line every second, not only at the end\n"
	"Prints {\"sent\":N,\"seconds\":S,\"pps\":N}: packets handed to the interface, received or not.\n";

enum option_key {
	KEY_IFACE = 1,
	KEY_DST,
	KEY_SOURCE,
	KEY_PROTO,
	KEY_DPORT,
	KEY_SPORT,
	KEY_LENGTH,
	KEY_VLAN,
	KEY_COUNT,
	KEY_SECONDS,
	KEY_RATE,
	KEY_CPU,
	KEY_DST_MAC,
	KEY_SRC_MAC,
	KEY_LIVE,
	KEY_HELP,
};

static const struct option long_options[] = {
	{"iface", required_argument, NULL, KEY_IFACE},
	{"dst", required_argument, NULL, KEY_DST},
	{"source", required_argument, NULL, KEY_SOURCE},
	{"proto", required_argument, NULL, KEY_PROTO},
	{"dport", required_argument, NULL, KEY_DPORT},
	{"sport", required_argument, NULL, KEY_SPORT},
	{"length", required_argument, NULL, KEY_LENGTH},
	{"vlan", required_argument, NULL, KEY_VLAN},
	{"count", required_argument, NULL, KEY_COUNT},
	{"seconds", required_argument, NULL, KEY_SECONDS},
	{"rate", required_argument, NULL, KEY_RATE},
	{"cpu", required_argument, NULL, KEY_CPU},
	{"dst-mac", required_argument, NULL, KEY_DST_MAC},
	{"src-mac", required_argument, NULL, KEY_SRC_MAC},
	{"live", no_argument, NULL, KEY_LIVE},
	{"help", no_argument, NULL, KEY_HELP},
	{},
};

static int number_parse(const char *name, const char *text, uint64_t least, uint64_t most, uint64_t *ret,
			struct fw_err *err)
{
	uint64_t number;

	if (fw_amount_parse(text, &number, NULL) || number < least || number > most)
		return fw_err_set(err, -EINVAL, "--%s: expects a number %llu..%llu, got '%s'", name,
				  (unsigned long long)least, (unsigned long long)most, text);
	*ret = number;
	return 0;
}

static int port_parse(const char *name, const char *text, int *ret, struct fw_err *err)
{
	uint64_t port = 0;
	int r;

	if (strcmp(text, "random") == 0) {
		*ret = -1;
		return 0;
	}
	r = number_parse(name, text, 0, 65535, &port, err);
	if (!r)
		*ret = port;
	return r;
}

static int seconds_parse(const char *text, uint64_t *ret_ns, struct fw_err *err)
{
	double seconds;
	int end = 0;

	if (fw_duration_parse(text, ret_ns, NULL) == 0)
		return 0;
	if (sscanf(text, "%lf%n", &seconds, &end) != 1 || text[end] || !(seconds > 0) || seconds > 86400)
		return fw_err_set(err, -EINVAL, "--seconds: expects up to 86400 seconds, got '%s'", text);
	*ret_ns = seconds * FW_NS_PER_SEC;
	return 0;
}

static int vlan_add(const char *text, struct plan_wish *wish, struct fw_err *err)
{
	uint64_t vlan = 0;
	int r;

	if (wish->vlans == 2)
		return fw_err_set(err, -EINVAL, "--vlan: expects two tags at most");
	r = number_parse("vlan", text, 0, 4094, &vlan, err);
	if (!r)
		wish->vlan[wish->vlans++] = vlan;
	return r;
}

/* One option; 1 where it is not known. source waits until the destination has decided the family. */
static int option_apply(int key, const char *text, struct flood *flood, const char **source,
			struct fw_err *err)
{
	uint64_t number = 0;
	int r = 0;

	switch (key) {
	case KEY_IFACE:
		flood->iface = text;
		break;
	case KEY_DST:
		return fw_addr_parse(text, &flood->wish.dst, err);
	case KEY_SOURCE:
		*source = text;
		break;
	case KEY_PROTO:
		return plan_proto_parse(text, &flood->wish.proto, err);
	case KEY_DPORT:
		return port_parse("dport", text, &flood->wish.dport, err);
	case KEY_SPORT:
		return port_parse("sport", text, &flood->wish.sport, err);
	case KEY_LENGTH:
		r = number_parse("length", text, 14, PACKET_MAX, &number, err);
		flood->wish.length = number;
		break;
	case KEY_VLAN:
		return vlan_add(text, &flood->wish, err);
	case KEY_COUNT:
		return number_parse("count", text, 1, 1ULL << 40, &flood->count, err);
	case KEY_SECONDS:
		return seconds_parse(text, &flood->seconds_ns, err);
	case KEY_RATE:
		return number_parse("rate", text, 1, 100000000, &flood->rate, err);
	case KEY_CPU:
		r = number_parse("cpu", text, 0, CPU_SETSIZE - 1, &number, err);
		flood->cpu = number;
		break;
	case KEY_DST_MAC:
		return plan_mac_parse(text, flood->wish.dst_mac, err);
	case KEY_SRC_MAC:
		return plan_mac_parse(text, flood->wish.src_mac, err);
	case KEY_LIVE:
		flood->live = true;
		break;
	default:
		return 1;
	}
	return r;
}

int flood_options_read(int argc, char **argv, struct flood *flood, struct fw_err *err)
{
	const char *source = NULL;
	int key, r;

	*flood = (struct flood){
		.cpu = -1,
		.wish = {.dst_mac = {2, 0, 0, 0, 0, 1},
			 .src_mac = {2, 0, 0, 0, 0, 2},
			 .proto = IPPROTO_UDP,
			 .dport = 80,
			 .sport = -1},
	};
	(void)fw_addr_parse(LAB_VICTIM_IP4, &flood->wish.dst, NULL);
	while ((key = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (key == KEY_HELP || key == 'h')
			return 1;
		r = option_apply(key, optarg, flood, &source, err);
		if (r > 0)
			return fw_err_set(err, -EINVAL, "see floodgen --help");
		if (r)
			return r;
	}
	if (optind < argc)
		return fw_err_set(err, -EINVAL, "'%s' is not an option, see floodgen --help", argv[optind]);
	if (!flood->iface)
		return fw_err_set(err, -EINVAL, "--iface is missing: the interface to send from");
	if (!source)
		source = fw_addr_is_v4(&flood->wish.dst) ? "random4" : "random6";
	if (!flood->count && !flood->seconds_ns)
		flood->seconds_ns = SECONDS_DEFAULT * FW_NS_PER_SEC;
	return plan_source_parse(source, &flood->wish, err);
}
