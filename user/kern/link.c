// SPDX-License-Identifier: Apache-2.0
/* XDP links: the mode is always asked for by name, so that nobody ends up generic without knowing. */
#include "kern/link.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kern/driver.h"
#include "kern/extack.h"
#include "kern/hook.h"
#include "kern/nic.h"
#include "kern/pins.h"
#include "kern/program.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

int fw_link_info(int fd, struct bpf_link_info *ret)
{
	uint32_t size = sizeof(*ret);

	memset(ret, 0, sizeof(*ret));
	return bpf_obj_get_info_by_fd(fd, ret, &size) ? -errno : 0;
}

void fw_link_close(struct fw_link *link)
{
	fw_cleanup_close(&link->fd);
	fw_cleanup_close(&link->prog_fd);
	link->fd = link->prog_fd = -1;
}

void fw_link_detach(struct fw_link *link)
{
	if (link->fd >= 0)
		bpf_link_detach(link->fd);
	fw_link_close(link);
}

static int link_path(const struct fw_datapath *datapath, const char *interface, char path[PATH_MAX])
{
	char name[FW_PIN_NAME_MAX];

	fw_pin_name_of(interface, name);
	return fw_pin_path(path, PATH_MAX, datapath->pin_dir, FW_PIN_LINKS, name);
}

int fw_link_pin(const struct fw_datapath *datapath, const char *interface, int fd, struct fw_err *err)
{
	char path[PATH_MAX];
	int r;

	if (!datapath->pin_dir[0])
		return 0;
	r = fw_pins_make(datapath->pin_dir, FW_PIN_LINKS, err);
	if (r)
		return r;
	if (link_path(datapath, interface, path))
		return fw_err_set(err, -ENAMETOOLONG, "pin path is too long: %.80s…", datapath->pin_dir);
	if (unlink(path) && errno != ENOENT)
		return fw_err_set(err, -errno, "cannot replace the pin %s: %s", path, strerror(errno));
	if (bpf_obj_pin(fd, path))
		return fw_program_refused(-errno, "pin the link", NULL, err);
	return 0;
}

void fw_link_unpin(const struct fw_datapath *datapath, const char *interface)
{
	char path[PATH_MAX];

	if (datapath->pin_dir[0] && !link_path(datapath, interface, path))
		unlink(path);
}

void fw_link_drop_pinned(const struct fw_datapath *datapath, const char *interface)
{
	struct fw_link link = {-1, -1};
	char path[PATH_MAX];

	if (!datapath->pin_dir[0] || link_path(datapath, interface, path))
		return;
	link.fd = bpf_obj_get(path);
	fw_link_detach(&link); /* unpinning alone frees the hook some time later */
	unlink(path);
}

unsigned int fw_link_how(const struct fw_attached *info, bool frags)
{
	return (frags ? FW_PROGRAM_FRAGS : 0) | (strcmp(info->driver, "veth") ? 0 : FW_PROGRAM_VETH);
}

static int read_ids(struct fw_attached *info, const struct fw_link *link, struct fw_err *err)
{
	struct bpf_link_info found;
	int r = fw_link_info(link->fd, &found);

	if (r)
		return fw_err_set(err, r, "cannot examine the link on %s: %s", info->name, strerror(-r));
	info->link_id = found.id;
	info->prog_id = found.prog_id;
	return 0;
}

