/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Arithmetic of the trailing window, the same for the packet path, for explain and for tests: no maps, no
 * clock, no helpers.
 *
 * A window W is cut into FW_METER_CELLS closed sub-windows plus the open one, and the oldest counts whole.
 * What is counted therefore covers between W and 17/16 W: nobody passes more than the limit in any W, and who
 * stays under the limit in every 17/16 W loses nothing. A key's sub-windows start with its first packet, so
 * keys do not rotate together.
 *
 * Sharing: `current` is added to atomically by every CPU. Rotation belongs to the CPU whose cmpxchg moves
 * sub_start_ns. Accepted inaccuracy: while it works (tens of ns) other CPUs may not see the sub-window that
 * is being closed, and may pass the packets that arrive in that time, or lose the note that something was
 * beyond the limit; where another one takes a meter over in that time, after a change of the window and in
 * another tick, what was counted may be lost. Nothing of it outlasts a window: cells leave, and whoever
 * closes a sub-window takes `past` from the cells. */
#ifndef FW_METER_H
#define FW_METER_H

#include "fw_types.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

static __always_inline __u64 fw_meter_elapsed(__u64 now_ns, __u64 start_ns)
{
	__s64 elapsed = (__s64)(now_ns - start_ns);

	return elapsed < 0 ? 0 : (__u64)elapsed; /* another CPU may already have moved the start */
}

/* Length of a sub-window in µs, below 2^28, and in the bits above what the amounts are: the unit of the limit
 * (0 to 3) and its cell_shift in steps of FW_METER_SHIFT_STEP. */
#define FW_METER_SUB_US_MASK ((1u << 28) - 1)
#define FW_METER_SHIFT_STEP  7

static __always_inline __u32 fw_meter_shape(__u32 sub_us, __u32 unit, __u32 cell_shift)
{
	return unit << 30 | cell_shift / FW_METER_SHIFT_STEP << 28 | sub_us;
}

static __always_inline __u32 fw_shape_sub_us(__u32 shape)
{
	return shape & FW_METER_SUB_US_MASK;
}

static __always_inline __u32 fw_shape_cell_shift(__u32 shape)
{
	return (shape >> 28 & 3) * FW_METER_SHIFT_STEP;
}

static __always_inline int fw_shape_counts_alike(__u32 shape, __u32 other)
{
	return !((shape ^ other) & ~FW_METER_SUB_US_MASK);
}

static __always_inline int fw_meter_is_due(const struct fw_meter *meter, __u64 now_ns, __u64 sub_ns,
					   __u32 shape)
{
	return fw_meter_elapsed(now_ns, meter->sub_start_ns) >= sub_ns || meter->shape != shape;
}

/* fw_meter_sum() once all are put. */
static __always_inline void fw_meter_put(struct fw_meter *meter, __u32 at, __u64 amount, __u32 shift)
{
	__u64 cell = (amount + ((1ULL << shift) - 1)) >> shift;

	if (cell > 0xffffffffULL) /* far over any limit that fits shift; stays over until it leaves */
		cell = 0xffffffffULL;
	meter->cells[at & (FW_METER_CELLS - 1)] = (__u32)cell;
}

static __always_inline void fw_meter_sum(struct fw_meter *meter, __u32 shift)
{
	__u64 sum = 0;

	for (int i = 0; i < FW_METER_CELLS; i++)
		sum += meter->cells[i];
	meter->past = sum << shift;
}

static __always_inline void fw_meter_push(struct fw_meter *meter, __u64 amount, __u32 shift)
{
	__u32 head = meter->head;

	fw_meter_put(meter, head, amount, shift);
	fw_meter_sum(meter, shift);
	meter->head = (head + 1) & (FW_METER_CELLS - 1);
}

static __always_inline void fw_meter_forget(struct fw_meter *meter)
{
	for (int i = 0; i < FW_METER_CELLS; i++)
		meter->cells[i] = 0;
	meter->past = 0;
	meter->head = 0;
	meter->beyond = 0;
}

