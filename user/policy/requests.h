/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about requests: whether one is, and what its terms ask of payloads. */
#ifndef FW_POLICY_REQUESTS_H
#define FW_POLICY_REQUESTS_H

#include "policy/image.h"

/* A rule of packets that only the beginning of a request satisfies: it says uri, method or host, or counts
 * requests. */
bool fw_rule_asks_request(const struct fw_policy_rule *rule);

/* Index of a method that packets are told by; -1: another. */
int fw_request_method(const char *name);

/* Fills slot->requests and image->automata; terms must be there. -E2BIG after a complaint. */
int fw_requests_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image);

/* What goes together with uri, method, host, sni and unit requests in a rule of packets. */
void fw_rule_check_request(const struct fw_policy_rule *rule, struct fw_diags *diags);

#endif
