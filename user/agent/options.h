/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator wrote on the command line of floodwalld. */
#ifndef FW_AGENT_OPTIONS_H
#define FW_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/state_files.h"
#include "policy/file.h"
#include "policy/policy.h"

#define FW_BPFFS_DEFAULT "/sys/fs/bpf"

/* How every error ends that is about another agent in the way. */
#define FW_SECOND_AGENT                                                                                      \
	"stop it first. Two agents need two network namespaces, and a --state-dir and a --socket each"

struct fw_options {
	char *config; /* absolute, so that it means the same in a reload */
	char **interfaces;
	size_t interface_count; /* 0: the file's list */
	enum fw_xdp_mode xdp;
	bool xdp_given; /* overrides what the file says */
	const char *state_dir, *socket, *bpffs;
	bool check;
};

/* -1: go on; else the exit code, everything has been said. */
int fw_options_parse(int argc, char **argv, struct fw_options *ret);
/* Whether --interface names it. */
bool fw_options_name(const struct fw_options *options, const char *interface);
void fw_options_done(struct fw_options *options);

#endif
