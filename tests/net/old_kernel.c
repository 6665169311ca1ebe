// SPDX-License-Identifier: Apache-2.0
/* Preloaded: a kernel whose XDP programs may not make SYN cookies. A small program that calls the helpers is
 * refused as such a kernel does it; a large one is the packet path, in which the calls are dead code. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>

#define PROBE_MOST 16 /* instructions */

static int calls_cookies(const union bpf_attr *attr)
{
	const struct bpf_insn *insns = (const void *)(uintptr_t)attr->insns;

	for (unsigned int i = 0; i < attr->insn_cnt && attr->insn_cnt <= PROBE_MOST; i++)
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg &&
		    (insns[i].imm == BPF_FUNC_tcp_gen_syncookie ||
		     insns[i].imm == BPF_FUNC_tcp_check_syncookie))
			return 1;
	return 0;
}

long syscall(long number, ...)
{
	long (*real)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"), arg[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && arg[0] == BPF_PROG_LOAD) {
		const union bpf_attr *attr = (const void *)arg[1];

		if (calls_cookies(attr)) {
			if (attr->log_buf && attr->log_size)
				snprintf((char *)(uintptr_t)attr->log_buf, attr->log_size,
					 "unknown func bpf_tcp_gen_syncookie#110");
			errno = EINVAL;
			return -1;
		}
	}
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
