/* SPDX-License-Identifier: Apache-2.0 */
/* Lines for tests/vm/run: what was expected of whom, and what came. */
#ifndef FW_TESTS_VM_RESULTS_H
#define FW_TESTS_VM_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

struct results {
	const char *subject; /* "native plain" */
	bool failed;
};

bool expect(struct results *results, const char *what, uint64_t want, uint64_t got);
/* r: 0 or a negative errno; detail (may be NULL) is printed with it. */
bool expect_success(struct results *results, const char *what, int r, const char *detail);

#endif
