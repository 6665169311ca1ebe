// SPDX-License-Identifier: Apache-2.0
/* Every combination that is shipped loads on this kernel, and leaves the verifier room. Prints what it costs.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <unistd.h>

#include "kern/datapath.h"
#include "kern/nic.h"
#include "lib/clock.h"

#define VERIFIER_LIMIT	 1000000u
#define INSTRUCTIONS_MAX 800000u /* other kernels count differently */

static void load(struct fw_datapath *datapath, bool frags, const char *name)
{
	uint64_t start = fw_monotonic_ns();
	struct bpf_prog_info info = {0};
	uint32_t size = sizeof(info);
	struct fw_err err = {0};
	int fd = -1;

	if (fw_datapath_load_program(datapath, 3, frags, &fd, &err) ||
	    bpf_obj_get_info_by_fd(fd, &info, &size)) {
		printf("not ok %s%s: %s\n", frags ? "frags, " : "", name, err.text);
		return;
	}
	close(fd);
	printf("%s %s%s: %u of %u instructions verified in %lu ms, %u bytes of machine code\n",
	       info.verified_insns && info.verified_insns <= INSTRUCTIONS_MAX ? "ok" : "not ok",
	       frags ? "frags, " : "", name, info.verified_insns, VERIFIER_LIMIT,
	       (unsigned long)((fw_monotonic_ns() - start) / 1000000), info.jited_prog_len);
}

int main(void)
{
	static const struct {
		const char *name;
		bool virtual_clock, trace;
	} kinds[] = {{"attached", false, false},
		     {"replay", true, true},
		     {"virtual clock", true, false},
		     {"trace", false, true}};
	char missing[128];

	if (fw_missing_capabilities(missing, sizeof(missing))) {
		printf("skip budget: loading programs takes %s\n", missing);
		return 0;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct fw_datapath_options options = {.virtual_clock = kinds[i].virtual_clock,
						      .trace = kinds[i].trace,
						      .sources = 4096,
						      .bans = 1024};
		struct fw_datapath *datapath;
		struct fw_err err = {0};

		if (fw_datapath_open(&options, &datapath, NULL, NULL, &err)) {
			printf("not ok %s: %s\n", kinds[i].name, err.text);
			continue;
		}
		load(datapath, false, kinds[i].name);
		load(datapath, true, kinds[i].name);
		fw_datapath_close(datapath);
	}
	return 0;
}
