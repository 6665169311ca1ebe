// SPDX-License-Identifier: Apache-2.0
/* Action challenge: when it begins and ends, every byte of the answer, who is not answered, and what other
 * TCP needs meanwhile. Listeners live in a network namespace of each test. */
#include <bpf/bpf.h>
#include <stdio.h>

#include "sockets.h"

#define SYN(...)       PACKET(.protocol = IPPROTO_TCP, .flags = TCP_SYN, .payload = NO_PAYLOAD, __VA_ARGS__)
#define TCP(bits, ...) PACKET(.protocol = IPPROTO_TCP, .flags = (bits), .payload = NO_PAYLOAD, __VA_ARGS__)

#define RULE(more)                                                                                           \
	"rules: [{name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 5 connections/1s, " more         \
	"action: challenge}]\n"
#define TOTAL  "version: 1\n" RULE("per: total, ")
#define PER_IP "version: 1\n" RULE("per: destination, ")

struct scene {
	struct lab lab;
	unsigned char answer[9216];
	uint32_t answer_length;
	int listener;
};

static void scene_open(struct scene *scene, const char *policy)
{
	sockets_prepare();
	scene->listener = sockets_listen(443);
	lab_open(&scene->lab, policy);
	fw_runner_keep(scene->lab.runner, scene->answer, sizeof(scene->answer), &scene->answer_length);
	sockets_say(&scene->lab, COOKIE_FLAGS);
}

static void scene_close(struct scene *scene)
{
	lab_close(&scene->lab);
	close(scene->listener);
}

/* Over the limit with SYNs of nobody in particular. */
static void flood(struct scene *scene, const char *to)
{
	for (int i = 0; i < 8; i++) {
		char from[32];

		snprintf(from, sizeof(from), "10.1.%d.1", i);
		lab_send(&scene->lab, SYN(.from = from, .to = to), 1);
	}
}

