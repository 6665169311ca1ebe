/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the packet path: the ring buffer's fd and validated records. */
#ifndef FW_KERN_EVENTS_H
#define FW_KERN_EVENTS_H

#include "fw_event.h"
#include "kern/datapath.h"

struct fw_events;
typedef void (*fw_event_ban_fn)(const struct fw_event_ban *ban, void *context);

int fw_events_open(struct fw_datapath *datapath, fw_event_ban_fn on_ban, void *context,
		   struct fw_events **ret, struct fw_err *err);
void fw_events_close(struct fw_events *events);
int fw_events_fd(const struct fw_events *events); /* readable when records wait: for the loop */
int fw_events_drain(struct fw_events *events);	  /* returns how many were handed over */

#endif
