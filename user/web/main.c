// SPDX-License-Identifier: Apache-2.0
/* floodwall-web: an HTTP parser that faces TCP and has no right to anything; asks the agent's read-only
 * socket. */
#include <cap-ng.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/api.h"
#include "lib/log.h"
#include "lib/units.h"
#include "web/serve.h"

static const char help_text[] =
	"usage: floodwall-web --listen-fd N --socket PATH\n"
	"Serves /metrics on a TCP socket that it inherits. Started by floodwalld, not by hand.\n"
	"\n"
	"  --listen-fd N   the listening socket\n"
	"  --socket PATH   floodwalld's read-only socket (" FW_READ_SOCKET_DEFAULT ")\n"
	"  --help, --version\n";

static int parse(int argc, char **argv, struct fw_web_options *ret)
{
	static const struct option options[] = {{"listen-fd", required_argument, NULL, 'l'},
						{"socket", required_argument, NULL, 's'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'v'},
						{}};
	uint64_t fd;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			if (fw_amount_parse(optarg, &fd, NULL) || fd > 1023) {
				fprintf(stderr, "floodwall-web: --listen-fd: expected a number, got '%s'\n",
					optarg);
				return FW_EXIT_USAGE;
			}
			ret->listen_fd = (int)fd;
			break;
		case 's':
			ret->socket = optarg;
			break;
		case 'h':
			fputs(help_text, stdout);
			return FW_EXIT_OK;
		case 'v':
			printf("floodwall-web %s\n", FW_VERSION);
			return FW_EXIT_OK;
		default:
			return FW_EXIT_USAGE;
		}
	}
	if (ret->listen_fd >= 0 && optind == argc)
		return -1;
	fputs("floodwall-web: needs --listen-fd; it is started by floodwalld\n", stderr);
	return FW_EXIT_USAGE;
}

/* Polling anything else would spin. */
static bool is_listening(int fd)
{
	int listens = 0;
	socklen_t size = sizeof(listens);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) && listens;
}

int main(int argc, char **argv)
{
	struct fw_web_options options = {.listen_fd = -1, .socket = FW_READ_SOCKET_DEFAULT};
	int code = parse(argc, argv, &options);

	if (code >= 0)
		return code;
	fw_log_init("floodwall-web", FW_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	if (!geteuid()) {
		fw_log(FW_LOG_ERROR, "refusing to face the network as root; floodwalld starts this process "
				     "as floodwall or nobody");
		return FW_EXIT_NO_PERMISSION;
	}
	if (!is_listening(options.listen_fd)) {
		fw_log(FW_LOG_ERROR,
		       "descriptor %d is no listening socket; floodwalld passes one, run it instead",
		       options.listen_fd);
		return FW_EXIT_USAGE;
	}
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		fw_log(FW_LOG_ERROR, "capabilities could not be dropped");
		return FW_EXIT_NO_PERMISSION;
	}
	return fw_web_serve(&options);
}
