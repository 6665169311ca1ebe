/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow by doubling, with nothing but their count to remember. */
#ifndef FW_LIB_GROW_H
#define FW_LIB_GROW_H

#include <stddef.h>
#include <stdlib.h>

/* Makes room for item number `count`; returns the array or NULL, and then the old one is still there. Only
 * for arrays that grow by nothing else: the capacity is the next power of two. */
static inline void *fw_grow(void *items, size_t count, size_t size)
{
	if (count & (count - 1))
		return items;
	return reallocarray(items, count ? count * 2 : 1, size);
}

/* Appends to a pair of fields, evaluates to 0 or -ENOMEM. */
#define FW_APPEND(items, count, ...)                                                                         \
	({                                                                                                   \
		__typeof__(items) grown_ = fw_grow(items, count, sizeof(*(items)));                          \
		if (grown_) {                                                                                \
			(items) = grown_;                                                                    \
			(items)[(count)++] = __VA_ARGS__;                                                    \
		}                                                                                            \
		grown_ ? 0 : -ENOMEM;                                                                        \
	})

#endif
