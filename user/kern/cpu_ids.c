// SPDX-License-Identifier: Apache-2.0
/* Reads the kernel's list of CPUs that may ever be there. */
#include "kern/cpu_ids.h"

#include <bpf/libbpf.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define POSSIBLE "/sys/devices/system/cpu/possible"

unsigned int fw_cpu_ids_of(const char *list)
{
	unsigned long most = 0, id;
	const char *at = list;
	char *end;

	while (*at) {
		if (!isdigit((unsigned char)*at)) {
			at++;
			continue;
		}
		id = strtoul(at, &end, 10);
		at = end;
		if (id + 1 > most && id < 1u << 20)
			most = id + 1;
	}
	return (unsigned int)most;
}

unsigned int fw_cpu_ids(void)
{
	FW_FCLOSE FILE *file = fopen(POSSIBLE, "re");
	unsigned int counted = (unsigned int)libbpf_num_possible_cpus(), ids = 0;
	char list[4096];

	if (file && fgets(list, sizeof(list), file))
		ids = fw_cpu_ids_of(list);
	return ids > counted ? ids : counted;
}
