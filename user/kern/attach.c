// SPDX-License-Identifier: Apache-2.0
/* The agent's interfaces: which are attached, which wait for their device, and which counters belong to whom.
 */
#include "kern/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kern/hook.h"
#include "kern/iface_index.h"
#include "kern/link.h"
#include "kern/nic.h"
#include "kern/pins.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "lib/link_facts.h"

struct fw_attachments {
	struct fw_datapath *datapath;
	size_t count, filtered;			/* filtered: the first ones, whose device is there */
	struct fw_attached list[FW_IFACES_MAX]; /* parallel to the two below */
	struct fw_interface requests[FW_IFACES_MAX];
	struct fw_link links[FW_IFACES_MAX];
};

struct pinned {
	int fd;
	char name[IF_NAMESIZE];	   /* as pinned */
	char present[IF_NAMESIZE]; /* of the device now, "" when it is gone */
};

/* False for what cannot be opened or is no link of ours. */
static bool open_pinned(const struct fw_datapath *datapath, const char *pin, struct pinned *ret)
{
	char path[PATH_MAX];
	struct bpf_link_info found;

	if (!fw_pin_name_to(pin, ret->name) ||
	    fw_pin_path(path, sizeof(path), datapath->pin_dir, FW_PIN_LINKS, pin))
		return false;
	ret->fd = bpf_obj_get(path);
	if (ret->fd < 0)
		return false;
	ret->present[0] = '\0';
	if (!fw_link_info(ret->fd, &found) && found.type == BPF_LINK_TYPE_XDP && found.xdp.ifindex)
		if_indextoname(found.xdp.ifindex, ret->present);
	return true;
}

/* Pins follow their device: renamed ones get its present name, those of devices that are gone go. All are
 * held open meanwhile, or a swap of two names would detach one of them. */
static void tidy_pins(struct fw_datapath *datapath)
{
	char **names = datapath->pin_dir[0] ? fw_pins_list(datapath->pin_dir, FW_PIN_LINKS) : NULL;
	struct pinned pins[FW_IFACES_MAX];
	size_t count = 0;

	for (char **name = names; name && *name && count < FW_IFACES_MAX; name++)
		count += open_pinned(datapath, *name, &pins[count]);
	fw_pins_list_free(names);
	for (size_t i = 0; i < count; i++)
		if (strcmp(pins[i].name, pins[i].present))
			fw_link_unpin(datapath, pins[i].name);
	for (size_t i = 0; i < count; i++) {
		if (pins[i].present[0] && strcmp(pins[i].name, pins[i].present)) {
			fw_link_pin(datapath, pins[i].present, pins[i].fd, NULL);
			fw_iface_index_rename(datapath, pins[i].name, pins[i].present);
		}
		close(pins[i].fd);
	}
}

struct fw_attachments *fw_attachments_new(struct fw_datapath *datapath)
{
	struct fw_attachments *attachments = calloc(1, sizeof(*attachments));

	if (!attachments)
		return NULL;
	attachments->datapath = datapath;
	tidy_pins(datapath);
	return attachments;
}

static void forget(struct fw_attachments *attachments, size_t i)
{
	size_t rest = --attachments->count - i;

	memmove(&attachments->list[i], &attachments->list[i + 1], rest * sizeof(attachments->list[0]));
	memmove(&attachments->requests[i], &attachments->requests[i + 1],
		rest * sizeof(attachments->requests[0]));
	memmove(&attachments->links[i], &attachments->links[i + 1], rest * sizeof(attachments->links[0]));
}

static void move(struct fw_attachments *attachments, size_t from, size_t to)
{
	struct fw_attached info = attachments->list[from];
	struct fw_interface request = attachments->requests[from];
	struct fw_link link = attachments->links[from];
	size_t between = from - to;

	memmove(&attachments->list[to + 1], &attachments->list[to], between * sizeof(info));
	memmove(&attachments->requests[to + 1], &attachments->requests[to], between * sizeof(request));
	memmove(&attachments->links[to + 1], &attachments->links[to], between * sizeof(link));
	attachments->list[to] = info;
	attachments->requests[to] = request;
	attachments->links[to] = link;
}

