// SPDX-License-Identifier: Apache-2.0
/* Captures built byte by byte: every link type becomes an Ethernet frame of its original length. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pcap/dlt.h>
#include <stdlib.h>
#include <string.h>

#include "cli/capture.h"

#define LINKTYPE_RAW 101

struct file {
	uint8_t bytes[200000];
	size_t length;
};

static void put32(struct file *file, uint32_t value)
{
	memcpy(file->bytes + file->length, &value, 4);
	file->length += 4;
}

static void begin(struct file *file, uint32_t magic, uint32_t link)
{
	file->length = 0;
	put32(file, magic);
	put32(file, 2 | 4 << 16);
	put32(file, 0);
	put32(file, 0);
	put32(file, 262144);
	put32(file, link);
}

static void packet(struct file *file, uint32_t seconds, uint32_t fraction, const void *data,
		   uint32_t captured, uint32_t original)
{
	put32(file, seconds);
	put32(file, fraction);
	put32(file, captured);
	put32(file, original);
	memcpy(file->bytes + file->length, data, captured);
	file->length += captured;
}

static int open_file(struct file *file, struct fw_capture **ret, struct fw_err *err)
{
	FILE *stream = fmemopen(file->bytes, file->length, "r");

	cr_assert(stream);
	return fw_capture_open_stream(stream, "memory", ret, err);
}

static const uint8_t ipv4[20] = {0x45, 0, 0, 20, [9] = 17, [12] = 192, 0, 2, 1},
		     ipv6[40] = {0x60, [6] = 59, [7] = 64};

static const struct link_case {
	const char *name;
	uint32_t link;
	uint8_t header[24];
	uint32_t header_length;
	const uint8_t *payload;
	uint32_t payload_length;
	uint8_t type[2];
} links[] = {
	{"ethernet",
	 DLT_EN10MB,
	 {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00},
	 14,
	 ipv4,
	 sizeof(ipv4),
	 {0x08, 0x00}},
	{"raw ipv4", LINKTYPE_RAW, {0}, 0, ipv4, sizeof(ipv4), {0x08, 0x00}},
	{"raw ipv6", LINKTYPE_RAW, {0}, 0, ipv6, sizeof(ipv6), {0x86, 0xdd}},
	{"ipv4 only", 228, {0}, 0, ipv4, sizeof(ipv4), {0x08, 0x00}},
	{"ipv6 only", 229, {0}, 0, ipv6, sizeof(ipv6), {0x86, 0xdd}},
	{"sll",
	 DLT_LINUX_SLL,
	 {0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x86, 0xdd},
	 16,
	 ipv6,
	 sizeof(ipv6),
	 {0x86, 0xdd}},
	{"sll with a tag",
	 DLT_LINUX_SLL,
	 {[14] = 0x81, [15] = 0x00, 0, 7, 0x08, 0x00},
	 20,
	 ipv4,
	 sizeof(ipv4),
	 {0x81, 0x00}},
	{"sll2",
	 DLT_LINUX_SLL2,
	 {0x08, 0x00, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6},
	 20,
	 ipv4,
	 sizeof(ipv4),
	 {0x08, 0x00}},
};

Test(capture, links)
{
	struct file *file = calloc(1, sizeof(*file));

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		const struct link_case *want = &links[i];
		uint8_t data[128];
		uint32_t length = want->header_length + want->payload_length,
			 extra = want->header_length == 20 && want->type[0] == 0x81 ? 4 : 0;
		struct fw_capture *capture;
		struct fw_captured got;
		struct fw_err err = {0};

		memcpy(data, want->header, want->header_length);
		memcpy(data + want->header_length, want->payload, want->payload_length);
		begin(file, 0xa1b23c4d, want->link);
		packet(file, 1700000000, 123456789, data, length, length + 30);
		cr_assert_eq(open_file(file, &capture, &err), 0, "%s: %s", want->name, err.text);
		cr_assert_eq(fw_capture_next(capture, &got, &err), 1, "%s: %s", want->name, err.text);
		cr_expect_eq(got.timestamp_ns, 1700000000123456789ull, "%s", want->name);
		cr_expect_eq(got.length, FW_FRAME_MIN + extra + want->payload_length + 30, "%s: %u",
			     want->name, got.length);
		cr_expect_arr_eq(got.frame + 12, want->type, 2, "%s", want->name);
		cr_expect_arr_eq(got.frame + FW_FRAME_MIN + extra, want->payload, want->payload_length, "%s",
				 want->name);
		for (uint32_t k = 0; k < 30; k++)
			cr_expect_eq(got.frame[got.length - 30 + k], 0, "%s: padding", want->name);
		cr_expect_eq(fw_capture_next(capture, &got, &err), 0, "%s", want->name);
		fw_capture_close(capture);
	}
	free(file);
}

Test(capture, padding_is_clean_after_a_longer_packet)
{
	struct file *file = calloc(1, sizeof(*file));
	uint8_t data[1000];
	struct fw_capture *capture;
	struct fw_captured got;
	struct fw_err err = {0};

	memset(data, 0xaa, sizeof(data));
	begin(file, 0xa1b2c3d4, DLT_EN10MB);
	packet(file, 1, 999999, data, 1000, 1000);
	packet(file, 1, 5, data, 20, 1000);
	cr_assert_eq(open_file(file, &capture, &err), 0);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.timestamp_ns, 1999999000ull, "microseconds become nanoseconds");
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, 1000);
	for (uint32_t i = 0; i < got.length; i++)
		cr_expect_eq(got.frame[i], i < 20 ? 0xaa : 0, "byte %u", i);
	fw_capture_close(capture);
	free(file);
}

Test(capture, runts_and_giants)
{
	struct file *file = calloc(1, sizeof(*file));
	uint8_t *data = calloc(1, 80000);
	struct fw_capture *capture;
	struct fw_captured got;
	struct fw_err err = {0};

	begin(file, 0xa1b23c4d, DLT_EN10MB);
	packet(file, 0, 0, data, 0, 0);
	packet(file, 0, 0, data, 13, 13);
	packet(file, 0, 0, data, 13, 60); /* cut, but the frame was longer */
	packet(file, 0, 0, data, 80000, 0xffffffff);
	cr_assert_eq(open_file(file, &capture, &err), 0);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, 0);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, 13);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, 60);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, FW_FRAME_MAX);
	fw_capture_close(capture);
	begin(file, 0xa1b23c4d, DLT_LINUX_SLL);
	packet(file, 0, 0, data, 15, 15);
	cr_assert_eq(open_file(file, &capture, &err), 0);
	cr_assert_eq(fw_capture_next(capture, &got, &err), 1);
	cr_expect_eq(got.length, 0, "a cut SLL header leaves no frame");
	fw_capture_close(capture);
	free(data);
	free(file);
}

