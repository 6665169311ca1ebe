/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker is handed on a descriptor: a job, a credential. */
#ifndef FW_LIB_FD_TEXT_H
#define FW_LIB_FD_TEXT_H

#include <stddef.h>

#include "lib/err.h"

/* All that fd gives, up to max bytes, to be freed by the caller; NULL when there is more, nothing, or no
 * memory. */
char *fw_fd_text(int fd, size_t max);

#define FW_CREDENTIAL_MAX 4096
/* The first line of fd, to be sent in a header; freed by the caller. -EINVAL: it cannot be. */
int fw_fd_credential(int fd, char **ret, struct fw_err *err);

#endif
