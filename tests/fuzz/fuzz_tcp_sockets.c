// SPDX-License-Identifier: Apache-2.0
/* Answers to the questions for TCP sockets, one datagram after the other: no byte behind them is read. The
 * input is datagrams, each behind its length in two bytes, the lower one first. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sanitizer/asan_interface.h>
#include <sys/socket.h>

#include "fuzz/text.h"
#include "lib/needed_hosts.h"
#include "lib/tcp_sockets.h"

static const uint8_t *next;
static size_t left;

/* In place of libc's: nobody asks the kernel. */
ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
	(void)fd, (void)buffer, (void)flags;
	return (ssize_t)size;
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	size_t length;

	(void)fd, (void)flags;
	ASAN_UNPOISON_MEMORY_REGION(buffer, size);
	if (left < 3) {
		errno = EAGAIN;
		return -1;
	}
	length = next[0] | (size_t)next[1] << 8;
	next += 2;
	left -= 2;
	length = length < left ? length : left;
	length = length < size ? length : size;
	memcpy(buffer, next, length);
	ASAN_POISON_MEMORY_REGION((char *)buffer + length, size - length);
	next += length;
	left -= length;
	return (ssize_t)length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = {22, 2222};
	struct fw_spared_list peers = {0};
	struct fw_listening listening;
	struct fw_err err = {0};

	next = data;
	left = size;
	must(fw_listening_read(&listening) <= 0);
	next = data;
	left = size;
	must(fw_spared_ssh_peers(&peers, ports, 2, &err) == err.code);
	for (size_t i = 0; i < peers.count; i++)
		must(peers.items[i].kind == FW_SPARED_SSH);
	free(peers.items);
	return 0;
}
