// SPDX-License-Identifier: Apache-2.0
#include "lib/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"

int fw_secret_open(const char *path, struct fw_err *err)
{
	FW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return fw_err_set(err, -errno, "cannot open the credential '%.200s': %s", path,
				  strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fw_err_set(err, -EINVAL, "the credential '%.200s' is not a regular file", path);
	if (status.st_mode & S_IROTH)
		return fw_err_set(err, -EACCES, "everybody can read the credential '%.200s': chmod o-rwx it",
				  path);
	return TAKE_FD(fd);
}
