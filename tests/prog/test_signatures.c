// SPDX-License-Identifier: Apache-2.0
/* Signatures: every shipped one is found in its packets and not in honest ones, in every disguise. */
#include "lab.h"
#include "lib/cleanup.h"
#include "policy/signatures.h"

#define SHIPPED	      FW_SOURCE_DIR "/configs/signatures.yaml"
#define POLICY(rules) "version: 1\nsignatures: " SHIPPED "\nrules:\n" rules
#define ANY	      "  - {name: any, match: {signature: any}, action: block, mode: enforce}\n"

static struct fw_signature_list *shipped(void)
{
	struct fw_diags diags = {0};
	struct fw_signature_list *list = NULL;
	int r = fw_signatures_read(SHIPPED, &diags, &list);

	if (r)
		fw_diags_render(&diags, stderr);
	cr_assert_eq(r, 0);
	fw_diags_done(&diags);
	return list;
}

/* The least payload that has the signature. */
static int payload_of(const struct fw_signature_def *signature, unsigned char *payload, size_t size)
{
	size_t least = (size_t)signature->offset + signature->bytes;

	memset(payload, 0x55, size); /* what the mask leaves out may be anything */
	for (unsigned int i = 0; i < signature->bytes; i++)
		payload[signature->offset + i] =
			(unsigned char)((0x55 & ~signature->mask[i]) | signature->value[i]);
	if (signature->payload.first > least)
		least = signature->payload.first;
	return least ? (int)least : NO_PAYLOAD;
}

static uint64_t counted(struct lab *lab, size_t index)
{
	struct fw_signature_count counts[FW_SIGNATURES_MAX];

	cr_assert_eq(fw_stats_signatures(lab->datapath, counts), 0);
	return counts[index].packets;
}

/* In the order of the file; an earlier one may fit as well. */
static void expect_counted(struct lab *lab, const struct fw_signature_list *list, size_t index,
			   struct packet packet)
{
	uint64_t before[FW_SIGNATURES_MAX];
	enum fw_reason found;
	size_t i;

	for (i = 0; i < list->count; i++)
		before[i] = counted(lab, i);
	found = lab_run(lab, &packet);
	cr_expect_eq(found, FW_REASON_RULE_BLOCK, "%s: %s", list->items[index].name, lab_words[found]);
	for (i = 0; i < list->count && counted(lab, i) == before[i]; i++)
		;
	cr_expect_eq(i, index, "%s was taken for %s", list->items[index].name,
		     i < list->count ? list->items[i].name : "nothing");
}

Test(signatures, each_is_found_in_every_disguise)
{
	struct fw_signature_list *list = shipped();
	unsigned char payload[2048];
	struct lab lab;

	lab_open(&lab, POLICY(ANY));
	cr_assert_geq(list->count, 25);
	for (size_t i = 0; i < list->count; i++) {
		int bytes = payload_of(&list->items[i], payload, sizeof(payload));
		uint16_t port = list->items[i].source_ports.items[0].first;
		struct shape shape = {.from_port = port, .payload = bytes, .data = payload};

		expect_counted(&lab, list, i, packet_make(shape));
		shape.tags = 1;
		expect_counted(&lab, list, i, packet_make(shape));
		shape.tags = 2;
		shape.options = 12;
		expect_counted(&lab, list, i, packet_make(shape));
		shape = (struct shape){
			.from = ATTACKER6, .from_port = port, .payload = bytes, .data = payload};
		expect_counted(&lab, list, i, packet_make(shape));
		shape.tags = 1;
		shape.extensions[0] = HOP;
		shape.extensions[1] = IPPROTO_DSTOPTS;
		expect_counted(&lab, list, i, packet_make(shape));
	}
	fw_signatures_free(list);
	lab_close(&lab);
}

/* One byte, one bit, one port or one protocol off is another packet. */
Test(signatures, near_misses_pass)
{
	struct fw_signature_list *list = shipped();
	unsigned char payload[2048];
	struct lab lab;

	lab_open(&lab, POLICY(ANY));
	for (size_t i = 0; i < list->count; i++) {
		const struct fw_signature_def *signature = &list->items[i];
		const struct fw_range *last =
			&signature->source_ports.items[signature->source_ports.count - 1];
		int bytes = payload_of(signature, payload, sizeof(payload));

		expect(&lab, FW_REASON_NO_RULE,
		       PACKET(.from_port = (uint16_t)(last->last + 256), .payload = bytes, .data = payload));
		expect(&lab, FW_REASON_NO_RULE,
		       PACKET(.protocol = IPPROTO_TCP, .flags = TCP_ACK, .from_port = last->last,
			      .payload = bytes, .data = payload));
		expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = last->last, .fragment = LATER_FRAGMENT));
	}
	fw_signatures_free(list);
	lab_close(&lab);
}

#define DNS_QUERY                                                                                            \
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03"                                               \
	"www\x07"                                                                                            \
	"example\x00\x00\x01"
