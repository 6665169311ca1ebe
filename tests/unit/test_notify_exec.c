// SPDX-License-Identifier: Apache-2.0
/* Programs that are told something: what becomes of each, and that none outlives its time. */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "notify/work.h"

#define BODY                                                                                                 \
	"{\"event_type\":\"ban\",\"src_ip\":\"192.0.2.1\",\"message\":\"it's \\\"quoted\\\"; $(touch "       \
	"/tmp/x)\"}"

static struct fw_notify_status run(const char *script, uint64_t timeout_ms)
{
	struct fw_notify_job job = {.argv = {(char *)"/bin/sh", (char *)"-c", (char *)(uintptr_t)script},
				    .argc = 3,
				    .body = (char *)BODY,
				    .timeout_ms = timeout_ms};
	struct fw_notify_status status = {.outcome = FW_NOTIFY_OUTCOME_MAX_};

	fw_notify_exec(&job, &status);
	return status;
}

static const struct exec_case {
	const char *name, *script;
	enum fw_notify_outcome outcome;
	const char *error; /* part of it */
} cases[] = {
	{"well", "exit 0", FW_NOTIFY_DELIVERED, ""},
	{"does not read", "exec <&-; exit 0", FW_NOTIFY_DELIVERED, ""},
	{"reads all", "[ $(wc -c) -gt 60 ]", FW_NOTIFY_DELIVERED, ""},
	{"gets the object", "grep -q '\"src_ip\":\"192.0.2.1\"'", FW_NOTIFY_DELIVERED, ""},
	{"gets variables", "[ \"$FLOODWALL_SRC_IP$FLOODWALL_EVENT_TYPE\" = 192.0.2.1ban ]",
	 FW_NOTIFY_DELIVERED, ""},
	{"and no shell reads them", "[ \"$FLOODWALL_MESSAGE\" = 'it'\\''s \"quoted\"; $(touch /tmp/x)' ]",
	 FW_NOTIFY_DELIVERED, ""},
	{"has nothing else", "[ -z \"$HOME$SECRET_OF_THE_AGENT\" ]", FW_NOTIFY_DELIVERED, ""},
	{"has no other descriptors",
	 "for fd in /proc/$$/fd/*; do [ ${fd##*/} -le 2 ] || [ ! -e $fd ] || exit 1; done",
	 FW_NOTIFY_DELIVERED, ""},
	{"fails", "exit 3", FW_NOTIFY_FAILED, "'/bin/sh' exited with 3"},
	{"says why", "echo no line >&2; exit 1", FW_NOTIFY_FAILED, "exited with 1, it said: no line"},
	{"unprintably", "printf 'a\\033[31mb\\n'; exit 1", FW_NOTIFY_FAILED, "it said: a [31mb"},
	{"dies", "kill -SEGV $$", FW_NOTIFY_FAILED, "died of signal 11"},
	{"talks for ever", "while :; do echo xxxxxxxxxxxxxxxx; done", FW_NOTIFY_FAILED,
	 "did not end within 2000 ms and was killed, it said: "}, /* time enough to begin to talk */
	{"hangs", "sleep 60", FW_NOTIFY_FAILED, "did not end within 300 ms and was killed"},
	{"ignores signals", "trap '' TERM INT HUP; while :; do sleep 60; done", FW_NOTIFY_FAILED,
	 "did not end within 300 ms and was killed"},
};

Test(notify_exec, what_becomes_of_programs)
{
	setenv("SECRET_OF_THE_AGENT", "x", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *within = strstr(cases[i].error, "within ");
		struct fw_notify_status status =
			run(cases[i].script, within ? strtoull(within + strlen("within "), NULL, 10) : 10000);

		cr_expect_eq(status.outcome, cases[i].outcome, "%s: %u %s", cases[i].name, status.outcome,
			     status.error);
		cr_expect(strstr(status.error, cases[i].error), "%s: %s", cases[i].name, status.error);
	}
}

Test(notify_exec, programs_that_are_none)
{
	static const struct {
		const char *path, *error;
	} none[] = {{"/nonexistent/program", "cannot execute '/nonexistent/program': No such file"},
		    {"/etc/passwd", "cannot execute '/etc/passwd': Permission denied"},
		    {"/tmp", "cannot execute '/tmp': Permission denied"}};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct fw_notify_job job = {.argv = {(char *)(uintptr_t)none[i].path},
					    .argc = 1,
					    .body = (char *)BODY,
					    .timeout_ms = 5000};
		struct fw_notify_status status = {0};

		fw_notify_exec(&job, &status);
		cr_expect_eq(status.outcome, FW_NOTIFY_REFUSED, "%s", none[i].path);
		cr_expect(strstr(status.error, none[i].error), "%s", status.error);
	}
}

static bool lives(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	cr_assert_not_null(fgets(line, sizeof(line), file));
	fclose(file);
	return strrchr(line, ')')[2] != 'Z';
}

/* What it started in its group ends with it, whether it hangs or leaves it behind. */
Test(notify_exec, children_end_too)
{
	for (size_t i = 0; i < 2; i++) {
		char path[] = "/tmp/fw-unit-exec-XXXXXX", script[128];
		int fd = mkstemp(path), pid = 0;
		FILE *file;

		cr_assert_geq(fd, 0);
		close(fd);
		snprintf(script, sizeof(script),
			 i ? "sleep 61 & echo $! >%s; exit 0" : "sleep 61 & echo $! >%s; sleep 61", path);
		run(script, 500);
		file = fopen(path, "re");
		cr_assert(file && fscanf(file, "%d", &pid) == 1);
		fclose(file);
		unlink(path);
		for (int wait = 0; wait < 100 && lives(pid); wait++)
			usleep(10000);
		cr_expect_not(lives(pid), "%d lives", pid);
	}
}
