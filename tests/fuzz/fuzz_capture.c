// SPDX-License-Identifier: Apache-2.0
/* Captures of any bytes: every packet is a frame within bounds whose bytes can all be read. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/capture.h"
#include "cli/tally.h"

#define PACKETS_MAX 200 /* a record of a few bytes may stand for 64 KiB of padding */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_tally tally = {0};
	struct fw_capture *capture = NULL;
	struct fw_captured packet;
	struct fw_err err = {0};
	FILE *stream = size ? fmemopen((void *)data, size, "r") : NULL;
	uint64_t sum = 0;

	if (!stream)
		return 0;
	if (fw_capture_open_stream(stream, "fuzz", &capture, &err)) {
		assert(*err.text);
		return 0;
	}
	for (int i = 0; i < PACKETS_MAX && fw_capture_next(capture, &packet, &err) > 0; i++) {
		assert(packet.length <= FW_FRAME_MAX);
		for (uint32_t at = 0; at < packet.length; at++)
			sum += packet.frame[at];
		if (packet.length >= FW_FRAME_MIN + 16)
			assert(!fw_tally_add(
				&tally, (const struct fw_addr *)(const void *)(packet.frame + 16), sum & 1));
	}
	fw_tally_rank(&tally, 10);
	fw_tally_done(&tally);
	fw_capture_close(capture);
	return 0;
}
