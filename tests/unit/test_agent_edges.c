// SPDX-License-Identifier: Apache-2.0
/* The agent's small edges: routes, listening sockets, resolvers, and addresses to listen on. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/listen.h"
#include "agent/options.h"
#include "agent/request.h"
#include "agent/sources.h"
#include "agent/spared.h"

Test(routes, every_route_has_a_handler_and_is_found)
{
	for (enum fw_route route = 0; route < FW_ROUTE_MAX_; route++) {
		bool known = false;

		cr_expect_not_null(fw_route_handler(route), "%s", fw_routes[route].path);
		cr_expect_eq(fw_route_find(fw_routes[route].method, fw_routes[route].path, &known), route);
		cr_expect(known);
		cr_expect(!fw_routes[route].writes || !strcmp(fw_routes[route].method, "POST"), "%s",
			  fw_routes[route].path);
	}
}

Test(routes, unknown_ones_are_told_apart)
{
	bool known = true;

	cr_expect_eq(fw_route_find("GET", "/v1/nothing", &known), FW_ROUTE_MAX_);
	cr_expect_not(known);
	cr_expect_eq(fw_route_find("GET", "/v1/ban", &known), FW_ROUTE_MAX_);
	cr_expect(known, "only the method is wrong");
}

static const struct listen_case {
	const char *name, *text;
	int code; /* 0: a socket, else the error; -EADDRNOTAVAIL stands for "parsed, but not ours" */
} listen_cases[] = {
	{"no port", "127.0.0.1", -EINVAL},
	{"port 0", "127.0.0.1:0", -EINVAL},
	{"port too large", "127.0.0.1:65536", -EINVAL},
	{"a name", "localhost:80", -EINVAL},
	{"empty", "", -EINVAL},
	{"open bracket", "[::1:80", -EINVAL},
	{"not our address", "192.0.2.1:9854", -EADDRNOTAVAIL},
};

Test(listen, tcp_addresses)
{
	for (size_t i = 0; i < sizeof(listen_cases) / sizeof(listen_cases[0]); i++) {
		struct fw_err err = {};

		cr_expect_eq(fw_listen_tcp(listen_cases[i].text, &err), listen_cases[i].code, "%s: %s",
			     listen_cases[i].name, err.text);
		cr_expect(err.text[0], "%s says nothing", listen_cases[i].name);
	}
}

static char dir[64], path[128];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/fw-unit-listen-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/run/api.sock", dir);
}

static void tear_down(void)
{
	char parent[128];

	unlink(path);
	snprintf(parent, sizeof(parent), "%s/run", dir);
	rmdir(parent);
	rmdir(dir);
}

TestSuite(unix_socket, .init = set_up, .fini = tear_down);

Test(unix_socket, mode_and_parent)
{
	struct fw_err err = {};
	struct stat status;
	int fd;

	umask(0077);
	fd = fw_listen_unix(path, 0666, (gid_t)-1, &err);
	cr_assert_geq(fd, 0, "%s", err.text);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0666);
	*strrchr(path, '/') = '\0';
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0755, "everybody reaches it, whatever the umask");
	path[strlen(path)] = '/';
	close(fd);
}

Test(unix_socket, stale_ones_are_replaced_live_ones_are_not)
{
	struct fw_err err = {};
	int first = fw_listen_unix(path, 0600, (gid_t)-1, &err), second;

	cr_assert_geq(first, 0, "%s", err.text);
	cr_expect_eq(fw_listen_unix(path, 0600, (gid_t)-1, &err), -EADDRINUSE);
	cr_expect(strstr(err.text, "another floodwalld") && strstr(err.text, FW_SECOND_AGENT), "%s",
		  err.text);
	close(first); /* killed: the file stays */
	second = fw_listen_unix(path, 0600, (gid_t)-1, &err);
	cr_expect_geq(second, 0, "%s", err.text);
	close(second);
}

Test(unix_socket, a_file_in_the_way_is_left_alone)
{
	struct fw_err err = {};
	struct stat status;
	FILE *file;

	*strrchr(path, '/') = '\0';
	mkdir(path, 0755);
	path[strlen(path)] = '/';
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fclose(file);
	cr_expect_eq(fw_listen_unix(path, 0600, (gid_t)-1, &err), -EEXIST);
	cr_assert_eq(stat(path, &status), 0);
	cr_expect(S_ISREG(status.st_mode));
}

