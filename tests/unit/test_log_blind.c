// SPDX-License-Identifier: Apache-2.0
/* When it is news that rules of logs see nothing, and when that they see again. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/logs.h"
#include "lib/log.h"

static struct fw_agent *agent_new(void)
{
	struct fw_agent *agent = calloc(1, sizeof(*agent));

	cr_assert(agent);
	fw_log_init("test", FW_LOG_ERROR);
	agent->logs.keeper_fd = 0;
	return agent;
}

/* What was said so far, "blind mended". */
static void said(struct fw_agent *agent, const char *want)
{
	json_t *events = fw_event_last(&agent->events, 10), *event;
	char all[256] = "";
	size_t i;

	json_array_foreach (events, i, event)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? " " : "",
			 json_string_value(json_object_get(event, "change")));
	cr_expect_str_eq(all, want);
	json_decref(events);
}

static void agent_free(struct fw_agent *agent)
{
	fw_event_log_done(&agent->events);
	free(agent);
}

Test(log_blind, nobody_is_told_that_logs_are_read_which_no_rule_asks_for)
{
	struct fw_agent *agent = agent_new();

	agent->logs.wanted = true;
	fw_logs_look(agent, FW_NS_PER_SEC);
	said(agent, "");
	fw_logs_look(agent, 7 * FW_NS_PER_SEC);
	said(agent, "blind");
	agent->logs.wanted = false; /* the last rule about a log is gone */
	fw_logs_look(agent, 8 * FW_NS_PER_SEC);
	said(agent, "blind");
	agent->logs.wanted = true; /* and later another one is there */
	fw_logs_look(agent, 9 * FW_NS_PER_SEC);
	said(agent, "blind");
	fw_logs_look(agent, 15 * FW_NS_PER_SEC);
	said(agent, "blind blind");
	agent_free(agent);
}

Test(log_blind, a_log_that_stays_unread)
{
	struct fw_agent *agent = agent_new();
	struct fw_log_state *log = &agent->logs.logs[0];

	agent->logs.count = 1;
	strcpy(log->name, "web");
	strcpy(log->error, "cannot read it");
	fw_logs_look(agent, FW_NS_PER_SEC);
	log->error[0] = '\0'; /* a rotation */
	fw_logs_look(agent, 7 * FW_NS_PER_SEC);
	said(agent, "");
	strcpy(log->error, "cannot read it");
	fw_logs_look(agent, 8 * FW_NS_PER_SEC);
	fw_logs_look(agent, 14 * FW_NS_PER_SEC);
	said(agent, "blind");
	log->error[0] = '\0';
	fw_logs_look(agent, 15 * FW_NS_PER_SEC);
	said(agent, "blind mended");
	agent_free(agent);
}
