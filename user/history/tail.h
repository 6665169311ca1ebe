/* SPDX-License-Identifier: Apache-2.0 */
/* How a crowd falls off, and how far whoever was not seen reaches: arithmetic on amounts, highest first.
 *
 * For a tail like x^-a the spacings i·ln(x_i / x_i+1) all have the mean 1/a (Rényi), the fall. Where r
 * sources reach an amount x, as many sources again have one over b·x in 1 - (1 + b^-a)^-r of the cases: the
 * gamma distribution of how many are to be expected there, given that r were seen. It is asked of the highest
 * (r = 1) and of the one below which the fall is measured (r = 6), and the larger answer holds. The highest
 * alone says too little where a crowd was seen without its head, which is one case in 32 for the five
 * busiest: who is left looks flat, and only the others tell that more is to come.
 */
#ifndef FW_HISTORY_TAIL_H
#define FW_HISTORY_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FW_TAIL_REST_MIN 8 /* sources that must remain below a gap */
#define FW_TAIL_SKIPPED	 5 /* next to a gap a few attackers weigh most */

struct fw_tail {
	bool known;	       /* false: there are too few, fall and steepest are 0 */
	double fall, steepest; /* 1/a; two standard errors up */
	double highest, sixth;
};

/* Mean spacing below the first `above`, counted as if they belonged to the crowd: taken for a crowd of its
 * own, one that lacks its top by chance would seem to fall off flatly, and every step in it would be a gap.
 * ret_used, spacings it was taken of, may be NULL. */
double fw_tail_fall_below(const uint64_t *peaks, size_t count, size_t above, size_t *ret_used);
void fw_tail_measure(const uint64_t *peaks, size_t count, struct fw_tail *ret);
/* The amount that of as many sources again one is over in at most 1 of 11 cases. */
double fw_tail_reach(const struct fw_tail *tail);
/* That of as many sources again one is over the limit; tail->known. */
double fw_tail_chance(const struct fw_tail *tail, double limit);

#endif
