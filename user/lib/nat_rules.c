// SPDX-License-Identifier: Apache-2.0
#include "lib/nat_rules.h"

#include <ctype.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "lib/netlink.h"

#define BUFFER_BYTES 65536
#define TRIES	     3 /* while rules change under the list */

_Static_assert(sizeof(((struct fw_nat_table *)0)->name) == NFT_NAME_MAXLEN, "a name fits");
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one answer for both families");

/* The first of this type. NULL: there is none. */
static const struct rtattr *attribute_of(const void *attributes, size_t length, unsigned int type)
{
	const struct rtattr *attribute = attributes;
	int left = (int)length;

	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if ((attribute->rta_type & NLA_TYPE_MASK) == type)
			return attribute;
	return NULL;
}

static const struct rtattr *inner_of(const struct rtattr *outer, unsigned int type)
{
	return outer ? attribute_of(RTA_DATA(outer), RTA_PAYLOAD(outer), type) : NULL;
}

/* A string of an attribute, which must end in it. NULL: it is none. */
static const char *text_of(const struct rtattr *attribute)
{
	if (!attribute || !memchr(RTA_DATA(attribute), '\0', RTA_PAYLOAD(attribute)))
		return NULL;
	return RTA_DATA(attribute);
}

typedef int fw_nat_fn(uint8_t family, const void *attributes, size_t length, void *context);

static int take(const char *buffer, size_t length, unsigned int type, fw_nat_fn *each, void *context)
{
	const struct nlmsghdr *header;

	for (size_t at = 0; (header = fw_netlink_next(buffer, length, &at));) {
		const struct nfgenmsg *about;
		int r;

		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			return fw_netlink_end_unchanged(header);
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		about = NLMSG_DATA(header);
		if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | type) ||
		    header->nlmsg_len < NLMSG_LENGTH(sizeof(*about)))
			continue;
		r = each(about->nfgen_family, about + 1, header->nlmsg_len - NLMSG_LENGTH(sizeof(*about)),
			 context);
		if (r)
			return r;
	}
	return 1;
}

/* Those without a rule are left out: iptables makes them when it only lists. */
static int take_chain(uint8_t family, const void *attributes, size_t length, void *context)
{
	struct fw_nat_tables *tables = context;
	const char *type = text_of(attribute_of(attributes, length, NFTA_CHAIN_TYPE));
	const char *name = text_of(attribute_of(attributes, length, NFTA_CHAIN_TABLE));
	const struct rtattr *use = attribute_of(attributes, length, NFTA_CHAIN_USE);
	struct fw_nat_table table = {.family = family};
	uint32_t uses = 1;

	if (use && RTA_PAYLOAD(use) >= sizeof(uses))
		memcpy(&uses, RTA_DATA(use), sizeof(uses));
	if (!type || strcmp(type, "nat") != 0 || !uses || !name || strlen(name) >= sizeof(table.name))
		return 0;
	memcpy(table.name, name, strlen(name));
	for (size_t i = 0; i < tables->count; i++)
		if (!memcmp(&tables->items[i], &table, sizeof(table)))
			return 0;
	return FW_APPEND(tables->items, tables->count, table);
}

int fw_nat_chains_take(const char *buffer, size_t length, struct fw_nat_tables *tables)
{
	return take(buffer, length, NFT_MSG_NEWCHAIN, take_chain, tables);
}

void fw_nat_tables_done(struct fw_nat_tables *tables)
{
	free(tables->items);
	*tables = (struct fw_nat_tables){};
}

static bool is_one_of(const char *name, const char *const *names)
{
	while (name && *names)
		if (!strcmp(name, *names++))
			return true;
	return false;
}

/* An expression of nftables, or a target of iptables that has become one. */
static bool translates(const struct rtattr *expression)
{
	static const char *const own[] = {"nat", "masq", "redir", NULL};
	static const char *const targets[] = {"DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", NULL};
	const char *name = text_of(inner_of(expression, NFTA_EXPR_NAME));

	if (!name || strcmp(name, "target") != 0)
		return is_one_of(name, own);
	return is_one_of(text_of(inner_of(inner_of(expression, NFTA_EXPR_DATA), NFTA_TARGET_NAME)), targets);
}

static int take_rule(uint8_t family, const void *attributes, size_t length, void *context)
{
	const struct rtattr *all = attribute_of(attributes, length, NFTA_RULE_EXPRESSIONS), *one;
	int left = all ? (int)RTA_PAYLOAD(all) : 0;
	bool *found = context;

	(void)family;
	for (one = all ? RTA_DATA(all) : NULL; all && RTA_OK(one, left); one = RTA_NEXT(one, left))
		*found |= translates(one);
	return 0;
}

int fw_nat_rules_take(const char *buffer, size_t length, bool *found)
{
	return take(buffer, length, NFT_MSG_NEWRULE, take_rule, found);
}

