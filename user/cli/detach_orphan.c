// SPDX-License-Identifier: Apache-2.0
/* detach without an agent: as the agent would, from its pins and from what it has written down. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/orphan.h"
#include "cli/show.h"
#include "kern/abandoned.h"
#include "kern/cookies.h"
#include "kern/pins.h"
#include "lib/cleanup.h"
#include "lib/state_files.h"
#include "lib/units.h"

#define ASK_IT                                                                                               \
	"it takes its interfaces off itself: floodwall --socket PATH detach %s, with the PATH it was "       \
	"started with"

static int refuse(struct fw_cli *cli, const char *interface, uint64_t pid, const char *how)
{
	char hint[256];

	snprintf(hint, sizeof(hint), ASK_IT, interface);
	return fw_cli_fail(cli, FW_EXIT_FAILED, "another-socket", hint,
			   "nothing was detached: a floodwalld runs, pid %" PRIu64 ", %s", pid, how);
}

static uint64_t holder_of(int dir_fd)
{
	FW_CLOSE int fd = openat(dir_fd, FW_STATE_HOLDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[16] = "";
	uint64_t pid = 0;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		text[strcspn(text, "\n")] = '\0';
	return fw_amount_parse(text, &pid, NULL) ? 0 : pid;
}

/* No agent starts on this state directory while *ret_fd is open; -1: there is none. Exit code. */
static int hold(struct fw_cli *cli, const char *interface, const char *dir, int *ret_fd)
{
	FW_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t agent = fw_agent_pid();

	if (agent)
		return refuse(cli, interface, (uint64_t)agent,
			      "in this network namespace, and listens on another socket");
	if (fd < 0 && errno != ENOENT)
		return fw_cli_fail(
			cli, FW_EXIT_CONFIG, "state-dir", "give the one of the agent with --state-dir",
			"cannot open the state directory %s: %s; nothing was detached", dir, strerror(errno));
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		char how[PATH_MAX + 64];

		snprintf(how, sizeof(how), "and holds the state directory %s", dir);
		return refuse(cli, interface, holder_of(fd), how);
	}
	*ret_fd = TAKE_FD(fd);
	return FW_EXIT_OK;
}

static bool is_this_boot(const char *id)
{
	char now[FW_BOOT_ID_MAX];

	fw_boot_id_read(now);
	return now[0] && !strcmp(id, now);
}

/* NULL: none that is about this boot and network namespace. */
static json_t *read_record(int dir_fd)
{
	FW_CLOSE int fd = openat(dir_fd, FW_STATE_SYSCTLS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	json_t *record = fd < 0 ? NULL : json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);

	if (is_this_boot(fw_doc_text(record, "boot_id")) &&
	    (unsigned long)json_integer_value(json_object_get(record, "netns")) == fw_cookie_netns())
		return record;
	json_decref(record);
	return NULL;
}

/* What somebody else has set since is left, as the agent leaves it. */
static void give_back(const char *name, const json_t *before, json_t *given)
{
	long value = (long)json_integer_value(before), now = 0;
	struct fw_err err = {0};
	json_t *entry;

	if (!json_is_integer(before) || fw_ipv4_sysctl_read(name, &now, &err) ||
	    now != FW_COOKIE_SYSCTL_WANTED)
		return;
	fw_ipv4_sysctl_write(name, value, &err);
	entry = json_pack("{s:s,s:I}", "name", name, "value", (json_int_t)value);
	if (err.code)
		json_object_set_new(entry, "error", json_string(err.text));
	json_array_append_new(given, entry);
}

/* Cookies are made on no interface any more; those under way still have to be read as they were made. */
static json_t *give_sysctls_back(int dir_fd)
{
	json_t *record = dir_fd < 0 ? NULL : read_record(dir_fd), *given = json_array(), *entry;
	bool failed = false;
	size_t i;

	for (int s = 0; record && s < FW_COOKIE_SYSCTLS; s++) {
		if (s == FW_COOKIE_TIMESTAMPS_SYSCTL && json_object_get(record, fw_cookie_sysctl(s)))
			sleep(FW_COOKIE_HANDSHAKE_S);
		give_back(fw_cookie_sysctl(s), json_object_get(record, fw_cookie_sysctl(s)), given);
	}
	json_array_foreach (given, i, entry)
		failed = failed || json_object_get(entry, "error");
	if (record && !failed)
		unlinkat(dir_fd, FW_STATE_SYSCTLS, 0);
	json_decref(record);
	return given;
}

/* Takes what was attached by hand out of the agent's list. True: it was there. */
static bool take_by_hand(json_t *kept, const char *interface)
{
	json_t *list = json_object_get(kept, "interfaces");
	bool found = false;

	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *entry = json_array_get(list, i);

		if (strcmp(fw_doc_text(entry, "name"), interface) || fw_doc_true(entry, "detached"))
			continue;
		json_array_remove(list, i);
		found = true;
	}
	return found;
}

