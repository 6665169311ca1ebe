// SPDX-License-Identifier: Apache-2.0
/* X-Forwarded-For: believed from trusted peers only, read from its end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "logs/client.h"

static const struct client_case {
	const char *name, *peer, *forwarded, *client; /* client NULL: nobody */
	int result;
} cases[] = {
	{"no proxy", "203.0.113.1", NULL, "203.0.113.1", 0},
	{"whoever is not trusted may claim what he likes", "203.0.113.1", "192.0.2.1", "203.0.113.1", 0},
	{"a trusted peer", "10.0.0.1", "192.0.2.1", "192.0.2.1", 0},
	{"two proxies", "10.0.0.1", "192.0.2.1, 10.9.9.9", "192.0.2.1", 0},
	{"hearsay before the last untrusted hop", "10.0.0.1", "192.0.2.1, 192.0.2.2,10.9.9.9", "192.0.2.2",
	 0},
	{"ports and quotes", "10.0.0.1:443", "\"192.0.2.2:4711\"", "192.0.2.2", 0},
	{"IPv6 in brackets", "[2001:db8:ff::1]:443", "[2001:db8::2]:4711", "2001:db8::2", 0},
	{"IPv6", "2001:db8:ff::1", "2001:db8::2", "2001:db8::2", 0},
	{"mapped", "::ffff:10.0.0.1", "::ffff:192.0.2.2", "192.0.2.2", 0},
	{"nobody named", "10.0.0.1", NULL, NULL, 0},
	{"a dash", "10.0.0.1", "-", NULL, 0},
	{"only proxies", "10.0.0.1", "10.0.0.2", NULL, 0},
	{"garbage at the end hides nobody behind it", "10.0.0.1", "192.0.2.1, unknown", NULL, 0},
	{"an empty hop", "10.0.0.1", "192.0.2.1,", NULL, 0},
	{"no address", "unix:", NULL, NULL, -EPROTO},
	{"an octal one", "010.0.0.1", NULL, NULL, -EPROTO},
};

static struct fw_log_span span(const char *text)
{
	return (struct fw_log_span){text, text ? strlen(text) : 0};
}

Test(log_client, forwarded)
{
	struct fw_prefix prefixes[2];
	const struct fw_log_trust trust = {prefixes, 2};

	cr_assert_eq(fw_prefix_parse("10.0.0.0/8", &prefixes[0], NULL), 0);
	cr_assert_eq(fw_prefix_parse("2001:db8:ff::/48", &prefixes[1], NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct client_case *c = &cases[i];
		struct fw_log_event event = {0};
		char text[FW_ADDR_TEXT_MAX];

		event.fields[FW_LOG_CLIENT] = span(c->peer);
		event.fields[FW_LOG_FORWARDED_FOR] = span(c->forwarded);
		cr_expect_eq(fw_log_find_client(&trust, &event), c->result, "%s", c->name);
		cr_expect_eq(event.has_client, c->client != NULL, "%s", c->name);
		if (event.has_client && c->client)
			cr_expect_str_eq(fw_addr_format(&event.client, text, sizeof(text)), c->client, "%s",
					 c->name);
	}
}

Test(log_client, trust_holds_at_the_edges)
{
	static const struct {
		const char *addr;
		bool trusted;
	} edges[] = {{"10.0.0.0", true},       {"10.255.255.255", true},  {"9.255.255.255", false},
		     {"11.0.0.0", false},      {"192.0.2.4", true},	  {"192.0.2.5", false},
		     {"2001:db8:ff::1", true}, {"2001:db8:100::", false}, {"::", false}};
	struct fw_prefix prefixes[3];
	const struct fw_log_trust trust = {prefixes, 3}, nobody = {0};

	cr_assert_eq(fw_prefix_parse("10.0.0.0/8", &prefixes[0], NULL), 0);
	cr_assert_eq(fw_prefix_parse("192.0.2.4", &prefixes[1], NULL), 0);
	cr_assert_eq(fw_prefix_parse("2001:db8:ff::/48", &prefixes[2], NULL), 0);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		struct fw_addr addr;

		cr_assert_eq(fw_addr_parse(edges[i].addr, &addr, NULL), 0);
		cr_expect_eq(fw_log_trusts(&trust, &addr), edges[i].trusted, "%s", edges[i].addr);
		cr_expect_not(fw_log_trusts(&nobody, &addr));
	}
}
