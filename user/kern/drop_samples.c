// SPDX-License-Identifier: Apache-2.0
/* The ring of dropped packets: nobody is woken by it, a timer empties it. */
#include "kern/drop_samples.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fw_maps.h"
#include "fw_reason.h"
#include "kern/instance.h"

#define KEPT_MAX (FW_DROP_SAMPLE_BYTES / sizeof(struct fw_drop_sample))

struct fw_drop_samples {
	struct ring_buffer *ring;
	size_t count;
	struct fw_drop_sample items[KEPT_MAX];
};

static int on_record(void *context, void *data, size_t size)
{
	struct fw_drop_samples *samples = context;
	struct fw_drop_sample *sample = &samples->items[samples->count];

	if (size < sizeof(*sample) || samples->count == KEPT_MAX)
		return 0;
	memcpy(sample, data, sizeof(*sample));
	samples->count += sample->reason < FW_REASON_MAX_ && sample->family < FW_FAMILY_MAX_ &&
			  sample->family != FW_FAMILY_NONE;
	return 0;
}

int fw_drop_samples_open(struct fw_datapath *datapath, struct fw_drop_samples **ret, struct fw_err *err)
{
	struct fw_drop_samples *samples = calloc(1, sizeof(*samples));
	int r;

	if (!samples)
		return fw_err_set(err, -ENOMEM, "out of memory for samples of dropped packets");
	samples->ring =
		ring_buffer__new(fw_map_fd(datapath, FW_MAP_ID_fw_drop_sample_map), on_record, samples, NULL);
	if (!samples->ring) {
		r = -errno;
		free(samples);
		return fw_err_set(err, r, "cannot read samples of dropped packets: %s", strerror(-r));
	}
	*ret = samples;
	return 0;
}

void fw_drop_samples_close(struct fw_drop_samples *samples)
{
	if (!samples)
		return;
	ring_buffer__free(samples->ring);
	free(samples);
}

size_t fw_drop_samples_take(struct fw_drop_samples *samples, const struct fw_drop_sample **ret)
{
	samples->count = 0;
	ring_buffer__consume(samples->ring);
	*ret = samples->items;
	return samples->count;
}
