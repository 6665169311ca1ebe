// SPDX-License-Identifier: Apache-2.0
/* The agent's small edges: routes, listening sockets, resolvers, and addresses to listen on. */
#include <criterion/criterion.h>
#include <errno.h>
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
	cr_expect(strstr(err.text, "another floodwalld"), "%s", err.text);
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

Test(spared, resolvers_without_loopback)
{
	static const char *const wanted[] = {"192.0.2.53", "2001:db8::53", "fe80::1"};
	struct fw_spared_list list = {};
	char name[] = "/tmp/fw-unit-resolv-XXXXXX";
	FILE *file = fdopen(mkstemp(name), "w");

	fputs("# nameserver 203.0.113.1\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.53\n"
	      "nameserver 2001:db8::53\n  nameserver fe80::1%eth0\nnameserver banana\nsearch "
	      "example.org\nnameserver 192.0.2.53\n",
	      file);
	fclose(file);
	cr_assert_eq(fw_spared_resolvers(&list, name), 0);
	unlink(name);
	cr_assert_eq(list.count, 3);
	for (size_t i = 0; i < 3; i++) {
		char text[FW_ADDR_TEXT_MAX];

		cr_expect_str_eq(fw_addr_format(&list.items[i].addr, text, sizeof(text)), wanted[i]);
		cr_expect_eq(list.items[i].kind, FW_SPARED_RESOLVER);
	}
	free(list.items);
}

Test(spared, time_servers_by_address)
{
	static const char *const wanted[] = {"192.0.2.1", "192.0.2.2", "2001:db8::3",
					     "192.0.2.4", "192.0.2.5", "2001:db8::6"};
	static const char *const lines[] = {"server 192.0.2.1 iburst 203.0.113.9\n",
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
					    "NTP="};
	struct fw_spared_list list = {};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char line[128];

		snprintf(line, sizeof(line), "%s", lines[i]);
		cr_assert_eq(fw_spared_time_line(line, &list), 0);
	}
	cr_assert_eq(list.count, 6);
	for (size_t i = 0; i < 6; i++) {
		char text[FW_ADDR_TEXT_MAX];

		cr_expect_str_eq(fw_addr_format(&list.items[i].addr, text, sizeof(text)), wanted[i]);
		cr_expect_eq(list.items[i].kind, FW_SPARED_TIME_SERVER);
	}
	free(list.items);
}

Test(spared, a_missing_file_spares_nobody)
{
	struct fw_spared_list list = {};

	cr_expect_eq(fw_spared_resolvers(&list, "/nonexistent/resolv.conf"), 0);
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