/* After every change: what is filtered comes first, what waits for its device behind it. */
static void arrange(struct fw_attachments *attachments)
{
	attachments->filtered = 0;
	for (size_t i = 0; i < attachments->count; i++)
		if (attachments->list[i].ifindex)
			move(attachments, i, attachments->filtered++);
}

/* Takes the program off; the entry stays. */
static int take_off(struct fw_attachments *attachments, size_t i, struct fw_err *err)
{
	struct fw_attached *info = &attachments->list[i];
	int r = info->chained && info->ifindex ? fw_chain_detach(info->ifindex, err) : 0;

	if (r)
		return r;
	fw_link_detach(&attachments->links[i]);
	fw_link_unpin(attachments->datapath, info->name);
	info->ifindex = info->prog_id = info->link_id = 0;
	return 0;
}

void fw_attachments_free(struct fw_attachments *attachments, bool detach)
{
	if (!attachments)
		return;
	for (size_t i = 0; i < attachments->count; i++) {
		if (detach) {
			take_off(attachments, i, NULL);
			fw_iface_index_set(attachments->datapath, attachments->list[i].iface, NULL);
		}
		fw_link_close(&attachments->links[i]);
	}
	free(attachments);
}

size_t fw_attachments_list(const struct fw_attachments *attachments, const struct fw_attached **ret)
{
	*ret = attachments->list;
	return attachments->filtered;
}

size_t fw_attachments_known(const struct fw_attachments *attachments, const struct fw_attached **ret)
{
	*ret = attachments->list;
	return attachments->count;
}

static int find(const struct fw_attachments *attachments, const char *name)
{
	for (size_t i = 0; i < attachments->count; i++)
		if (!strcmp(attachments->list[i].name, name))
			return (int)i;
	return -1;
}

static int no_such(const char *name, struct fw_err *err)
{
	struct if_nameindex *all = if_nameindex();
	char text[400] = "";
	size_t used = 0;

	for (struct if_nameindex *i = all; i && i->if_index && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", used ? ", " : "",
					 i->if_name);
	if_freenameindex(all);
	return fw_err_set(err, -ENODEV, "no interface '%s' here; there are: %s", name, used ? text : "none");
}

static int attach_chained(struct fw_attachments *attachments, size_t i, struct fw_err *err)
{
	const struct fw_interface *request = &attachments->requests[i];
	struct fw_attached *info = &attachments->list[i];
	bool native = request->xdp != FW_XDP_GENERIC;
	struct fw_err own = {};
	int r;

	fw_link_drop_pinned(attachments->datapath,
			    info->name); /* of an earlier agent: it would hold the hook */
	r = fw_chain_attach(attachments->datapath, info->ifindex, info->iface, native,
			    fw_link_how(info, false), &info->prog_id, &own);
	if (r && r != -EPERM && request->xdp == FW_XDP_AUTO) {
		snprintf(info->fallback, sizeof(info->fallback), "native XDP refused: %.200s", own.text);
		native = false;
		r = fw_chain_attach(attachments->datapath, info->ifindex, info->iface, native,
				    fw_link_how(info, false), &info->prog_id, &own);
		info->fell_back = r == 0;
	}
	if (r)
		return fw_err_set(err, r, "%s: %s", info->name, own.text);
	info->mode = native ? FW_XDP_NATIVE : FW_XDP_GENERIC;
	info->chained = true;
	return 0;
}

/* The kernel puts a program on a tun or a tunnel as well, and then every packet passes as one that is no IP:
 * the filter would look as if it filtered. */
static int check_frames(const char *name, unsigned int ifindex, struct fw_err *err)
{
	struct fw_link_facts facts;

	if (fw_link_facts(ifindex, &facts) || fw_link_is_ethernet(&facts))
		return 0;
	return fw_err_set(err, -EOPNOTSUPP,
			  "%s carries packets without Ethernet frames%s%s%s: Floodwall would judge none of "
			  "them; attach it to the interface through which they come",
			  name, facts.kind[0] ? " (" : "", facts.kind, facts.kind[0] ? ")" : "");
}