static uint32_t flags_of(bool native)
{
	return native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

static int create(const struct fw_attached *info, int prog_fd, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	int fd = bpf_link_create(prog_fd, (int)info->ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : fd;
}

/* The program of before in its mode, as info has it. */
static void restore(const struct fw_datapath *datapath, struct fw_attached *info, struct fw_link *link)
{
	link->fd = create(info, link->prog_fd, flags_of(info->mode == FW_XDP_NATIVE));
	if (link->fd < 0) {
		fw_link_close(link);
		return;
	}
	read_ids(info, link, NULL);
	fw_link_pin(datapath, info->name, link->fd, NULL);
}

/* One attempt. The answer of the driver, if it has one, goes to said[]. The kernel takes one mode at a time:
 * what *link has there goes only when the new program is loaded, and comes back when that is refused. */
static int attempt(struct fw_datapath *datapath, struct fw_attached *info, bool native, bool frags,
		   struct fw_link *link, char *said, size_t size, struct fw_err *err)
{
	bool replaces = link->fd >= 0;
	FW_CLOSE int prog_fd = -1;
	uint64_t since_ns;
	int fd, r;

	said[0] = '\0';
	r = fw_datapath_load_program(datapath, info->iface, fw_link_how(info, frags), &prog_fd, err);
	if (r)
		return r;
	since_ns = fw_monotonic_ns();
	if (replaces)
		bpf_link_detach(link->fd);
	fd = create(info, prog_fd, flags_of(native));
	if (fd >= 0) {
		fw_link_close(link);
		*link = (struct fw_link){fd, TAKE_FD(prog_fd)};
	} else {
		if (fd != -EBUSY && fd != -EEXIST && fd != -EPERM)
			fw_extack_of(info->ifindex, prog_fd, flags_of(native), said, size);
		fw_cleanup_close(&link->fd);
		link->fd = -1;
		if (replaces)
			restore(datapath, info, link);
	}
	if (replaces)
		info->gap_ns += fw_monotonic_ns() - since_ns;
	return fd >= 0 ? 0 : fw_err_set(err, fd, "%s", said[0] ? said : strerror(-fd));
}

static bool may_differ_with_frags(int r)
{
	return r == -EINVAL || r == -ERANGE || r == -EOPNOTSUPP || r == -E2BIG;
}

/* Native with the program that the MTU asks for, then with the other one. */
static int create_native(struct fw_datapath *datapath, struct fw_attached *info, struct fw_link *link,
			 struct fw_err *err)
{
	int mtu = fw_interface_mtu(info->name);
	bool frags = mtu > (int)fw_driver_plain_mtu(info->driver);
	char said[200];
	int r = attempt(datapath, info, true, frags, link, said, sizeof(said), err);

	if (may_differ_with_frags(r) &&
	    attempt(datapath, info, true, !frags, link, said, sizeof(said), NULL) == 0) {
		frags = !frags;
		r = 0;
	}
	if (!r) {
		info->frags = frags;
		info->mode = FW_XDP_NATIVE;
	}
	return r;
}

static int create_generic(struct fw_datapath *datapath, struct fw_attached *info, struct fw_link *link,
			  struct fw_err *err)
{
	char said[200];
	int r = attempt(datapath, info, false, false, link, said, sizeof(said), err);

	if (!r) {
		info->frags = false;
		info->mode = FW_XDP_GENERIC;
	}
	return r;
}

static int busy(const struct fw_attached *info, struct fw_err *err)
{
	char owner[256];

	if (fw_hook_owner(info->ifindex, owner, sizeof(owner)) && !strncmp(owner, "fw_xdp ", 7))
		return fw_err_set(
			err, -EBUSY,
			"Floodwall filters %s already, from another bpffs (%s): stop that floodwalld "
			"first, or start this one with its --bpffs, so that it takes over",
			info->name, owner);
	if (!fw_hook_owner(info->ifindex, owner, sizeof(owner)))
		snprintf(owner, sizeof(owner), "a program that went away or an interface above or below it");
	return fw_err_set(
		err, -EBUSY,
		"%s is held by another XDP program: %s. It was left alone; remove it (ip link set dev %s "
		"xdp off, or stop its owner) or share the hook with chain: true",
		info->name, owner, info->name);
}

int fw_link_create(struct fw_datapath *datapath, enum fw_xdp_mode mode, struct fw_attached *info,
		   struct fw_link *link, struct fw_err *err)
{
	char cause[400] = "";
	struct fw_err own = {};
	int r;

	info->gap_ns = 0;
	r = mode == FW_XDP_GENERIC ? create_generic(datapath, info, link, &own)
				   : create_native(datapath, info, link, &own);
	if (r == -EBUSY || r == -EEXIST)
		return busy(info, err);
	if (r == -EPERM)
		return fw_program_refused(r, "attach", NULL, err);
	if (r && mode != FW_XDP_GENERIC) {
		fw_nic_explain_attach(info->name, r, cause, sizeof(cause));
		if (mode == FW_XDP_NATIVE)
			return fw_err_set(err, -EOPNOTSUPP, "%s (driver %s) refuses native XDP: %s. %s",
					  info->name, info->driver, own.text, cause);
		snprintf(info->fallback, sizeof(info->fallback), "native XDP refused: %.70s. %.150s",
			 own.text, cause);
		/* What was there before is generic, or native would not have been asked for. */
		r = link->fd >= 0 ? 0 : create_generic(datapath, info, link, &own);
		info->fell_back = r == 0;
	}
	if (r == -EBUSY || r == -EEXIST)
		return busy(info, err);
	if (r)
		return fw_err_set(err, r, "cannot attach to %s in generic mode: %s", info->name, own.text);
	return read_ids(info, link, err);
}

/* Mode in force of a link whose program has this id. */
static int mode_of(unsigned int ifindex, uint32_t prog_id, enum fw_xdp_mode *ret)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (bpf_xdp_query((int)ifindex, 0, &query))
		return -errno;
	if (query.skb_prog_id == prog_id)
		*ret = FW_XDP_GENERIC;
	else if (query.drv_prog_id == prog_id)
		*ret = FW_XDP_NATIVE;
	else
		return -ENOENT;
	return 0;
}

static int replace_program(struct fw_datapath *datapath, struct fw_attached *info, struct fw_link *link,
			   struct fw_err *err)
{
	bool frags = info->mode == FW_XDP_NATIVE &&
		     fw_interface_mtu(info->name) > (int)fw_driver_plain_mtu(info->driver);
	int r = -EINVAL;

	/* Without BPF_F_REPLACE: naming the old program takes CAP_SYS_ADMIN, and only holders of the link can
	 * change it. */
	for (int i = 0; i < 2 && may_differ_with_frags(r); i++, frags = !frags) {
		fw_cleanup_close(&link->prog_fd);
		link->prog_fd = -1;
		r = fw_datapath_load_program(datapath, info->iface, fw_link_how(info, frags), &link->prog_fd,
					     err);
		if (r)
			return r;
		info->frags = frags;
		r = bpf_link_update(link->fd, link->prog_fd, NULL) ? -errno : 0;
	}
	return r ? fw_err_set(err, r, "cannot put a new program into the link on %s: %s; the old one goes on",
			      info->name, strerror(-r))
		 : 0;
}

int fw_link_adopt(struct fw_datapath *datapath, enum fw_xdp_mode mode, struct fw_attached *info,
		  struct fw_link *ret, struct fw_err *err)
{
	struct fw_link link = {-1, -1};
	struct bpf_link_info found;
	char path[PATH_MAX];
	int r;

	if (!datapath->pin_dir[0] || link_path(datapath, info->name, path))
		return -ENOENT;
	link.fd = bpf_obj_get(path);
	if (link.fd < 0)
		return errno == ENOENT ? -ENOENT
				       : fw_program_refused(-errno, "open the pinned link", NULL, err);
	r = fw_link_info(link.fd, &found);
	if (r || found.type != BPF_LINK_TYPE_XDP || found.xdp.ifindex != info->ifindex) {
		fw_link_close(&link); /* defunct, or pinned by nobody we know */
		unlink(path);
		return -ENOENT;
	}
	if (mode_of(info->ifindex, found.prog_id, &info->mode)) {
		fw_link_detach(&link);
		unlink(path);
		return -ENOENT;
	}
	if (mode != FW_XDP_AUTO && mode != info->mode) {
		link.prog_fd = bpf_prog_get_fd_by_id(found.prog_id);
		*ret = link;
		return -ENOENT;
	}
	r = replace_program(datapath, info, &link, err);
	if (!r)
		r = read_ids(info, &link, err);
	if (r) {
		fw_link_close(&link);
		return r;
	}
	info->fell_back = mode == FW_XDP_AUTO && info->mode == FW_XDP_GENERIC;
	if (info->fell_back)
		snprintf(info->fallback, sizeof(info->fallback),
			 "taken over in generic mode, native was refused when it was attached; detach and "
			 "attach to try again");
	*ret = link;
	return 0;
}
