/* SPDX-License-Identifier: Apache-2.0 */
/* Options that several commands have, as members of fw_command.options. */
#ifndef FW_CLI_OPTIONS_H
#define FW_CLI_OPTIONS_H

#include "cli/command.h"

#define FW_OPTION_FOR(what)                                                                                  \
	{                                                                                                    \
		.name = "for", .value = "TIME", .help = what " ends after TIME, such as 30m or 1h30m"        \
	}
#define FW_OPTION_SAVE                                                                                       \
	{                                                                                                    \
		.name = "save", .help = "also write it into the policy file, with your own rights"           \
	}
#define FW_OPTION_SINCE(otherwise)                                                                           \
	{                                                                                                    \
		.name = "since", .value = "WHEN", .help = "from WHEN on (default " otherwise ")"             \
	}
#define FW_OPTION_UNTIL                                                                                      \
	{                                                                                                    \
		.name = "until", .value = "WHEN", .help = "before WHEN (default now)"                        \
	}
#define FW_OPTION_CSV                                                                                        \
	{                                                                                                    \
		.name = "csv", .help = "comma-separated values"                                              \
	}
#define FW_OPTION_SVG                                                                                        \
	{                                                                                                    \
		.name = "svg", .help = "a picture for a report"                                              \
	}

#endif
