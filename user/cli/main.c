// SPDX-License-Identifier: Apache-2.0
/* The command line tool's entry; everything it does is in cli.c, so that tests can call it. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
	return fw_cli_main(argc, argv, stdout, stderr);
}
