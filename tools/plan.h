/* SPDX-License-Identifier: Apache-2.0 */
/* From "udp, random sources, port 80" to the template and checksums that packet.bpf.h stamps out. */
#ifndef FW_TOOLS_PLAN_H
#define FW_TOOLS_PLAN_H

#include "fw_types.h"
#include "lib/err.h"
#include "packet.h"

#define PLAN_PROTO_SYN	   256 /* TCP with these flags: beyond the protocol numbers */
#define PLAN_PROTO_ACK	   257
#define PLAN_PROTO_RST	   258
#define PLAN_PROTO_FIN	   259
#define PLAN_PROTO_SYN_ACK 260

/* Where the flood of tools/lab goes. */
#define LAB_VICTIM_IP4 "198.18.0.1"
#define LAB_VICTIM_IP6 "fd00:18::1"

struct plan_wish {
	unsigned char dst_mac[6];
	unsigned char src_mac[6];
	unsigned int vlans; /* number of tags, 0..2, outermost first */
	unsigned short vlan[2];
	int proto;	    /* IP protocol number or PLAN_PROTO_* */
	struct fw_addr dst; /* decides the family */
	enum packet_sources sources;
	struct fw_addr source; /* fixed source, or the first of a pool */
	unsigned int pool;
	int sport; /* -1: random */
	int dport;
	unsigned int length; /* of the frame, 0: as short as it may be */
	const char *payload; /* text behind the headers, NULL: zeros up to the length */
};

/* "udp", "syn", "ack", "rst", "fin", "syn-ack", "icmp" … or a number 0..255. */
int plan_proto_parse(const char *text, int *ret, struct fw_err *err);
/* ADDR, fixed:ADDR, random4, random6, pool:N or pool:N@ADDR. A pool without ADDR lies in 198.19.0.0/16 or
 * fd00:19::/32. */
int plan_source_parse(const char *text, struct plan_wish *wish, struct fw_err *err);
int plan_mac_parse(const char *text, unsigned char ret[6], struct fw_err *err);

/* -EINVAL where the wish contradicts itself: families that differ, a frame too short for its headers. */
int plan_make(const struct plan_wish *wish, struct packet_plan *ret, struct fw_err *err);

#endif
