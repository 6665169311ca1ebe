// SPDX-License-Identifier: Apache-2.0
/* What the agent may do. */
#include "agent/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kern/nic.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

int fw_privileges_check(struct fw_err *err)
{
	char missing[128];

	if (!fw_missing_capabilities(missing, sizeof(missing)))
		return 0;
	return fw_err_set(err, -EPERM,
			  "missing %s: nothing can be filtered; run floodwalld as root, or grant CAP_BPF, "
			  "CAP_NET_ADMIN and "
			  "CAP_PERFMON (AmbientCapabilities= in the unit)",
			  missing);
}

int fw_privileges_drop(struct fw_err *err)
{
	static const unsigned int kept[] = {CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON};

	/* The bounding set can only be lowered with CAP_SETPCAP, which an agent that is not root never had.
	 */
	capng_select_t sets = CAPNG_SELECT_CAPS;

	capng_get_caps_process();
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets = CAPNG_SELECT_BOTH;
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, kept[i]);
	if (capng_apply(sets))
		return fw_err_set(err, -EPERM, "capabilities could not be dropped");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fw_err_set(err, -errno, "no_new_privs could not be set");
	return 0;
}

int fw_privileges_become_nobody(const unsigned int *kept, size_t count, bool inherited)
{
	const capng_type_t sets =
		CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET | (inherited ? CAPNG_INHERITABLE : 0);
	const struct passwd *user = getpwnam("floodwall");
	uint64_t have = 0;

	if (!user)
		user = getpwnam("nobody");
	capng_get_caps_process();
	for (size_t i = 0; i < count; i++)
		have |= (uint64_t)(capng_have_capability(CAPNG_PERMITTED, kept[i]) != 0) << kept[i];
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < count; i++)
		if (have >> kept[i] & 1)
			capng_update(CAPNG_ADD, sets, kept[i]);
	if (!geteuid()) {
		if (!user || !user->pw_uid ||
		    capng_change_id((int)user->pw_uid, (int)user->pw_gid,
				    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING))
			return -EPERM;
	} else if (capng_apply(CAPNG_SELECT_CAPS)) {
		return -EPERM;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