static int create_and_pin(struct fw_datapath *datapath, enum fw_xdp_mode mode, struct fw_attached *info,
			  struct fw_link *link, struct fw_err *err)
{
	int r = fw_link_create(datapath, mode, info, link, err);

	if (r)
		return r; /* what was there goes on */
	r = fw_link_pin(datapath, info->name, link->fd, err);
	if (r)
		fw_link_detach(link);
	return r;
}

/* Puts a program on the interface of an entry whose device exists. */
static int put_on(struct fw_attachments *attachments, size_t i, unsigned int ifindex, struct fw_err *err)
{
	const struct fw_interface *request = &attachments->requests[i];
	struct fw_datapath *datapath = attachments->datapath;
	struct fw_attached *info = &attachments->list[i];
	int r = check_frames(info->name, ifindex, err);

	if (r)
		return r;
	info->ifindex = ifindex;
	info->fell_back = info->chained = false;
	info->fallback[0] = '\0';
	fw_nic_driver(info->name, info->driver, sizeof(info->driver));
	if (request->chain) {
		r = attach_chained(attachments, i, err);
	} else {
		r = fw_link_adopt(datapath, request->xdp, info, &attachments->links[i], err);
		if (r == -ENOENT) {
			r = create_and_pin(datapath, request->xdp, info, &attachments->links[i], err);
		}
	}
	if (r) {
		fw_link_close(&attachments->links[i]);
		info->ifindex = info->prog_id = info->link_id = 0;
	}
	return r;
}

/* Of one that is filtered, by a link of its own before and after. Refused, it is filtered as before. */
static int change_mode(struct fw_attachments *attachments, size_t i, enum fw_xdp_mode mode,
		       struct fw_err *err)
{
	struct fw_attached *info = &attachments->list[i], before = *info;
	struct fw_link *link = &attachments->links[i];
	int r;

	info->fell_back = false;
	info->fallback[0] = '\0';
	if (mode == info->mode || (mode == FW_XDP_AUTO && info->mode == FW_XDP_NATIVE))
		return 0;
	r = create_and_pin(attachments->datapath, mode, info, link, err);
	if (r) {
		info->fell_back = before.fell_back;
		memcpy(info->fallback, before.fallback, sizeof(info->fallback));
	}
	if (link->fd < 0)
		info->ifindex = info->prog_id = info->link_id = 0;
	return r;
}

static int add(struct fw_attachments *attachments, const struct fw_interface *request, struct fw_err *err)
{
	size_t i = attachments->count;
	uint32_t taken = 0, iface;
	int r;

	for (size_t other = 0; other < i; other++)
		taken |= 1u << attachments->list[other].iface;
	r = i < FW_IFACES_MAX ? fw_iface_index_take(attachments->datapath, request->name, taken, &iface)
			      : -ENOSPC;
	if (r)
		return fw_err_set(err, r, "no counters left for %s: %d interfaces at most", request->name,
				  FW_IFACES_MAX);
	attachments->list[i] = (struct fw_attached){.iface = iface};
	snprintf(attachments->list[i].name, sizeof(attachments->list[i].name), "%s", request->name);
	attachments->requests[i] = *request;
	attachments->links[i] = (struct fw_link){-1, -1};
	attachments->count++;
	return 0;
}

