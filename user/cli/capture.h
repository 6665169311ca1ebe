/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of a pcap or pcapng file as the Ethernet frames they were, one at a time. */
#ifndef FW_CLI_CAPTURE_H
#define FW_CLI_CAPTURE_H

#include <stdint.h>
#include <stdio.h>

#include "lib/err.h"

#define FW_FRAME_MIN 14
#define FW_FRAME_MAX                                                                                         \
	(FW_FRAME_MIN + 8 + 65535) /* two tags and the largest IP packet; what is longer is cut to this */

/* Borrowed until the next call. */
struct fw_captured {
	uint64_t timestamp_ns; /* since 1970 */
	const uint8_t *frame;  /* zeros where the capture was cut */
	uint32_t length;       /* original length; below FW_FRAME_MIN there is no link header */
};

struct fw_capture;

/* "-" is stdin. Text of the error names the file. -EINVAL: no capture, or a link type that cannot be
 * replayed. */
int fw_capture_open(const char *path, struct fw_capture **ret, struct fw_err *err);
/* Takes the stream over, also on failure. */
int fw_capture_open_stream(FILE *stream, const char *name, struct fw_capture **ret, struct fw_err *err);
void fw_capture_close(struct fw_capture *capture);
/* 1: a packet; 0: the end; -EINVAL: the file is damaged from here on. */
int fw_capture_next(struct fw_capture *capture, struct fw_captured *ret, struct fw_err *err);

#endif
