// SPDX-License-Identifier: Apache-2.0
/* match: {verified: …}: who has completed a handshake, how the packet path comes to know, and which terms it
 * leaves. */
#include <arpa/inet.h>
#include <bpf/bpf.h>

#include "sockets.h"

#define TCP(bits, ...) PACKET(.protocol = IPPROTO_TCP, .flags = (bits), .payload = NO_PAYLOAD, __VA_ARGS__)
#define LOCAL(...)     .from = "127.0.0.1", .to = "127.0.0.1", .to_port = 443, __VA_ARGS__

#define POLICED                                                                                              \
	"version: 1\nrules: [{name: strangers, match: {verified: false}, limit: 2 packets/1s, per: total, "  \
	"action: police}]\n"
#define BLOCKED(match) "version: 1\nrules: [{name: out, match: " match ", action: block, force: true}]\n"

static void verify(struct lab *lab, const char *addr, uint64_t for_ns)
{
	struct fw_addr key = lab_addr(addr);
	struct fw_verified verified = {.expires_ns = lab->now_ns + for_ns};

	if (strchr(addr, ':'))
		key.w[2] = key.w[3] = 0;
	cr_assert_eq(
		bpf_map_update_elem(fw_datapath_map_fd(lab->datapath, "fw_verified_map"), &key, &verified, 0),
		0);
}

static bool is_verified(struct lab *lab, const char *addr)
{
	struct fw_addr key = lab_addr(addr);

	return fw_verified_holds(lab->datapath, &key);
}

Test(verified, strangers_share_a_budget)
{
	struct lab lab = {0};

	sockets_prepare();
	lab_open(&lab, POLICED);
	verify(&lab, HONEST, 30 * SECONDS);
	verify(&lab, HONEST6, 30 * SECONDS);
	for (int i = 0; i < 2; i++)
		expect(&lab, FW_REASON_NO_RULE, PACKET(.from = ATTACKER));
	for (int i = 0; i < 20; i++) {
		expect_rule(&lab, FW_REASON_POLICED, "strangers", PACKET(.from = ATTACKER));
		expect_rule(&lab, FW_REASON_POLICED, "strangers", PACKET(.from = ATTACKER6));
		expect_rule(&lab, FW_REASON_POLICED, "strangers", TCP(TCP_SYN, .from = ATTACKER));
		expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
		expect(&lab, FW_REASON_NO_RULE, PACKET(.from = HONEST6));
		expect(&lab, FW_REASON_NO_RULE, TCP(TCP_SYN, .from = HONEST));
	}
	cr_expect_eq(lab_counts(&lab, "strangers").packets, 62, "what the verified send is not counted");
	lab.now_ns += 31 * SECONDS;
	cr_expect_eq(lab_send(&lab, PACKET(.from = HONEST), 10), 2, "a lease ends");
	lab_close(&lab);
}

static const struct {
	const char *match;
	bool takes_verified, takes_stranger;
} matches[] = {
	{"{verified: true}", true, false},
	{"{verified: false}", false, true},
	{"{not: {verified: true}}", false, true},
	{"{not: {verified: false}}", true, false},
	{"{any: [{verified: true}, {verified: false}]}", true, true},
	{"{any: [{verified: true}, {protocol: udp}]}", true, true},
	{"{verified: false, any: [{protocol: tcp}, {dest_port: 53}]}", false, true},
	{"{verified: false, protocol: tcp}", false, false}, /* the packet is UDP */
};

Test(verified, terms)
{
	struct lab lab = {0};

	sockets_prepare();
	lab_open(&lab, "version: 1\n");
	verify(&lab, HONEST, 30 * SECONDS);
	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		struct packet verified = PACKET(.from = HONEST, .to_port = 53);
		struct packet stranger = PACKET(.from = ATTACKER, .to_port = 53);
		char policy[256];

		snprintf(policy, sizeof(policy), BLOCKED("%s"), matches[i].match);
		lab_publish(&lab, policy);
		cr_expect_eq(lab_run(&lab, &verified) == FW_REASON_RULE_BLOCK, matches[i].takes_verified,
			     "%s, verified: %s", matches[i].match, lab_words[lab.trace.reason]);
		cr_expect_eq(lab_run(&lab, &stranger) == FW_REASON_RULE_BLOCK, matches[i].takes_stranger,
			     "%s, a stranger: %s", matches[i].match, lab_words[lab.trace.reason]);
	}
	lab_close(&lab);
}

