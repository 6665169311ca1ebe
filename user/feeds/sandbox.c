// SPDX-License-Identifier: Apache-2.0
/* A worker gives up what it does not need. */
#include "feeds/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY_BYTES_MAX (1ULL << 30)
#define RESULT_BYTES_MAX (512ULL << 20)
#define CPU_SECONDS_MAX	 120
#define FILES_MAX	 64

static int limit(int resource, rlim_t value)
{
	struct rlimit both = {.rlim_cur = value, .rlim_max = value}, old;

	if (!getrlimit(resource, &old) && old.rlim_max < value)
		return 0;
	return setrlimit((__rlimit_resource_t)resource, &both) ? -errno : 0;
}

static int limits(void)
{
	int r = limit(RLIMIT_CORE, 0);

#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is beyond any limit worth having */
	r = r ? r : limit(RLIMIT_AS, MEMORY_BYTES_MAX);
#endif
	r = r ? r : limit(RLIMIT_FSIZE, RESULT_BYTES_MAX);
	r = r ? r : limit(RLIMIT_CPU, CPU_SECONDS_MAX);
	return r ? r : limit(RLIMIT_NOFILE, FILES_MAX);
}

static int leave_root(struct fw_err *err)
{
	const struct passwd *user;

	if (geteuid())
		return 0;
	user = getpwnam("floodwall");
	if (!user)
		user = getpwnam("nobody");
	if (!user || !user->pw_uid)
		return fw_err_set(err, -ENOENT,
				  "a worker must not run as root, and there is neither a user floodwall "
				  "nor nobody");
	if (setgroups(0, NULL) || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return fw_err_set(err, -errno, "cannot become the user '%s': %s", user->pw_name,
				  strerror(errno));
	return 0;
}

int fw_feed_sandbox(struct fw_err *err)
{
	int r = limits();

	if (r)
		return fw_err_set(err, r, "cannot limit the worker: %s", strerror(-r));
	r = leave_root(err);
	if (r)
		return r;
	/* After the change of user, which would clear the death signal. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0))
		return fw_err_set(err, -errno, "cannot lock the worker down: %s", strerror(errno));
	return 0;
}
