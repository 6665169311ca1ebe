// SPDX-License-Identifier: Apache-2.0
/* Reads a descriptor to its end, up to a size. */
#include "lib/fd_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

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

int fw_fd_credential(int fd, char **ret, struct fw_err *err)
{
	FW_FREE char *text = fw_fd_text(fd, FW_CREDENTIAL_MAX);

	if (text)
		text[strcspn(text, "\r\n")] = '\0';
	if (!text || !*text)
		return fw_err_set(err, -EINVAL, "the credential is empty or longer than %d bytes",
				  FW_CREDENTIAL_MAX);
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return fw_err_set(err, -EINVAL,
					  "the credential has characters that no header may have");
	*ret = TAKE_PTR(text);
	return 0;
}
