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
	"  lan: {entries: [192.168.7.0/24]}\n"                                                               \
	"  bad: {entries: [192.168.7.5, 198.51.100.0/24]}\n"                                                 \
	"  ours: {entries: [198.51.100.7]}\n"                                                                \
	"  bogons: {entries: [127.0.0.0/8, \"::1\"]}\n"

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
	{"its own address, and no neighbour's", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [bad]}, action: block}",
	 "drops this host's own address: 'bad' has 192.168.7.5 of eth0"},
	{"a neighbour that is not this host", "eth0", "192.168.7.6/24", "",
	 "{name: r, match: {source: [bad]}, action: block}", NULL},
	{"the other end of a link", "eth0", "10.0.0.4/31", "",
	 "{name: r, match: {source: [private]}, action: block}",
	 "drops the other end of the point-to-point link eth0: 'private' has 10.0.0.5; it cannot reach"},
	{"the other end of a link of IPv6", "eth0", "fd00:1::1/127", "",
	 "{name: r, match: {source: [private]}, limit: 50 packets/1s, action: police}",
	 "drops nearly all of the other end of the point-to-point link eth0: 'private' has fd00:1::; it can "
	 "hardly"},
	{"the other end of a link, and not this one", "eth0", "192.168.7.4/31", "",
	 "{name: r, match: {source: [bad]}, action: block}",
	 "the point-to-point link eth0: 'bad' has 192.168.7.5"},
	{"this end of a link, and not the other one", "eth0", "192.168.7.5/31", "",
	 "{name: r, match: {source: [bad]}, action: block}", "own address: 'bad' has 192.168.7.5 of eth0"},
	{"a policy that counts", "eth0", "192.168.7.5/24", "mode: count\n",
	 "{name: r, match: {source: [private]}, action: block}",
	 "rule 'r' would drop this host's own network: 'private' has 192.168.7.0/24, which eth0 is in; "
	 "nothing "
	 "is dropped in mode: count, but once it is enforced its neighbours there cannot"},
	{"an own address in a policy that counts", "eth0", "192.168.7.5/24", "mode: count\n",
	 "{name: r, match: {source: [bad]}, action: block}", "would drop this host's own address"},
	{"an interface that counts", "count0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block}",
	 "rule 'r' would drop this host's own network"},
	{"a bridge over a filtered interface", "br0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block}", "192.168.7.0/24, which br0 is in"},
	{"a rule that waits for an attack", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, action: block, mode: attack}",
	 "rule 'r' would, while an attack lasts, drop this host's own network: 'private' has 192.168.7.0/24, "
	 "which eth0 is in; then its neighbours there cannot reach"},
	{"a trickle while an attack lasts", "eth0", "fd00:1::5/64", "",
	 "{name: r, match: {source: [private]}, limit: 50 packets/1s, action: police, mode: attack}",
	 "would, while an attack lasts, drop nearly all of this host's own network"},
	{"a limit during an attack that neighbours can live with", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [private]}, limit: 10k packets/1s, action: police, mode: attack}", NULL},
	{"its own address, while an attack lasts", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {source: [bad]}, action: block, mode: attack}",
	 "would, while an attack lasts, drop this host's own address"},
	{"it waits for an attack in a policy that counts", "eth0", "192.168.7.5/24", "mode: count\n",
	 "{name: r, match: {source: [private]}, action: block, mode: attack}",
	 "would, while an attack lasts, drop this host's own network: 'private' has 192.168.7.0/24, which "
	 "eth0 is in; nothing is dropped in mode: count, but once it is enforced its neighbours"},
	{"a rule without lists", "eth0", "192.168.7.5/24", "",
	 "{name: r, match: {dest_port: 23}, action: block, force: true}", NULL},
};

static void compile(const char *name, const char *top, const char *rules, struct fw_diags *diags,
		    struct fw_policy **policy, struct fw_image **image)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	char text[1024];

	snprintf(text, sizeof(text),
		 "version: 1\ninterfaces: [eth0, {name: count0, mode: count}]\n%s" SETS "rules:\n  - %s\n",
		 top, rules);
	cr_assert_eq(fw_policy_parse(text, strlen(text), "text", ".", diags, policy), 0, "%s: %s", name,
		     diags->count ? diags->items[0].message : "");
	cr_assert_eq(fw_image_compile(*policy, &(struct fw_image_input){}, ids, diags, image), 0, "%s", name);
}

/* eth0 is a port of bond0, over which br0 stands by a VLAN. */
#define LINK(name_, master_, parent_)                                                                        \
	{                                                                                                    \
		.name = name_, .master = master_, .parent = parent_                                          \
	}
