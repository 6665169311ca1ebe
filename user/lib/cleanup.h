/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: a local marked with one of these is released on every way out. */
#ifndef FW_LIB_CLEANUP_H
#define FW_LIB_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void fw_cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void fw_cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void fw_cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define FW_CLEANUP(function) __attribute__((cleanup(function)))
#define FW_FREE		     FW_CLEANUP(fw_cleanup_free)
#define FW_CLOSE	     FW_CLEANUP(fw_cleanup_close)
#define FW_FCLOSE	     FW_CLEANUP(fw_cleanup_fclose)

/* Moves ownership out of a marked local. */
#define TAKE_PTR(pointer)                                                                                    \
	({                                                                                                   \
		__typeof__(pointer) taken_ = (pointer);                                                      \
		(pointer) = NULL;                                                                            \
		taken_;                                                                                      \
	})
#define TAKE_FD(fd)                                                                                          \
	({                                                                                                   \
		int taken_ = (fd);                                                                           \
		(fd) = -1;                                                                                   \
		taken_;                                                                                      \
	})

#endif
