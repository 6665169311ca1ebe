// SPDX-License-Identifier: Apache-2.0
/* Files full of prefixes: every good line is a prefix with clean host bits, every bad one a complaint with
 * its line. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/setfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("set", MFD_CLOEXEC);
	char path[64];
	struct fw_set set = {.name = (char *)"fuzz", .file = path};
	struct fw_diags diags = {0};
	int r;

	assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = fw_setfile_read(
		&set, (struct fw_mark){.file = fw_diags_file(&diags, "policy.yaml"), .line = 1, .column = 1},
		&diags);
	assert(!r); /* bad lines are complaints; only a file that cannot be read is a failure */
	for (size_t i = 0; i < diags.count; i++)
		assert(diags.items[i].mark.line > 0 && *diags.items[i].message);
	for (size_t i = 0; i < set.prefix_count; i++) {
		struct fw_addr masked = fw_addr_masked(&set.prefixes[i].addr, set.prefixes[i].bits);

		assert(set.prefixes[i].bits <= 128 &&
		       !memcmp(&masked, &set.prefixes[i].addr, sizeof(masked)));
	}
	/* What a file brings stands on one of its lines. */
	for (size_t i = 0; i < set.prefix_count && i < 8; i++) {
		struct fw_setfile_hit hit;

		assert(fw_setfile_find(path, &set.prefixes[i].addr, &hit, 1) == 1 && hit.line > 0);
	}
	free(set.prefixes);
	fw_diags_done(&diags);
	close(fd);
	return 0;
}