static struct fw_stacked_link links[] = {LINK("eth0", "bond0", ""),	  LINK("eth1", "", ""),
					 LINK("count0", "", ""),	  LINK("bond0", "", ""),
					 LINK("bond0.7", "br0", "bond0"), LINK("br0", "", "")};
static const struct fw_link_stack stack = {.items = links, .count = sizeof(links) / sizeof(links[0])};

static enum fw_reach reach(const struct fw_policy *policy, const char *interface)
{
	return fw_check_reach(policy, policy->interfaces, policy->interface_count, &stack, interface);
}

static void check_case(const struct own_case *one)
{
	struct fw_near_network near = {};
	struct fw_own_network *own = &near.own;
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {};
	char address[64];
	size_t before;

	snprintf(address, sizeof(address), "%.*s", (int)strcspn(one->address, "/"), one->address);
	snprintf(own->interface, sizeof(own->interface), "%s", one->interface);
	cr_assert_eq(fw_addr_parse(address, &own->addr, NULL), 0);
	cr_assert_eq(fw_prefix_parse_lax(one->address, &own->network, NULL), 0, "%s", one->name);
	compile(one->name, one->top, one->rules, &diags, &policy, &image);
	before = diags.count;
	near.reach = reach(policy, one->interface);
	fw_check_own_networks(policy, image, &near, 1, &diags);
	cr_expect_eq(diags.count, before + !!one->says, "%s: %zu complaints", one->name,
		     diags.count - before);
	if (one->says && diags.count > before) {
		cr_expect_str_eq(diags.items[before].code, strstr(one->says, "own address")
								   ? "lists-own-address"
								   : "blocks-own-network");
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

#define BLOCK		"{name: r, match: {source: [bad]}, action: block}"
#define BLOCK_IN_ATTACK "{name: r, match: {source: [bad]}, action: block, mode: attack}"
#define CAREFREE	"safety: {protect_ssh_clients: false, protect_gateways: false}\n"
#define SESSION		"198.51.100.7, who has a live SSH session"
#define ALLOW_TOO	"{name: a, match: {source: [ours]}, action: allow}\n  - " BLOCK

static const struct {
	const char *name;
	enum fw_spared_kind kind;
	const char *top, *rules, *code, *says; /* NULL: silence about 198.51.100.7, whom `bad` has */
	const char *through;		       /* the interface that it comes through; NULL: eth0 */
} hosts[] = {
	{"an SSH peer by a bridge over a filtered interface", FW_SPARED_SSH, "", BLOCK, "blocks-ssh-peer",
	 SESSION, "br0"},
	{"an SSH peer by an interface that is not filtered", FW_SPARED_SSH, CAREFREE, BLOCK, NULL, NULL,
	 "eth1"},
	{"an SSH peer by an interface that counts", FW_SPARED_SSH, CAREFREE, BLOCK, "blocks-ssh-peer",
	 "would drop 198.51.100.7, who has a live SSH session with this host: 'bad' has it; nothing is "
	 "dropped "
	 "in mode: count, but once it is enforced the session is cut off",
	 "count0"},
	{"an SSH peer of a policy that counts", FW_SPARED_SSH, "mode: count\n", BLOCK, "blocks-ssh-peer",
	 "nothing is dropped in mode: count, but once it is enforced the session passes while it lasts",
	 NULL},
	{"a gateway by an interface that is not filtered", FW_SPARED_GATEWAY, CAREFREE, BLOCK, NULL, NULL,
	 "eth1"},
	{"a time server is spared", FW_SPARED_TIME_SERVER, "", BLOCK, NULL, NULL, NULL},
	{"a time server that nobody spares", FW_SPARED_TIME_SERVER, CAREFREE, BLOCK, "blocks-time-server",
	 "the clock drifts", NULL},
	{"an SSH peer", FW_SPARED_SSH, "", BLOCK, "blocks-ssh-peer", SESSION, NULL},
	{"what becomes of it", FW_SPARED_SSH, "", BLOCK, "blocks-ssh-peer", "no other one begins", NULL},
	{"an SSH peer that nobody spares", FW_SPARED_SSH, CAREFREE, BLOCK, "blocks-ssh-peer", "is cut off",
	 NULL},
	{"an SSH peer that never_block has", FW_SPARED_SSH, "never_block: [ours]\n", BLOCK, NULL, NULL, NULL},
	{"an SSH peer that is allowed before", FW_SPARED_SSH, "", ALLOW_TOO, NULL, NULL, NULL},
	{"an SSH peer that no list has", FW_SPARED_SSH, "",
	 "{name: r, match: {source: [lan]}, action: block}", NULL, NULL, NULL},
	{"a gateway is spared", FW_SPARED_GATEWAY, "", BLOCK, NULL, NULL, NULL},
	{"a gateway that nobody spares", FW_SPARED_GATEWAY, CAREFREE, BLOCK, "blocks-gateway",
	 "connections hang", NULL},
	{"a resolver is spared", FW_SPARED_RESOLVER, "", BLOCK, NULL, NULL, NULL},
	{"a resolver that nobody spares", FW_SPARED_RESOLVER, CAREFREE, BLOCK, "blocks-resolver",
	 "names are not found", NULL},
	{"all but a trickle of a resolver's answers", FW_SPARED_RESOLVER, CAREFREE,
	 "{name: r, match: {source: [bad]}, limit: 50 packets/1s, action: police}", "blocks-resolver",
	 "nearly all of 198.51.100.7", NULL},
	{"a resolver in count mode", FW_SPARED_RESOLVER, CAREFREE,
	 "{name: r, match: {source: [bad]}, action: block, mode: count}", NULL, NULL, NULL},
	{"an SSH peer while an attack lasts", FW_SPARED_SSH, CAREFREE, BLOCK_IN_ATTACK, "blocks-ssh-peer",
	 "rule 'r' would, while an attack lasts, drop 198.51.100.7, who has a live SSH session with this "
	 "host: 'bad' has it; then the session is cut off",
	 NULL},
	{"a gateway while an attack lasts", FW_SPARED_GATEWAY, CAREFREE, BLOCK_IN_ATTACK, "blocks-gateway",
	 "then its errors do not arrive", NULL},
	{"a gateway is spared then, too", FW_SPARED_GATEWAY, "", BLOCK_IN_ATTACK, NULL, NULL, NULL},
	{"whom an operator allowed", FW_SPARED_ALLOWED, CAREFREE, BLOCK, NULL, NULL, NULL},
};

Test(check_own, hosts_that_this_one_needs)
{
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct fw_near_host host = {.kind = hosts[i].kind};
		struct fw_policy *policy = NULL;
		struct fw_image *image = NULL;
		struct fw_diags diags = {};
		size_t before;

		cr_assert_eq(fw_addr_parse("198.51.100.7", &host.addr, NULL), 0);
		compile(hosts[i].name, hosts[i].top, hosts[i].rules, &diags, &policy, &image);
		before = diags.count;
		host.reach = reach(policy, hosts[i].through ? hosts[i].through : "eth0");
		fw_check_needed_hosts(policy, image, &host, 1, &diags);
		cr_expect_eq(diags.count, before + !!hosts[i].says, "%s: %zu complaints", hosts[i].name,
			     diags.count - before);
		if (hosts[i].says && diags.count > before) {
			cr_expect_str_eq(diags.items[before].code, hosts[i].code);
			cr_expect(strstr(diags.items[before].message, hosts[i].says), "%s: %s", hosts[i].name,
				  diags.items[before].message);
		}
		fw_image_free(image);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

/* Time servers by name, of which no address is known, where bad has some. */
static const struct {
	const char *name, *top, *rules, *says; /* NULL: silence */
} unknown[] = {
	{"lists that drop", CAREFREE, BLOCK,
	 "the lists of rule 'r' were not compared with time servers that this host has by name, as their "
	 "addresses are not known here: ntp.example.org, 0.pool.example.org; if one is listed, its answers "
	 "do not arrive"},
	{"after a rule that drops nothing", CAREFREE, "{name: all, action: count}\n  - " BLOCK,
	 "of rule 'r'"},
	{"while an attack lasts", CAREFREE, BLOCK_IN_ATTACK, "ntp.example.org"},
	{"they are spared", "", BLOCK, NULL},
	{"no list drops anything", CAREFREE,
	 "{name: r, match: {source: [bad]}, limit: 9k packets/1s, action: police}", NULL},
	{"a rule that counts", CAREFREE, "{name: r, match: {source: [bad]}, action: block, mode: count}",
	 NULL},
};

Test(check_own, time_servers_that_only_have_a_name)
{
	static char *const names[] = {"ntp.example.org", "0.pool.example.org", "ntp.example.org"};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct fw_policy *policy = NULL;
		struct fw_image *image = NULL;
		struct fw_diags diags = {};
		size_t before;

		compile(unknown[i].name, unknown[i].top, unknown[i].rules, &diags, &policy, &image);
		before = diags.count;
		fw_check_named_servers(policy, image, names, 0, &diags);
		cr_expect_eq(diags.count, before, "%s: no name", unknown[i].name);
		fw_check_named_servers(policy, image, names, 3, &diags);
		cr_expect_eq(diags.count, before + !!unknown[i].says, "%s: %zu complaints", unknown[i].name,
			     diags.count - before);
		if (unknown[i].says && diags.count > before)
			cr_expect(strstr(diags.items[before].message, unknown[i].says), "%s: %s",
				  unknown[i].name, diags.items[before].message);
		fw_image_free(image);
		fw_policy_free(policy);
		fw_diags_done(&diags);
	}
}

/* What the only complaint, if there is one, says and tells to write; NULL: there is none. The caller frees
 * it. */
static char *complaint_about(const char *rules, const char *const *peers, size_t count)
{
	struct fw_near_host near[12] = {};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_diags diags = {};
	char *complaint = NULL;
	size_t before;

	cr_assert_leq(count, 12);
	for (size_t i = 0; i < count; i++) {
		near[i] = (struct fw_near_host){.kind = FW_SPARED_SSH, .reach = FW_REACH_ENFORCED};
		cr_assert_eq(fw_addr_parse(peers[i], &near[i].addr, NULL), 0);
	}
	compile(rules, "", rules, &diags, &policy, &image);
	before = diags.count;
	fw_check_needed_hosts(policy, image, near, count, &diags);
	cr_expect_leq(diags.count, before + 1);
	if (diags.count > before)
		cr_assert_geq(
			asprintf(&complaint, "%s\n%s", diags.items[before].message, diags.items[before].hint),
			0);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return complaint;
}

Test(check_own, names_each_host_even_when_it_reads_like_the_head_of_another)
{
	static const char *const peers[] = {"198.51.100.70", "198.51.100.7", "198.51.100.170"};
	FW_FREE char *hint = complaint_about(BLOCK, peers, 3);

	cr_assert_not_null(hint);
	cr_expect(strstr(hint, "[198.51.100.70, 198.51.100.7, 198.51.100.170]"), "%s", hint);
}

Test(check_own, says_of_whom_else_it_holds)
{
	static const char *const peers[] = {"198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.3",
					    "198.51.100.4", "198.51.100.5", "198.51.100.6", "198.51.100.7",
					    "198.51.100.8", "198.51.100.9", "198.51.100.10"};
	FW_FREE char *few = complaint_about(BLOCK, peers, 3), *many = complaint_about(BLOCK, peers, 11);

	cr_assert(few && many);
	cr_expect(strstr(few, "drops 198.51.100.1, who has a live SSH session"), "%s", few);
	cr_expect(strstr(few, "no other one begins; the same goes for 198.51.100.2\n"), "%s", few);
	cr_expect(strstr(many, "; the same goes for 198.51.100.2, 198.51.100.3, 198.51.100.4, 198.51.100.5, "
			       "198.51.100.6, 198.51.100.7, 198.51.100.8, and 2 more\n"),
		  "%s", many);
}

/* No packet of such a session comes by an interface that is filtered. */
Test(check_own, is_silent_about_sessions_over_the_loopback)
{
	static const char *const peers[] = {"127.0.0.1", "::1"};
	FW_FREE char *hint = complaint_about("{name: r, match: {source: [bogons]}, action: block}", peers, 2);

	cr_expect_null(hint, "%s", hint);
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

/* By the address of an interface that is not filtered no session is cut off; of one that a filter is below it
 * is. */
Test(check_own, what_is_filtered_by_what_stands_on_what)
{
	static const struct {
		const char *filtered, *interface;
		bool over;
	} rows[] = {{"eth0", "eth0", true},  {"eth0", "bond0", true}, {"eth0", "bond0.7", true},
		    {"eth0", "br0", true},   {"bond0", "br0", true},  {"bond0", "eth0", false},
		    {"br0", "bond0", false}, {"eth1", "br0", false},  {"eth0", "gone0", false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(fw_link_is_over(&stack, rows[i].interface, rows[i].filtered), rows[i].over,
			     "%s over %s", rows[i].interface, rows[i].filtered);
}

/* The loopback speaks to itself with its own address. */
Test(check_own, the_address_towards_a_host)
{
	struct fw_addr host, own;

	cr_assert_eq(fw_addr_parse("127.0.0.1", &host, NULL), 0);
	if (!fw_own_addr_towards(&host, &own))
		cr_skip_test("no loopback here");
	cr_expect_eq(memcmp(&host, &own, sizeof(own)), 0);
	cr_assert_eq(fw_addr_parse("fe80::1", &host, NULL), 0);
	cr_expect_not(fw_own_addr_towards(&host, &own), "without a scope no route");
}
