/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the merged lists as the packet path looks them up, built aside and put in place whole. */
#ifndef FW_KERN_TRIE_H
#define FW_KERN_TRIE_H

#include "kern/instance.h"
#include "policy/image.h"

/* Builds the lists of an image in list slot `slot`, which no running program may use. */
int fw_trie_build(struct fw_datapath *datapath, const struct fw_image *image, uint32_t slot,
		   struct fw_err *err);
/* Gives back the memory of a list slot that nobody uses any more. */
void fw_trie_drop(struct fw_datapath *datapath, uint32_t slot);

#endif
