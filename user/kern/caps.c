// SPDX-License-Identifier: Apache-2.0
/* The three capabilities everything here lives on. */
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kern/nic.h"

static const struct {
	unsigned int number;
	const char *name;
} needed[] = {{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {CAP_PERFMON, "CAP_PERFMON"}};

/* capget(2) itself: the CLI is not linked with a capability library. */
static uint64_t effective(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (uint64_t)data[1].effective << 32 | data[0].effective;
}

int fw_missing_capabilities(char *text, size_t size)
{
	uint64_t have = effective();
	size_t used = 0;
	int missing = 0;

	if (size)
		text[0] = '\0';
	/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON. */
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		bool stands_in = needed[i].number != CAP_NET_ADMIN && have >> CAP_SYS_ADMIN & 1;

		if (have >> needed[i].number & 1 || stands_in)
			continue;
		missing++;
		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 needed[i].name);
	}
	return missing;
}
