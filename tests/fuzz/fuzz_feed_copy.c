// SPDX-License-Identifier: Apache-2.0
/* Copies that a hostile worker or a bad disk hands over, checksums made to fit: what is read can be written
 * and read again as the same. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "feeds/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER_BYTES	     400
#define PAYLOAD_CRC_AT	     12
#define HEADER_CRC_AT	     396
#define SIZE_MAX_INTERESTING 8192

/* Without this no input would get past the first check. */
static void mend_checksums(uint8_t *bytes, size_t size)
{
	uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), bytes + HEADER_BYTES, (uInt)(size - HEADER_BYTES));

	memcpy(bytes + PAYLOAD_CRC_AT, &crc, sizeof(crc));
	crc = (uint32_t)crc32(0, bytes, HEADER_CRC_AT);
	memcpy(bytes + HEADER_CRC_AT, &crc, sizeof(crc));
}

static void check_again(const struct fw_feed_copy *copy)
{
	struct fw_feed_copy back = {0};
	int fd = memfd_create("again", MFD_CLOEXEC), r;

	assert(fd >= 0);
	r = fw_feed_copy_write(fd, copy, NULL);
	assert(!r);
	r = fw_feed_copy_read(fd, 1000, &back, NULL);
	assert(!r && back.entries.count == copy->entries.count && back.removed.count == copy->removed.count);
	for (size_t i = 0; i < back.entries.count; i++) {
		struct fw_addr masked =
			fw_addr_masked(&back.entries.items[i].prefix.addr, back.entries.items[i].prefix.bits);

		assert(!memcmp(&masked, &copy->entries.items[i].prefix.addr, sizeof(masked)));
		assert(back.entries.items[i].tier < FW_TIER_MAX_);
	}
	for (const char *c = back.etag; *c; c++)
		assert(*c >= ' ' && *c <= '~');
	fw_feed_copy_done(&back);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[SIZE_MAX_INTERESTING];
	struct fw_feed_copy copy = {0};
	int fd;

	if (size > sizeof(bytes))
		return 0;
	memcpy(bytes, data, size);
	if (size >= HEADER_BYTES)
		mend_checksums(bytes, size);
	fd = memfd_create("copy", MFD_CLOEXEC);
	assert(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	if (!fw_feed_copy_read(fd, 1000, &copy, NULL))
		check_again(&copy);
	fw_feed_copy_done(&copy);
	close(fd);
	return 0;
}