Test(spared, resolvers_that_can_answer)
{
	static const char *const wanted[] = {"192.0.2.53", "2001:db8::53", "fe80::1"};
	struct fw_spared_list list = {};
	char name[] = "/tmp/fw-unit-resolv-XXXXXX";
	FILE *file = fdopen(mkstemp(name), "w");

	fputs("# nameserver 203.0.113.1\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.53\n"
	      "nameserver 2001:db8::53\n  nameserver fe80::1%eth0\nnameserver banana\nsearch "
	      "example.org\nnameserver 192.0.2.53\nnameserver 0.0.0.0\nnameserver ::\nnameserver "
	      "224.0.0.251\n"
	      "nameserver 255.255.255.255\nnameserver ff02::fb\nnameserver ::ffff:127.0.0.1\n",
	      file);
	fclose(file);
	cr_assert_eq(fw_spared_resolvers_of(&list, name), 0);
	unlink(name);
	cr_assert_eq(list.count, 3);
	for (size_t i = 0; i < 3; i++) {
		char text[FW_ADDR_TEXT_MAX];

		cr_expect_str_eq(fw_addr_format(&list.items[i].addr, text, sizeof(text)), wanted[i]);
		cr_expect_eq(list.items[i].kind, FW_SPARED_RESOLVER);
	}
	free(list.items);
}

static int want_name(const char *host, void *names)
{
	return fw_server_names_want(names, host);
}

Test(spared, time_servers_in_configuration)
{
	static const char *const wanted[] = {"192.0.2.1", "192.0.2.2", "2001:db8::3",
					     "192.0.2.4", "192.0.2.5", "2001:db8::6"};
	static const char *const lines[] = {"server 192.0.2.1 iburst 203.0.113.9\n",
					    "server 127.127.1.0",
					    "# server 203.0.113.1\n",
					    "  pool\t192.0.2.2 maxsources 4",
					    "peer 2001:db8::3",
					    "server ntp.example.org 203.0.113.2",
					    "NTP=192.0.2.4 ntp.example.org 192.0.2.5\n",
					    "FallbackNTP = 2001:db8::6%eth0",
					    "restrict 203.0.113.3",
					    "server",
					    "",
					    "=",
					    "NTP=",
					    "server -4 ntp4.example.org prefer",
					    "servers NTP.example.org",
					    "pool 300.0.2.1",
					    "pool $(reboot)",
					    "server -"};
	static const char *const names_wanted[] = {"ntp.example.org", "ntp4.example.org"};
	struct fw_server_names names = {};
	struct fw_spared_list list = {};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line), "%s", lines[i]);
		cr_assert_eq(fw_time_servers_line(line, &list, want_name, &names), 0);
	}
	cr_assert_eq(list.count, 6);
	for (size_t i = 0; i < 6; i++) {
		char text[FW_ADDR_TEXT_MAX];

		cr_expect_str_eq(fw_addr_format(&list.items[i].addr, text, sizeof(text)), wanted[i]);
		cr_expect_eq(list.items[i].kind, FW_SPARED_TIME_SERVER);
	}
	cr_assert_eq(names.count, 2);
	for (size_t i = 0; i < 2; i++)
		cr_expect_str_eq(names.items[i].host, names_wanted[i]);
	fw_server_names_done(&names);
	free(list.items);
}

/* A resolver made of what the test says; a host that begins with "slow" is answered when told to. */
static atomic_int slow_may_answer, asked, answer_from;

static size_t resolve(const char *host, struct fw_addr *addrs, size_t most, const char **ret_why)
{
	char text[32];

	atomic_fetch_add(&asked, 1);
	while (!strncmp(host, "slow", 4) && !atomic_load(&slow_may_answer))
		usleep(1000);
	*ret_why = "no such host";
	if (!strncmp(host, "gone", 4))
		return 0;
	cr_assert(most >= 20);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d", atomic_load(&answer_from) + i);
		fw_addr_parse(text, &addrs[i], NULL);
	}
	return 20;
}

/* Waits for the answer of one lookup. */
static void turn(struct fw_server_names *names, const char *host, uint64_t now_ns)
{
	fw_server_names_want(names, host);
	fw_server_names_turn(names, now_ns);
	for (int i = 0; i < 5000 && names->lookup; i++) {
		usleep(1000);
		fw_server_names_want(names, host);
		fw_server_names_turn(names, now_ns);
	}
	cr_assert_null(names->lookup);
}

