/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: walks a hash map in large steps, a million entries in a fraction of a second. */
#ifndef FW_KERN_BATCH_H
#define FW_KERN_BATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Called per entry; false ends the walk. */
typedef bool (*fw_batch_fn)(const void *key, const void *value, void *context);

/* Entries added or deleted meanwhile may or may not be seen; none is seen twice by design of the kernel's
 * buckets. */
int fw_batch_walk(int fd, size_t key_size, size_t value_size, fw_batch_fn each, void *context);

#endif
