// SPDX-License-Identifier: Apache-2.0
/* The state directory: one holder, every document whole. */
#include "agent/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/options.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define DOCUMENT_MAX (512u << 20)

static int make_directories(const char *path, struct fw_err *err)
{
	char partial[PATH_MAX];
	size_t length = strlen(path);

	if (!length || length >= sizeof(partial) - 32)
		return fw_err_set(err, -ENAMETOOLONG, "state directory '%.60s': path is empty or too long",
				  path);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(partial, sizeof(partial), "%.*s", (int)i, path);
		if (mkdir(partial, i == length ? 0700 : 0755) && errno != EEXIST)
			return fw_err_set(
				err, -errno,
				"cannot create %s for the state directory: %s; give a place that is "
				"kept over a restart with --state-dir",
				partial, strerror(errno));
	}
	return 0;
}

/* The pid, "unknown" without. Where nothing can be written, the name of an earlier holder stays behind. */
static void read_holder(const struct fw_state *state, char *pid, size_t size)
{
	FW_CLOSE int fd = openat(state->dir_fd, FW_STATE_HOLDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char line[16] = "", process[32];
	ssize_t got = fd < 0 ? 0 : pread(fd, line, sizeof(line) - 1, 0);

	line[got > 0 ? got : 0] = '\0';
	line[strspn(line, "0123456789")] = '\0';
	snprintf(process, sizeof(process), "/proc/%s", line);
	snprintf(pid, size, "%s", line[0] && !access(process, F_OK) ? line : "unknown");
}

static int held(const struct fw_state *state, struct fw_err *err)
{
	char pid[16];

	read_holder(state, pid, sizeof(pid));
	return fw_err_set(
		err, -EAGAIN,
		"another floodwalld is running: pid %s holds the state directory %s; " FW_SECOND_AGENT, pid,
		state->dir);
}

/* For whoever comes second; nothing depends on it, so a full disk does not matter. */
static void name_holder(const struct fw_state *state)
{
	FW_CLOSE int fd = openat(state->dir_fd, FW_STATE_HOLDER,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0)
		(void)dprintf(fd, "%d\n", (int)getpid());
}

/* The directory itself is locked: it can be where nothing can be written any more, and an agent that filters
 * without a memory is better than none. */
static int take_lock(const struct fw_state *state, struct fw_err *err)
{
	if (flock(state->dir_fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			return held(state, err);
		fw_log(FW_LOG_WARNING, "cannot lock %s: %s; see to it that no other agent uses it",
		       state->dir, strerror(errno));
	}
	name_holder(state);
	return 0;
}

/* In somebody else's nothing is written: without the lock it is closed again. */
static int reach(struct fw_state *state, struct fw_err *err)
{
	int r = make_directories(state->dir, err);

	if (r)
		return r;
	state->dir_fd = open(state->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (state->dir_fd < 0)
		return fw_err_set(err, -errno, "cannot open the state directory %s: %s", state->dir,
				  strerror(errno));
	r = take_lock(state, err);
	if (r)
		fw_state_close(state);
	return r;
}

int fw_state_open(struct fw_state *state, const char *dir, struct fw_err *err)
{
	state->dir_fd = -1;
	if ((size_t)snprintf(state->dir, sizeof(state->dir), "%s", dir) >= sizeof(state->dir))
		return fw_err_set(err, -ENAMETOOLONG, "state directory '%.60s': path is too long", dir);
	fw_boot_id_read(state->boot_id);
	return reach(state, err);
}

void fw_state_close(struct fw_state *state)
{
	fw_cleanup_close(&state->dir_fd);
	state->dir_fd = -1;
}

static void temporary_name(const char *name, char *buffer, size_t size)
{
	snprintf(buffer, size, ".%s.new", name);
}

FILE *fw_state_stream(struct fw_state *state, const char *name, struct fw_err *err)
{
	char temporary[128];
	FILE *file;
	int fd;

	if (state->dir_fd < 0 && reach(state, err))
		return NULL;
	temporary_name(name, temporary, sizeof(temporary));
	fd = openat(state->dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file)
		return file;
	fw_err_set(err, -errno, "cannot write %s/%s: %s", state->dir, name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return NULL;
}

int fw_state_commit(struct fw_state *state, const char *name, FILE *file, struct fw_err *err)
{
	char temporary[128];
	int failed = ferror(file) || fflush(file) || fsync(fileno(file)), saved = errno;

	temporary_name(name, temporary, sizeof(temporary));
	if (fclose(file) && !failed) {
		failed = 1;
		saved = errno;
	}
	if (!failed && !renameat(state->dir_fd, temporary, state->dir_fd, name)) {
		fsync(state->dir_fd);
		return 0;
	}
	saved = failed ? saved : errno;
	unlinkat(state->dir_fd, temporary, 0);
	return fw_err_set(err, -(saved ? saved : EIO), "cannot write %s/%s: %s; the old one stays",
			  state->dir, name, strerror(saved ? saved : EIO));
}

int fw_state_write(struct fw_state *state, const char *name, json_t *document, struct fw_err *err)
{
	FILE *file = fw_state_stream(state, name, err);

	if (!file)
		return err->code;
	json_object_set_new(document, "version", json_integer(FW_STATE_VERSION));
	json_object_set_new(document, "boot_id", json_string(state->boot_id));
	if (json_dumpf(document, file, JSON_INDENT(1) | JSON_SORT_KEYS)) {
		fclose(file);
		return fw_err_set(err, -EIO,
				  "cannot write %s/%s: out of memory or disk full; the old one stays",
				  state->dir, name);
	}
	return fw_state_commit(state, name, file, err);
}

json_t *fw_state_read(struct fw_state *state, const char *name, bool *ret_same_boot, struct fw_err *err)
{
	FW_CLOSE int fd = openat(state->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	json_error_t problem;
	const char *boot_id;
	json_t *document;

	if (state->dir_fd < 0) {
		fw_err_set(err, -ENOENT, "there is no %s yet", state->dir);
		return NULL;
	}
	if (fd < 0 || fstat(fd, &status)) {
		fw_err_set(err, -errno, "cannot read %s/%s: %s", state->dir, name, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > DOCUMENT_MAX) {
		fw_err_set(err, -EINVAL, "%s/%s is no document of mine, it is ignored", state->dir, name);
		return NULL;
	}
	document = json_loadfd(fd, JSON_REJECT_DUPLICATES, &problem);
	if (!json_is_object(document) ||
	    json_integer_value(json_object_get(document, "version")) != FW_STATE_VERSION) {
		fw_err_set(err, -EINVAL, "%s/%s is %s; it is ignored", state->dir, name,
			   json_is_object(document) ? "of another version" : "damaged");
		json_decref(document);
		return NULL;
	}
	boot_id = json_string_value(json_object_get(document, "boot_id"));
	if (ret_same_boot)
		*ret_same_boot = boot_id && state->boot_id[0] && !strcmp(boot_id, state->boot_id);
	return document;
}
