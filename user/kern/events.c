// SPDX-License-Identifier: Apache-2.0
/* The ring buffer of the packet path: every record is checked before anybody believes it. */
#include "kern/events.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kern/instance.h"

struct fw_events {
	struct ring_buffer *ring;
	fw_event_ban_fn on_ban;
	void *context;
	int handed_over;
};

static int on_record(void *context, void *data, size_t size)
{
	struct fw_events *events = context;
	struct fw_event_ban ban;

	if (size < sizeof(ban)) /* the ring rounds up, never down */
		return 0;
	memcpy(&ban, data, sizeof(ban));
	if (ban.kind != FW_EVENT_BAN || ban.bits > 128 || ban.iface >= FW_IFACES_MAX)
		return 0;
	events->handed_over++;
	events->on_ban(&ban, events->context);
	return 0;
}

int fw_events_open(struct fw_datapath *datapath, fw_event_ban_fn on_ban, void *context,
		   struct fw_events **ret, struct fw_err *err)
{
	struct fw_events *events = calloc(1, sizeof(*events));

	if (!events)
		return fw_err_set(err, -ENOMEM, "out of memory for events");
	*events = (struct fw_events){.on_ban = on_ban, .context = context};
	events->ring = ring_buffer__new(fw_map_fd(datapath, FW_MAP_ID_fw_event_map), on_record, events, NULL);
	if (!events->ring) {
		int r = -errno;

		free(events);
		return fw_err_set(err, r, "cannot read events of the packet path: %s", strerror(-r));
	}
	*ret = events;
	return 0;
}

void fw_events_close(struct fw_events *events)
{
	if (!events)
		return;
	ring_buffer__free(events->ring);
	free(events);
}

int fw_events_fd(const struct fw_events *events)
{
	return ring_buffer__epoll_fd(events->ring);
}

int fw_events_drain(struct fw_events *events)
{
	int r;

	events->handed_over = 0;
	r = ring_buffer__consume(events->ring);
	return r < 0 ? r : events->handed_over;
}
