// SPDX-License-Identifier: Apache-2.0
/* Which boot this is: much of what is written down ends with it. */
#include "lib/state_files.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

void fw_boot_id_read(char id[FW_BOOT_ID_MAX])
{
	FW_FCLOSE FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	id[0] = '\0';
	if (file && fgets(id, FW_BOOT_ID_MAX, file))
		id[strcspn(id, "\n")] = '\0';
}
