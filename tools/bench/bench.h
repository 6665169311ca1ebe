/* SPDX-License-Identifier: Apache-2.0 */
/* The bench as a whole: one lab, one list of results, and what its parts lend each other. */
#ifndef FW_TOOLS_BENCH_H
#define FW_TOOLS_BENCH_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/err.h"

#define BENCH_REPEATS_MAX 16
#define BENCH_PATH_MAX	  256

struct bench {
	const char *build;	      /* where the product and the tools were built */
	char workdir[BENCH_PATH_MAX]; /* policies, sets, sockets of this run */
	char lab_id[32];
	char attacker[BENCH_PATH_MAX]; /* /run/netns paths */
	char client[BENCH_PATH_MAX];
	regex_t *rows; /* NULL: all */
	bool quick;    /* few repeats and small counts: proves that the bench works, not what it says */
	unsigned int repeats;
	unsigned int failed;  /* rows that could not be measured */
	unsigned int ifindex; /* of the victim's eth0; the bench itself lives in the victim's namespace */
	json_t *result;
};

/* ---- lab.c: the namespaces, with the bench itself inside the victim's */
int bench_lab_up(struct bench *bench, const char *const options[], struct fw_err *err);
/* Packets that arrived at the victim's eth0, dropped there or not, as its driver counts them. */
int bench_received(const struct bench *bench, uint64_t *ret, struct fw_err *err);

/* ---- process.c: children, by argument vector and never through a shell */
struct process {
	pid_t pid;
	int out; /* what it prints */
};

#define PROCESS_ARGS   32
#define PROCESS_OUTPUT 8192

/* Runs to the end; what it printed, errors included, goes to output. Returns its exit status, or -errno. */
int process_run(const char *const argv[], char output[PROCESS_OUTPUT], struct fw_err *err);
/* As process_run, any status but 0 being a failure that quotes the output. */
int process_must(const char *const argv[], struct fw_err *err);
/* log: a file for what it says on stderr, or NULL for the same pipe. */
int process_start(const char *const argv[], const char *log, struct process *ret, struct fw_err *err);
/* Waits until the child has printed word, ended, or the time is over. */
int process_await(struct process *process, const char *word, int timeout_ms, struct fw_err *err);
/* Reads to the end of the output, then collects the child. */
int process_finish(struct process *process, char output[PROCESS_OUTPUT], struct fw_err *err);
void process_stop(struct process *process);

/* ---- samples.c: five numbers, their middle and their range */
struct samples {
	unsigned int count;
	double value[BENCH_REPEATS_MAX];
};

void samples_add(struct samples *samples, double value);
double samples_median(const struct samples *samples);
double samples_min(const struct samples *samples);
double samples_max(const struct samples *samples);
json_t *samples_json(const struct samples *samples);
/* Appends row to the list named part; takes the reference. */
void bench_add(struct bench *bench, const char *part, json_t *row);

/* A row that could not be measured: said in the table and in the list, counted, and the bench goes on. */
void bench_fail(struct bench *bench, const char *part, const char *program, const char *scenario,
		const struct fw_err *err);

/* ---- prefixes.c: lists as reputation feeds have them */
struct prefix_list {
	uint32_t count;
	uint32_t *address; /* host order */
	uint8_t *bits;
	double marked24; /* share of the /24s of IPv4 that hold an entry */
	double listed;	 /* share of IPv4 addresses that are covered */
};

int prefix_list_make(uint32_t count, struct prefix_list *ret, struct fw_err *err);
int prefix_list_write(const struct prefix_list *list, const char *path, struct fw_err *err);
/* IPv6 prefixes as lists of networks have them, under 2000::/3. */
int prefix6_list_write(uint32_t count, const char *path, struct fw_err *err);
void prefix_list_done(struct prefix_list *list);

/* ---- the parts, each printing its table and adding its rows */
void bench_cost(struct bench *bench);
void bench_flood(struct bench *bench);
void bench_honest(struct bench *bench);
void bench_control(struct bench *bench);

#endif