#define DNS_ANSWER                                                                                           \
	"\x12\x34\x85\x80\x00\x01\x00\x1e\x00\x00\x00\x01\x03"                                               \
	"www\x07"                                                                                            \
	"example\x00\x00\xff"
#define MONLIST	   "\xd7\x00\x03\x2a\x00\x06\x00\x48"
#define NTP_ANSWER "\x24\x02\x06\xe8\x00\x00\x00\x12"
#define MEMCACHED  "\x00\x01\x00\x00\x00\x01\x00\x00VALUE a 0 1400\r\n"
#define SSDP	   "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\n"
#define CLDAP	   "\x30\x84\x00\x00\x0b\x92\x02\x01\x07\x64\x84"

#define DATA(text, bytes) .data = text, .payload = bytes

/* As they come in real floods, and as honest hosts answer. */
Test(signatures, floods_and_honest_answers)
{
	static const char policy[] = POLICY(
		"  - {name: dns, match: {signature: dns_amplification}, action: block, mode: enforce}\n"
		"  - {name: ntp, match: {signature: [ntp_monlist, ntp_control, ntp_long]}, action: block, "
		"mode: enforce}\n"
		"  - {name: rest, match: {signature: any, signature_not: dns_answer}, action: block, mode: "
		"enforce}\n");
	struct packet packet;
	struct lab lab;

	lab_open(&lab, policy);
	expect_rule(
		&lab, FW_REASON_RULE_BLOCK, "dns",
		PACKET(.from_port = 53, DATA(DNS_ANSWER, 29), .fragment = FIRST_FRAGMENT, .udp_lies = 4000));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = 53, DATA(DNS_ANSWER, 29)));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = 53, DATA(DNS_QUERY, 29)));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "ntp", PACKET(.from_port = 123, DATA(MONLIST, 8)));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from_port = 123, DATA(NTP_ANSWER, 8)));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from_port = 11211, DATA(MEMCACHED, 24)));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest",
		    PACKET(.from = ATTACKER6, .from_port = 1900, DATA(SSDP, 40)));
	expect_rule(&lab, FW_REASON_RULE_BLOCK, "rest", PACKET(.from_port = 389, DATA(CLDAP, 11)));
	/* What looks like the signature behind the end of the datagram is padding. */
	packet = PACKET(.from_port = 1900, DATA(SSDP, 40), .total_lies = -36, .udp_lies = -36);
	expect(&lab, FW_REASON_NO_RULE, packet);
	lab_close(&lab);
}

Test(signatures, rules_count_until_they_say_enforce)
{
	struct packet packet = PACKET(.from_port = 11211, DATA(MEMCACHED, 24));
	struct lab lab;

	lab_open(&lab, POLICY("  - {name: any, match: {signature: any}, action: block}\n"));
	cr_expect_eq(lab_run(&lab, &packet), FW_REASON_NO_RULE);
	cr_expect_eq(lab.trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect_eq(lab_counts(&lab, "any").would_drop, 1);
	lab_close(&lab);
}

/* A budget for each signature and destination is a rule for each signature. */
Test(signatures, budgets_per_signature_and_destination)
{
	static const char policy[] = POLICY(
		"  - {name: dns, match: {signature: dns_answer}, limit: 10 packets/1s, per: destination,\n"
		"     action: police, mode: enforce}\n"
		"  - {name: cache, match: {signature: memcached}, limit: 5 packets/1s, per: destination,\n"
		"     action: police, mode: enforce}\n");
	struct packet dns = PACKET(.from_port = 53, DATA(DNS_ANSWER, 29));
	struct packet cache = PACKET(.from_port = 11211, DATA(MEMCACHED, 24));
	struct lab lab;

	lab_open(&lab, policy);
	cr_expect_eq(lab_send(&lab, dns, 40), 10);
	cr_expect_eq(lab_send(&lab, cache, 40), 5);
	cr_expect_eq(lab_send(&lab, PACKET(.from_port = 53, DATA(DNS_ANSWER, 29), .to = VICTIM_OTHER), 40),
		     10);
	cr_expect_eq(lab_send(&lab, PACKET(.from_port = 53, DATA(DNS_QUERY, 29)), 40), 40);
	lab_close(&lab);
}

/* A changed list starts its counters anew, the same list does not. */
Test(signatures, counters_follow_the_list)
{
	static const char other[] =
		"version: 1\nsignatures: " FW_TESTS_DIR "/data/signatures/good/small.yaml\n"
		"rules:\n" ANY;
	struct packet packet = PACKET(.from_port = 53, .payload = 600, .data = NULL);
	struct lab lab;

	packet.bytes[packet.ip + 28 + 2] = 0x80;
	lab_open(&lab, POLICY(ANY));
	lab_run(&lab, &packet);
	cr_expect_eq(counted(&lab, 0), 1);
	lab_publish(&lab, POLICY("  - {name: more, match: {protocol: 253}, action: block}\n" ANY));
	lab_run(&lab, &packet);
	cr_expect_eq(counted(&lab, 0), 2);
	lab_publish(&lab, other);
	cr_expect_eq(counted(&lab, 0), 0);
	lab_close(&lab);
}