/* Of fw_meter.beyond: the open sub-window and the closed ones of the window. */
#define FW_METER_BEYOND_ALL ((1u << (FW_METER_CELLS + 1)) - 1)

static __always_inline void fw_meter_note_beyond(struct fw_meter *meter)
{
	if (!(meter->beyond & 1))
		__sync_fetch_and_or(&meter->beyond, 1);
}

/* The one definition of a key that is over its limit: more came in its window. Rules that count whatever
 * comes hold it; those that let pass what fits (keeps: police, allow) note that something did not. */
static __always_inline int fw_meter_is_over(__u64 amount, __u64 limit, __u32 beyond, int keeps)
{
	return keeps ? beyond != 0 : amount > limit;
}

/* Of an amount what part is of whole, both in µs and part the smaller: no product leaves 64 bits. */
static __always_inline __u64 fw_meter_share(__u64 amount, __u64 part, __u64 whole)
{
	__u64 ratio = (part << 20) / whole;

	return (amount >> 20) * ratio + ((amount & ((1 << 20) - 1)) * ratio >> 20);
}

/* The window was tuned. A longer one keeps everything that was counted; a shorter one keeps the average rate
 * of as long as it is, the open sub-window included: with more, who stays under both limits would be over
 * one. Bytes are no packets, and cells that were rounded otherwise do not add up: of these nothing is kept.
 */
static __always_inline void fw_meter_reshape(struct fw_meter *meter, __u64 open, __u64 elapsed_ns,
					     __u64 now_ns, __u32 shape, __u32 shift)
{
	__u64 old_us = fw_shape_sub_us(meter->shape) ? fw_shape_sub_us(meter->shape) : 1;
	__u32 sub_us = fw_shape_sub_us(shape);
	int alike = fw_shape_counts_alike(meter->shape, shape);
	__u64 past = meter->past, elapsed_us = elapsed_ns / 1000;
	__u32 beyond = meter->beyond;

	fw_meter_forget(meter);
	/* Then only: until it says so, other CPUs do not compare with the limit what is in it. */
	__asm__ volatile("" : : : "memory");
	meter->shape = shape;
	meter->sub_start_ns = now_ns;
	if (!alike || elapsed_ns > (FW_METER_CELLS + 1) * old_us * 1000)
		return;
	meter->beyond = !!beyond;
	if (sub_us >= old_us) {
		fw_meter_push(meter, past + open, shift);
		return;
	}
	past = fw_meter_share(past, sub_us, old_us) / FW_METER_CELLS;
	if (elapsed_us > sub_us)
		open = fw_meter_share(open, sub_us, elapsed_us + 1);
	else
		open += fw_meter_share(past, sub_us - elapsed_us, sub_us);
	for (__u32 i = 0; i < FW_METER_CELLS; i++)
		fw_meter_put(meter, i, i == FW_METER_CELLS - 1 ? open : past, shift);
	fw_meter_sum(meter, shift);
}

/* Who took back (fw_meter_take()) what another CPU had closed meanwhile leaves less than nothing, until the
 * next sub-window ends. */
static __always_inline __u64 fw_meter_not_below_zero(__u64 amount)
{
	return (__s64)amount < 0 ? 0 : amount;
}

/* What a closed sub-window leaves to history. */
struct fw_meter_sample {
	__u64 amount; /* the highest trailing amount that the limit was compared with in it: past + current */
	__u64 open;   /* what came in it */
};

/* Closes what is over. Call when fw_meter_is_due; the caller that moves the start wins, the others find it
 * moved. 1: *ret is the sample of the sub-window that ended; 0: there is none, because another CPU won, the
 * window was tuned or the key was silent for a whole window. */