static int write_drift(int dir_fd, const json_t *kept, struct fw_err *err)
{
	static const char temporary[] = "." FW_STATE_DRIFT ".new";
	FW_CLOSE int fd =
		openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && !json_dumpfd(kept, fd, JSON_INDENT(1) | JSON_SORT_KEYS) && !fsync(fd) &&
	    !renameat(dir_fd, temporary, dir_fd, FW_STATE_DRIFT))
		return 0;
	fw_err_set(err, errno ? -errno : -EIO, "cannot write %s: %s; the next agent attaches it again",
		   FW_STATE_DRIFT, strerror(errno ? errno : EIO));
	if (fd >= 0)
		unlinkat(dir_fd, temporary, 0);
	return err->code;
}

/* Or the next agent would attach it again. No agent reads the list meanwhile: its directory is held. 1: it is
 * forgotten, 0: nothing was attached by hand there. */
static int forget_by_hand(int dir_fd, const char *interface, struct fw_err *err)
{
	FW_CLOSE int fd = openat(dir_fd, FW_STATE_DRIFT, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	json_t *kept = fd < 0 ? NULL : json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	int r = 0;

	if (is_this_boot(fw_doc_text(kept, "boot_id")) && take_by_hand(kept, interface))
		r = write_drift(dir_fd, kept, err) ? err->code : 1;
	json_decref(kept);
	return r;
}

static size_t count_filtered(const char *bpffs)
{
	char **names = fw_abandoned_list(bpffs);
	size_t count = 0;

	while (names && names[count])
		count++;
	fw_pins_list_free(names);
	return count;
}

static int fail(struct fw_cli *cli, const char *interface, int r, const struct fw_err *err)
{
	char hint[192];

	if (r == -ENOENT) {
		snprintf(hint, sizeof(hint),
			 "what is attached there: floodwall doctor %s\n"
			 "where the agent pinned or kept its state elsewhere, give its --bpffs and "
			 "--state-dir",
			 interface);
		return fw_cli_fail(cli, FW_EXIT_CONFIG, "not-attached", hint, "%s", err->text);
	}
	return fw_cli_fail(cli, r == -EPERM || r == -EACCES ? FW_EXIT_NO_PERMISSION : FW_EXIT_KERNEL,
			   "detach", NULL, "%s", err->text);
}

static json_t *undo(const char *interface, bool forgotten)
{
	return forgotten ? json_sprintf("sudo systemctl start floodwalld && sudo floodwall attach %s",
					interface)
			 : json_string("sudo systemctl start floodwalld");
}

int fw_cli_detach_orphan(struct fw_cli *cli, const struct fw_line *line)
{
	const char *bpffs = fw_line_option(line, "bpffs"), *dir = fw_line_option(line, "state-dir");
	const char *interface = line->arguments[0];
	struct fw_err err = {0}, not_kept = {0};
	FW_CLOSE int dir_fd = -1;
	json_t *document;
	size_t left = 0;
	int r, forgotten;

	if (geteuid())
		return fw_cli_fail(cli, FW_EXIT_NO_PERMISSION, "no-permission", "run it with sudo",
				   "no agent runs, and without one it takes root to take a filter off");
	r = hold(cli, interface, dir ? dir : FW_STATE_DEFAULT, &dir_fd);
	if (r)
		return r;
	bpffs = bpffs ? bpffs : FW_CLI_BPFFS_DEFAULT;
	r = fw_abandoned_detach(bpffs, interface, &left, &err);
	forgotten = dir_fd < 0 || (r && r != -ENOENT) ? 0 : forget_by_hand(dir_fd, interface, &not_kept);
	if (r == -ENOENT && forgotten > 0) {
		left = count_filtered(bpffs);
		r = 0;
	}
	if (r)
		return fail(cli, interface, r, not_kept.code ? &not_kept : &err);
	document = json_pack("{s:o,s:b,s:o,s:b,s:o,s:I}", "interface", fw_doc_string(interface), "detached",
			     1, "undo", undo(interface, forgotten > 0), "without_agent", 1, "sysctls",
			     left ? json_array() : give_sysctls_back(dir_fd), "still_filtered",
			     (json_int_t)left);
	if (!document)
		return fw_cli_fail_memory(cli);
	if (forgotten > 0)
		json_object_set_new(document, "forgotten", json_true());
	if (not_kept.code)
		json_object_set_new(document, "not_kept", fw_doc_string(not_kept.text));
	fw_cli_show(cli, document, fw_show_detach);
	json_decref(document);
	return FW_EXIT_OK;
}
