/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns to one automaton (fw_request.h) that finds all of them in one walk over a text. Pure. */
#ifndef FW_POLICY_AUTOMATON_H
#define FW_POLICY_AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_request.h"

struct fw_pattern {
	const char *text;  /* at least a byte; letters of both cases are the same */
	bool begins, ends; /* the text begins, ends with it; both: it is the text */
	uint64_t terms;	   /* who asks */
};

/* *ret: from malloc. -E2BIG: more bytes of patterns, or more sets of terms, than the automaton has room for;
 * -ENOMEM. Without patterns the automaton finds nothing. */
int fw_automaton_build(const struct fw_pattern *patterns, size_t count, struct fw_automaton **ret);

/* The terms of all patterns that the text satisfies, as the packet path would walk over it: for tests and
 * explain. */
uint64_t fw_automaton_walk(const struct fw_automaton *dfa, const char *text, size_t length);

#endif
