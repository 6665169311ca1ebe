// SPDX-License-Identifier: Apache-2.0
/* One lookup at a time. A resolver may take half a minute to give up, and a thread in it cannot be stopped:
 * it is nobody's, takes no place in libuv's pool and ends with the process. */
#include "agent/server_names.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/grow.h"
#include "lib/log.h"

enum lookup_state { LOOKUP_RUNS, LOOKUP_LANDED, LOOKUP_ABANDONED };

struct fw_name_lookup {
	char host[FW_HOST_NAME_MAX];
	size_t (*resolve)(const char *host, struct fw_addr *addrs, size_t most, const char **ret_why);
	struct fw_addr addrs[FW_NAME_ADDRS_MAX];
	size_t count;
	const char *why;
	atomic_int state; /* whoever finds the other's mark there frees it */
};

static size_t ask_system(const char *host, struct fw_addr *addrs, size_t most, const char **ret_why)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
	struct addrinfo *all = NULL;
	size_t count = 0;
	int r = getaddrinfo(host, NULL, &hints, &all);

	if (r) {
		*ret_why = gai_strerror(r);
		return 0;
	}
	for (const struct addrinfo *one = all; one && count < most; one = one->ai_next) {
		struct fw_addr addr = {.w = {0, 0, htonl(0xffff), 0}};

		if (one->ai_family == AF_INET)
			addr.w[3] = ((const struct sockaddr_in *)(const void *)one->ai_addr)->sin_addr.s_addr;
		else if (one->ai_family == AF_INET6)
			memcpy(&addr, &((const struct sockaddr_in6 *)(const void *)one->ai_addr)->sin6_addr,
			       sizeof(addr));
		else
			continue;
		addrs[count++] = addr;
	}
	freeaddrinfo(all);
	*ret_why = "it has no address";
	return count;
}

static void *look(void *argument)
{
	struct fw_name_lookup *lookup = argument;
	int runs = LOOKUP_RUNS;

	lookup->count = lookup->resolve(lookup->host, lookup->addrs, FW_NAME_ADDRS_MAX, &lookup->why);
	if (!atomic_compare_exchange_strong(&lookup->state, &runs, LOOKUP_LANDED))
		free(lookup);
	return NULL;
}

static void begin(struct fw_server_names *names, struct fw_server_name *name)
{
	struct fw_name_lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_attr_t attributes;
	pthread_t thread;

	if (!lookup || pthread_attr_init(&attributes)) {
		free(lookup);
		return;
	}
	memcpy(lookup->host, name->host, sizeof(lookup->host));
	lookup->resolve = names->resolve ? names->resolve : ask_system;
	lookup->why = "";
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, look, lookup))
		free(lookup);
	else
		names->lookup = lookup;
	pthread_attr_destroy(&attributes);
}

static struct fw_server_name *find(const struct fw_server_names *names, const char *host)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcasecmp(names->items[i].host, host))
			return &names->items[i];
	return NULL;
}

int fw_server_names_want(struct fw_server_names *names, const char *host)
{
	struct fw_server_name *known = find(names, host), name = {.wanted = true};

	if (known)
		known->wanted = true;
	if (known || names->count == FW_NAMES_MAX)
		return 0;
	snprintf(name.host, sizeof(name.host), "%s", host);
	return FW_APPEND(names->items, names->count, name);
}

/* In the place of the same address, of none, or of the one told longest ago. */
static void learn(struct fw_server_name *name, const struct fw_addr *addr, uint64_t until_ns)
{
	size_t at = 0;

	while (at < name->count && memcmp(&name->learned[at].addr, addr, sizeof(*addr)))
		at++;
	if (at == FW_NAME_ADDRS_MAX) {
		at = 0;
		for (size_t i = 1; i < name->count; i++)
			if (name->learned[i].until_ns < name->learned[at].until_ns)
				at = i;
	} else if (at == name->count) {
		name->count++;
	}
	name->learned[at].addr = *addr;
	name->learned[at].until_ns = until_ns;
}

static void take_in(struct fw_server_names *names, uint64_t now_ns)
{
	struct fw_name_lookup *lookup = names->lookup;
	struct fw_server_name *name;

	if (!lookup || atomic_load(&lookup->state) != LOOKUP_LANDED)
		return;
	names->lookup = NULL;
	name = find(names, lookup->host);
	if (name && lookup->count) {
		for (size_t i = 0; i < lookup->count; i++)
			learn(name, &lookup->addrs[i], now_ns + FW_NAME_LEARNED_NS);
		name->due_ns = now_ns + FW_NAME_FRESH_NS;
		name->failed = false;
	} else if (name) {
		name->due_ns = now_ns + FW_NAME_RETRY_NS;
		if (!name->failed)
			fw_log(FW_LOG_NOTICE,
			       "the addresses of time server %s are not known (%s): its answers are judged "
			       "like other packets until they are; asked again every minute",
			       name->host, lookup->why);
		name->failed = true;
	}
	free(lookup);
}

static void forget(struct fw_server_names *names, uint64_t now_ns)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++) {
		struct fw_server_name *name = &names->items[i];
		size_t left = 0;

		if (!name->wanted)
			continue;
		for (size_t j = 0; j < name->count; j++)
			if (name->learned[j].until_ns > now_ns)
				name->learned[left++] = name->learned[j];
		name->count = left;
		name->wanted = false;
		if (kept != i)
			names->items[kept] = *name;
		kept++;
	}
	names->count = kept;
}

void fw_server_names_turn(struct fw_server_names *names, uint64_t now_ns)
{
	struct fw_server_name *due = NULL;

	take_in(names, now_ns);
	forget(names, now_ns);
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].due_ns <= now_ns && (!due || names->items[i].due_ns < due->due_ns))
			due = &names->items[i];
	if (due && !names->lookup)
		begin(names, due);
}

size_t fw_server_names_learned(const struct fw_server_names *names, const char *host, struct fw_addr *ret,
			       size_t most)
{
	const struct fw_server_name *name = find(names, host);
	size_t count = 0;

	while (name && count < name->count && count < most) {
		ret[count] = name->learned[count].addr;
		count++;
	}
	return count;
}

void fw_server_names_done(struct fw_server_names *names)
{
	int runs = LOOKUP_RUNS;

	if (names->lookup && !atomic_compare_exchange_strong(&names->lookup->state, &runs, LOOKUP_ABANDONED))
		free(names->lookup);
	free(names->items);
	*names = (struct fw_server_names){};
}
