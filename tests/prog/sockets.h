/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace of the test's own in which listeners answer with SYN cookies. */
#ifndef FW_TESTS_PROG_SOCKETS_H
#define FW_TESTS_PROG_SOCKETS_H

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "kern/cookies.h"
#include "kern/local.h"
#include "lab.h"

#define COOKIE_FLAGS (FW_COOKIE_READY | FW_COOKIE_TIMESTAMPS | FW_COOKIE_SACK | FW_COOKIE_WSCALE)

/* Before lab_open(). */
static inline void sockets_prepare(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	struct fw_err err = {0};
	int fd;

	lab_needs_root();
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	cr_assert_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
	cr_assert_eq(fw_ipv4_sysctl_write("tcp_syncookies", 2, &err), 0, "%s", err.text);
	cr_assert_eq(fw_ipv4_sysctl_write("tcp_timestamps", 2, &err), 0, "%s", err.text);
}

/* On every address of both families. */
static inline int sockets_listen(uint16_t port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	cr_assert_eq(listen(fd, 4096), 0);
	return fd;
}

/* Addresses and prefixes that are this host's own, and no others. */
static inline void sockets_own(struct lab *lab, const char *const *own, size_t count)
{
	struct fw_prefix prefixes[16];

	cr_assert_leq(count, sizeof(prefixes) / sizeof(prefixes[0]));
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(fw_prefix_parse(own[i], &prefixes[i], NULL), 0, "%s", own[i]);
	qsort(prefixes, count, sizeof(prefixes[0]), fw_prefix_compare);
	cr_assert_eq(fw_local_set(lab->datapath, prefixes, count), 0);
}

static inline void sockets_own_all(struct lab *lab)
{
	static const char *const all[] = {"0.0.0.0/0", "::/0"};

	sockets_own(lab, all, 2);
}

static inline void sockets_say(struct lab *lab, uint32_t flags)
{
	struct fw_cookie_host host = {.flags = flags, .window = 64240, .wscale = 7};

	fw_cookie_host_set(lab->datapath, &host);
}

#endif