/* table: whose, where the kernel heeds it. NULL: of all, of every family. */
static int ask(int fd, unsigned int type, const struct fw_nat_table *table)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg about;
		struct rtattr attribute;
		char name[NFT_NAME_MAXLEN];
	} query = {
		.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(query.about)),
			   .nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.about = {.nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0},
	};

	if (table) {
		size_t bytes = strlen(table->name) + 1;

		query.about.nfgen_family = table->family;
		query.attribute.rta_type = NFTA_RULE_TABLE;
		query.attribute.rta_len = (unsigned short)RTA_LENGTH(bytes);
		memcpy(query.name, table->name, bytes);
		query.header.nlmsg_len += (uint32_t)RTA_SPACE(bytes);
	}
	return send(fd, &query, query.header.nlmsg_len, 0) == (ssize_t)query.header.nlmsg_len ? 0 : -errno;
}

static int open_netfilter(void)
{
	struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* The chains into tables, or the rules of one table into found. */
static int list(const struct fw_nat_table *table, struct fw_nat_tables *tables, bool *found)
{
	FW_CLOSE int fd = open_netfilter();
	FW_FREE char *buffer = malloc(BUFFER_BYTES);
	int r = fd < 0 ? fd : buffer ? ask(fd, table ? NFT_MSG_GETRULE : NFT_MSG_GETCHAIN, table) : -ENOMEM;

	if (r)
		return r;
	do {
		ssize_t got = recv(fd, buffer, BUFFER_BYTES, MSG_TRUNC);

		if (got < 0)
			return -errno;
		r = got > BUFFER_BYTES ? -EMSGSIZE
		    : table	       ? fw_nat_rules_take(buffer, (size_t)got, found)
				       : fw_nat_chains_take(buffer, (size_t)got, tables);
	} while (r > 0 && !(found && *found));
	return r > 0 ? 0 : r;
}

static void name_table(const struct fw_nat_table *table, char where[FW_NAT_WHERE_MAX])
{
	const char *family = table->family == NFPROTO_IPV4   ? "ip"
			     : table->family == NFPROTO_IPV6 ? "ip6"
							     : "inet";

	snprintf(where, FW_NAT_WHERE_MAX, "nftables table '%s %.48s'", family, table->name);
	for (char *c = where; *c; c++)
		*c = (char)(isprint((unsigned char)*c) ? *c : '?');
}

/* The rules of tables that have somewhere to translate; one is enough. */
static int find_in_nftables(char where[FW_NAT_WHERE_MAX])
{
	struct fw_nat_tables tables = {};
	bool found = false;
	int r = list(NULL, &tables, NULL);

	for (size_t i = 0; !r && !found && i < tables.count; i++) {
		r = list(&tables.items[i], NULL, &found);
		if (r == -ENOENT) /* gone since */
			r = 0;
		if (found)
			name_table(&tables.items[i], where);
	}
	fw_nat_tables_done(&tables);
	return found ? 1 : r;
}

/* The older iptables, whose rules nftables does not list. */
static const struct legacy {
	const char *name, *tables;
	int domain, level;
} legacies[] = {
	{"iptables-legacy", "/proc/thread-self/net/ip_tables_names", AF_INET, IPPROTO_IP},
	{"ip6tables-legacy", "/proc/thread-self/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6},
};

/* Asking for a table makes it. */
static bool has_table(const struct legacy *legacy)
{
	FW_FCLOSE FILE *file = fopen(legacy->tables, "re");
	char line[XT_TABLE_MAXNAMELEN + 1];

	while (file && fgets(line, sizeof(line), file))
		if (!strcmp(line, "nat\n"))
			return true;
	return false;
}

/* Without a rule it holds an end of each of its chains, and its own. */
static bool has_rules(const struct legacy *legacy)
{
	struct ipt_getinfo info = {.name = "nat"};
	socklen_t size = sizeof(info);
	FW_CLOSE int fd = socket(legacy->domain, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Where it cannot be told there may be: a table is made for its rules. */
	return fd < 0 || getsockopt(fd, legacy->level, IPT_SO_GET_INFO, &info, &size) ||
	       info.num_entries > (unsigned int)__builtin_popcount(info.valid_hooks) + 1;
}

int fw_nat_rules_find(char where[FW_NAT_WHERE_MAX])
{
	int r = -EINTR;

	*where = '\0';
	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK))
		return 0;
	for (size_t i = 0; i < sizeof(legacies) / sizeof(legacies[0]); i++) {
		if (!has_table(&legacies[i]) || !has_rules(&legacies[i]))
			continue;
		snprintf(where, FW_NAT_WHERE_MAX, "%s -t nat", legacies[i].name);
		return 1;
	}
	for (int i = 0; i < TRIES && r == -EINTR; i++)
		r = find_in_nftables(where);
	return r == -EPROTONOSUPPORT || r == -EINVAL ? 0 : r; /* no nfnetlink, or no nftables in it */
}