static size_t learned(const struct fw_server_names *names, const char *address)
{
	struct fw_spared_list list = {};
	struct fw_addr addr;
	size_t found = 0;

	fw_addr_parse(address, &addr, NULL);
	fw_spared_time_names(&list, names);
	for (size_t i = 0; i < list.count; i++)
		found += !memcmp(&list.items[i].addr, &addr, sizeof(addr)) && list.items[i].expires_ns &&
			 list.items[i].kind == FW_SPARED_TIME_SERVER;
	free(list.items);
	return found;
}

Test(spared, time_servers_by_name)
{
	struct fw_server_names names = {.resolve = resolve};
	struct fw_addr known[32];
	uint64_t now = FW_NS_PER_SEC;

	atomic_store(&answer_from, 1);
	turn(&names, "pool.example.org", now);
	cr_expect_eq(learned(&names, "192.0.2.1"), 1);
	cr_expect_eq(learned(&names, "192.0.2.20"), 1);
	cr_expect_eq(fw_server_names_learned(&names, "POOL.example.org", known, 32), 20);
	cr_expect_eq(fw_server_names_learned(&names, "pool.example.org", known, 7), 7);
	cr_expect_eq(fw_server_names_learned(&names, "other.example.org", known, 32), 0);
	/* Not asked again before it is due; then the new ones come beside the old ones. */
	turn(&names, "pool.example.org", now + FW_NAME_FRESH_NS - 1);
	cr_expect_eq(atomic_load(&asked), 1);
	atomic_store(&answer_from, 101);
	now += FW_NAME_FRESH_NS;
	turn(&names, "pool.example.org", now);
	cr_expect_eq(atomic_load(&asked), 2);
	cr_expect_eq(learned(&names, "192.0.2.120"), 1);
	cr_expect_eq(names.items[0].count, FW_NAME_ADDRS_MAX);
	/* What no answer names any more expires. */
	turn(&names, "pool.example.org", now + FW_NAME_LEARNED_NS - 1);
	cr_expect_eq(learned(&names, "192.0.2.20"), 0);
	cr_expect_eq(learned(&names, "192.0.2.120"), 1);
	/* And what the configuration no longer names is forgotten at once. */
	turn(&names, "other.example.org", now);
	cr_expect_eq(names.count, 1);
	fw_server_names_done(&names);
}

Test(spared, a_name_that_nobody_knows_is_asked_again)
{
	struct fw_server_names names = {.resolve = resolve};

	turn(&names, "gone.example.org", FW_NS_PER_SEC);
	cr_expect_eq(names.items[0].count, 0);
	turn(&names, "gone.example.org", FW_NS_PER_SEC + FW_NAME_RETRY_NS - 1);
	cr_expect_eq(atomic_load(&asked), 1);
	turn(&names, "gone.example.org", FW_NS_PER_SEC + FW_NAME_RETRY_NS);
	cr_expect_eq(atomic_load(&asked), 2);
	fw_server_names_done(&names);
}

/* Neither a turn nor the end waits for it. */
Test(spared, a_resolver_that_does_not_answer_holds_nothing_up)
{
	struct fw_server_names names = {.resolve = resolve};

	for (int i = 0; i < 3; i++) {
		fw_server_names_want(&names, "slow.example.org");
		fw_server_names_turn(&names, FW_NS_PER_SEC);
	}
	cr_expect_not_null(names.lookup);
	for (int i = 0; i < 5000 && !atomic_load(&asked); i++)
		usleep(1000);
	cr_expect_eq(atomic_load(&asked), 1);
	fw_server_names_done(&names);
	atomic_store(&slow_may_answer, 1);
	usleep(50000); /* the sanitizer looks whether it was freed */
}

Test(spared, a_missing_file_spares_nobody)
{
	struct fw_spared_list list = {};

	cr_expect_eq(fw_spared_resolvers_of(&list, "/nonexistent/resolv.conf"), 0);
	cr_expect_eq(list.count, 0);
}

