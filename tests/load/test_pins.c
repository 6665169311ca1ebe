// SPDX-License-Identifier: Apache-2.0
/* Pins: adopted when they are ours and fit, rebuilt and said when they do not, refused when anybody could
 * have planted them. */
#include <sys/types.h>

#include "place.h"

static int try_open(const char *pin_dir, uint64_t bans, enum fw_adoption *adoption, struct fw_err *why,
		    struct fw_err *err)
{
	struct fw_datapath_options options = {.pin_dir = pin_dir, .sources = 4096, .bans = bans};
	struct fw_datapath *datapath = NULL;
	int r = fw_datapath_open(&options, &datapath, adoption, why, err);

	fw_datapath_close(datapath);
	return r;
}

Test(pins, state_goes_on)
{
	struct fw_datapath *datapath;
	struct place place;
	struct fw_prefix prefix;
	struct fw_ban_entry found;
	struct fw_layout first, second;
	uint32_t zero = 0;
	struct stat status;
	struct fw_ban ban = {.rule = FW_RULE_NONE, .strikes = 3};

	place_open(&place);
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	cr_assert_eq(stat(place.pin_dir, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0700);
	cr_assert_eq(fw_prefix_parse("203.0.113.66", &prefix, NULL), 0);
	ban.expires_ns = fw_datapath_now_ns(datapath) + 60000000000ULL;
	cr_assert_eq(fw_ban_add(datapath, &prefix, &ban, NULL), 0);
	cr_assert_eq(bpf_map_lookup_elem(fw_datapath_map_fd(datapath, "fw_layout_map"), &zero, &first), 0);
	fw_datapath_close(datapath);

	datapath = place_datapath(&place, FW_ADOPTED_ALL);
	cr_assert_eq(bpf_map_lookup_elem(fw_datapath_map_fd(datapath, "fw_layout_map"), &zero, &second), 0);
	cr_expect_eq(memcmp(&first, &second, sizeof(first)), 0, "same seed, same clock");
	cr_assert_eq(fw_ban_find(datapath, &prefix.addr, &found), 0);
	cr_expect_eq(found.ban.strikes, 3);
	cr_expect_eq(fw_datapath_unpin(datapath, NULL), 0);
	fw_datapath_close(datapath);
	cr_expect_neq(stat(place.pin_dir, &status), 0, "nothing is left");
}

Test(pins, other_sizes_and_layouts_are_rebuilt)
{
	struct fw_err why = {0}, err = {0};
	enum fw_adoption adoption;
	struct fw_datapath *datapath;
	struct fw_layout layout;
	struct place place;
	char path[160];
	uint32_t zero = 0;

	place_open(&place);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_NOTHING));
	cr_assert_eq(try_open(place.pin_dir, 2048, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "fw_ban_map") && strstr(why.text, "1024") && strstr(why.text, "2048"),
		  "%s", why.text);
	cr_assert_eq(try_open(place.pin_dir, 2048, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_ALL, "the rebuilt ones fit: %s", why.text);

	datapath = place_datapath(&place, FW_ADOPTED_REBUILT);
	cr_assert_eq(bpf_map_lookup_elem(fw_datapath_map_fd(datapath, "fw_layout_map"), &zero, &layout), 0);
	layout.abi_version++;
	cr_assert_eq(
		bpf_map_update_elem(fw_datapath_map_fd(datapath, "fw_layout_map"), &zero, &layout, BPF_ANY),
		0);
	fw_datapath_close(datapath);
	cr_assert_eq(try_open(place.pin_dir, 1024, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "layout version"), "%s", why.text);

	snprintf(path, sizeof(path), "%s/maps/fw_meter_map", place.pin_dir);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(try_open(place.pin_dir, 1024, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "fw_meter_map"), "%s", why.text);
}

