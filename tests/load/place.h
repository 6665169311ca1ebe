/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace, a veth pair and a pin directory that belong to one test alone. */
#ifndef FW_TESTS_LOAD_PLACE_H
#define FW_TESTS_LOAD_PLACE_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/magic.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kern/attach.h"
#include "kern/bans.h"
#include "kern/datapath.h"
#include "kern/nic.h"
#include "kern/publish.h"
#include "kern/stats.h"

#define SMALL .sources = 4096, .bans = 1024

struct place {
	const char *root; /* a bpffs of this test alone: gone with its mount namespace */
	char pin_dir[96];
};

static inline void needs_root(void)
{
	char missing[128];

	if (geteuid() != 0 || fw_missing_capabilities(missing, sizeof(missing)))
		cr_skip_test("loading and attaching takes root");
}

static inline int run(const char *const arguments[])
{
	extern char **environ;
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)(const void *)arguments, environ) ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

#define RUN(...) cr_assert_eq(run((const char *const[]){__VA_ARGS__, NULL}), 0, "%s", #__VA_ARGS__)

/* Each test runs in a process of its own, so both namespaces and everything in them end with it. */
static inline void place_open(struct place *place)
{
	needs_root();
	cr_assert_eq(unshare(CLONE_NEWNET | CLONE_NEWNS), 0, "unshare: %s", strerror(errno));
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	place->root = "/sys/fs/bpf"; /* libxdp looks there */
	snprintf(place->pin_dir, sizeof(place->pin_dir), "%s/floodwall/1", place->root);
	cr_assert_eq(mount("bpf", place->root, "bpf", 0, NULL), 0, "bpffs: %s", strerror(errno));
	cr_assert_eq(chmod(place->root, 01777), 0);
}

static inline void place_veth(void)
{
	RUN("ip", "link", "add", "fw0", "type", "veth", "peer", "name", "fw1");
	RUN("ip", "link", "set", "fw0", "up");
	RUN("ip", "link", "set", "fw1", "up");
}

static inline struct fw_datapath *place_datapath(const struct place *place, enum fw_adoption expected)
{
	struct fw_datapath_options options = {.pin_dir = place->pin_dir, SMALL};
	struct fw_err err = {0}, why = {0};
	enum fw_adoption adoption;
	struct fw_datapath *datapath = NULL;

	cr_assert_eq(fw_datapath_open(&options, &datapath, &adoption, &why, &err), 0, "%s", err.text);
	cr_assert_eq(adoption, expected, "%s", why.text);
	return datapath;
}

static inline struct fw_interface request(const char *name, enum fw_xdp_mode mode)
{
	struct fw_interface interface = {.xdp = mode};

	snprintf(interface.name, sizeof(interface.name), "%s", name);
	return interface;
}

/* Attaches and returns a copy of what is said about it. */
static inline struct fw_attached attach(struct fw_attachments *attachments, const char *name,
					enum fw_xdp_mode mode)
{
	const struct fw_interface wanted = request(name, mode);
	const struct fw_attached *attached = NULL;
	struct fw_err err = {0};

	cr_assert_eq(fw_attach(attachments, &wanted, &attached, &err), 0, "%s: %s", name, err.text);
	return *attached;
}

static inline uint32_t program_on(const char *name)
{
	uint32_t id = 0;

	bpf_xdp_query_id((int)if_nametoindex(name), 0, &id);
	return id;
}

#endif
