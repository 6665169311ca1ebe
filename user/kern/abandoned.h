/* SPDX-License-Identifier: Apache-2.0 */
/* Filters that go on in the kernel without an agent: which there are, and how they are taken off. By pins
 * alone: no maps are opened, so that it works whatever version made them. */
#ifndef FW_KERN_ABANDONED_H
#define FW_KERN_ABANDONED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/* Interfaces of this network namespace that a pinned link filters, NULL-terminated, caller frees with
 * fw_pins_list_free(). NULL when out of memory. */
char **fw_abandoned_list(const char *bpffs);
/* Takes the program off and removes its pin; maps stay for the next agent. *ret_left: how many interfaces are
 * filtered still. -ENOENT: no link of ours is pinned for it. */
int fw_abandoned_detach(const char *bpffs, const char *interface, size_t *ret_left, struct fw_err *err);

/* The pid of a floodwalld in this network namespace, whatever its socket; 0: none that can be seen. */
pid_t fw_agent_pid(void);

#endif
