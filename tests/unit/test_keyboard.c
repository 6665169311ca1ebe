// SPDX-License-Identifier: Apache-2.0
/* Keys come without Enter, and the terminal is given back: by close, and when a signal ends the process. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/keyboard.h"

/* The near end of a terminal, and the name of the far one. */
static int terminal(const char **name)
{
	int near = posix_openpt(O_RDWR | O_NOCTTY);

	cr_assert_geq(near, 0);
	cr_assert_eq(grantpt(near) | unlockpt(near), 0);
	*name = ptsname(near);
	return near;
}

/* In a session of its own, whose terminal the far end is. */
static int far_end(const char *name)
{
	int far;

	setsid();
	far = open(name, O_RDWR);
	ioctl(far, TIOCSCTTY, 0);
	return far;
}

static bool is_plain(int near)
{
	struct termios now;

	return !tcgetattr(near, &now) && now.c_lflag & ICANON && now.c_lflag & ECHO;
}

/* The child types back what it is told, as an exit code. */
static pid_t wait_for_key(const char *name, int ready)
{
	pid_t child = fork();

	if (!child) {
		int far = far_end(name), key = FW_KEY_NONE;
		struct fw_keyboard keyboard;

		signal(SIGINT, SIG_DFL); /* which shells have background jobs ignore, */
		signal(SIGHUP, SIG_DFL); /* and nohup this one */
		fw_keyboard_open(&keyboard, far);
		if (write(ready, "r", 1) != 1)
			_exit(1);
		while (key == FW_KEY_NONE)
			key = fw_keyboard_wait(&keyboard, 1000);
		fw_keyboard_close(&keyboard);
		_exit(key == FW_KEY_SIGNAL ? 2 : key);
	}
	return child;
}

static int end_of(pid_t child)
{
	int status;

	cr_assert_eq(waitpid(child, &status, 0), child);
	return status;
}

static void is_ready(const int ready[2])
{
	char byte;

	cr_assert_eq(read(ready[0], &byte, 1), 1);
}

/* A child that has begun to wait for a key on a terminal of its own; *ret_near is this end of it. */
static pid_t waiting(int *ret_near)
{
	const char *name;
	int ready[2];
	pid_t child;

	*ret_near = terminal(&name);
	cr_assert_eq(pipe(ready), 0);
	child = wait_for_key(name, ready[1]);
	is_ready(ready);
	return child;
}

Test(keyboard, a_key_needs_no_enter)
{
	int near, status;
	pid_t child = waiting(&near);

	cr_expect(!is_plain(near));
	cr_assert_eq(write(near, "q", 1), 1);
	status = end_of(child);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 'q', "%x", (unsigned int)status);
	cr_expect(is_plain(near), "the terminal is given back");
}

Test(keyboard, a_signal_ends_the_process_and_gives_the_terminal_back)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		int near, status;
		pid_t child = waiting(&near);

		kill(child, signals[i]);
		status = end_of(child);
		cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == signals[i], "%x", (unsigned int)status);
		cr_expect(is_plain(near));
		close(near);
	}
}

Test(keyboard, ctrl_c_is_a_signal)
{
	int near, status;
	pid_t child = waiting(&near);

	cr_assert_eq(write(near, "\003", 1), 1);
	status = end_of(child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "%x", (unsigned int)status);
	cr_expect(is_plain(near));
}

/* Makes a process group of its own the foreground, which is killed at the end. */
static pid_t other_job(int far)
{
	pid_t job = fork();

	if (!job) {
		for (;;)
			pause();
	}
	setpgid(job, job);
	tcsetpgrp(far, job);
	return job;
}

/* 0: a key that was typed while another job had the terminal is read when this one has it back, and it is
 * known which of them it would go to. */
static int wait_in_background(const char *name, int ready)
{
	int far = far_end(name), key = FW_KEY_NONE;
	struct fw_keyboard keyboard;
	bool listens;
	pid_t job;

	signal(SIGTTOU, SIG_IGN);
	fw_keyboard_open(&keyboard, far);
	listens = fw_keyboard_listens(&keyboard);
	job = other_job(far);
	listens &= !fw_keyboard_listens(&keyboard);
	if (write(ready, "r", 1) != 1 || fw_keyboard_wait(&keyboard, 1000) != FW_KEY_NONE)
		return 1;
	tcsetpgrp(far, getpgrp());
	listens &= fw_keyboard_listens(&keyboard);
	for (int i = 0; i < 10 && key == FW_KEY_NONE; i++)
		key = fw_keyboard_wait(&keyboard, 1000);
	fw_keyboard_close(&keyboard);
	kill(job, SIGKILL);
	return !listens ? 3 : key == 'x' ? 0 : 2;
}

/* Who reads keys in the background is stopped, or told that there is no terminal. */
Test(keyboard, keys_are_another_jobs_in_the_background)
{
	const char *name;
	int near = terminal(&name), ready[2], status;
	pid_t child;

	cr_assert_eq(pipe(ready), 0);
	child = fork();
	if (!child)
		_exit(wait_in_background(name, ready[1]));
	is_ready(ready);
	cr_assert_eq(write(near, "x", 1), 1);
	status = end_of(child);
	cr_expect(WIFEXITED(status) && !WEXITSTATUS(status), "%x", (unsigned int)status);
	cr_expect(is_plain(near));
}

/* A pipe, and a terminal that other processes have in the foreground: only time passes. */
Test(keyboard, where_nobody_types_nothing_is_changed)
{
	struct fw_keyboard keyboard;
	const char *name;
	int near = terminal(&name), ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "q", 1), 1);
	fw_keyboard_open(&keyboard, ends[0]);
	cr_expect_not(fw_keyboard_listens(&keyboard));
	cr_expect_eq(fw_keyboard_wait(&keyboard, 1), FW_KEY_NONE);
	fw_keyboard_close(&keyboard);
	fw_keyboard_open(&keyboard, near);
	cr_expect_not(fw_keyboard_listens(&keyboard));
	cr_expect_eq(fw_keyboard_wait(&keyboard, 1), FW_KEY_NONE);
	cr_expect(is_plain(near));
	fw_keyboard_close(&keyboard);
}
