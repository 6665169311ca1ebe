// SPDX-License-Identifier: Apache-2.0
/* One Floodwall instance: maps opened or adopted, mapped, their clock known; everything else in kern/ works
 * on this. */
#include "kern/datapath.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "fw_allowance.h"
#include "kern/adopt.h"
#include "kern/ban_filter.h"
#include "kern/calibrate.h"
#include "kern/cookies.h"
#include "kern/cpu_ids.h"
#include "kern/lists.h"
#include "kern/pins.h"
#include "kern/program.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

const char *const fw_map_names[FW_MAP_ID_MAX_] = {
#define X(name) #name,
	FW_MAPS(X) X(fw_clock_map) X(fw_trace_map)
#undef X
};

static void *map_array(int fd, size_t bytes, struct fw_err *err)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (memory != MAP_FAILED)
		return memory;
	fw_err_set(err, -errno, "cannot map %zu bytes of a BPF array: %s", bytes, strerror(errno));
	return NULL;
}

#define POLICY_BYTES		      (FW_SLOTS * sizeof(struct fw_policy_slot))
#define CLASS_BYTES		      ((size_t)FW_SLOTS * FW_CLASSES_MAX * sizeof(struct fw_class))
#define BITMAP_BYTES		      ((size_t)FW_SLOTS * 2 * FW_LIST_BITMAP_WORDS * sizeof(uint64_t))
#define WIDE_BYTES		      ((size_t)FW_SLOTS * sizeof(struct fw_list_wide))
#define LINE_BYTES		      ((size_t)FW_SLOTS * FW_LIST4_LINES * sizeof(struct fw_list4_line))
#define GEO_BYTES		      ((size_t)FW_SLOTS * FW_GEO_CLASSES_MAX * sizeof(uint64_t))
#define TEXT_BYTES		      ((size_t)FW_SLOTS * FW_SUBJECT_MAX_ * sizeof(struct fw_automaton))
#define LINES_OF_ALL(datapath)	      ((size_t)(datapath)->cpu_ids * fw_allowance_lines((datapath)->cpu_ids))
#define ALLOWANCE_BYTES(datapath)     (LINES_OF_ALL(datapath) * sizeof(struct fw_allowance_line))
#define ALLOWANCE_KEY_BYTES(datapath) (LINES_OF_ALL(datapath) * sizeof(struct fw_allowance_keys))
#define CPU_BYTES(datapath)	      ((size_t)(datapath)->cpu_ids * sizeof(struct fw_cpu))
#define PUBLISHED_BYTES		      (FW_PUBLISHED_WORDS * sizeof(uint64_t))
#define FILTER_BYTES		      ((size_t)FW_SLOTS * FW_BAN_FILTER_WORDS * sizeof(uint64_t))

static int map_all(struct fw_datapath *datapath, struct fw_err *err)
{
	datapath->control =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_control_map), sizeof(*datapath->control), err);
	datapath->policy = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_policy_map), POLICY_BYTES, err);
	datapath->classes = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_class_map), CLASS_BYTES, err);
	datapath->list_bitmap =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_list_bitmap_map), BITMAP_BYTES, err);
	datapath->list_wide = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_list_wide_map), WIDE_BYTES, err);
	datapath->list4_line = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_list4_line_map), LINE_BYTES, err);
	datapath->geo_terms = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_geo_class_map), GEO_BYTES, err);
	datapath->automata = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_automaton_map), TEXT_BYTES, err);
	datapath->ban_filter = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_ban_filter_map), FILTER_BYTES, err);
	datapath->allowances =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_allowance_map), ALLOWANCE_BYTES(datapath), err);
	datapath->by_cpu = map_array(fw_map_fd(datapath, FW_MAP_ID_fw_cpu_map), CPU_BYTES(datapath), err);
	datapath->published =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_published_map), PUBLISHED_BYTES, err);
	datapath->clock =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_clock_map), sizeof(*datapath->clock), err);
	datapath->trace =
		map_array(fw_map_fd(datapath, FW_MAP_ID_fw_trace_map), sizeof(*datapath->trace), err);
	if (datapath->control && datapath->policy && datapath->classes && datapath->list_bitmap &&
	    datapath->list_wide && datapath->list4_line && datapath->geo_terms && datapath->automata &&
	    datapath->ban_filter && datapath->allowances && datapath->by_cpu && datapath->published &&
	    datapath->clock && datapath->trace)
		return 0;
	return err && err->code ? err->code : -ENOMEM;
}

