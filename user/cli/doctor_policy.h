/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy would do to this machine, as findings of doctor: the memory it takes, whom its lists hit. */
#ifndef FW_CLI_DOCTOR_POLICY_H
#define FW_CLI_DOCTOR_POLICY_H

#include <jansson.h>
#include <stdint.h>

/* Appends {"level", "check", "detail", "command"} to findings; a policy that cannot be read is one of them.
 * given: a policy file, NULL: the one the agent begins with. interface: where it would filter.
 * available_bytes: of memory, 0: unknown. -ENOMEM. */
int fw_doctor_policy(json_t *findings, const char *given, const char *interface, uint64_t available_bytes);

#endif
