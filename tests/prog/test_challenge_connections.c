// SPDX-License-Identifier: Apache-2.0
/* Action challenge: a valid cookie verifies, and other TCP needs a connection meanwhile. */
#include <bpf/bpf.h>

#include "challenge_scene.h"

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

/* Whose port is used again while others use up what may pass without an answer. */
Test(challenge, syns_of_connections_have_a_budget_of_their_own)
{
	static const unsigned char md5[] = {19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(443)}, local;
	socklen_t size = sizeof(local);
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	uint64_t faults[FW_FAULT_MAX_];
	struct packet again;
	unsigned int passed;
	int client;

	scene_open(&scene, TOTAL);
	cr_assert_eq(system("ip addr add " VICTIM "/32 dev lo"), 0);
	inet_pton(AF_INET, VICTIM, &server.sin_addr);
	client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(client, (struct sockaddr *)&server, sizeof(server)), 0);
	cr_assert_eq(getsockname(client, (struct sockaddr *)&local, &size), 0);
	flood(&scene, VICTIM);
	lab->now_ns += 2 * SECONDS;
	lab_send(lab, with_options(SYN(.from = HONEST, .tcp_options = 20), 34, md5, sizeof(md5)), 2000);
	expect(lab, FW_REASON_CHALLENGE_BUDGET, SYN(.from = HONEST6, .extensions = {HOP}));
	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	again = SYN(.from = VICTIM, .to = VICTIM, .from_port = ntohs(local.sin_port));
	passed = lab_send(lab, again, 5000);
	cr_expect_eq(passed, 5000, "%u of 5000 passed", passed);
	passed = faults[FW_FAULT_COOKIE_FAILED];
	cr_assert_eq(fw_stats_faults(lab->datapath, faults), 0);
	cr_expect_eq(faults[FW_FAULT_COOKIE_FAILED], passed, "which is no fault");
	cr_expect_leq(lab_send(lab, again, 20000), 6000, "and a bound");
	close(client);
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
