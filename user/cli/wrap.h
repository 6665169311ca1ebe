/* SPDX-License-Identifier: Apache-2.0 */
/* Prose and commands broken into lines. */
#ifndef FW_CLI_WRAP_H
#define FW_CLI_WRAP_H

#include <stdio.h>

/* Prints words up to `columns`; the cursor stands at `column`, later lines begin at `indent`. Ends with a
 * newline. */
void fw_wrap(FILE *out, const char *text, int column, int indent, int columns);
/* A command line, broken at spaces outside single quotes so that a shell reads the same of it. Ends with a
 * newline. */
void fw_wrap_command(FILE *out, const char *text, int column, int columns);

#endif
