// SPDX-License-Identifier: Apache-2.0
/* Adoption of pinned maps: all of them as expected, or none. */
#include "kern/adopt.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kern/pins.h"
#include "lib/cleanup.h"

struct property {
	const char *name;
	uint32_t found, expected;
};

/* The key of a policy that sizes a map, as an end of a sentence. */
static const char *capacity_of(const struct bpf_map *map, const struct property *property)
{
	if (strcmp(property->name, "entries"))
		return "";
	if (!strcmp(bpf_map__name(map), fw_map_names[FW_MAP_ID_fw_meter_map]))
		return " (capacity: sources)";
	return strcmp(bpf_map__name(map), fw_map_names[FW_MAP_ID_fw_ban_map]) ? "" : " (capacity: bans)";
}

static int check_map(const struct bpf_map *map, int fd, struct fw_err *why)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return fw_err_set(why, -ESTALE, "cannot examine the pinned %s: %s", bpf_map__name(map),
				  strerror(errno));
	const struct property properties[] = {
		{"type", info.type, bpf_map__type(map)},
		{"key size", info.key_size, bpf_map__key_size(map)},
		{"value size", info.value_size, bpf_map__value_size(map)},
		{"entries", info.max_entries, bpf_map__max_entries(map)},
		{"flags", info.map_flags, bpf_map__map_flags(map)},
	};
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].found != properties[i].expected)
			return fw_err_set(why, -ESTALE, "pinned %s has %s %u, this agent needs %u%s",
					  bpf_map__name(map), properties[i].name, properties[i].found,
					  properties[i].expected, capacity_of(map, &properties[i]));
	return 0;
}

static int check_layout(int fd, struct fw_layout *layout, struct fw_err *why)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, layout))
		return fw_err_set(why, -ESTALE, "cannot read the layout of the pinned maps: %s",
				  strerror(errno));
	const struct property properties[] = {
		{"layout version", layout->abi_version, FW_ABI_VERSION},
		{"policy size", layout->policy_slot_bytes, sizeof(struct fw_policy_slot)},
		{"reasons", layout->reasons, FW_REASON_MAX_},
		{"ban size", layout->ban_bytes, sizeof(struct fw_ban)},
		{"meter size", layout->meter_bytes, sizeof(struct fw_meter)},
	};
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].found != properties[i].expected)
			return fw_err_set(why, -ESTALE, "the pinned maps have %s %u, this agent needs %u",
					  properties[i].name, properties[i].found, properties[i].expected);
	if (!layout->tick_ns)
		return fw_err_set(why, -ESTALE, "the pinned maps were never finished");
	return 0;
}

static int adopt_map(const char *pin_dir, struct bpf_map *map, struct fw_layout *layout, struct fw_err *why)
{
	char path[PATH_MAX];
	int r;

	if (fw_pin_path(path, sizeof(path), pin_dir, FW_PIN_MAPS, bpf_map__name(map)))
		return fw_err_set(why, -ENAMETOOLONG, "pin path is too long");
	FW_CLOSE int fd = bpf_obj_get(path);
	if (fd < 0)
		return fw_err_set(why, errno == ENOENT ? -ENOENT : -ESTALE, "pinned %s: %s",
				  bpf_map__name(map), strerror(errno));
	r = check_map(map, fd, why);
	if (!r && !strcmp(bpf_map__name(map), fw_map_names[FW_MAP_ID_fw_layout_map]))
		r = check_layout(fd, layout, why);
	if (!r && bpf_map__reuse_fd(map, fd))
		r = fw_err_set(why, -ESTALE, "pinned %s cannot be used: %s", bpf_map__name(map),
			       strerror(errno));
	return r;
}

/* Without the map of that name. Nobody was here before only where nothing at all is pinned. */
static int say_missing(const char *pin_dir, const char *name, struct fw_err *why)
{
	size_t maps = fw_pins_count(pin_dir, FW_PIN_MAPS), links = fw_pins_count(pin_dir, FW_PIN_LINKS);

	if (maps)
		return fw_err_set(why, -ESTALE, "%s is not among the %zu pinned maps", name, maps);
	if (links)
		return fw_err_set(why, -ESTALE,
				  "no maps are pinned beside the filter%s of %zu interface%s that an earlier "
				  "agent left",
				  links == 1 ? "" : "s", links, links == 1 ? "" : "s");
	return -ENOENT;
}

int fw_adopt_maps(const char *pin_dir, struct flood_bpf *skeleton, struct fw_layout *ret, struct fw_err *why)
{
	for (int i = 0; i < FW_MAP_PINNED_; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, fw_map_names[i]);
		int r = map ? adopt_map(pin_dir, map, ret, why) : -ENOENT;

		if (r == -ENOENT)
			return say_missing(pin_dir, fw_map_names[i], why);
		if (r)
			return r;
	}
	return 0;
}

static int move(const char *pin_dir, const char *from, const char *to)
{
	char old_path[PATH_MAX], new_path[PATH_MAX];

	if (fw_pin_path(old_path, sizeof(old_path), pin_dir, from, NULL) ||
	    fw_pin_path(new_path, sizeof(new_path), pin_dir, to, NULL))
		return -ENAMETOOLONG;
	return rename(old_path, new_path) && errno != ENOENT ? -errno : 0;
}

int fw_pin_maps(const struct fw_datapath *datapath, struct fw_err *err)
{
	const char *dir = datapath->pin_dir;
	char path[PATH_MAX];
	int r;

	fw_pins_remove(dir, FW_PIN_MAPS_NEW); /* left over by an agent that was killed here */
	fw_pins_remove(dir, FW_PIN_MAPS_OLD);
	r = fw_pins_make(dir, FW_PIN_MAPS_NEW, err);
	for (int i = 0; i < FW_MAP_PINNED_ && !r; i++) {
		if (fw_pin_path(path, sizeof(path), dir, FW_PIN_MAPS_NEW, fw_map_names[i]))
			return fw_err_set(err, -ENAMETOOLONG, "pin path is too long: %.80s…", dir);
		if (bpf_obj_pin(datapath->fds[i], path))
			r = fw_program_refused(-errno, "pin the maps", NULL, err);
	}
	if (r)
		return r;
	r = move(dir, FW_PIN_MAPS, FW_PIN_MAPS_OLD);
	if (!r)
		r = move(dir, FW_PIN_MAPS_NEW, FW_PIN_MAPS);
	if (r)
		return fw_err_set(err, r, "cannot rename the pins in %s: %s", dir, strerror(-r));
	fw_pins_remove(dir, FW_PIN_MAPS_OLD);
	return 0;
}
