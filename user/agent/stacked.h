/* SPDX-License-Identifier: Apache-2.0 */
/* Filtered interfaces that stand on each other, whose packets are counted twice. */
#ifndef FW_AGENT_STACKED_H
#define FW_AGENT_STACKED_H

#include <jansson.h>

struct fw_agent;

/* Whenever links or what is filtered changed; the log says what is new. */
void fw_stacked_look(struct fw_agent *agent);
/* As of the last look. name: only pairs with this one; NULL: all. */
void fw_stacked_warn(const struct fw_agent *agent, const char *name, json_t *warnings);

#endif
