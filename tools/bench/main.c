// SPDX-License-Identifier: Apache-2.0
/* make bench: every figure that the README quotes, measured in one run on one machine. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bench.h"

static const char usage[] = "usage: bench [--build DIR] [--only cost,flood,honest,control] [--rows REGEX]\n"
			    "--rows: only the cost rows whose \"PROGRAM: PACKETS\" matches, so \"floodwall: "
			    "random UDP4$\" is one.\n"
			    "Run from the top of the source tree, as root. Writes DIR/bench.json. "
			    "BENCH_QUICK=1 proves in seconds that\n"
			    "every part works; its figures mean nothing.\n";

static const struct {
	const char *name;
	void (*run)(struct bench *bench);
} parts[] = {
	{"cost", bench_cost}, {"flood", bench_flood}, {"honest", bench_honest}, {"control", bench_control}};

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

static json_t *describe_machine(const struct bench *bench)
{
	struct utsname system = {};
	char line[256], cpu[128] = "unknown", day[32] = "";
	FILE *file = fopen("/proc/cpuinfo", "re");
	time_t now = time(NULL);
	struct tm date;

	while (file && fgets(line, sizeof(line), file) && sscanf(line, "model name : %127[^\n]", cpu) != 1)
		;
	if (file)
		fclose(file);
	(void)uname(&system);
	if (gmtime_r(&now, &date))
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &date);
	printf("%s, %ld CPUs, Linux %s, %s%s\n", cpu, sysconf(_SC_NPROCESSORS_ONLN), system.release, day,
	       bench->quick ? "; QUICK: figures mean nothing" : "");
	return json_pack("{s:s, s:i, s:s, s:s, s:b, s:i}", "cpu", cpu, "cpus",
			 (int)sysconf(_SC_NPROCESSORS_ONLN), "kernel", system.release, "date", day, "quick",
			 bench->quick, "repeats", (int)bench->repeats);
}

static int prepare(struct bench *bench, struct fw_err *err)
{
	struct rlimit files = {65536, 65536};

	if (geteuid() != 0)
		return fw_err_set(err, -EPERM, "needs root: sudo make bench");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return fw_err_set(err, -ENOTSUP, "needs two CPUs: one sends, one receives");
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)snprintf(bench->workdir, sizeof(bench->workdir), "/tmp/floodwall-bench.XXXXXX");
	if (!mkdtemp(bench->workdir))
		return fw_err_set(err, -errno, "cannot make a directory under /tmp: %s", strerror(errno));
	(void)snprintf(bench->lab_id, sizeof(bench->lab_id), "bench%d", (int)getpid());
	bench->repeats = bench->quick ? 1 : 5;
	return 0;
}

static int write_result(const struct bench *bench, struct fw_err *err)
{
	char path[BENCH_PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.200s/bench.json", bench->build);
	if (json_dump_file(bench->result, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)))
		return fw_err_set(err, -EIO, "cannot write %s", path);
	printf("\nall figures: %s\n", path);
	return 0;
}

static void leave(const struct bench *bench)
{
	struct fw_err err;
	int r = -1;

	if (!bench->workdir[0])
		return;
	/* The signal that ended the work may come twice, and end the cleaning too. */
	for (int i = 0; i < 3 && r; i++)
		r = process_must((const char *const[]){"tools/lab", "down", "--id", bench->lab_id, NULL},
				 &err);
	if (r || process_must((const char *const[]){"rm", "-rf", bench->workdir, NULL}, &err))
		fprintf(stderr, "bench: something is left behind: %s\n", err.text);
}

static int run_parts(struct bench *bench, const char *only, struct fw_err *err)
{
	static const char *const lab[] = {"--single-queue", "--napi-cpu", "1", NULL};

	if (bench_lab_up(bench, lab, err))
		return err->code;
	bench->result = json_object();
	json_object_set_new(bench->result, "machine", describe_machine(bench));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!only || strstr(only, parts[i].name))
			parts[i].run(bench);
	}
	if (write_result(bench, err))
		return err->code;
	if (bench->failed)
		return fw_err_set(err, -EIO, "%u rows could not be measured", bench->failed);
	return 0;
}

static volatile sig_atomic_t worker;

static void on_signal(int signal_number)
{
	(void)signal_number;
	if (worker > 0)
		kill(worker, SIGTERM);
}

/* Other work on this machine should show as little as can be: ahead of it, in a session of one's own,
 * because autogroups weigh sessions before processes. */
static void go_ahead(void)
{
	FILE *autogroup;

	(void)setsid();
	(void)setpriority(PRIO_PROCESS, 0, -20);
	autogroup = fopen("/proc/self/autogroup", "we");
	if (autogroup) {
		(void)fputs("-20", autogroup);
		fclose(autogroup);
	}
}

/* The work in a child that moves into the lab; whatever becomes of it, the parent takes the lab down. */
static int run_apart(struct bench *bench, const char *only, struct fw_err *err)
{
	struct sigaction action = {.sa_handler = on_signal};
	int status = 0, r;

	worker = fork();
	if (worker < 0)
		return fw_err_set(err, -errno, "cannot fork: %s", strerror(errno));
	if (worker == 0) {
		go_ahead();
		r = run_parts(bench, only, err);
		if (r)
			fprintf(stderr, "bench: %s\n", err->text);
		fflush(stdout);
		_exit(r ? 1 : 0);
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
		;
	leave(bench);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 130;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"build", required_argument, NULL, 'b'},
						{"only", required_argument, NULL, 'o'},
						{"rows", required_argument, NULL, 'r'},
						{"help", no_argument, NULL, 'h'},
						{}};
	const char *quick = getenv("BENCH_QUICK"), *only = NULL;
	regex_t rows;
	struct bench bench = {.build = "build", .quick = quick && *quick};
	struct fw_err err = {};
	int key, r;

	while ((key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (key == 'b')
			bench.build = optarg;
		else if (key == 'o')
			only = optarg;
		else if (key == 'r' && !regcomp(&rows, optarg, REG_EXTENDED | REG_NOSUB))
			bench.rows = &rows;
		else {
			fputs(usage, key == 'h' ? stdout : stderr);
			return key == 'h' ? 0 : 64;
		}
	}
	libbpf_set_print(quiet);
	r = prepare(&bench, &err);
	if (!r)
		r = run_apart(&bench, only, &err);
	if (r < 0)
		fprintf(stderr, "bench: %s\n", err.text);
	return r < 0 ? 1 : r;
}