static uint32_t get32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t get16(const unsigned char *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t sum16(const unsigned char *at, size_t bytes, uint32_t sum)
{
	for (size_t i = 0; i < bytes; i += 2)
		sum += get16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sequence number 0x01020304 and real options in place of the builder's no-operations. */
static struct packet with_options(struct packet packet, uint32_t tcp, const unsigned char *options,
				  size_t bytes)
{
	const unsigned char sequence[] = {1, 2, 3, 4};

	memcpy(packet.bytes + tcp + 4, sequence, 4);
	memcpy(packet.bytes + tcp + 20, options, bytes);
	return packet;
}

/* MSS 1400, SACK, timestamp 0x11223344, no-operation, window scale 9 */
static const unsigned char all_options[] = {2,	  4,	5, 120, 4, 2, 8, 10, 0x11, 0x22,
					    0x33, 0x44, 0, 0,	0, 0, 1, 3,  3,	   9};

static void check_addresses(const struct scene *scene, const struct packet *syn, uint32_t ip)
{
	const unsigned char *out = scene->answer, *in = syn->bytes;
	bool v6 = out[ip] >> 4 == 6;
	uint32_t at = ip + (v6 ? 8 : 12), size = v6 ? 16 : 4;

	cr_expect(!memcmp(out, in + 6, 6) && !memcmp(out + 6, in, 6), "MAC addresses are swapped");
	cr_expect(!memcmp(out + 12, in + 12, ip - 12), "tags and ethertype stay");
	cr_expect(!memcmp(out + at, in + at + size, size) && !memcmp(out + at + size, in + at, size),
		  "IP addresses are swapped");
}

static void check_sums(const struct scene *scene, uint32_t ip)
{
	const unsigned char *out = scene->answer;
	bool v6 = out[ip] >> 4 == 6;
	uint32_t tcp = ip + (v6 ? 40 : 20), bytes = (uint32_t)(out[tcp + 12] >> 4) * 4;
	uint32_t total = v6 ? get16(out + ip + 4) + 40 : get16(out + ip + 2), sum;

	cr_expect_eq(total, tcp - ip + bytes, "the IP length is that of the headers");
	cr_expect_eq(scene->answer_length, ip + total < 60 ? 60 : ip + total);
	if (!v6)
		cr_expect_eq(sum16(out + ip, 20, 0), 0xffff, "IP checksum");
	sum = sum16(out + ip + (v6 ? 8 : 12), v6 ? 32 : 8, bytes + IPPROTO_TCP);
	cr_expect_eq(sum16(out + tcp, bytes, sum), 0xffff, "TCP checksum");
}

/* SYN with everything a client offers; the answer accepts all of it. ip, syn_tcp: where its headers begin. */
static void check_answer(struct scene *scene, struct packet syn, uint32_t syn_tcp)
{
	uint32_t ip = syn.ip, tcp;
	const unsigned char *out = scene->answer, *options;

	syn = with_options(syn, syn_tcp, all_options, sizeof(all_options));
	cr_assert_eq(lab_run(&scene->lab, &syn), FW_REASON_CHALLENGED);
	check_addresses(scene, &syn, ip);
	check_sums(scene, ip);
	tcp = ip + (out[ip] >> 4 == 6 ? 40 : 20);
	options = out + tcp + 20;
	cr_expect_eq(get16(out + tcp), 443);
	cr_expect_eq(get16(out + tcp + 2), 40000);
	cr_expect_eq(get32(out + tcp + 8), 0x01020305, "acknowledges the SYN");
	cr_expect_eq(out[tcp + 13], TCP_SYN | TCP_ACK);
	cr_expect_eq(get16(out + tcp + 14), 64240);
	cr_expect_eq(out[tcp + 12] >> 4, 10);
	cr_expect_eq(get32(options), 0x02040000u | (out[ip] >> 4 == 6 ? 65476u : 65496u),
		     "MSS of the interface, lo: 65536");
	cr_expect_eq(get32(options + 4), 0x0402080au, "SACK and timestamp");
	cr_expect_eq(get32(options + 8) & 0x3f, 0x10u | 9, "SACK and the client's window scale come back");
	cr_expect_eq(get32(options + 12), 0x11223344, "the client's timestamp is echoed");
	cr_expect_eq(get32(options + 16), 0x01030307u, "window scale 7");
}

Test(challenge, answers_byte_for_byte)
{
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	check_answer(&scene, SYN(.from = HONEST, .tcp_options = 20), 34);
	check_answer(&scene, SYN(.from = HONEST, .tcp_options = 20, .tags = 1), 38);
	check_answer(&scene, SYN(.from = HONEST, .tcp_options = 20, .tags = 2), 42);
	check_answer(&scene, SYN(.from = HONEST, .tcp_options = 20, .options = 12), 46);
	check_answer(&scene, SYN(.from = HONEST, .tcp_options = 40), 34);
	check_answer(&scene, SYN(.from = HONEST6, .tcp_options = 20), 54);
	check_answer(&scene, SYN(.from = HONEST6, .tcp_options = 20, .tags = 2), 62);
	check_answer(&scene,
		     PACKET(.from = HONEST, .protocol = IPPROTO_TCP, .flags = TCP_SYN, .tcp_options = 20,
			    .payload = 100),
		     34); /* data on the SYN is not acknowledged */
	scene_close(&scene);
}

/* What the client or the host does not have is not offered. */
Test(challenge, answers_with_what_both_have)
{
	static const unsigned char no_timestamp[] = {2, 4, 5, 120, 1, 1, 4, 2, 1, 3, 3, 9};
	static const unsigned char no_wscale[] = {2,	4,    5,    120,  1, 1, 8, 10,
						  0x11, 0x22, 0x33, 0x44, 0, 0, 0, 0};
	struct scene scene = {0};
	const unsigned char *options = scene.answer + 54;
	struct packet syn;

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	syn = with_options(SYN(.from = HONEST, .tcp_options = 12), 34, no_timestamp, sizeof(no_timestamp));
	cr_assert_eq(lab_run(&scene.lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(scene.answer[46] >> 4, 6, "MSS alone: without a timestamp nothing else survives");
	cr_expect_eq(scene.answer_length, 60, "padded as Ethernet wants it");
	check_sums(&scene, 14);
	syn = with_options(SYN(.from = HONEST, .tcp_options = 16), 34, no_wscale, sizeof(no_wscale));
	cr_assert_eq(lab_run(&scene.lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(scene.answer[46] >> 4, 9);
	cr_expect_eq(get32(options + 4), 0x0101080au, "no SACK");
	cr_expect_eq(get32(options + 8) & 0x3f, 0xfu, "neither of them comes back");
	check_sums(&scene, 14);
	sockets_say(&scene.lab, FW_COOKIE_READY | FW_COOKIE_SACK | FW_COOKIE_WSCALE);
	syn = with_options(SYN(.from = HONEST, .tcp_options = 20), 34, all_options, sizeof(all_options));
	cr_assert_eq(lab_run(&scene.lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(scene.answer[46] >> 4, 6, "timestamps with secret offsets cannot carry options");
	expect(&scene.lab, FW_REASON_CHALLENGED, SYN(.from = HONEST)); /* no options at all */
	check_sums(&scene, 14);
	scene_close(&scene);
}

Test(challenge, begins_over_the_limit_and_ends_with_hysteresis)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 5), 5, "within the limit nothing is challenged");
	expect_rule(lab, FW_REASON_CHALLENGED, "syn", SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	lab->now_ns += 2 * SECONDS; /* the rate is nothing, the challenge holds on */
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 7 * SECONDS;
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 3), 0,
		     "three are more than half of the limit: it goes on");
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST));
	cr_expect_eq(lab_counts(lab, "syn").packets, 12);
	cr_expect_eq(lab_counts(lab, "syn").dropped, 6);
	scene_close(&scene);
}

Test(challenge, per_destination)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, PER_IP);
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to = VICTIM_OTHER));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	scene_close(&scene);
}