static void unmap(void *memory, size_t bytes)
{
	if (memory)
		munmap(memory, bytes);
}

void fw_datapath_close(struct fw_datapath *datapath)
{
	if (!datapath)
		return;
	fw_lists_close(datapath);
	unmap(datapath->control, sizeof(*datapath->control));
	unmap(datapath->policy, POLICY_BYTES);
	unmap(datapath->classes, CLASS_BYTES);
	unmap(datapath->list_bitmap, BITMAP_BYTES);
	unmap(datapath->list_wide, WIDE_BYTES);
	unmap(datapath->list4_line, LINE_BYTES);
	unmap(datapath->geo_terms, GEO_BYTES);
	unmap(datapath->automata, TEXT_BYTES);
	unmap(datapath->ban_filter, FILTER_BYTES);
	unmap(datapath->allowances, ALLOWANCE_BYTES(datapath));
	unmap(datapath->by_cpu, CPU_BYTES(datapath));
	unmap(datapath->published, PUBLISHED_BYTES);
	unmap(datapath->clock, sizeof(*datapath->clock));
	unmap(datapath->trace, sizeof(*datapath->trace));
	for (int i = 0; i < FW_MAP_ID_MAX_; i++)
		fw_cleanup_close(&datapath->fds[i]);
	fw_cleanup_close(&datapath->barrier_fd);
	fw_cleanup_close(&datapath->barrier_inner_fd);
	free(datapath);
}

static uint32_t entries_of(uint64_t wanted, uint32_t fallback)
{
	if (!wanted)
		return fallback;
	return wanted > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)wanted;
}

/* Of those that are there, not of all that could be plugged in. A replay runs on one, and gives the same on
 * every machine. */
static uint32_t gate_per_second(const struct fw_datapath *datapath, bool virtual_clock)
{
	long cpus = virtual_clock ? 1 : sysconf(_SC_NPROCESSORS_ONLN);

	return fw_gate_per_second(datapath->capacity_sources, cpus > 0 ? (uint32_t)cpus : 1);
}

static struct fw_datapath *datapath_new(const struct fw_datapath_options *options)
{
	struct fw_datapath *datapath = calloc(1, sizeof(*datapath));

	if (!datapath)
		return NULL;
	for (int i = 0; i < FW_MAP_ID_MAX_; i++)
		datapath->fds[i] = -1;
	datapath->barrier_fd = -1;
	datapath->barrier_inner_fd = -1;
	datapath->cpus = (unsigned int)libbpf_num_possible_cpus();
	datapath->cpu_ids = fw_cpu_ids();
	datapath->capacity_sources = entries_of(options->sources, FW_SOURCES_DEFAULT);
	datapath->capacity_bans = entries_of(options->bans, FW_BANS_DEFAULT);
	datapath->capacity_prefixes = entries_of(options->prefixes, FW_PREFIXES_DEFAULT);
	datapath->config.cpu_mask = datapath->cpu_ids - 1;
	datapath->config.allowance_mask = fw_allowance_lines(datapath->cpu_ids) - 1;
	datapath->config.gate_per_second = gate_per_second(datapath, options->virtual_clock);
	datapath->config.virtual_clock = options->virtual_clock;
	datapath->config.trace = options->trace;
	datapath->config.replay = options->replay;
	datapath->config.cookies = !options->replay && fw_cookies_known();
	datapath->config.seed = options->seed;
	if (options->pin_dir)
		snprintf(datapath->pin_dir, sizeof(datapath->pin_dir), "%s", options->pin_dir);
	return datapath;
}

static struct flood_bpf *open_skeleton(const struct fw_datapath *datapath)
{
	struct flood_bpf *skeleton = flood_bpf__open();

	if (!skeleton)
		return NULL;
	bpf_program__set_autoload(skeleton->progs.fw_xdp, false); /* maps only */
	bpf_map__set_max_entries(skeleton->maps.fw_meter_map, (uint32_t)datapath->capacity_sources);
	bpf_map__set_max_entries(skeleton->maps.fw_ban_map, (uint32_t)datapath->capacity_bans);
	bpf_map__set_value_size(skeleton->maps.fw_cpu_map, (uint32_t)CPU_BYTES(datapath));
	bpf_map__set_value_size(skeleton->maps.fw_allowance_map, (uint32_t)ALLOWANCE_BYTES(datapath));
	bpf_map__set_value_size(skeleton->maps.fw_allowance_key_map, (uint32_t)ALLOWANCE_KEY_BYTES(datapath));
	return skeleton;
}

