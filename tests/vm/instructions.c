// SPDX-License-Identifier: Apache-2.0
/* What a packet costs in machine instructions, net of the same harness before a bare drop, as the bench
 * measures nanoseconds: under a qemu whose clock goes on by one an instruction, so that no neighbour of the
 * machine shows. usage: instructions FOLDER-OF-POLICIES */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/libbpf.h>

#include "kern/datapath.h"
#include "lib/cleanup.h"
#include "bench/harness.h"
#include "plan.h"
#include "subject.h"
#include "bench/bare.skel.h"

#define REPEAT	20000
#define SOURCES 2048 /* so few meters that random sources close the gate at once */
#define KERNEL	"6.12."

#define LIST                                                                                                 \
	"sets:\n  listed: {entries: [203.0.113.0/24, 192.0.2.0/24, 2001:db8::/48]}\nrules:\n"                \
	"  - {name: listed, match: {source: [listed]}, mode: count, action: block}\n"

struct row {
	const char *name, *file;
	const char *from, *to; /* of the policy's text: replaced */
	const char *proto, *dst, *source;
	double most; /* with kernel 6.12: some 3 % above what it is */
};

/* clang-format off */
#define V4 LAB_VICTIM_IP4
#define V6 LAB_VICTIM_IP6
static const struct row rows[] = {
	{"random UDP4, no rule",		"none.yaml",	 "", "", "udp", V4, "random4", 385},
	{"random UDP4, 1 rule",			"rules-1.yaml",	 "", "", "udp", V4, "random4", 540},
	{"random UDP4",				"rules-16.yaml", "", "", "udp", V4, "random4", 655},
	{"random UDP4, 64 rules",		"rules-64.yaml", "", "", "udp", V4, "random4", 655},
	{"random UDP4, a list",			"rules-16.yaml", "rules:\n", LIST, "udp", V4, "random4", 725},
	{"random UDP4, all over the limit",	"rules-16.yaml", "100M packets/1s", "1k packets/1s", "udp", V4, "random4", 705},
	{"random SYN4",				"rules-16.yaml", "", "", "syn", V4, "random4", 650},
	{"random UDP6",				"rules-16.yaml", "", "", "udp", V6, "random6", 700},
	{"random UDP6, a list",			"rules-16.yaml", "rules:\n", LIST, "udp", V6, "random6", 775},
	{"1 K sources under the limit",		"rules-16.yaml", "", "", "udp", V4, "pool:1024", 730},
	{"one offender over the limit",		"rules-16.yaml", "", "", "udp", V4, "198.18.0.2", 695},
};
/* clang-format on */

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int policy_of(const char *folder, const struct row *row, char *ret, size_t size)
{
	char path[512], text[8192] = "";
	const char *at;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, row->file);
	FW_FCLOSE FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	if (fread(text, 1, sizeof(text) - 1, file) == sizeof(text) - 1)
		return -E2BIG;
	at = strstr(text, row->from);
	if (!at)
		return -EINVAL;
	(void)snprintf(ret, size, "%.*s%s%s", (int)(at - text), text, row->to, at + strlen(row->from));
	return 0;
}

/* Of the second run, which finds everything as under way. */
static int measure(const struct packet_plan *plan, int program, double *ret, struct fw_err *err)
{
	struct harness harness = {};
	int r = harness_open(plan, program, &harness, err);

	for (int i = 0; i < 2 && !r; i++)
		r = harness_measure(&harness, REPEAT, HARNESS_ANY_VERDICT, ret, err);
	harness_close(&harness);
	return r;
}

static int count(const char *folder, const struct row *row, int bare, double *ret, struct fw_err *err)
{
	struct fw_datapath *datapath = NULL;
	struct packet_plan plan;
	char policy[16384];
	double before = 0;
	int program = -1, r = policy_of(folder, row, policy, sizeof(policy));

	if (r)
		return fw_err_set(err, r, "%s/%s, or '%s' in it: %s", folder, row->file, row->from,
				  strerror(-r));
	r = subject_open_policy(policy, false, SOURCES, &datapath);
	if (r)
		return fw_err_set(err, r, "the policy is not in force");
	r = fw_datapath_load_program(datapath, 0, false, &program, err);
	if (!r)
		r = harness_plan(row->proto, row->dst, row->source, &plan, err);
	if (!r)
		r = measure(&plan, bare, &before, err);
	if (!r)
		r = measure(&plan, program, ret, err);
	*ret -= before;
	fw_cleanup_close(&program);
	fw_datapath_close(datapath);
	return r;
}

int main(int argc, char **argv)
{
	struct utsname host;
	struct bare_bpf *drop;
	bool good = true, budgeted;

	libbpf_set_print(print_nothing);
	drop = bare_bpf__open_and_load();
	if (argc != 2 || !drop || uname(&host)) {
		printf("not ok instructions: wants a folder of policies and a kernel that loads the bare "
		       "drop\n");
		return 1;
	}
	budgeted = !strncmp(host.release, KERNEL, strlen(KERNEL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct fw_err err = {};
		double instructions = 0;
		bool ok = !count(argv[1], row, bpf_program__fd(drop->progs.bare_drop), &instructions, &err);

		if (!ok)
			printf("not ok %s: %s\n", row->name, err.text);
		else if (!budgeted)
			printf("skip %s: %.0f instructions; the budget is for kernel " KERNEL "x\n",
			       row->name, instructions);
		else
			printf("%s %s: %.0f instructions, at most %.0f wanted\n",
			       instructions <= row->most ? "ok" : "not ok", row->name, instructions,
			       row->most);
		good &= ok && (!budgeted || instructions <= row->most);
	}
	bare_bpf__destroy(drop);
	return good ? 0 : 1;
}
