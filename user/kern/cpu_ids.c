// SPDX-License-Identifier: Apache-2.0
/* Reads the kernel's list of CPUs that may ever be there. */
#include "kern/cpu_ids.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <stdio.h>

#include "lib/cleanup.h"

#define IDS_MAX	 (1u << 20)
#define POSSIBLE "/sys/devices/system/cpu/possible"

unsigned int fw_cpu_ids_of(const char *list)
{
	unsigned int most = 0, id;

	while (*list) {
		if (!isdigit((unsigned char)*list)) {
			list++;
			continue;
		}
		for (id = 0; isdigit((unsigned char)*list); list++)
			id = id < IDS_MAX ? id * 10 + (unsigned int)(*list - '0') : IDS_MAX;
		if (id >= most && id < IDS_MAX)
			most = id + 1;
	}
	return most;
}

unsigned int fw_cpu_ids_rounded(unsigned int ids)
{
	unsigned int rounded = 1;

	while (rounded < ids)
		rounded *= 2;
	return rounded;
}

unsigned int fw_cpu_ids(void)
{
	FW_FCLOSE FILE *file = fopen(POSSIBLE, "re");
	unsigned int counted = (unsigned int)libbpf_num_possible_cpus(), ids = 0;
	char list[4096];

	if (file && fgets(list, sizeof(list), file))
		ids = fw_cpu_ids_of(list);
	if (counted > ids)
		ids = counted;
	return fw_cpu_ids_rounded(ids);
}