/* A connection over loopback; the packets of its client are written by the test. */
struct connection {
	int listener, client, server;
	uint16_t port;
};

static struct connection connection_open(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(443), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct connection connection = {.listener = sockets_listen(443)};
	struct sockaddr_in local;
	socklen_t size = sizeof(local);

	connection.client = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(connect(connection.client, (struct sockaddr *)&to, sizeof(to)), 0);
	cr_assert_eq(getsockname(connection.client, (struct sockaddr *)&local, &size), 0);
	connection.server = accept(connection.listener, NULL, NULL);
	cr_assert_geq(connection.server, 0);
	connection.port = ntohs(local.sin_port);
	return connection;
}

static void connection_close(struct connection *connection)
{
	close(connection->client);
	close(connection->server);
	close(connection->listener);
}

/* Who has an open connection needs no earlier one. */
Test(verified, a_packet_of_a_connection_shows_it)
{
	struct connection connection;
	struct lab lab = {0};

	sockets_prepare();
	connection = connection_open();
	lab_open(&lab, BLOCKED("{verified: false}"));
	expect(&lab, FW_REASON_RULE_BLOCK, TCP(TCP_SYN, LOCAL(.from_port = connection.port)));
	expect(&lab, FW_REASON_RULE_BLOCK, TCP(TCP_ACK, LOCAL(.from_port = connection.port ^ 1)));
	expect(&lab, FW_REASON_RULE_BLOCK, TCP(TCP_RST, LOCAL(.from_port = 1)));
	expect(&lab, FW_REASON_RULE_BLOCK, PACKET(.from = "127.0.0.1"));
	cr_expect(!is_verified(&lab, "127.0.0.1"));
	expect(&lab, FW_REASON_NO_RULE, TCP(TCP_ACK, LOCAL(.from_port = connection.port)));
	cr_expect(is_verified(&lab, "127.0.0.1"));
	expect(&lab, FW_REASON_NO_RULE, PACKET(.from = "127.0.0.1"));
	connection_close(&connection);
	lab_close(&lab);
}

/* In peace one look at the end of a connection is enough, whatever the rules say of it. */
Test(verified, the_end_of_a_connection_is_remembered)
{
	static const char elsewhere[] = BLOCKED("{verified: false, dest_port: 9}");
	struct connection connection;
	struct lab lab = {0};

	sockets_prepare();
	connection = connection_open();
	lab_open(&lab, "version: 1\n");
	expect(&lab, FW_REASON_NO_RULE, TCP(TCP_FIN | TCP_ACK, LOCAL(.from_port = connection.port)));
	cr_expect(!is_verified(&lab, "127.0.0.1"), "no rule asks: nobody looks");
	lab_publish(&lab, elsewhere);
	expect(&lab, FW_REASON_NO_RULE, TCP(TCP_ACK, LOCAL(.from_port = connection.port)));
	expect(&lab, FW_REASON_NO_RULE, TCP(TCP_FIN | TCP_ACK, LOCAL(.from_port = 1)));
	cr_expect(!is_verified(&lab, "127.0.0.1"), "not its end, not its port");
	shutdown(connection.server, SHUT_WR); /* the server ends first: FIN_WAIT2 */
	expect(&lab, FW_REASON_NO_RULE, TCP(TCP_FIN | TCP_ACK, LOCAL(.from_port = connection.port)));
	cr_expect(is_verified(&lab, "127.0.0.1"));
	connection_close(&connection);
	lab_close(&lab);
}

/* Only the limit of a rule in force drops. */
Test(verified, mode_attack_counts_in_peace)
{
	struct lab lab = {0};

	sockets_prepare();
	lab_open(&lab, "version: 1\nrules: [{name: strangers, match: {verified: false}, limit: 2 packets/1s, "
		       "per: total, action: police, mode: attack}]\n");
	cr_expect_eq(lab_send(&lab, PACKET(.from = ATTACKER), 10), 10);
	cr_expect_eq(lab_counts(&lab, "strangers").would_drop, 8);
	lab_close(&lab);
}