/* Creates what was not adopted and keeps the fds; the skeleton goes. */
static int take_maps(struct fw_datapath *datapath, struct flood_bpf *skeleton, struct fw_err *err)
{
	int r = flood_bpf__load(skeleton);

	if (r)
		return fw_program_refused(r, "create the maps", NULL, err);
	for (int i = 0; i < FW_MAP_ID_MAX_; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, fw_map_names[i]);

		datapath->fds[i] = map ? fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 3) : -1;
		if (datapath->fds[i] < 0)
			return fw_err_set(err, map ? -errno : -ENOENT, "cannot keep %s: %s", fw_map_names[i],
					  strerror(map ? errno : ENOENT));
	}
	return 0;
}

/* A fresh set of maps: seed, clock and layout are decided once and hold for whoever adopts them. */
static int write_layout(struct fw_datapath *datapath, struct fw_err *err)
{
	struct fw_layout layout = {
		.abi_version = FW_ABI_VERSION,
		.policy_slot_bytes = sizeof(struct fw_policy_slot),
		.reasons = FW_REASON_MAX_,
		.ban_bytes = sizeof(struct fw_ban),
		.meter_bytes = sizeof(struct fw_meter),
	};
	uint32_t zero = 0;
	int r;

	while (!datapath->config.seed)
		if (getrandom(&datapath->config.seed, sizeof(datapath->config.seed), 0) < 0)
			return fw_err_set(err, -errno, "no random seed for the filters: %s", strerror(errno));
	layout.seed = datapath->config.seed;
	if (datapath->config.virtual_clock) {
		layout.tick_ns = 1;
	} else {
		int64_t offset_ns = 0;
		uint64_t tick_ns = 0;

		r = fw_calibrate(&tick_ns, &offset_ns, err);
		if (r)
			return r;
		layout.tick_ns = tick_ns;
		layout.offset_ns = offset_ns;
	}
	datapath->config.tick_ns = layout.tick_ns;
	datapath->config.offset_ns = layout.offset_ns;
	if (bpf_map_update_elem(fw_map_fd(datapath, FW_MAP_ID_fw_layout_map), &zero, &layout, BPF_ANY))
		return fw_err_set(err, -errno, "cannot write the layout of the maps: %s", strerror(errno));
	return datapath->pin_dir[0] ? fw_pin_maps(datapath, err) : 0;
}

/* A map of maps that only we know: the kernel makes every update of one wait for the programs that run. */
static int make_barrier(struct fw_datapath *datapath, struct fw_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);

	datapath->barrier_inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "fw_barrier_in", 4, 4, 1, NULL);
	if (datapath->barrier_inner_fd >= 0) {
		opts.inner_map_fd = (uint32_t)datapath->barrier_inner_fd;
		datapath->barrier_fd =
			bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "fw_barrier", 4, 4, 1, &opts);
	}
	if (datapath->barrier_fd < 0)
		return fw_program_refused(-errno, "create the maps", NULL, err);
	return 0;
}

static int find_maps(struct fw_datapath *datapath, enum fw_adoption *adoption, struct fw_err *why,
		     struct fw_err *err)
{
	struct flood_bpf *skeleton = open_skeleton(datapath);
	struct fw_layout layout = {};
	struct fw_err found = {};
	int r = datapath->pin_dir[0] && skeleton ? fw_adopt_maps(datapath->pin_dir, skeleton, &layout, &found)
						 : -ENOENT;

	*adoption = r == 0 ? FW_ADOPTED_ALL : r == -ENOENT ? FW_ADOPTED_NOTHING : FW_ADOPTED_REBUILT;
	if (r) { /* maps that were adopted before the odd one turned up must not be kept */
		flood_bpf__destroy(skeleton);
		skeleton = open_skeleton(datapath);
	}
	if (!skeleton)
		return fw_err_set(err, -errno, "cannot open the packet program: %s", strerror(errno));
	r = take_maps(datapath, skeleton, err);
	flood_bpf__destroy(skeleton);
	if (r)
		return r;
	if (*adoption == FW_ADOPTED_ALL) {
		datapath->config.seed = layout.seed;
		datapath->config.tick_ns = layout.tick_ns;
		datapath->config.offset_ns = layout.offset_ns;
		/* Unknown when the earlier agent flipped them: as if it were now. */
		datapath->policy_flipped_ns = datapath->filter_flipped_ns = fw_monotonic_ns();
		fw_err_set(why, 0,
			   "adopted the maps of an earlier agent: policy, meters, bans and counters go on");
		return 0;
	}
	if (*adoption == FW_ADOPTED_REBUILT)
		fw_err_set(why, 0, "%s", found.text);
	else
		fw_err_set(why, 0, "fresh maps");
	return write_layout(datapath, err);
}

