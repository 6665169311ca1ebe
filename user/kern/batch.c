// SPDX-License-Identifier: Apache-2.0
/* BPF_MAP_LOOKUP_BATCH with buffers that grow until the fullest bucket fits. */
#include "kern/batch.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define FIRST_STEP 8192u
#define LAST_STEP  (1u << 20)

struct walk {
	int fd;
	size_t key_size, value_size;
	fw_batch_fn each;
	void *context;
	uint32_t step;
	uint32_t cursor; /* bucket number, opaque */
	bool started, ended, stopped;
};

static bool hand_over(struct walk *walk, const char *keys, const char *values, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!walk->each(keys + i * walk->key_size, values + i * walk->value_size, walk->context))
			return false;
	return true;
}

/* Reads with buffers of walk->step entries until the end or until they are too small. */
static int read_steps(struct walk *walk)
{
	FW_FREE char *keys = malloc(walk->step * walk->key_size);
	FW_FREE char *values = malloc(walk->step * walk->value_size);

	if (!keys || !values)
		return -ENOMEM;
	while (!walk->ended && !walk->stopped) {
		uint32_t count = walk->step, next = 0;
		int r = bpf_map_lookup_batch(walk->fd, walk->started ? &walk->cursor : NULL, &next, keys,
					     values, &count, NULL);

		if (r && errno == ENOSPC)
			return -ENOSPC;
		if (r && errno != ENOENT)
			return -errno;
		walk->ended = r != 0;
		walk->stopped = !hand_over(walk, keys, values, count);
		walk->cursor = next;
		walk->started = true;
	}
	return 0;
}

int fw_batch_walk(int fd, size_t key_size, size_t value_size, fw_batch_fn each, void *context)
{
	struct walk walk = {.fd = fd,
			    .key_size = key_size,
			    .value_size = value_size,
			    .each = each,
			    .context = context,
			    .step = FIRST_STEP};
	int r = read_steps(&walk);

	while (r == -ENOSPC && walk.step < LAST_STEP) {
		walk.step *= 4;
		r = read_steps(&walk);
	}
	return r;
}
