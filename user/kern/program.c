// SPDX-License-Identifier: Apache-2.0
/* One packet program per interface on shared maps; a refusal is explained by its cause, not by its errno. */
#include "kern/program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <string.h>

#include "fw_filter.h"
#include "kern/nic.h"
#include "lib/cleanup.h"

#define LOG_BYTES (1u << 20)
#define LOG_LINES 4

#define OPCODE_LOAD_64 (BPF_LD | BPF_IMM | BPF_DW)

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

void fw_silence_libbpf(void)
{
	libbpf_set_print(print_nothing);
}

int fw_verifier_log_open(struct fw_verifier_log *log)
{
	log->size = LOG_BYTES;
	log->text = calloc(1, log->size);
	return log->text ? 0 : -ENOMEM;
}

void fw_verifier_log_done(struct fw_verifier_log *log)
{
	free(log->text);
	log->text = NULL;
}

/* The last lines, without the verifier's statistics, on one line. */
static void copy_log_tail(const struct fw_verifier_log *log, char *tail, size_t size)
{
	const char *text = log && log->text ? log->text : "";
	const char *end = strstr(text, "\nprocessed "), *from;
	int lines = 0;

	if (!end)
		end = text + strlen(text);
	for (from = end; from > text && lines < LOG_LINES; from--)
		if (from[-1] == '\n' && from != end && ++lines == LOG_LINES)
			break;
	snprintf(tail, size, "%.*s", (int)(end - from), from);
	for (char *at = tail; *at; at++)
		if (*at == '\n')
			*at = '|';
}

int fw_program_refused(int code, const char *what, const struct fw_verifier_log *log, struct fw_err *err)
{
	char missing[128], tail[512];

	copy_log_tail(log, tail, sizeof(tail));
	/* 6.1 without CAP_PERFMON checks as for the unprivileged and says EINVAL, "infinite loop detected".
	 */
	if ((code == -EPERM || code == -EACCES || code == -EINVAL) &&
	    fw_missing_capabilities(missing, sizeof(missing)))
		return fw_err_set(err, -EPERM,
				  "cannot %s: %s missing; the kernel asks for CAP_BPF, CAP_NET_ADMIN and "
				  "CAP_PERFMON: run as "
				  "root or grant them (AmbientCapabilities= in the unit)",
				  what, missing);
	if (code == -EPERM)
		return fw_err_set(
			err, code,
			"cannot %s: Operation not permitted though all capabilities are there; kernel "
			"lockdown, a seccomp filter or an LSM refuses bpf()",
			what);
	if (code == -ENOMEM)
		return fw_err_set(
			err, code,
			"cannot %s: out of memory; lower capacity: in the policy or raise the memory limit "
			"of this service (MemoryMax=)",
			what);
	return fw_err_set(err, code, "cannot %s: %s%s%s", what, strerror(-code),
			  tail[0] ? "; the verifier says: " : "", tail);
}

/* 1, 0 or -errno. The kernel gives out no addresses in larger arrays. */
static int is_memory(int map_fd)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size))
		return -errno;
	return info.type == BPF_MAP_TYPE_ARRAY && info.max_entries == 1;
}

/* An instruction that loads a map of this kind is made one that loads the address of its value: the same two
 * slots, another meaning (linux/bpf.h, BPF_PSEUDO_MAP_VALUE). */
static int address_memory(struct bpf_insn *insns, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++) {
		int memory;

		if (insns[i].code != OPCODE_LOAD_64)
			continue;
		memory = insns[i].src_reg == BPF_PSEUDO_MAP_FD ? is_memory(insns[i].imm) : 0;
		if (memory < 0)
			return memory;
		if (memory) {
			insns[i].src_reg = BPF_PSEUDO_MAP_VALUE;
			insns[i + 1].imm = 0;
		}
		i++;
	}
	return 0;
}

