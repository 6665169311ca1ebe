// SPDX-License-Identifier: Apache-2.0
/* Rules that drop this machine's own networks are warned of, and nothing else is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/check.h"

#define SETS                                                                                                 \
	"sets:\n  private: {entries: [10.0.0.0/8, 192.168.0.0/16, \"fc00::/7\", \"fe80::/10\"]}\n"           \
	"  lan: {entries: [192.168.7.0/24]}\n"

static const struct own_case {
	const char *name, *interface, *address; /* the only one the machine has */
	const char *top, *rules;
	const char *says; /* NULL: silence */
} cases[] = {
	{"a private network", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block}",
	 "'private' has 192.168.7.0/24, which eth0 is in"},
	{"of IPv6", "eth0", "fd00:1::5/64", "", "{name: r, match: {source: [private]}, action: block}",
	 "'private' has fd00:1::/64"},
	{"one port is enough", "eth0", "10.1.2.3/16", "",
	 "{name: r, match: {source: [private], dest_port: 80}, action: block}", "10.1.0.0/16"},
	{"a public network", "eth0", "45.1.2.3/24", "",
	 "{name: r, match: {source: [private]}, action: block}", NULL},
	{"everybody has link-local neighbours", "eth0", "fe80::5/64", "",
	 "{name: r, match: {source: [private]}, action: block}", NULL},
	{"an address without a network", "eth0", "10.1.2.3/32", "",
	 "{name: r, match: {source: [private]}, action: block}", NULL},
	{"an interface that is not filtered", "eth1", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block}", NULL},
	{"taken out by the rule", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private], source_not: [lan]}, action: block}", NULL},
	{"never blocked", "eth0", "192.168.7.5/24", "never_block: [lan]\n",
	 "{name: r, match: {source: [private]}, action: block}", NULL},
	{"allowed before", "eth0", "192.168.7.5/24", "",
	 "{name: a, match: {source: [lan]}, action: allow}\n  - {name: r, match: {source: [private]}, "
	 "action: "
	 "block}",
	 NULL},
	{"allowed on a port only", "eth0", "192.168.7.5/24", "",
	 "{name: a, match: {source: [lan], dest_port: 22}, action: allow}\n  - {name: r, match: {source: "
	 "[private]}, action: block}",
	 "192.168.7.0/24"},
	{"it only counts", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block, mode: count}", NULL},
	{"up to a limit", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 100 packets/1s, action: block}", NULL},
	{"all but a trickle", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 50 packets/1s, action: police}",
	 "nearly all of this host's own network"},
	{"of bytes, for all together", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 1000 bytes/10s, per: total, action: police}",
	 "192.168.7.0/24"},
	{"a limit that neighbours can live with", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 10k packets/1s, action: police}", NULL},
	{"a trickle that is only counted", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 50 packets/1s, action: police, mode: count}", NULL},
	{"a trickle for the others", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private], source_not: [lan]}, limit: 50 packets/1s, action: police}",
	 NULL},
	{"a rule without lists", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {dest_port: 23}, action: block, force: true}", NULL},
};

static void check_case(const struct own_case *one)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_own_network own = {};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {};
	char text[1024], address[64];
	size_t before;

	snprintf(text, sizeof(text), "version: 1\ninterfaces: [eth0]\n%s" SETS "rules:\n  - %s\n", one->top,
		 one->rules);
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(one->address, "/"), one->address);
	snprintf(own.interface, sizeof(own.interface), "%s", one->interface);
	cr_assert_eq(fw_addr_parse(address, &own.addr, NULL), 0);
	cr_assert_eq(fw_prefix_parse_lax(one->address, &own.network, NULL), 0, "%s", one->name);
	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", &diags, &policy), 0, "%s: %s",
		     one->name, diags.count ? diags.items[0].message : "");
	cr_assert_eq(fw_image_compile(policy, &(struct fw_image_input){}, ids, &diags, &image), 0, "%s",
		     one->name);
	before = diags.count;
	fw_check_own_networks(policy, image, policy->interfaces, policy->interface_count, &own, 1, &diags);
	cr_expect_eq(diags.count, before + !!one->says, "%s: %zu complaints", one->name,
		     diags.count - before);
	if (one->says && diags.count > before) {
		cr_expect_str_eq(diags.items[before].code, "blocks-own-network");
		cr_expect(strstr(diags.items[before].message, one->says), "%s: %s", one->name,
			  diags.items[before].message);
	}
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
}

Test(check_own, cases)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_case(&cases[i]);
}

/* The loopback is there wherever tests run. */
Test(check_own, reads_this_machine)
{
	FW_FREE struct fw_own_network *networks = NULL;
	size_t count = 0, found = 0;
	struct fw_prefix loopback;

	cr_assert_eq(fw_prefix_parse("127.0.0.0/8", &loopback, NULL), 0);
	cr_assert_eq(fw_own_networks_read(&networks, &count), 0);
	for (size_t i = 0; i < count; i++)
		found += networks[i].loopback && !fw_prefix_compare(&networks[i].network, &loopback);
	if (!found)
		cr_skip_test("no loopback here");
}
