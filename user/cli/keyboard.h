/* SPDX-License-Identifier: Apache-2.0 */
/* Single keys of a terminal, which is as it was before whatever ends the process. */
#ifndef FW_CLI_KEYBOARD_H
#define FW_CLI_KEYBOARD_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#define FW_KEY_NONE   -1 /* the time is over */
#define FW_KEY_SIGNAL -2 /* one that ends the process waits: fw_keyboard_close() lets it */

struct fw_keyboard {
	int fd, signals; /* -1: there is none */
	bool mute;	 /* nobody types here: waiting is all it does */
	struct termios before;
	sigset_t before_mask;
};

/* A terminal that this process does not have in the foreground is left alone, as is what is none. */
void fw_keyboard_open(struct fw_keyboard *keyboard, int fd);
void fw_keyboard_close(struct fw_keyboard *keyboard);
/* A key that is typed now would be read: of a terminal that this process has in the foreground. */
bool fw_keyboard_listens(const struct fw_keyboard *keyboard);
/* The next key within so many milliseconds, or FW_KEY_…; control characters that mean a signal are one. */
int fw_keyboard_wait(struct fw_keyboard *keyboard, int milliseconds);

#endif
