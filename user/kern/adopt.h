/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: pinned maps of an earlier agent, believed only when they are what this one would have made.
 */
#ifndef FW_KERN_ADOPT_H
#define FW_KERN_ADOPT_H

#include "kern/program.h"

/* Gives the skeleton's maps the pinned fds. -ENOENT: nothing is pinned, no link either. -ESTALE:
 * something else is, or not all of it; why says what. */
int fw_adopt_maps(const char *pin_dir, struct flood_bpf *skeleton, struct fw_layout *ret, struct fw_err *why);
/* Pins all maps under a temporary name and renames, so that half a set is never adopted. */
int fw_pin_maps(const struct fw_datapath *datapath, struct fw_err *err);

#endif
