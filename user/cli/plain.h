/* SPDX-License-Identifier: Apache-2.0 */
/* Answers without control characters, for terminals. */
#ifndef FW_CLI_PLAIN_H
#define FW_CLI_PLAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

/* How many bytes of a control character text begins with: C0, DEL, C1 in UTF-8; 0: none. */
size_t fw_control_length(const char *text);
/* A copy in which '?' stands for every control character of names and texts (C0 but line ends,
 * DEL, C1). NULL: out of memory. As
 * deep as the document, which jansson bounds (2048). */
json_t *fw_json_plain(const json_t *document);

#endif
