// SPDX-License-Identifier: Apache-2.0
/* The command line of floodwalld; this is an edge, so it prints. */
#include "agent/options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/api.h"
#include "lib/err.h"
#include "lib/grow.h"

enum {
	OPTION_CONFIG = 256,
	OPTION_INTERFACE,
	OPTION_XDP,
	OPTION_STATE,
	OPTION_SOCKET,
	OPTION_BPFFS,
	OPTION_CHECK,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"interface", required_argument, NULL, OPTION_INTERFACE},
	{"xdp", required_argument, NULL, OPTION_XDP},
	{"state-dir", required_argument, NULL, OPTION_STATE},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"bpffs", required_argument, NULL, OPTION_BPFFS},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{},
};

static const char help_text[] =
	"usage: floodwalld [OPTION]...\n"
	"Filters floods at the first instruction that sees a packet. Runs in the foreground, logs to "
	"stderr,\n"
	"prints 'ready' when it filters.\n"
	"\n"
	"  --config FILE       policy (" FW_CONFIG_DEFAULT ")\n"
	"  --interface IFACE   filter here, as often as needed; replaces the file's list\n"
	"  --xdp MODE          native, generic or auto for all interfaces; overrides the file\n"
	"  --state-dir DIR     what outlives the process (" FW_STATE_DEFAULT ")\n"
	"  --socket PATH       API; read.sock is made beside it (" FW_SOCKET_DEFAULT ")\n"
	"  --bpffs DIR         where BPF objects are pinned (" FW_BPFFS_DEFAULT ")\n"
	"  --check             read the policy, say what is wrong with it, and end\n"
	"  --help, --version\n"
	"\n"
	"Signals: SIGHUP reloads the policy, SIGTERM and SIGINT end the agent; the filter stays unless the "
	"policy\n"
	"says on_exit: detach.\n"
	"Exit codes: 0 done, 64 usage, 71 the kernel refused, 75 another agent runs, 77 no permission, 78 "
	"bad policy\n"
	"or unknown interface.\n";

static int usage(const char *format, const char *what)
{
	fprintf(stderr, "floodwalld: ");
	fprintf(stderr, format, what);
	fprintf(stderr, "; 'floodwalld --help' lists the options\n");
	return FW_EXIT_USAGE;
}

bool fw_options_name(const struct fw_options *options, const char *interface)
{
	for (size_t i = 0; i < options->interface_count; i++)
		if (!strcmp(options->interfaces[i], interface))
			return true;
	return false;
}

static int add_interface(struct fw_options *options, char *name)
{
	size_t length = strlen(name);

	if (!length || length >= IF_NAMESIZE)
		return usage("'%s' is no interface name: expected 1 to 15 characters", name);
	if (fw_options_name(options, name))
		return -1;
	if (FW_APPEND(options->interfaces, options->interface_count, name)) {
		fprintf(stderr, "floodwalld: out of memory\n");
		return FW_EXIT_FAILED;
	}
	return -1;
}

static int take(struct fw_options *options, int option, char *value)
{
	struct fw_err err = {};

	switch (option) {
	case OPTION_CONFIG:
		free(options->config);
		options->config = strdup(value);
		return -1;
	case OPTION_INTERFACE:
		return add_interface(options, value);
	case OPTION_XDP:
		if (fw_xdp_mode_parse(value, &options->xdp, &err))
			return usage("--xdp: %s", err.text);
		options->xdp_given = true;
		return -1;
	case OPTION_STATE:
		options->state_dir = value;
		return -1;
	case OPTION_SOCKET:
		options->socket = value;
		return -1;
	case OPTION_BPFFS:
		options->bpffs = value;
		return -1;
	case OPTION_CHECK:
		options->check = true;
		return -1;
	case OPTION_HELP:
		fputs(help_text, stdout);
		return FW_EXIT_OK;
	case OPTION_VERSION:
		printf("floodwalld %s\n", FW_VERSION);
		return FW_EXIT_OK;
	default:
		return FW_EXIT_USAGE;
	}
}

/* The one name of the file, so that an applied policy can be told from it; one that is missing is the
 * loader's complaint. */
static char *absolute(char *path)
{
	char directory[PATH_MAX], *joined = path ? realpath(path, NULL) : NULL;

	if (joined) {
		free(path);
		return joined;
	}
	if (!path || path[0] == '/' || !getcwd(directory, sizeof(directory)) ||
	    asprintf(&joined, "%s/%s", directory, path) < 0)
		return path;
	free(path);
	return joined;
}

int fw_options_parse(int argc, char **argv, struct fw_options *ret)
{
	int option, result;

	*ret = (struct fw_options){
		.config = strdup(FW_CONFIG_DEFAULT),
		.state_dir = FW_STATE_DEFAULT,
		.socket = FW_SOCKET_DEFAULT,
		.bpffs = FW_BPFFS_DEFAULT,
	};
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		if (option == '?')
			return usage("unknown option '%s'", argv[optind - 1]);
		if (option == ':')
			return usage("option '%s' needs a value", argv[optind - 1]);
		result = take(ret, option, optarg);
		if (result >= 0)
			return result;
	}
	if (optind < argc)
		return usage("unexpected argument '%s'", argv[optind]);
	ret->config = absolute(ret->config);
	return -1;
}

void fw_options_done(struct fw_options *options)
{
	free(options->config);
	free(options->interfaces);
}
