/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: everything that needs libxdp: who sits on a hook, and sharing it through a dispatcher. */
#ifndef FW_KERN_HOOK_H
#define FW_KERN_HOOK_H

#include <stdbool.h>

#include "kern/attach.h"

void fw_silence_libxdp(void);
/* Like fw_hook_describe(), but names our own program too. Returns how many programs there are, 0 = free. */
int fw_hook_owner(unsigned int ifindex, char *text, size_t size);

/* `chain: true`: our program behind libxdp's dispatcher. Replaces one of ours that an earlier agent left
 * there. how: enum fw_program_how. Fails with -EOPNOTSUPP where libxdp would quietly attach without a
 * dispatcher. */
int fw_chain_attach(struct fw_datapath *datapath, unsigned int ifindex, uint32_t iface, bool native,
		    unsigned int how, uint32_t *ret_prog_id, struct fw_err *err);
int fw_chain_detach(unsigned int ifindex, struct fw_err *err);
/* Whether one of our programs runs behind a dispatcher on the interface. */
bool fw_chain_holds(unsigned int ifindex, uint32_t *ret_prog_id);

#endif
