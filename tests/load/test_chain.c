// SPDX-License-Identifier: Apache-2.0
/* chain: true shares the hook with a stranger behind libxdp's dispatcher, or is refused and leaves nothing
 * behind. Prints which of the two this kernel allowed: freplace is not permitted everywhere. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include "kern/attach.h"
#include "kern/nic.h"
#include "kern/stats.h"

#define STRANGER "xsk_def_xdp_prog.o" /* ships with libxdp, passes everything while no socket is bound */

static bool ok(bool good, const char *name, const char *detail)
{
	printf("%s %s%s%s\n", good ? "ok" : "not ok", name, good ? "" : ": ", good ? "" : detail);
	return good;
}

static int run(const char *const arguments[])
{
	extern char **environ;
	pid_t pid;
	int status = -1;

	if (posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)(const void *)arguments, environ) ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static bool make_place(void)
{
	static const char *const add[] = {"ip",	  "link", "add",  "fw0", "type",
					  "veth", "peer", "name", "fw1", NULL};
	static const char *const up0[] = {"ip", "link", "set", "fw0", "up", NULL};
	static const char *const up1[] = {"ip", "link", "set", "fw1", "up", NULL};

	return !unshare(CLONE_NEWNET | CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) && !run(add) && !run(up0) && !run(up1);
}

/* Names behind the dispatcher in running order, "" without one. */
static void chained_names(unsigned int ifindex, char *text, size_t size)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	struct xdp_program *program = NULL;
	size_t used = 0;

	text[0] = '\0';
	if (libxdp_get_error(multi))
		return;
	while (!xdp_multiprog__is_legacy(multi) && (program = xdp_multiprog__next_prog(program, multi)) &&
	       used < size)
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
					 xdp_program__name(program));
	xdp_multiprog__close(multi);
}

static bool attach_stranger(unsigned int ifindex)
{
	struct xdp_program *stranger = xdp_program__find_file(STRANGER, NULL, NULL);
	int r;

	if (libxdp_get_error(stranger))
		return false;
	r = xdp_program__attach(stranger, (int)ifindex, XDP_MODE_NATIVE, 0);
	xdp_program__close(stranger);
	return r == 0;
}

static void send_frames(const char *interface, int count)
{
	static const unsigned char frame[64] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_ifindex = (int)if_nametoindex(interface),
				 .sll_halen = ETH_ALEN};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	for (int i = 0; i < count; i++)
		sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static uint64_t packets_seen(struct fw_datapath *datapath)
{
	uint64_t faults[FW_FAULT_MAX_] = {0}; /* no policy is published: every packet says so */

	fw_stats_faults(datapath, faults);
	return faults[FW_FAULT_NO_POLICY];
}

static void check_shared(struct fw_datapath *datapath, struct fw_attachments *attachments,
			 const struct fw_interface *wanted)
{
	unsigned int ifindex = if_nametoindex(wanted->name);
	struct fw_err err = {0};
	char names[256];
	int r;

	chained_names(ifindex, names, sizeof(names));
	ok(!strncmp(names, "fw_xdp ", 7) && strstr(names, "xsk"), "runs before the stranger", names);
	send_frames("fw1", 50);
	ok(packets_seen(datapath) >= 50, "packets go through it", "no packet was counted");
	fw_attachments_free(attachments, false);
	attachments = fw_attachments_new(datapath);
	r = fw_attach(attachments, wanted, NULL, &err);
	ok(r == 0, "a second agent takes its place", err.text);
	chained_names(ifindex, names, sizeof(names));
	ok(!strncmp(names, "fw_xdp ", 7) && !strstr(names + 7, "fw_xdp"), "the earlier program is gone",
	   names);
	r = fw_detach(attachments, wanted->name, &err);
	ok(r == 0, "detaches", err.text);
	chained_names(ifindex, names, sizeof(names));
	ok(!strstr(names, "fw_xdp") && strstr(names, "xsk"), "the stranger stays", names);
	fw_attachments_free(attachments, true);
}

static void check_refused(struct fw_attachments *attachments, const struct fw_interface *wanted, int r,
			  const char *text)
{
	uint32_t id = 0;

	ok(r == -EOPNOTSUPP && strstr(text, "dispatcher"), "the refusal says why", text);
	bpf_xdp_query_id((int)if_nametoindex(wanted->name), 0, &id);
	ok(id == 0, "nothing stays on the interface", "a program is left");
	printf("skip sharing the hook: %s\n", text);
	fw_attachments_free(attachments, true);
}

int main(void)
{
	struct fw_datapath_options options = {
		.pin_dir = "/sys/fs/bpf/floodwall/1", .sources = 4096, .bans = 1024};
	struct fw_interface wanted = {.name = "fw0", .xdp = FW_XDP_NATIVE, .chain = true};
	struct fw_attachments *attachments;
	const struct fw_attached *attached;
	struct fw_datapath *datapath;
	struct fw_err err = {0};
	int r;

	if (geteuid() != 0) {
		printf("skip chain: needs root\n");
		return 0;
	}
	if (!make_place() || fw_datapath_open(&options, &datapath, NULL, NULL, &err)) {
		printf("not ok a place to test: %s %s\n", strerror(errno), err.text);
		return 1;
	}
	attachments = fw_attachments_new(datapath);
	r = fw_attach(attachments, &wanted, &attached, &err);
	if (r) {
		check_refused(attachments, &wanted, r, err.text);
	} else {
		ok(attached->chained, "shares the hook", "not chained");
		if (ok(attach_stranger(if_nametoindex("fw0")), "a stranger joins", "libxdp refused it"))
			check_shared(datapath, attachments, &wanted);
	}
	fw_datapath_close(datapath);
	return 0;
}