Test(challenge, of_nobody_who_listens)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81));
	flood(&scene, VICTIM);
	expect_rule(lab, FW_REASON_CHALLENGE_NO_LISTENER, "syn", SYN(.from = HONEST, .to_port = 81));
	expect(lab, FW_REASON_CHALLENGE_NO_LISTENER, SYN(.from = HONEST6, .to_port = 81));
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_FORWARDS);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81)); /* may be for somebody behind */
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* Whoever ends a challenge does it at once, also when another rule asks who is verified. */
Test(challenge, ends_with_the_rule)
{
	static const char asks[] = "version: 1\nrules: [{name: r, match: {verified: false, dest_port: 9}, "
				   "action: block}]\n";
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	expect(&scene.lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(&scene.lab, asks);
	expect(&scene.lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* What an on-link sender padded a SYN with, beyond its first buffer, does not come back. */
Test(challenge, the_answer_to_a_padded_syn_is_no_longer_than_another)
{
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	for (uint32_t padding = 1; padding < 6000; padding += 1000) {
		struct packet syn = SYN(.from = HONEST, .tcp_options = 20);
		struct packet syn6 = SYN(.from = HONEST6, .tcp_options = 20);

		syn.length += padding;
		syn6.length += padding;
		check_answer(&scene, syn, 34);
		check_answer(&scene, syn6, 54);
	}
	scene_close(&scene);
}

/* For whom SYNPROXY of this host takes over: with its window scale, and no window before it has the server.
 */
Test(challenge, of_somebody_behind_this_host)
{
	struct scene scene = {0};
	struct packet syn = SYN(.from = HONEST, .to_port = 81, .tcp_options = sizeof(all_options));
	struct packet syn6 = SYN(.from = HONEST6, .to_port = 81, .tcp_options = sizeof(all_options));
	const unsigned char *out = scene.answer;

	scene_open(&scene, "version: 1\nsafety: {synproxy_wscale: 5}\n" RULE("per: total, "));
	flood(&scene, VICTIM);
	expect(&scene.lab, FW_REASON_CHALLENGE_NO_LISTENER, SYN(.from = HONEST, .to_port = 81));
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_FORWARDS);
	syn = with_options(syn, 34, all_options, sizeof(all_options));
	cr_assert_eq(lab_run(&scene.lab, &syn), FW_REASON_CHALLENGED);
	check_addresses(&scene, &syn, 14);
	check_sums(&scene, 14);
	cr_expect_eq(get16(out + 34 + 14), 0, "window");
	cr_expect_eq(get32(out + 34 + 28) & 0x3f, 0x10u | 9, "SACK and the client's window scale come back");
	cr_expect_eq(get32(out + 34 + 36), 0x01030305u, "window scale of SYNPROXY");
	syn6 = with_options(syn6, 54, all_options, sizeof(all_options));
	cr_assert_eq(lab_run(&scene.lab, &syn6), FW_REASON_CHALLENGED);
	check_addresses(&scene, &syn6, 14);
	check_sums(&scene, 14);
	cr_expect_eq(get16(out + 54 + 14), 0, "window");
	expect(&scene.lab, FW_REASON_CHALLENGED,
	       SYN(.from = HONEST)); /* this host's own listener as before */
	scene_close(&scene);
}

static const char budgets[] =
	"version: 1\nsafety: {challenge_replies: 40, challenge_replies_per_prefix: 10}\n" RULE(
		"per: total, ");

/* Sources that differ by one number in `pattern`; returns how many were answered, the others were beyond a
 * budget. */
static unsigned int answered(struct lab *lab, const char *pattern, int count)
{
	unsigned int answered = 0;

	for (int i = 0; i < count; i++) {
		struct packet syn;
		char from[64];

		snprintf(from, sizeof(from), pattern, i + 1);
		syn = SYN(.from = from);
		if (lab_run(lab, &syn) == FW_REASON_CHALLENGED)
			answered++;
		else
			cr_expect_eq(lab->trace.reason, FW_REASON_CHALLENGE_BUDGET, "%s got %s", from,
				     lab_words[lab->trace.reason]);
	}
	return answered;
}

Test(challenge, answers_within_budgets)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, budgets);
	flood(&scene, VICTIM);
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "198.51.100.%d", 20), 10, "a /24");
	cr_expect_eq(answered(lab, "2001:db8:77:%d::1", 20), 10, "a /48");
	cr_expect_eq(answered(lab, "198.51.101.%d", 1), 1, "another /24");
	expect_rule(lab, FW_REASON_CHALLENGE_BUDGET, "syn", SYN(.from = "198.51.100.250"));
	cr_expect_eq(answered(lab, "10.2.%d.1", 60), 40 - 21, "all together");
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "198.51.100.%d", 20), 10, "a second later");
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(answered(lab, "10.2.%d.1", 60), 40);
	scene_close(&scene);
}

