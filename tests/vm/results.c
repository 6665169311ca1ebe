// SPDX-License-Identifier: Apache-2.0
/* One line a result, so that a console can carry it. */
#include "results.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool expect(struct results *results, const char *what, uint64_t want, uint64_t got)
{
	if (want == got) {
		printf("ok %s: %s\n", results->subject, what);
		return true;
	}
	results->failed = true;
	printf("not ok %s: %s: expected %" PRIu64 ", got %" PRIu64 "\n", results->subject, what, want, got);
	return false;
}

bool expect_success(struct results *results, const char *what, int r, const char *detail)
{
	if (!r) {
		printf("ok %s: %s\n", results->subject, what);
		return true;
	}
	results->failed = true;
	printf("not ok %s: %s: %s%s%s\n", results->subject, what, strerror(-r),
	       detail && detail[0] ? ": " : "", detail ? detail : "");
	return false;
}
