/* SPDX-License-Identifier: Apache-2.0 */
/* A feed's definition key by key, as text that the loader would read back. */
#ifndef FW_POLICY_DESCRIBE_FEED_H
#define FW_POLICY_DESCRIBE_FEED_H

#include "policy/policy.h"

size_t fw_feed_aspects(void);
const char *fw_feed_aspect_key(size_t aspect);
/* "" for a key that is not in the file. The caller frees; NULL: out of memory. */
char *fw_feed_aspect_text(const struct fw_feed *feed, size_t aspect);
/* Whether two definitions say the same; not about their positions. */
bool fw_feed_same(const struct fw_feed *a, const struct fw_feed *b);

#endif