/* The budgets are for those who may be forged. */
Test(challenge, verified_sources_are_beyond_the_budgets)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct fw_addr key = lab_addr(HONEST);
	struct fw_verified verified;

	scene_open(&scene, budgets);
	flood(&scene, VICTIM);
	verified.expires_ns = lab->now_ns + SECONDS;
	cr_assert_eq(
		bpf_map_update_elem(fw_datapath_map_fd(lab->datapath, "fw_verified_map"), &key, &verified, 0),
		0);
	cr_expect_lt(answered(lab, "10.2.%d.1", 60), 60);
	for (int i = 0; i < 50; i++)
		expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 2 * SECONDS;
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 30), 0);
	expect(lab, FW_REASON_CHALLENGE_BUDGET, SYN(.from = HONEST));
	scene_close(&scene);
}

/* Without a listener's consent, with signatures, in fragments: a few reach the stack. */
Test(challenge, who_cannot_be_answered_passes_within_a_budget)
{
	static const unsigned char md5[] = {19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	uint64_t faults[FW_FAULT_MAX_];
	struct packet syn;
	unsigned int passed;

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	lab->now_ns += 2 * SECONDS;
	syn = with_options(SYN(.from = HONEST, .tcp_options = 20), 34, md5, sizeof(md5));
	passed = lab_send(lab, syn, 900);
	cr_expect_eq(passed, 900, "%u of 900 passed", passed);
	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	cr_expect_eq(faults[FW_FAULT_COOKIE_FAILED], 900);
	cr_expect_leq(lab_send(lab, syn, 900), 100, "a thousand a second");
	expect(lab, FW_REASON_CHALLENGE_BUDGET, SYN(.from = HONEST6, .extensions = {HOP}));
	lab->now_ns += 2 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST6, .extensions = {HOP}));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .fragment = FIRST_FRAGMENT));
	cr_assert_eq(fw_ipv4_sysctl_write("tcp_syncookies", 0, NULL), 0);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST)); /* the helper refuses */
	sockets_say(&scene.lab, 0);
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 5000), 5000, "not ready: nothing is challenged");
	scene_close(&scene);
}

Test(challenge, count_mode_answers_nobody)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct packet syn = SYN(.from = HONEST);

	scene_open(&scene, "version: 1\n" RULE("per: total, mode: count, "));
	flood(&scene, VICTIM);
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_NO_RULE);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(scene.answer_length == syn.length && !memcmp(scene.answer, syn.bytes, syn.length),
		  "the frame is as it came");
	cr_expect_eq(lab_counts(lab, "syn").would_drop, 4);
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(lab, "version: 1\nmode: count\n" RULE("per: total, "));
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(!memcmp(scene.answer, syn.bytes, syn.length), "the frame is as it came");
	scene_close(&scene);
}

Test(challenge, spares_never_block_and_earlier_rules)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, "version: 1\nnever_block: [office]\nsets: {office: {entries: [" OFFICE
			   "]}}\n" RULE("per: total, "));
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_NEVER_BLOCK, SYN(.from = OFFICE));
	expect(lab, FW_REASON_NEVER_BLOCK, TCP(TCP_RST, .from = OFFICE));
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	scene_close(&scene);
}