/* Whoever was here before has left something: fresh maps are where nothing at all is. */
Test(pins, missing_pins_are_no_first_start)
{
	struct fw_err why = {0}, err = {0};
	struct fw_attachments *attachments;
	struct fw_datapath *datapath;
	enum fw_adoption adoption;
	struct place place;
	char path[160];

	place_open(&place);
	place_veth();
	datapath = place_datapath(&place, FW_ADOPTED_NOTHING);
	attachments = fw_attachments_new(datapath);
	attach(attachments, "fw0", FW_XDP_NATIVE);
	fw_attachments_free(attachments, false);
	fw_datapath_close(datapath);

	snprintf(path, sizeof(path), "%s/maps/fw_layout_map", place.pin_dir);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(try_open(place.pin_dir, 1024, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "fw_layout_map is not among the"), "%s", why.text);

	snprintf(path, sizeof(path), "%s/maps", place.pin_dir);
	RUN("rm", "-r", path);
	cr_assert_eq(try_open(place.pin_dir, 1024, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "no maps are pinned"), "%s", why.text);

	RUN("rm", "-r", path);
	snprintf(path, sizeof(path), "%s/links", place.pin_dir);
	RUN("rm", "-r", path);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_NOTHING));
}

/* A map of the right name but of another kind. */
Test(pins, planted_maps_are_not_believed)
{
	struct fw_err why = {0}, err = {0};
	enum fw_adoption adoption;
	struct place place;
	char path[160];
	int fd;

	place_open(&place);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_NOTHING));
	snprintf(path, sizeof(path), "%s/maps/fw_spared_map", place.pin_dir);
	cr_assert_eq(unlink(path), 0);
	fd = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "fw_spared_map", 16, 16, 4096, NULL);
	cr_assert_eq(bpf_obj_pin(fd, path), 0);
	cr_assert_eq(try_open(place.pin_dir, 1024, &adoption, &why, &err), 0, "%s", err.text);
	cr_expect_eq(adoption, FW_ADOPTED_REBUILT);
	cr_expect(strstr(why.text, "fw_spared_map") && strstr(why.text, "type"), "%s", why.text);
}

/* What an agent left half done when it was killed is swept up. */
Test(pins, leftovers_are_removed)
{
	struct place place;
	char path[160];
	struct stat status;

	place_open(&place);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_NOTHING));
	snprintf(path, sizeof(path), "%s/maps", place.pin_dir);
	char left_over[160];
	snprintf(left_over, sizeof(left_over), "%s/maps-new", place.pin_dir);
	cr_assert_eq(rename(path, left_over), 0);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_NOTHING));
	cr_expect_neq(stat(left_over, &status), 0);
	fw_datapath_close(place_datapath(&place, FW_ADOPTED_ALL));
}

static void refused(const char *pin_dir, int code, const char *words)
{
	struct fw_err err = {0};
	int r = try_open(pin_dir, 1024, NULL, NULL, &err);

	cr_expect_eq(r, code, "%s: %d %s", pin_dir, r, err.text);
	cr_expect(strstr(err.text, words), "'%s' says '%s'", err.text, words);
}

Test(pins, untrusted_directories_are_refused)
{
	struct place place;
	char parent[96], other[96];

	place_open(&place);
	snprintf(parent, sizeof(parent), "%s/floodwall", place.root);
	snprintf(other, sizeof(other), "%s/elsewhere", place.root);
	cr_assert_eq(mkdir(parent, 0700), 0);
	cr_assert_eq(mkdir(other, 0700), 0);
	cr_assert_eq(symlink(other, place.pin_dir), 0);
	refused(place.pin_dir, -EPERM, "symbolic link");
	cr_assert_eq(unlink(place.pin_dir), 0);
	cr_assert_eq(mkdir(place.pin_dir, 0755), 0);
	refused(place.pin_dir, -EPERM, "0700");
	cr_assert_eq(chmod(place.pin_dir, 0700), 0);
	cr_assert_eq(chown(place.pin_dir, 1000, 1000), 0);
	refused(place.pin_dir, -EPERM, "uid 1000");
	cr_assert_eq(rmdir(place.pin_dir), 0);
	cr_assert_eq(chown(parent, 1000, 1000), 0);
	refused(place.pin_dir, -EPERM, "uid 1000");
	cr_assert_eq(chown(parent, 0, 0), 0);
	cr_assert_eq(chmod(parent, 0777), 0);
	refused(place.pin_dir, -EPERM, "others may write");
	cr_assert_eq(rmdir(parent), 0);
	refused("/tmp/floodwall/1", -EOPNOTSUPP, "bpf file system");
}