Test(capture, refusals_name_the_file)
{
	struct file *file = calloc(1, sizeof(*file));
	uint8_t data[64] = {0};
	struct fw_capture *capture = NULL;
	struct fw_captured got;
	struct fw_err err = {0};

	memset(file->bytes, 'x', 100);
	file->length = 100;
	cr_expect_eq(open_file(file, &capture, &err), -EINVAL);
	cr_expect(strstr(err.text, "memory") && strstr(err.text, "pcap"), "%s", err.text);
	begin(file, 0xa1b23c4d, 105);
	cr_expect_eq(open_file(file, &capture, &err), -EINVAL);
	cr_expect(strstr(err.text, "IEEE802_11") && strstr(err.text, "expected Ethernet"), "%s", err.text);
	begin(file, 0xa1b23c4d, DLT_EN10MB);
	packet(file, 0, 0, data, 64, 64);
	file->length -= 7;
	cr_assert_eq(open_file(file, &capture, &err), 0);
	cr_expect_eq(fw_capture_next(capture, &got, &err), -EINVAL);
	cr_expect(strstr(err.text, "damaged"), "%s", err.text);
	fw_capture_close(capture);
	cr_expect_eq(fw_capture_open("/nonexistent.pcap", &capture, &err), -ENOENT);
	cr_expect(strstr(err.text, "/nonexistent.pcap"), "%s", err.text);
	free(file);
}
