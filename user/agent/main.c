// SPDX-License-Identifier: Apache-2.0
/* floodwalld: options, start, the loop, the end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/agent.h"
#include "lib/clock.h"
#include "lib/log.h"

int main(int argc, char **argv)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));
	int code;

	if (!agent) {
		fputs("floodwalld: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	code = fw_options_parse(argc, argv, &agent->options);
	if (code >= 0) {
		fw_options_done(&agent->options);
		free(agent);
		return code;
	}
	fw_log_init("floodwalld", FW_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	agent->state.dir_fd = agent->pin_lock_fd = agent->web.nursery_fd = agent->logs.keeper_fd =
		agent->notify.fd = -1;
	agent->interfaces.netlink_fd = agent->local.netlink_fd = -1;
	agent->started_wall_ns = fw_wall_ns();
	agent->started_ns = fw_monotonic_ns();
	fw_notify_init(&agent->notify);
	uv_loop_init(&agent->loop);
	agent->exit_code = fw_agent_start(agent);
	if (!agent->exit_code && !agent->options.check)
		uv_run(&agent->loop, UV_RUN_DEFAULT);
	code = agent->exit_code;
	fw_agent_stop(agent);
	fw_options_done(&agent->options);
	return code; /* the loop's handles and the agent go with the process */
}