static struct packet ack_of(const struct scene *scene, const char *from, const char *to, uint32_t tcp,
			    int flags)
{
	struct packet ack = TCP((uint8_t)flags, .from = from, .to = to);
	uint32_t cookie = get32(scene->answer + tcp + 4) + 1;
	const unsigned char sequence[] = {1,
					  2,
					  3,
					  5,
					  (unsigned char)(cookie >> 24),
					  (unsigned char)(cookie >> 16),
					  (unsigned char)(cookie >> 8),
					  (unsigned char)cookie};

	memcpy(ack.bytes + tcp + 4, sequence, sizeof(sequence));
	return ack;
}

static bool is_verified(struct lab *lab, const char *addr)
{
	struct fw_addr key = lab_addr(addr);
	struct fw_verified verified;

	if (strchr(addr, ':'))
		key.w[2] = key.w[3] = 0;
	return !bpf_map_lookup_elem(fw_datapath_map_fd(lab->datapath, "fw_verified_map"), &key, &verified) &&
	       verified.expires_ns > lab->now_ns;
}

static void check_handshake(struct scene *scene, const char *from, const char *to, uint32_t tcp)
{
	struct lab *lab = &scene->lab;
	struct packet syn = SYN(.from = from, .to = to), ack;

	syn = with_options(syn, tcp, (const unsigned char *)"", 0);
	cr_expect(!is_verified(lab, from));
	cr_assert_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	ack = ack_of(scene, from, to, tcp, TCP_ACK);
	ack.bytes[tcp + 10] ^= 1; /* beyond the bits that tell the MSS */
	cr_expect_eq(lab_run(lab, &ack), FW_REASON_CHALLENGE_NO_STATE, "a cookie that is none");
	cr_expect_str_eq(lab_rule(lab), "syn");
	cr_expect(!is_verified(lab, from));
	cr_assert_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	ack = ack_of(scene, from, to, tcp, TCP_RST | TCP_ACK);
	cr_expect_eq(lab_run(lab, &ack), FW_REASON_CHALLENGE_NO_STATE);
	cr_assert_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	ack = ack_of(scene, from, to, tcp, TCP_ACK);
	cr_expect_eq(lab_run(lab, &ack), FW_REASON_NO_RULE, "the cookie that was sent");
	cr_expect(is_verified(lab, from));
	lab->now_ns += FW_VERIFIED_NS;
	cr_expect(!is_verified(lab, from), "a lease ends");
	lab->now_ns -= FW_VERIFIED_NS;
}

Test(challenge, a_valid_cookie_verifies)
{
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	check_handshake(&scene, HONEST, VICTIM, 34);
	check_handshake(&scene, HONEST6, VICTIM6, 54);
	scene_close(&scene);
}

Test(challenge, other_tcp_needs_a_connection)
{
	static const uint8_t floods[] = {
		TCP_ACK,	   TCP_RST,	      TCP_FIN,		 TCP_FIN | TCP_ACK,
		TCP_SYN | TCP_ACK, TCP_SYN | TCP_FIN, TCP_RST | TCP_ACK, 0};
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	for (size_t i = 0; i < sizeof(floods); i++)
		expect(lab, FW_REASON_NO_RULE, TCP(floods[i], .from = ATTACKER)); /* in peace */
	flood(&scene, VICTIM);
	for (size_t i = 0; i < sizeof(floods); i++) {
		expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(floods[i], .from = ATTACKER));
		expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(floods[i], .from = ATTACKER6));
		expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(floods[i], .from = ATTACKER, .to_port = 81));
	}
	expect(lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER)); /* UDP */
	lab->now_ns += 11 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = ATTACKER));
	scene_close(&scene);
}

/* A connection over loopback: its packets pass, and its client is verified. */
Test(challenge, connections_are_untouched)
{
	struct sockaddr_in server = {
		.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in local;
	socklen_t size = sizeof(local);
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	int client;

	scene_open(&scene, TOTAL);
	client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&server, sizeof(server)), 0);
	cr_assert_eq(getsockname(client, (struct sockaddr *)&local, &size), 0);
	flood(&scene, VICTIM);
	for (int i = 0; i < 2; i++)
		expect(lab, FW_REASON_NO_RULE,
		       TCP(i ? TCP_RST : TCP_ACK, .from = "127.0.0.1", .to = "127.0.0.1",
			   .from_port = ntohs(local.sin_port)));
	cr_expect(is_verified(lab, "127.0.0.1"));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE,
	       TCP(TCP_ACK, .from = "127.0.0.1", .to = "127.0.0.1", .from_port = ntohs(local.sin_port) ^ 1));
	close(client);
	scene_close(&scene);
}
