// SPDX-License-Identifier: Apache-2.0
/* Keys without Enter. Signals that would end the process are taken one by one, so that the terminal is given
 * back first; they end it all the same. */
#include "cli/keyboard.h"

#include <poll.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void set_of_signals(sigset_t *ret)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(ret);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(ret, ending[i]);
}

static bool is_foreground(const struct fw_keyboard *keyboard)
{
	return tcgetpgrp(keyboard->fd) == getpgrp();
}

/* Another job may have set the terminal while this one was stopped. */
static void take_keys(const struct fw_keyboard *keyboard)
{
	struct termios keys = keyboard->before;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	tcsetattr(keyboard->fd, TCSANOW, &keys);
}

void fw_keyboard_open(struct fw_keyboard *keyboard, int fd)
{
	sigset_t signals;

	*keyboard = (struct fw_keyboard){.fd = fd, .signals = -1, .mute = true};
	if (tcgetattr(fd, &keyboard->before) || !is_foreground(keyboard))
		return;
	set_of_signals(&signals);
	keyboard->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (keyboard->signals < 0)
		return;
	sigprocmask(SIG_BLOCK, &signals, &keyboard->before_mask);
	keyboard->mute = false;
	take_keys(keyboard);
}

void fw_keyboard_close(struct fw_keyboard *keyboard)
{
	if (keyboard->mute)
		return;
	keyboard->mute = true;
	if (is_foreground(keyboard))
		tcsetattr(keyboard->fd, TCSANOW, &keyboard->before);
	close(keyboard->signals);
	sigprocmask(SIG_SETMASK, &keyboard->before_mask, NULL); /* one that waits is delivered here */
}

bool fw_keyboard_listens(const struct fw_keyboard *keyboard)
{
	return !keyboard->mute && is_foreground(keyboard);
}

int fw_keyboard_wait(struct fw_keyboard *keyboard, int milliseconds)
{
	struct pollfd watched[] = {{.fd = keyboard->signals, .events = POLLIN},
				   {.fd = keyboard->fd, .events = POLLIN}};
	unsigned char key;

	if (keyboard->mute) {
		poll(NULL, 0, milliseconds);
		return FW_KEY_NONE;
	}
	if (is_foreground(keyboard))
		take_keys(keyboard);
	else
		watched[1].fd = -1; /* keys are another job's; who reads them nevertheless is stopped */
	if (poll(watched, 2, milliseconds) <= 0)
		return FW_KEY_NONE;
	if (watched[0].revents)
		return FW_KEY_SIGNAL;
	if (read(keyboard->fd, &key, 1) == 1)
		return key;
	keyboard->fd = -1; /* the terminal is gone; poll passes over it */
	return FW_KEY_NONE;
}
