// SPDX-License-Identifier: Apache-2.0
/* Who sits on an XDP hook, by libxdp where its names can be read and by program ids where not. */
#include "kern/hook.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "kern/program.h"

#define OUR_PROGRAM "fw_xdp"

static int print_nothing(enum libxdp_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

void fw_silence_libxdp(void)
{
	libxdp_set_print(print_nothing);
	fw_silence_libbpf();
}

static const char *mode_word(enum xdp_attach_mode mode)
{
	switch (mode) {
	case XDP_MODE_SKB:
		return "generic";
	case XDP_MODE_HW:
		return "offloaded";
	case XDP_MODE_NATIVE:
	case XDP_MODE_UNSPEC:
	default:
		return "native";
	}
}

static size_t append(char *text, size_t size, size_t used, const struct xdp_program *program,
		     enum xdp_attach_mode mode)
{
	int added = 0;

	if (used < size)
		added = snprintf(text + used, size - used, "%s%s id %u, %s", used ? "; " : "",
				 xdp_program__name(program), xdp_program__id(program), mode_word(mode));
	return used + (added > 0 ? (size_t)added : 0);
}

/* Reading names asks the kernel by id, which takes CAP_SYS_ADMIN: without it the ids alone must do. */
static int describe_ids(unsigned int ifindex, char *text, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	uint32_t id;

	if (bpf_xdp_query((int)ifindex, 0, &query))
		return 0;
	id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id ? query.skb_prog_id : query.hw_prog_id;
	if (!id)
		return 0;
	snprintf(text, size,
		 "program id %u, %s (reading its name takes CAP_SYS_ADMIN: bpftool prog show id %u)", id,
		 query.skb_prog_id ? "generic" : "native", id);
	return 1;
}

int fw_hook_owner(unsigned int ifindex, char *text, size_t size)
{
	struct xdp_multiprog *multi;
	struct xdp_program *program = NULL;
	enum xdp_attach_mode mode;
	size_t used = 0;
	int count = 0;

	fw_silence_libxdp();
	text[0] = '\0';
	multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	if (libxdp_get_error(multi))
		return libxdp_get_error(multi) == -ENOENT ? 0 : describe_ids(ifindex, text, size);
	mode = xdp_multiprog__attach_mode(multi);
	if (xdp_multiprog__is_legacy(multi)) {
		program = xdp_multiprog__main_prog(multi);
		if (program) {
			append(text, size, 0, program, mode);
			count = 1;
		}
	} else {
		while ((program = xdp_multiprog__next_prog(program, multi))) {
			used = append(text, size, used, program, mode);
			count++;
		}
	}
	xdp_multiprog__close(multi);
	return count ? count : describe_ids(ifindex, text, size);
}

int fw_hook_describe(unsigned int ifindex, char *text, size_t size, struct fw_err *err)
{
	if (!ifindex)
		return fw_err_set(err, -ENODEV, "no such interface");
	if (fw_hook_owner(ifindex, text, size) == 1 &&
	    !strncmp(text, OUR_PROGRAM " ", strlen(OUR_PROGRAM) + 1))
		text[0] = '\0';
	return 0;
}
