/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold a credential. */
#ifndef FW_LIB_SECRET_H
#define FW_LIB_SECRET_H

#include "lib/err.h"

/* A descriptor for reading, the caller's; -errno with text, also for one that everybody can read. */
int fw_secret_open(const char *path, struct fw_err *err);

#endif
