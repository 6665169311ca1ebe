// SPDX-License-Identifier: Apache-2.0
/* Looks for bridges and guests on the filtered interfaces, for sockets bound to what stands on them, and for
 * whatever else parts what is on the wire from what a socket has. */
#include "agent/unseen.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "kern/attach.h"
#include "kern/cookies.h"
#include "lib/link_stack.h"
#include "lib/nat_rules.h"
#include "lib/tcp_sockets.h"

#define COSTS                                                                                                \
	"TCP of no connection is not dropped by challenge, and SYNs to addresses that are not this host's "  \
	"or to ports without a listener here pass within a budget"
/* In the others nobody waits for a packet of the peer's that has to get through. */
#define STATES                                                                                               \
	(1 << TCP_LISTEN | 1 << TCP_ESTABLISHED | 1 << TCP_SYN_SENT | 1 << TCP_CLOSE_WAIT |                  \
	 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2)

struct search {
	const struct fw_link_stack *stack;
	const struct fw_attached *attached;
	size_t count;
	unsigned int elsewhere; /* the interface of the last socket that is not above a filtered one */
	char upper[IF_NAMESIZE], lower[IF_NAMESIZE];
};

static bool is_filtered(const struct search *search, unsigned int ifindex)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->attached[i].ifindex == ifindex)
			return true;
	return false;
}

static int take_socket(const struct inet_diag_msg *message, void *context)
{
	struct search *search = context;
	unsigned int bound = message->id.idiag_if;
	char name[IF_NAMESIZE];

	if (!bound || bound == search->elsewhere || is_filtered(search, bound) ||
	    !if_indextoname(bound, name))
		return 0;
	for (size_t i = 0; i < search->count; i++) {
		if (!fw_link_is_over(search->stack, name, search->attached[i].name))
			continue;
		snprintf(search->upper, sizeof(search->upper), "%s", name);
		snprintf(search->lower, sizeof(search->lower), "%s", search->attached[i].name);
		return -ECANCELED; /* one is enough */
	}
	search->elsewhere = bound;
	return 0;
}

static bool bears(const struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (fw_link_bears(search->stack, search->attached[i].name))
			return true;
	return false;
}

/* What this network namespace does with packets, whatever its interfaces are. A host that forwards is known
 * to by its sysctls, and says so itself. */
static void say_of_host(uint32_t proxy_table, char *text, size_t size)
{
	char name[IF_NAMESIZE], where[FW_NAT_WHERE_MAX];

	if (proxy_table)
		snprintf(text, size,
			 "routing table %u takes every address for this host's own, as that of a transparent "
			 "proxy does: " COSTS,
			 proxy_table);
	else if (fw_forwards())
		return;
	else if (fw_forwards_by_one(name))
		snprintf(text, size, "what comes by interface '%s' is forwarded: " COSTS, name);
	else if (fw_nat_rules_find(where) > 0)
		snprintf(text, size,
			 "this host translates addresses or ports of its own connections (%s), whose sockets "
			 "are not found by what is in their packets: " COSTS,
			 where);
}

static int say(struct search *search, char *text, size_t size)
{
	int r;

	*text = '\0';

	for (size_t i = 0; i < search->count; i++) {
		const struct fw_stacked_link *by = fw_link_shared_by(search->stack, search->attached[i].name);

		if (!by)
			continue;
		snprintf(text, size, "packets to others come through '%s', by %s '%s': " COSTS,
			 search->attached[i].name, by->kind, by->name);
		return 0;
	}
	r = bears(search) ? fw_tcp_sockets_each(STATES, take_socket, search) : 0;
	if (r != -ECANCELED)
		return r;
	snprintf(text, size,
		 "a TCP socket is bound to '%s', which stands on '%s', and is not found from there: " COSTS,
		 search->upper, search->lower);
	return 0;
}

void fw_unseen_sockets(const struct fw_attachments *attachments, uint32_t proxy_table, char *text,
		       size_t size)
{
	struct fw_link_stack stack = {};
	struct search search = {.stack = &stack};
	int r;

	search.count = fw_attachments_list(attachments, &search.attached);
	r = fw_link_stack_read(&stack);
	if (!r)
		r = say(&search, text, size);
	if (r)
		snprintf(text, size, "links and TCP sockets of this host cannot be listed (%s): " COSTS,
			 strerror(-r));
	else if (!text[0])
		say_of_host(proxy_table, text, size);
	fw_link_stack_done(&stack);
}