static __always_inline int fw_meter_close(struct fw_meter *meter, __u64 now_ns, __u64 sub_ns, __u32 shape,
					  __u32 shift, struct fw_meter_sample *ret)
{
	__u64 start = meter->sub_start_ns;
	__u64 elapsed = fw_meter_elapsed(now_ns, start);
	__u64 steps = elapsed / (sub_ns ? sub_ns : 1);
	__u64 next = steps > FW_METER_CELLS ? now_ns : start + steps * sub_ns;
	__u32 head;
	__u64 open;

	if (meter->shape != shape)
		next = now_ns + 1; /* another CPU's reshape moves it to now */
	if (next == start || __sync_val_compare_and_swap(&meter->sub_start_ns, start, next) != start)
		return 0;
	open = fw_meter_not_below_zero(__sync_lock_test_and_set(&meter->current, 0));
	if (meter->shape != shape) {
		fw_meter_reshape(meter, open, elapsed, now_ns, shape, shift);
		return 0;
	}
	if (steps > FW_METER_CELLS) {
		fw_meter_forget(meter);
		return 0;
	}
	meter->beyond = meter->beyond << steps & FW_METER_BEYOND_ALL;
	ret->amount = meter->past + open;
	ret->open = open;
	head = meter->head;
	for (__u32 i = 0; i < FW_METER_CELLS && i < steps; i++)
		fw_meter_put(meter, head++, i ? 0 : open, shift);
	meter->head = head & (FW_METER_CELLS - 1);
	fw_meter_sum(meter, shift);
	return 1;
}

static __always_inline void fw_meter_rotate(struct fw_meter *meter, __u64 now_ns, __u64 sub_ns, __u32 shape,
					    __u32 shift)
{
	struct fw_meter_sample ignored;

	fw_meter_close(meter, now_ns, sub_ns, shape, shift, &ignored);
}

/* Epochs of 17 s: who reads a meter at least that often sees the peak of every epoch. */
#define FW_PEAK_EPOCH_SHIFT 34

static __always_inline __u32 fw_peak_epoch(__u64 now_ns)
{
	return (__u32)(now_ns >> FW_PEAK_EPOCH_SHIFT);
}

/* Remembers the highest sample of this epoch and of the one before it. */
static __always_inline void fw_meter_note_peak(struct fw_meter *meter, __u64 amount, __u64 now_ns,
					       __u32 shift)
{
	__u64 peak = (amount + ((1ULL << shift) - 1)) >> shift;
	__u32 epoch = fw_peak_epoch(now_ns), age = epoch - meter->peak_epoch, slot = epoch & 1;

	if (peak > 0xffffffffULL)
		peak = 0xffffffffULL;
	if (age) {
		meter->peak[slot] = 0;
		if (age > 1)
			meter->peak[slot ^ 1] = 0;
		meter->peak_epoch = epoch;
	}
	if (meter->peak[slot] < peak)
		meter->peak[slot] = (__u32)peak;
}

static __always_inline __u64 fw_meter_amount(const struct fw_meter *meter)
{
	return fw_meter_not_below_zero(meter->past + meter->current);
}

/* Counts cost whatever the limit says (block). Returns the trailing amount, cost included. */
static __always_inline __u64 fw_meter_add(struct fw_meter *meter, __u64 cost)
{
	return fw_meter_not_below_zero(meter->past + __sync_fetch_and_add(&meter->current, cost) + cost);
}

/* Counts what came in the open sub-window, or in the one that was closed age sub-windows ago. */
static __always_inline void fw_meter_add_late(struct fw_meter *meter, __u64 amount, __u64 age)
{
	__u32 shift = fw_shape_cell_shift(meter->shape), at = (meter->head - age) & (FW_METER_CELLS - 1);
	__u64 was = meter->cells[at];

	if (!age) {
		__sync_fetch_and_add(&meter->current, amount);
	} else if (age <= FW_METER_CELLS) {
		fw_meter_put(meter, at, (was << shift) + amount, shift);
		__sync_fetch_and_add(&meter->past, (meter->cells[at] - was) << shift);
	}
}

/* Counts cost only if it fits (police, allow). Returns whether it did. */
static __always_inline int fw_meter_take(struct fw_meter *meter, __u64 cost, __u64 limit)
{
	if (fw_meter_amount(meter) + cost > limit)
		return 0;
	if (fw_meter_add(meter, cost) <= limit)
		return 1;
	__sync_fetch_and_add(&meter->current, -cost); /* another CPU took the rest meanwhile */
	return 0;
}

#endif
