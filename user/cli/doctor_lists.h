/* SPDX-License-Identifier: Apache-2.0 */
/* What the lists of a policy would do to this machine, as findings of doctor. */
#ifndef FW_CLI_DOCTOR_LISTS_H
#define FW_CLI_DOCTOR_LISTS_H

#include <jansson.h>

/* Appends {"level", "check", "detail", "command"} to findings; a policy that cannot be read is one of them.
 * given: a policy file, NULL: the one the agent begins with. interface: where it would filter. -ENOMEM. */
int fw_doctor_lists(json_t *findings, const char *given, const char *interface);

#endif
