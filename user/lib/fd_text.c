// SPDX-License-Identifier: Apache-2.0
/* Reads a descriptor to its end, up to a size. */
#include "lib/fd_text.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

char *fw_fd_text(int fd, size_t max)
{
	char *text = malloc(max + 1);
	size_t length = 0;

	while (text && length <= max) {
		ssize_t got = read(fd, text + length, max + 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	if (text && length && length <= max) {
		text[length] = '\0';
		return text;
	}
	free(text);
	return NULL;
}
