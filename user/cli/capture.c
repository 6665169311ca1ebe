// SPDX-License-Identifier: Apache-2.0
/* libpcap reads the containers; link types without an Ethernet header get one here. */
#include "cli/capture.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fw_types.h"

#define SLL_HEADER 16 /* packet type, ARPHRD, address length, address, protocol */
#define SLL2_HEADER                                                                                          \
	20 /* protocol, reserved, interface index, ARPHRD, packet type, address length, address              \
	    */

struct fw_capture {
	pcap_t *pcap;
	char *name;
	int link;
	uint8_t frame[FW_FRAME_MAX];
};

static const char *link_name(int link)
{
	const char *name = pcap_datalink_val_to_name(link);

	return name ? name : "an unknown number";
}

static bool is_raw(int link)
{
	return link == DLT_RAW || link == DLT_IPV4 || link == DLT_IPV6;
}

static bool is_readable(int link)
{
	return link == DLT_EN10MB || is_raw(link) || link == DLT_LINUX_SLL || link == DLT_LINUX_SLL2;
}

void fw_capture_close(struct fw_capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture->name);
	free(capture);
}

int fw_capture_open_stream(FILE *stream, const char *name, struct fw_capture **ret, struct fw_err *err)
{
	struct fw_capture *capture = calloc(1, sizeof(*capture));
	char why[PCAP_ERRBUF_SIZE] = "";

	if (capture)
		capture->name = strdup(name);
	if (!capture || !capture->name) {
		fclose(stream);
		fw_capture_close(capture);
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	capture->pcap = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		fclose(stream);
		fw_capture_close(capture);
		return fw_err_set(err, -EINVAL, "capture '%s' is no pcap or pcapng file: %s", name, why);
	}
	capture->link = pcap_datalink(capture->pcap);
	if (!is_readable(capture->link)) {
		int r = fw_err_set(
			err, -EINVAL,
			"capture '%s' has link type %s; expected Ethernet, RAW, LINUX_SLL or LINUX_SLL2",
			name, link_name(capture->link));

		fw_capture_close(capture);
		return r;
	}
	*ret = capture;
	return 0;
}

int fw_capture_open(const char *path, struct fw_capture **ret, struct fw_err *err)
{
	FILE *stream = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (!stream)
		return fw_err_set(err, -errno, "capture '%s' cannot be read: %s", path, strerror(errno));
	return fw_capture_open_stream(stream, path, ret, err);
}

/* Bytes of the link header in the capture. */
static uint32_t link_header(int link)
{
	return link == DLT_EN10MB	? 0
	       : link == DLT_LINUX_SLL	? SLL_HEADER
	       : link == DLT_LINUX_SLL2 ? SLL2_HEADER
					: 0;
}

/* The EtherType for the frame; false when the capture does not even hold the link header. */
static bool ethertype(int link, const uint8_t *data, uint32_t captured, uint8_t type[2])
{
	if (is_raw(link)) {
		/* What is neither IPv4 nor IPv6 goes as IPv4, so that it is judged as a malformed packet. */
		bool v6 = link == DLT_IPV6 || (link == DLT_RAW && captured && data[0] >> 4 == 6);

		memcpy(type, v6 ? "\x86\xdd" : "\x08\x00", 2);
		return true;
	}
	if (captured < link_header(link))
		return false;
	memcpy(type, data + (link == DLT_LINUX_SLL ? SLL_HEADER - 2 : 0), 2);
	return true;
}

/* Fills capture->frame; returns the length it had on the wire, Ethernet header included. */
static uint32_t build_frame(struct fw_capture *capture, const struct pcap_pkthdr *header, const uint8_t *data)
{
	uint32_t captured = header->caplen, original = header->len > captured ? header->len : captured;
	uint32_t skip = link_header(capture->link), at = 0;

	if (capture->link != DLT_EN10MB) {
		if (!ethertype(capture->link, data, captured, capture->frame + ETH_ALEN * 2))
			return 0;
		memset(capture->frame, 0, ETH_ALEN * 2);
		at = ETH_HLEN;
	}
	data += skip;
	captured -= skip;
	original -= skip;
	if (original > FW_FRAME_MAX - at)
		original = FW_FRAME_MAX - at;
	if (captured > original)
		captured = original;
	memcpy(capture->frame + at, data, captured);
	memset(capture->frame + at + captured, 0, original - captured);
	return at + original;
}

int fw_capture_next(struct fw_capture *capture, struct fw_captured *ret, struct fw_err *err)
{
	struct pcap_pkthdr *header;
	const uint8_t *data;
	int r = pcap_next_ex(capture->pcap, &header, &data);

	if (r == PCAP_ERROR_BREAK)
		return 0;
	if (r != 1)
		return fw_err_set(err, -EINVAL, "capture '%s' is damaged: %s", capture->name,
				  pcap_geterr(capture->pcap));
	ret->timestamp_ns = (uint64_t)header->ts.tv_sec * FW_NS_PER_SEC + (uint64_t)header->ts.tv_usec;
	ret->length = build_frame(capture, header, data);
	ret->frame = capture->frame;
	return 1;
}
