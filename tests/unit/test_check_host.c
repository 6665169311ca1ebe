// SPDX-License-Identifier: Apache-2.0
/* What check says of the machine it runs on. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/check.h"

#define CHALLENGE(match)                                                                                     \
	"rules: [{name: r, match: {protocol: tcp, tcp_flags: syn" match                                      \
	"}, limit: 5 connections/1s, per: total, action: challenge}]\n"

static struct fw_policy *parse(const char *text, struct fw_diags *diags)
{
	struct fw_policy *policy = NULL;
	char whole[512];

	snprintf(whole, sizeof(whole), "version: 1\n%s", text);
	cr_assert_eq(fw_policy_parse(whole, strlen(whole), "text", ".", diags, &policy), 0, "%s",
		     diags->count ? diags->items[0].message : "");
	return policy;
}

Test(check_host, challenges_of_ports_that_nobody_listens_on)
{
	static const struct {
		/* NULL: silence; 80 and 8080 are listened on, and 8081 by docker-proxy */
		const char *rules, *says;
	} cases[] = {
		{CHALLENGE(", dest_port: 80"), NULL},
		{CHALLENGE(", dest_port: 443"), "challenges nobody here"},
		{CHALLENGE(", dest_port: [80, 443, 8443]"), "nobody on TCP ports 443, 8443"},
		{CHALLENGE(", dest_port: [443, 8000-8999]"), "nobody on TCP port 443:"},
		{CHALLENGE(", dest_port: 9000-9999"), "challenges nobody here"},
		{CHALLENGE(""), NULL},
		{CHALLENGE(", dest_port: 8081"), "challenges nobody here"},
		{CHALLENGE(", dest_port: [80, 8081, 443]"),
		 "nobody on TCP ports 8081 (published for a container), 443:"},
		{CHALLENGE(", dest_port_not: [80, 8080]"), "challenges nobody here"},
		{"safety: {synproxy_wscale: 7}\n" CHALLENGE(", dest_port: 443"), NULL},
		{"rules: [{name: r, match: {protocol: tcp, dest_port: 443}, limit: 5 packets/1s, action: "
		 "block}]\n",
		 NULL},
	};
	struct fw_listening listening = {
		.ports = {[80 / 64] = 1ULL << 80 % 64, [8080 / 64] = 3ULL << 8080 % 64}};
	const struct fw_published_ports published = {.words = {[8081 / 64] = 1ULL << 8081 % 64}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy = parse(cases[i].rules, &diags);
		size_t before = diags.count;

		fw_check_listeners(policy, &listening, &published, &diags);
		cr_assert_eq(diags.count, before + !!cases[i].says, "case %zu", i);
		if (cases[i].says)
			cr_expect(strstr(diags.items[before].message, cases[i].says), "case %zu: %s", i,
				  diags.items[before].message);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

static uint16_t listen_on(const char *address, int *ret_fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	socklen_t size = sizeof(to);

	*ret_fd = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, address, &to.sin_addr);
	if (bind(*ret_fd, (struct sockaddr *)&to, size) || listen(*ret_fd, 1))
		cr_skip_test("cannot listen here");
	getsockname(*ret_fd, (struct sockaddr *)&to, &size);
	return ntohs(to.sin_port);
}

Test(check_host, listeners_are_read_from_the_kernel)
{
	struct fw_listening listening;
	int everywhere, inside;
	uint16_t open = listen_on("0.0.0.0", &everywhere), hidden = listen_on("127.0.0.1", &inside);

	cr_assert_eq(fw_listening_read(&listening), 0);
	cr_expect(fw_listens(&listening, open));
	cr_expect(!fw_listens(&listening, hidden), "nobody reaches the loopback from outside");
	close(everywhere);
	cr_assert_eq(fw_listening_read(&listening), 0);
	cr_expect(!fw_listens(&listening, open));
	close(inside);
}

Test(check_host, users_that_are_not_there)
{
	struct fw_diags diags = {0};
	struct fw_policy *policy = parse("notify:\n  a: {exec: [/bin/true], user: nobody}\n"
					 "  b: {exec: [/bin/true], user: nobody-of-that-name}\n"
					 "  c: {exec: [/bin/true]}\n",
					 &diags);
	size_t before = diags.count;

	fw_check_notify_users(policy, &diags);
	cr_assert_eq(diags.count, before + 1);
	cr_expect_str_eq(diags.items[before].code, "no-such-user");
	cr_expect(strstr(diags.items[before].message, "'b' is run as 'nobody-of-that-name'"), "%s",
		  diags.items[before].message);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(check_host, tables_that_the_machine_has_no_memory_for)
{
	static struct fw_rule_ids ids;
	struct fw_diags diags = {0};
	struct fw_policy *policy = parse("capacity: {sources: 64M, bans: 64M}\n", &diags);
	struct fw_image *image = NULL;
	size_t before;

	cr_assert_eq(fw_image_compile(policy, NULL, &ids, &diags, &image), 0);
	before = diags.count;
	fw_check_memory(policy, image, image->memory_bytes, &diags);
	cr_expect_eq(diags.count, before);
	fw_check_memory(policy, image, 8ULL << 30, &diags);
	cr_assert_eq(diags.count, before + 1);
	cr_expect_eq(diags.items[before].severity, FW_SEVERITY_WARNING);
	cr_expect(strstr(diags.items[before].message, "this machine has 8192 MiB"), "%s",
		  diags.items[before].message);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(check_host, interfaces_that_are_not_there)
{
	static const char *const names[] = {"lo", "eth0", "wg-office"};
	static const struct {
		const char *interfaces, *hint; /* NULL: silence */
		enum fw_severity severity;
	} cases[] = {
		{"[eth0, lo]", NULL, FW_SEVERITY_NOTE},
		{"[eht0]", "did you mean 'eth0'? there are lo, eth0, wg-office", FW_SEVERITY_WARNING},
		{"[eth0, {name: wg-ofice, mode: count}]", "did you mean 'wg-office'?", FW_SEVERITY_WARNING},
		{"[enp193s0f1]", "there are lo, eth0, wg-office", FW_SEVERITY_NOTE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fw_diags diags = {0};
		struct fw_policy *policy;
		char text[128];
		size_t before;

		snprintf(text, sizeof(text), "interfaces: %s\n", cases[i].interfaces);
		policy = parse(text, &diags);
		before = diags.count;
		fw_check_interfaces(policy, names, 3, &diags);
		cr_assert_eq(diags.count, before + !!cases[i].hint, "case %zu", i);
		if (cases[i].hint) {
			cr_expect_str_eq(diags.items[before].code, "no-such-interface");
			cr_expect_eq(diags.items[before].severity, cases[i].severity, "case %zu", i);
			cr_expect(strstr(diags.items[before].hint, cases[i].hint), "case %zu: %s", i,
				  diags.items[before].hint);
		}
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}
