// SPDX-License-Identifier: Apache-2.0
/* Action challenge: every byte of the answer. */
#include "challenge_scene.h"

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
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
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
