/* SPDX-License-Identifier: Apache-2.0 */
/* MD5 (RFC 1321), because Amazon's notices name it: it tells a wrong copy from the right one, and protects
 * from nobody. */
#ifndef FW_FEEDS_MD5_H
#define FW_FEEDS_MD5_H

#include <stddef.h>
#include <stdint.h>

#define FW_MD5_TEXT_MAX 33

struct fw_md5 {
	uint32_t state[4];
	uint64_t bytes;
	unsigned char block[64];
};

void fw_md5_init(struct fw_md5 *md5);
void fw_md5_feed(struct fw_md5 *md5, const void *bytes, size_t length);
/* 32 lower-case digits. */
void fw_md5_finish(struct fw_md5 *md5, char ret[FW_MD5_TEXT_MAX]);

#endif