static int attach(struct fw_attachments *attachments, const struct fw_interface *request, struct fw_err *err)
{
	unsigned int ifindex = if_nametoindex(request->name);
	int i = find(attachments, request->name), r;
	bool is_new = i < 0;

	if (!ifindex)
		return no_such(request->name, err);
	if (is_new) {
		r = add(attachments, request, err);
		if (r)
			return r;
		i = (int)attachments->count - 1;
	} else if (attachments->list[i].ifindex == ifindex && attachments->requests[i].xdp == request->xdp &&
		   attachments->requests[i].chain == request->chain) {
		attachments->requests[i] = *request;
		return 0;
	} else if (attachments->list[i].ifindex == ifindex && !attachments->list[i].chained &&
		   !request->chain) {
		r = change_mode(attachments, (size_t)i, request->xdp, err);
		if (!r)
			attachments->requests[i] = *request;
		return r;
	} else if (attachments->list[i].ifindex) {
		r = take_off(attachments, (size_t)i, err);
		if (r)
			return r;
	}
	attachments->requests[i] = *request;
	r = put_on(attachments, (size_t)i, ifindex, err);
	if (r && is_new) {
		fw_iface_index_set(attachments->datapath, attachments->list[i].iface, NULL);
		forget(attachments, (size_t)i);
	}
	return r;
}

int fw_attach(struct fw_attachments *attachments, const struct fw_interface *request,
	      const struct fw_attached **ret, struct fw_err *err)
{
	int r = attach(attachments, request, err);

	arrange(attachments);
	if (!r && ret)
		*ret = &attachments->list[find(attachments, request->name)];
	return r;
}

int fw_detach(struct fw_attachments *attachments, const char *name, struct fw_err *err)
{
	int i = find(attachments, name), r;

	if (i < 0)
		return fw_err_set(err, -ENOENT, "Floodwall is not attached to '%s'", name);
	r = take_off(attachments, (size_t)i, err);
	if (r)
		return r;
	fw_iface_index_set(attachments->datapath, attachments->list[i].iface, NULL);
	forget(attachments, (size_t)i);
	arrange(attachments);
	return 0;
}

/* The device behind a link: gone, renamed (true: to be pinned anew) or as it was. */
static bool follow_device(struct fw_attachments *attachments, size_t i)
{
	struct fw_attached *info = &attachments->list[i];
	char present[IF_NAMESIZE];
	struct bpf_link_info found;

	if (!info->ifindex)
		return false;
	if (!if_indextoname(info->ifindex, present) ||
	    (attachments->links[i].fd >= 0 &&
	     (fw_link_info(attachments->links[i].fd, &found) || !found.xdp.ifindex))) {
		fw_link_close(&attachments->links[i]);
		fw_link_unpin(attachments->datapath, info->name);
		info->ifindex = info->prog_id = info->link_id = 0;
		return false;
	}
	if (!strcmp(present, info->name))
		return false;
	fw_link_unpin(attachments->datapath, info->name);
	snprintf(info->name, sizeof(info->name), "%s", present);
	snprintf(attachments->requests[i].name, sizeof(attachments->requests[i].name), "%s", present);
	return true;
}

/* New pins only after all old ones are gone: names may have changed places. */
static void follow_devices(struct fw_attachments *attachments)
{
	bool renamed[FW_IFACES_MAX] = {false};

	for (size_t i = 0; i < attachments->count; i++)
		renamed[i] = follow_device(attachments, i);
	for (size_t i = 0; i < attachments->count; i++) {
		if (!renamed[i])
			continue;
		if (attachments->links[i].fd >= 0)
			fw_link_pin(attachments->datapath, attachments->list[i].name,
				    attachments->links[i].fd, NULL);
		fw_iface_index_set(attachments->datapath, attachments->list[i].iface,
				   attachments->list[i].name);
	}
}

int fw_attachments_refresh(struct fw_attachments *attachments, struct fw_err *err)
{
	int r = 0;

	follow_devices(attachments);
	for (size_t i = 0; i < attachments->count; i++) {
		struct fw_err own = {};
		unsigned int ifindex;
		int one;

		ifindex = attachments->list[i].ifindex ? 0 : if_nametoindex(attachments->list[i].name);
		one = ifindex ? put_on(attachments, i, ifindex, &own) : 0;
		if (one && !r)
			r = fw_err_set(err, one, "%s came back but could not be attached: %s",
				       attachments->list[i].name, own.text);
	}
	arrange(attachments);
	return r;
}

char **fw_attachments_pinned(struct fw_datapath *datapath)
{
	return datapath->pin_dir[0] ? fw_pins_interfaces(datapath->pin_dir) : calloc(1, sizeof(char *));
}
