// SPDX-License-Identifier: Apache-2.0
/* Which port of this host a docker-proxy's command line publishes. */
#include <criterion/criterion.h>
#include <string.h>

#include "lib/published_ports.h"

/* Words with spaces between them, as /proc/PID/cmdline has NULs. */
static uint16_t port_of(const char *words, size_t cut_off)
{
	char command[512];
	size_t length = strlen(words) + 1;
	uint16_t port = 0;

	memcpy(command, words, length);
	for (size_t i = 0; i < length; i++)
		if (command[i] == ' ')
			command[i] = '\0';
	return fw_published_port_parse(command, length - cut_off, &port) ? port : 0;
}

Test(published_ports, of_a_command_line)
{
	static const struct {
		const char *command;
		uint16_t port;
	} cases[] = {
		{"/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.2 "
		 "-container-port 80",
		 8081},
		{"/usr/bin/docker-proxy -proto tcp -host-ip :: -host-port 8081 -container-ip 172.17.0.2 "
		 "-container-port 80 -use-listen-fd",
		 8081},
		{"docker-proxy --proto=tcp --host-ip=192.0.2.1 --host-port=443 --container-port=8443", 443},
		{"docker-proxy -container-port 80 -host-port 65535 -proto tcp", 65535},
		{"docker-proxy -host-port 53", 53}, /* its default is TCP */
		{"docker-proxy -proto udp -host-ip 0.0.0.0 -host-port 53", 0},
		{"docker-proxy -proto sctp -host-ip 0.0.0.0 -host-port 53", 0},
		{"docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8081", 0},
		{"docker-proxy -proto tcp -host-ip ::1 -host-port 8081", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 0", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 65536", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80x", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port -1", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-portal 80", 0},
		{"docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port", 0},
		{"docker-proxy -proto tcp -container-port 80", 0},
		{"docker-proxy", 0},
		{"", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(port_of(cases[i].command, 0), cases[i].port, "'%s': expects %u, got %u",
			     cases[i].command, cases[i].port, port_of(cases[i].command, 0));
}

/* A word that has no end may be the beginning of another one. */
Test(published_ports, a_word_that_is_cut_off_is_none)
{
	cr_expect_eq(port_of("docker-proxy -proto tcp -host-port 8081", 1), 0);
	cr_expect_eq(port_of("docker-proxy -proto tcp -host-port=8081", 1), 0);
	cr_expect_eq(port_of("docker-proxy -proto tcp -host-port 8081", 4), 0);
	cr_expect_eq(port_of("docker-proxy -host-port 8081 -host-ip 127.0.0.1", 0), 0);
}

Test(published_ports, as_text)
{
	struct fw_published_ports ports = {};
	char text[64];

	cr_expect_str_eq(fw_published_ports_text(&ports, text, sizeof(text)), "");
	ports.words[8081 / 64] |= 1ULL << 8081 % 64;
	ports.words[0] |= 1ULL << 53;
	cr_expect_str_eq(fw_published_ports_text(&ports, text, sizeof(text)), "53, 8081");
	memset(&ports, 0xff, sizeof(ports));
	cr_expect_str_eq(fw_published_ports_text(&ports, text, sizeof(text)),
			 "0, 1, 2, 3, 4, 5, 6, 7 and 65528 more");
	fw_published_ports_text(&ports, text, 8);
	cr_expect_lt(strlen(text), 8);
}