/* Called by libbpf when the maps have their numbers and the kernel has not seen the program. */
static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
	size_t count = bpf_program__insn_cnt(program);
	FW_FREE struct bpf_insn *insns = calloc(count, sizeof(*insns));
	int r;

	(void)opts;
	(void)cookie;
	if (!insns)
		return -ENOMEM;
	memcpy(insns, bpf_program__insns(program), count * sizeof(*insns));
	r = address_memory(insns, count);
	return r ? r : bpf_program__set_insns(program, insns, count);
}

/* Before main(): libbpf keeps handlers for the process, and an object keeps a pointer among them. */
__attribute__((constructor)) static void register_handler(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare);

	libbpf_register_prog_handler("floodwall", BPF_PROG_TYPE_XDP, BPF_XDP, &opts);
}

static int reuse_maps(struct fw_datapath *datapath, struct flood_bpf *skeleton)
{
	for (int i = 0; i < FW_MAP_ID_MAX_; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj, fw_map_names[i]);
		int r = map ? bpf_map__reuse_fd(map, datapath->fds[i]) : -ENOENT;

		if (r)
			return r;
	}
	return 0;
}

int fw_program_prepare(struct fw_datapath *datapath, uint32_t iface, unsigned int how,
		       struct fw_verifier_log *log, struct flood_bpf **ret, struct fw_err *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log->text, .kernel_log_size = log->size);
	struct flood_bpf *skeleton = flood_bpf__open_opts(&opts);
	int r;

	if (!skeleton)
		return fw_err_set(err, -errno, "cannot open the packet program: %s", strerror(errno));
	r = reuse_maps(datapath, skeleton);
	if (r) {
		flood_bpf__destroy(skeleton);
		return fw_err_set(err, r, "cannot put the packet program on the shared maps: %s",
				  strerror(-r));
	}
	skeleton->rodata->fw_config = datapath->config;
	skeleton->rodata->fw_config.sum4 =
		fw_filter_sum(&(struct fw_addr){{0, 0, htonl(0xffff), 0}}, 128, datapath->config.seed);
	skeleton->rodata->fw_config.iface = iface;
	skeleton->rodata->fw_config.iface_bit = 1u << (iface % FW_IFACES_MAX);
	skeleton->rodata->fw_config.frags = how & FW_PROGRAM_FRAGS;
	skeleton->rodata->fw_config.redirects = (how & FW_PROGRAM_VETH) != 0;
	bpf_program__set_expected_attach_type(skeleton->progs.fw_xdp, BPF_XDP);
	if (how & FW_PROGRAM_FRAGS)
		bpf_program__set_flags(skeleton->progs.fw_xdp,
				       bpf_program__flags(skeleton->progs.fw_xdp) | BPF_F_XDP_HAS_FRAGS);
	*ret = skeleton;
	return 0;
}

int fw_datapath_load_program(struct fw_datapath *datapath, uint32_t iface, unsigned int how, int *ret_prog_fd,
			     struct fw_err *err)
{
	FW_CLEANUP(fw_verifier_log_done) struct fw_verifier_log log = {};
	struct flood_bpf *skeleton = NULL;
	int fd, r = fw_verifier_log_open(&log);

	if (r)
		return fw_err_set(err, r, "out of memory for the verifier's log");
	r = fw_program_prepare(datapath, iface, how, &log, &skeleton, err);
	if (r)
		return r;
	r = flood_bpf__load(skeleton);
	if (r) {
		flood_bpf__destroy(skeleton);
		return fw_program_refused(r, "load the packet program", &log, err);
	}
	fd = fcntl(bpf_program__fd(skeleton->progs.fw_xdp), F_DUPFD_CLOEXEC, 3);
	r = fd < 0 ? fw_err_set(err, -errno, "cannot keep the packet program: %s", strerror(errno)) : 0;
	flood_bpf__destroy(skeleton);
	if (!r)
		*ret_prog_fd = fd;
	return r;
}
