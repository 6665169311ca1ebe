// SPDX-License-Identifier: Apache-2.0
/* floodwall-log: the unprivileged process that reads what servers write about their clients. The agent starts
 * it with a socket as descriptor 3; with --measure it reads standard input and says how fast. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/measure.h"
#include "logs/worker.h"

#define EXIT_USAGE 64

static const char usage[] =
	"usage: floodwall-log                   a worker: started by floodwalld, its socket is 3\n"
	"       floodwall-log --measure FORMAT  reads lines from standard input, counts them against a\n"
	"                                       limit of 150 requests/5m and prints lines per second\n";

int main(int argc, char **argv)
{
	struct fw_err err = {0};
	int r;

	if (argc == 3 && !strcmp(argv[1], "--measure")) {
		r = fw_log_measure(0, argv[2], stdout, &err);
	} else if (argc == 1) {
		r = fw_log_worker_limits(&err);
		r = r ? r : fw_log_worker_run(FW_LOG_WORKER_FD, &err);
	} else {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (r)
		fprintf(stderr, "floodwall-log: %s\n", err.text);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
