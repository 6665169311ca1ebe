// SPDX-License-Identifier: Apache-2.0
/* `chain: true`: libxdp's dispatcher, believed only after looking. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "kern/hook.h"
#include "kern/program.h"
#include "lib/cleanup.h"

#define OUR_PROGRAM    "fw_xdp"
#define CHAIN_PRIORITY 10 /* before the default of 50: what we drop nobody else needs to see */

/* Id of a program of ours behind the dispatcher other than `except`, 0 if there is none. */
static uint32_t find_ours(struct xdp_multiprog *multi, uint32_t except)
{
	struct xdp_program *program = NULL;

	if (libxdp_get_error(multi) || xdp_multiprog__is_legacy(multi))
		return 0;
	while ((program = xdp_multiprog__next_prog(program, multi)))
		if (!strcmp(xdp_program__name(program), OUR_PROGRAM) && xdp_program__id(program) != except)
			return xdp_program__id(program);
	return 0;
}

static void close_multi(struct xdp_multiprog *multi)
{
	if (!libxdp_get_error(multi))
		xdp_multiprog__close(multi);
}

bool fw_chain_holds(unsigned int ifindex, uint32_t *ret_prog_id)
{
	struct xdp_multiprog *multi;
	uint32_t id;

	fw_silence_libxdp();
	multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	id = find_ours(multi, 0);
	close_multi(multi);
	if (id && ret_prog_id)
		*ret_prog_id = id;
	return id != 0;
}

/* Detaches every program of ours but one. */
static int detach_others(unsigned int ifindex, uint32_t except, struct fw_err *err)
{
	for (;;) {
		struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
		enum xdp_attach_mode mode =
			libxdp_get_error(multi) ? XDP_MODE_UNSPEC : xdp_multiprog__attach_mode(multi);
		uint32_t id = find_ours(multi, except);
		struct xdp_program *program;
		int r;

		close_multi(multi);
		if (!id)
			return 0;
		program = xdp_program__from_id(id);
		r = (int)libxdp_get_error(program);
		if (!r) {
			r = xdp_program__detach(program, (int)ifindex, mode, 0);
			xdp_program__close(program);
		}
		if (r)
			return fw_err_set(err, r, "cannot take program %u out of the dispatcher: %s", id,
					  strerror(-r));
	}
}

/* libxdp attaches without a dispatcher when it cannot load one, and reports success. */
static int verify(unsigned int ifindex, uint32_t id, struct fw_err *err)
{
	struct xdp_multiprog *multi = xdp_multiprog__get_from_ifindex((int)ifindex);
	long r = libxdp_get_error(multi);
	bool legacy = !r && xdp_multiprog__is_legacy(multi);

	close_multi(multi);
	if (legacy)
		return fw_err_set(err, -EOPNOTSUPP,
				  "chain: true needs libxdp's dispatcher, which this kernel refused (loading "
				  "freplace programs is not permitted, as under kernel lockdown, or no bpffs "
				  "is mounted): program %u "
				  "was taken off again; attach without chain, or allow freplace",
				  id);
	if (r)
		return fw_err_set(
			err, (int)r,
			"chain: true could not be verified: reading the dispatcher failed (%s); it takes "
			"CAP_SYS_ADMIN",
			strerror((int)-r));
	return 0;
}

static struct xdp_program *create(struct flood_bpf *skeleton, bool frags)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = skeleton->obj, .prog_name = OUR_PROGRAM);
	struct xdp_program *program = xdp_program__create(&opts);

	if (libxdp_get_error(program))
		return NULL;
	xdp_program__set_run_prio(program, CHAIN_PRIORITY);
	xdp_program__set_chain_call_enabled(program, XDP_PASS, true);
	xdp_program__set_xdp_frags_support(program, frags);
	return program;
}

int fw_chain_attach(struct fw_datapath *datapath, unsigned int ifindex, uint32_t iface, bool native,
		    unsigned int how, uint32_t *ret_prog_id, struct fw_err *err)
{
	enum xdp_attach_mode mode = native ? XDP_MODE_NATIVE : XDP_MODE_SKB;
	FW_CLEANUP(fw_verifier_log_done) struct fw_verifier_log log = {};
	struct flood_bpf *skeleton = NULL;
	struct xdp_program *program;
	int r = fw_verifier_log_open(&log);

	fw_silence_libxdp();
	if (r)
		return fw_err_set(err, r, "out of memory for the verifier's log");
	r = fw_program_prepare(datapath, iface, how, &log, &skeleton, err);
	if (r)
		return r;
	program = create(skeleton, how & FW_PROGRAM_FRAGS);
	if (!program) {
		flood_bpf__destroy(skeleton);
		return fw_err_set(err, -EINVAL, "libxdp did not take the packet program");
	}
	r = xdp_program__attach(program, (int)ifindex, mode, 0);
	if (r) {
		r = fw_program_refused(r, "attach through libxdp", &log, err);
	} else {
		*ret_prog_id = xdp_program__id(program);
		r = verify(ifindex, *ret_prog_id, err);
		if (r)
			xdp_program__detach(program, (int)ifindex, mode, 0);
		else
			r = detach_others(ifindex, *ret_prog_id, err);
	}
	xdp_program__close(program);
	flood_bpf__destroy(skeleton);
	return r;
}

int fw_chain_detach(unsigned int ifindex, struct fw_err *err)
{
	return detach_others(ifindex, 0, err);
}
