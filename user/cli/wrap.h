/* SPDX-License-Identifier: Apache-2.0 */
/* Prose broken into lines. */
#ifndef FW_CLI_WRAP_H
#define FW_CLI_WRAP_H

#include <stdio.h>

/* Prints words up to `columns`; the cursor stands at `column`, later lines begin at `indent`. Ends with a
 * newline. */
void fw_wrap(FILE *out, const char *text, int column, int indent, int columns);

#endif
