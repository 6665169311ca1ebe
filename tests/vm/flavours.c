// SPDX-License-Identifier: Apache-2.0
/* Loads every shipped flavour of the packet program into the running kernel and says what its verifier spent
 * on each. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_config.h"
#include "flood.skel.h" /* needs the types above */

#define LOG_BYTES  (16u << 20) /* a refusal quotes the whole walk of the verifier */
#define LOG_TAIL   3000
#define BUDGET	   500000 /* half of what the kernel allows: room for the next kernel and compiler */
#define STATISTICS 4	  /* log level: only the line "processed N insns" */
#define EVERY_STEP 1

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int load(bool frags, bool replay, char *log, unsigned int log_level)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log, .kernel_log_size = LOG_BYTES,
		    .kernel_log_level = log_level);
	struct flood_bpf *skeleton = flood_bpf__open_opts(&opts);
	int r;

	log[0] = '\0';
	if (!skeleton)
		return -errno;
	skeleton->rodata->fw_config.frags = frags;
	skeleton->rodata->fw_config.virtual_clock = replay;
	skeleton->rodata->fw_config.trace = replay;
	skeleton->rodata->fw_config.replay = replay;
	skeleton->rodata->fw_config.cookies = !replay;
	if (frags)
		bpf_program__set_flags(skeleton->progs.fw_xdp, BPF_F_XDP_HAS_FRAGS);
	r = flood_bpf__load(skeleton);
	flood_bpf__destroy(skeleton);
	return r;
}

static void report_refusal(const char *name, int error, const char *log)
{
	size_t length = strlen(log);

	printf("%s\n", length > LOG_TAIL ? log + length - LOG_TAIL : log);
	printf("not ok %s: expected the kernel to accept it, got %s\n", name, strerror(-error));
}

static bool load_flavour(bool frags, bool replay, char *log)
{
	char name[64];
	unsigned long spent = 0;
	const char *line;
	int r = load(frags, replay, log, STATISTICS);

	snprintf(name, sizeof(name), "load %s%s", frags ? "frags" : "plain", replay ? " as replay does" : "");
	if (r) {
		load(frags, replay, log, EVERY_STEP);
		report_refusal(name, r, log);
		return false;
	}
	line = strstr(log, "processed ");
	if (line)
		sscanf(line, "processed %lu insns", &spent);
	printf("%s %s: %lu instructions verified, at most %d wanted\n",
	       spent && spent <= BUDGET ? "ok" : "not ok", name, spent, BUDGET);
	return spent && spent <= BUDGET;
}

int main(void)
{
	char *log = malloc(LOG_BYTES);
	bool good = true;

	if (!log) {
		fprintf(stderr, "flavours: out of memory for the verifier's log\n");
		return 1;
	}
	libbpf_set_print(print_nothing);
	for (int flavour = 0; flavour < 4; flavour++)
		good &= load_flavour(flavour & 1, flavour & 2, log);
	free(log);
	return good ? 0 : 1;
}
