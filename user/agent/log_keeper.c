// SPDX-License-Identifier: Apache-2.0
/* The log keeper: an unprivileged user with one capability, CAP_DAC_READ_SEARCH. */
#include "agent/log_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/child.h"
#include "agent/privileges.h"
#include "logs/record.h"

#define LOOK_EVERY_MS 40 /* a rotated log is found within that time */

struct slot {
	enum { SLOT_FREE, SLOT_FILE, SLOT_JOURNAL } kind;
	uint32_t serial;
	char text[FW_KEEPER_TEXT_MAX];
	bool looked; /* once: what appears from now on is read from its start */
	bool open;   /* dev and ino are the file that was handed out */
	dev_t dev;
	ino_t ino;
	int error; /* as last told */
	pid_t journal;
};

struct keeper {
	struct slot slots[FW_KEEPER_SLOTS];
	pid_t worker;
};

static int become_keeper(void)
{
	static const unsigned int kept[] = {CAP_DAC_READ_SEARCH};

	return fw_privileges_become_nobody(kept, 1, true);
}

static void tell(const struct fw_keeper_news *news, int fd)
{
	/* The agent reads at once; one that does not for seconds is about to be gone. */
	for (int tries = 0; tries < 200 && fw_log_send(FW_CHILD_FD, news, sizeof(*news), fd) == -EAGAIN;
	     tries++)
		poll(NULL, 0, 10);
}

static void tell_slot(const struct slot *slot, uint32_t number, uint32_t kind, int error, int fd)
{
	tell(&(struct fw_keeper_news){.kind = kind, .slot = number, .serial = slot->serial, .error = error},
	     fd);
}

/* The descriptor of what the path names now, at the place from which to read. -errno. */
static int open_log(const struct slot *slot, struct stat *status)
{
	int fd = open(slot->text, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;

	if (!r && fstat(fd, status))
		r = -errno;
	if (!r && !S_ISREG(status->st_mode))
		r = S_ISDIR(status->st_mode) ? -EISDIR : -ESPIPE;
	if (!r && lseek(fd, 0, slot->looked ? SEEK_SET : SEEK_END) < 0)
		r = -errno;
	if (!r)
		return fd;
	if (fd >= 0)
		close(fd);
	return r;
}

static void look(struct slot *slot, uint32_t number)
{
	struct stat status;
	int r = stat(slot->text, &status) ? -errno : 0, fd;

	if (!r && slot->open && status.st_dev == slot->dev && status.st_ino == slot->ino) {
		if (slot->error)
			tell_slot(slot, number, FW_KEEPER_BACK, 0, -1);
		slot->error = 0;
		return;
	}
	fd = r ? r : open_log(slot, &status);
	if (fd < 0) {
		if (fd != -slot->error)
			tell_slot(slot, number, FW_KEEPER_OPENED, -fd, -1);
		slot->error = -fd;
	} else {
		slot->dev = status.st_dev;
		slot->ino = status.st_ino;
		slot->open = true;
		slot->error = 0;
		tell_slot(slot, number, FW_KEEPER_OPENED, 0, fd);
		close(fd);
	}
	slot->looked = true;
}

static void forget(struct slot *slot)
{
	if (slot->journal > 0)
		kill(slot->journal, SIGKILL);
	*slot = (struct slot){.kind = SLOT_FREE};
}

static void start_journal(struct slot *slot, uint32_t number)
{
	int pipe_fd = -1;
	pid_t pid = fw_keeper_start_journal(slot->text, &pipe_fd);

	slot->journal = pid > 0 ? pid : 0;
	tell_slot(slot, number, FW_KEEPER_OPENED, pid > 0 ? 0 : -pid, pipe_fd);
	if (pipe_fd >= 0)
		close(pipe_fd);
}

static void start_worker(struct keeper *keeper, const char *program)
{
	struct fw_keeper_news news = {.kind = FW_KEEPER_WORKER};
	int socket = -1;
	pid_t pid;

	if (keeper->worker > 0)
		kill(keeper->worker, SIGKILL);
	pid = fw_keeper_start_worker(program, &socket);
	keeper->worker = pid > 0 ? pid : 0;
	news.pid = keeper->worker;
	news.error = pid > 0 ? 0 : -pid;
	tell(&news, socket);
	if (socket >= 0)
		close(socket);
}

static void obey(struct keeper *keeper, struct fw_keeper_order *order)
{
	struct slot *slot = &keeper->slots[order->slot % FW_KEEPER_SLOTS];
	uint32_t number = order->slot % FW_KEEPER_SLOTS;

	order->text[sizeof(order->text) - 1] = '\0';
	switch ((enum fw_keeper_order_kind)order->kind) {
	case FW_KEEPER_FOLLOW:
	case FW_KEEPER_JOURNAL:
		forget(slot);
		slot->kind = order->kind == FW_KEEPER_FOLLOW ? SLOT_FILE : SLOT_JOURNAL;
		slot->serial = order->serial;
		memcpy(slot->text, order->text, sizeof(slot->text));
		if (slot->kind == SLOT_FILE)
			look(slot, number);
		else
			start_journal(slot, number);
		return;
	case FW_KEEPER_FORGET:
		forget(slot);
		return;
	case FW_KEEPER_START:
		start_worker(keeper, order->text);
		return;
	case FW_KEEPER_STOP:
		if (keeper->worker > 0)
			kill(keeper->worker, SIGKILL);
	}
}

static void reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < FW_KEEPER_SLOTS; i++)
			if (keeper->slots[i].journal == pid)
				keeper->slots[i].journal = 0; /* the worker sees its pipe end */
		if (pid != keeper->worker)
			continue;
		keeper->worker = 0;
		tell(&(struct fw_keeper_news){.kind = FW_KEEPER_ENDED, .pid = pid, .status = status}, -1);
	}
}

static bool look_at_all(struct keeper *keeper)
{
	bool any = false;

	for (uint32_t i = 0; i < FW_KEEPER_SLOTS; i++) {
		if (keeper->slots[i].kind != SLOT_FILE)
			continue;
		any = true;
		look(&keeper->slots[i], i);
	}
	return any;
}

static void live(int fd)
{
	struct keeper keeper = {0};
	struct signalfd_siginfo info;
	int signal_fd = fw_child_deaths_fd();

	for (;;) {
		struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
		struct fw_keeper_order order;
		int r;

		if (poll(fds, 2, look_at_all(&keeper) ? LOOK_EVERY_MS : -1) < 0)
			continue;
		if (fds[1].revents && read(signal_fd, &info, sizeof(info)) > 0)
			reap(&keeper);
		while ((r = fw_log_receive(fd, &order, sizeof(order), NULL)) > 0)
			obey(&keeper, &order);
		if (r < 0)
			_exit(0); /* the agent is gone */
	}
}

int fw_keeper_fork(struct fw_err *err)
{
	static const struct fw_child child = {
		.name = "floodwall-logs", .become = become_keeper, .live = live};

	return fw_child_fork(&child, err);
}
