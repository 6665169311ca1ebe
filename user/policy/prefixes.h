/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of prefixes as sets of addresses: normal form and difference. */
#ifndef FW_POLICY_PREFIXES_H
#define FW_POLICY_PREFIXES_H

#include "lib/addr.h"

/* The halves of one shorter prefix of the same family. */
bool fw_prefix_siblings(const struct fw_prefix *a, const struct fw_prefix *b);

/* The order of a normal form: IPv4 before IPv6, then by address, shorter prefix first. */
int fw_prefix_order(const void *a, const void *b);

/* Normal form, in place: IPv4 before IPv6, by address, nothing covered twice, siblings joined. Returns the
 * new count. */
size_t fw_prefixes_normalize(struct fw_prefix *prefixes, size_t count);
/* Both in normal form, and so is the result, which has room for both; returns its count. Cheap when `more` is
 * short. */
size_t fw_prefixes_merge(const struct fw_prefix *many, size_t many_count, const struct fw_prefix *more,
			 size_t more_count, struct fw_prefix *ret);
/* What is in `from` and not in `what`, both in normal form; the result is in normal form, the caller frees.
 */
int fw_prefixes_subtract(const struct fw_prefix *from, size_t from_count, const struct fw_prefix *what,
			 size_t what_count, struct fw_prefix **ret, size_t *ret_count);

#endif
