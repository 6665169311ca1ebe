/* SPDX-License-Identifier: Apache-2.0 */
/* What a tune has changed, in a sentence's words. */
#ifndef FW_AGENT_TUNE_TEXT_H
#define FW_AGENT_TUNE_TEXT_H

#include <jansson.h>

/* "limit 1000 packets/10s -> 2000 packets/10s, mode count -> enforce", of [{"key", "old", "new"}]; the caller
 * frees it. NULL: out of memory. */
char *fw_tune_text(const json_t *changes);

#endif