int fw_datapath_open(const struct fw_datapath_options *options, struct fw_datapath **ret,
		     enum fw_adoption *ret_adoption, struct fw_err *why, struct fw_err *err)
{
	enum fw_adoption adoption = FW_ADOPTED_NOTHING;
	struct fw_datapath *datapath;
	int r;

	fw_silence_libbpf();
	if (options->pin_dir) {
		if (strlen(options->pin_dir) >= PATH_MAX - 2 * IF_NAMESIZE)
			return fw_err_set(err, -ENAMETOOLONG, "pin directory path is too long: %.80s…",
					  options->pin_dir);
		r = fw_pins_prepare(options->pin_dir, err);
		if (r)
			return r;
	}
	datapath = datapath_new(options);
	if (!datapath)
		return fw_err_set(err, -ENOMEM, "out of memory");
	r = find_maps(datapath, &adoption, why, err);
	if (!r)
		r = map_all(datapath, err);
	if (!r && adoption != FW_ADOPTED_ALL)
		fw_ban_filter_init(datapath);
	if (!r)
		r = make_barrier(datapath, err);
	if (r) {
		fw_datapath_close(datapath);
		return r;
	}
	if (ret_adoption)
		*ret_adoption = adoption;
	*ret = datapath;
	return 0;
}

int fw_datapath_unpin(struct fw_datapath *datapath, struct fw_err *err)
{
	static const char *const all[] = {FW_PIN_LINKS, FW_PIN_IFACES, FW_PIN_MAPS, FW_PIN_MAPS_NEW,
					  FW_PIN_MAPS_OLD};
	int r = 0;

	if (!datapath->pin_dir[0])
		return 0;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !r; i++)
		r = fw_pins_remove(datapath->pin_dir, all[i]);
	if (!r && rmdir(datapath->pin_dir) && errno != ENOENT)
		r = -errno;
	if (r)
		return fw_err_set(err, r, "cannot remove the pins in %s: %s", datapath->pin_dir,
				  strerror(-r));
	return 0;
}

uint64_t fw_datapath_now_ns(const struct fw_datapath *datapath)
{
	uint64_t tick = datapath->config.tick_ns, now;

	if (datapath->config.virtual_clock)
		return __atomic_load_n(datapath->clock, __ATOMIC_RELAXED);
	now = fw_monotonic_ns() - (uint64_t)datapath->config.offset_ns;
	return now / tick * tick + (uint64_t)datapath->config.offset_ns;
}

uint64_t fw_datapath_tick_ns(const struct fw_datapath *datapath)
{
	return datapath->config.tick_ns;
}

bool fw_datapath_pinned(const struct fw_datapath *datapath)
{
	return datapath->pin_dir[0] != '\0';
}

struct fw_control *fw_datapath_control(struct fw_datapath *datapath)
{
	return datapath->control;
}

const struct fw_policy_slot *fw_datapath_active_slot(const struct fw_datapath *datapath)
{
	uint32_t generation = __atomic_load_n(&datapath->control->generation, __ATOMIC_ACQUIRE);

	return generation ? fw_policy_slot_at(datapath, generation) : NULL;
}

const struct fw_rule *fw_active_rule(const struct fw_datapath *datapath, uint32_t id)
{
	const struct fw_policy_slot *slot = fw_datapath_active_slot(datapath);

	if (!slot)
		return NULL;
	if (id == FW_RULE_ANSWERS)
		return &slot->answers;
	if (id == FW_RULE_SSH_PEERS)
		return &slot->ssh_peers;
	if (id == FW_RULE_NEVER_BLOCK)
		return slot->never_block.unit == FW_UNIT_NONE ? NULL : &slot->never_block;
	for (size_t i = 0; i < FW_RULES_MAX; i++)
		if (slot->rules[i].terms && slot->rules[i].id == id)
			return &slot->rules[i];
	return NULL;
}

int fw_datapath_map_fd(const struct fw_datapath *datapath, const char *map_name)
{
	for (int i = 0; i < FW_MAP_ID_MAX_; i++)
		if (!strcmp(fw_map_names[i], map_name))
			return datapath->fds[i];
	return -ENOENT;
}