/* A session of our own on the loopback is found by its port, and only by that. */
Test(spared, live_peers_of_the_given_port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET6, SOCK_STREAM, 0), client = socket(AF_INET6, SOCK_STREAM, 0), server;
	struct fw_spared_list list = {};
	struct fw_err err = {};
	uint16_t port, other;

	if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 1))
		cr_skip_test("no IPv6 loopback here");
	getsockname(listener, (struct sockaddr *)&address, &size);
	cr_assert_eq(connect(client, (struct sockaddr *)&address, size), 0);
	server = accept(listener, NULL, NULL);
	port = ntohs(address.sin6_port);
	other = port == 65535 ? 1024 : (uint16_t)(port + 1);
	cr_assert_eq(fw_spared_ssh_peers(&list, &port, 1, &err), 0, "%s", err.text);
	cr_assert_geq(list.count, 1);
	cr_expect_eq(list.items[0].kind, FW_SPARED_SSH);
	free(list.items);
	list = (struct fw_spared_list){};
	cr_assert_eq(fw_spared_ssh_peers(&list, &other, 1, &err), 0);
	for (size_t i = 0; i < list.count; i++) {
		char text[FW_ADDR_TEXT_MAX];

		cr_expect_str_neq(fw_addr_format(&list.items[i].addr, text, sizeof(text)), "::1");
	}
	free(list.items);
	close(server);
	close(client);
	close(listener);
}

static const struct risk_case {
	const char *prefix, *says; /* NULL: nothing against it */
} risks[] = {
	{"198.51.100.10", "is this host itself: 198.51.100.10 of eth0; --force"},
	{"198.51.100.11", NULL},
	{"198.51.100.0/24", "holds this host itself: 198.51.100.10 of eth0; --force"},
	{"198.51.100.16/28", NULL},
	{"2001:db8:7::/64",
	 "it holds this host itself: 2001:db8:7::1 of eth1, 2001:db8:7::2 of eth1, 2001:db8:7::3 of eth1, "
	 "2001:db8:7::4 of eth1, 2001:db8:7::5 of eth1, 2001:db8:7::6 of eth1, 2001:db8:7::7 of eth1, "
	 "2001:db8:7::8 of eth1, and 1 more; --force"},
	{"192.0.2.0/24",
	 "192.0.2.7, 192.0.2.77 each have a live SSH session with this host, and nothing protects them"},
	{"2001:db8::10", "is this host itself: 2001:db8::10 of eth0"},
	{"2001:db8::/64", "holds this host itself"},
	{"2001:db8::11", NULL},
	{"203.0.113.1", "is this host itself: 203.0.113.1 of lo"}, /* of a service that moves */
	{"127.0.0.1", "is the loopback"},
	{"127.0.0.0/8", "is the loopback"},
	{"127.77.0.1", "is the loopback"},
	{"::1", "is the loopback"},
	{"192.0.2.7", "192.0.2.7 has a live SSH session"},
	{"192.0.2.0/28", "192.0.2.7 has a live SSH session"},
	{"192.0.2.8", NULL},
	{"0.0.0.0/0", "1/16"},
	{"::/3", "1/16"},
};

Test(sources, a_ban_of_this_host_wants_to_be_meant)
{
	struct fw_own_network networks[14] = {{.interface = "lo", .loopback = true},
					      {.interface = "lo", .loopback = true},
					      {.interface = "lo", .loopback = true},
					      {.interface = "eth0"},
					      {.interface = "eth0"}};
	static const char *const addresses[] = {"127.0.0.1", "::1", "203.0.113.1", "198.51.100.10",
						"2001:db8::10"};
	struct fw_spared_entry peers[] = {{.kind = FW_SPARED_SSH}, {.kind = FW_SPARED_SSH}};
	struct fw_own_hosts own = {
		.networks = networks, .network_count = 14, .ssh = {.items = peers, .count = 2}};

	for (size_t i = 0; i < 5; i++)
		cr_assert_eq(fw_addr_parse(addresses[i], &networks[i].addr, NULL), 0);
	for (unsigned int i = 5; i < 14; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db8:7::%u", i - 4);
		networks[i] = (struct fw_own_network){.interface = "eth1"};
		cr_assert_eq(fw_addr_parse(text, &networks[i].addr, NULL), 0);
	}
	cr_assert_eq(fw_addr_parse("192.0.2.7", &peers[0].addr, NULL), 0);
	cr_assert_eq(fw_addr_parse("192.0.2.77", &peers[1].addr, NULL), 0);
	for (size_t i = 0; i < sizeof(risks) / sizeof(risks[0]); i++) {
		struct fw_prefix prefix;
		char text[FW_SOURCES_TEXT_MAX] = "?";

		cr_assert_eq(fw_prefix_parse(risks[i].prefix, &prefix, NULL), 0, "%s", risks[i].prefix);
		fw_sources_risk(&own, &prefix, text, sizeof(text));
		if (risks[i].says)
			cr_expect(strstr(text, risks[i].says), "%s: got '%s'", risks[i].prefix, text);
		else
			cr_expect_str_eq(text, "", "%s: got '%s'", risks[i].prefix, text);
	}
}
