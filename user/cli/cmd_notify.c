// SPDX-License-Identifier: Apache-2.0
/* A test message to somebody who is told of events. */
#include <string.h>

#include "cli/show.h"
#include "ctl/client.h"

static int cmd_notify_test(struct fw_cli *cli, const struct fw_line *line)
{
	json_t *body = json_pack("{s:o}", "name", fw_doc_string(line->arguments[0])), *document = NULL;
	struct fw_client *client = body ? fw_cli_client(cli) : NULL;
	int exit;

	if (!body)
		return fw_cli_fail_memory(cli);
	if (!client) {
		json_decref(body);
		return FW_EXIT_NO_AGENT;
	}
	fw_client_timeout(client, 0); /* as long as the policy lets one attempt take */
	exit = fw_cli_ask(cli, FW_API_NOTIFY_TEST, NULL, body, &document);
	if (exit)
		return exit;
	fw_cli_show(cli, document, fw_show_notify_test);
	exit = strcmp(fw_doc_text(document, "outcome"), "delivered") ? FW_EXIT_FAILED : FW_EXIT_OK;
	json_decref(document);
	return exit;
}

const struct fw_command fw_command_notify_test = {
	.verb = "notify",
	.subverb = "test",
	.arguments = "NAME",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_NOTIFY,
	.help = "send a test message to a target, now and once",
	.about = "Ahead of what waits, without another attempt, and whatever its events and its rate. Exit "
		 "code 1: "
		 "it did not get through. 75: it is being tested already. 78: there is no such target.",
	.examples = "floodwall notify test ops",
	.route = FW_API_NOTIFY_TEST,
	.json = "{\"name\",\"outcome\":\"delivered|failed|refused\",\"http\":N,\"milliseconds\":N,"
		"\"error\"}",
	.run = cmd_notify_test,
};

static int cmd_notify(struct fw_cli *cli, const struct fw_line *line)
{
	(void)line;
	return fw_cli_ask_and_show(cli, FW_API_NOTIFY, NULL, NULL, fw_show_notify);
}

const struct fw_command fw_command_notify = {
	.verb = "notify",
	.arguments = "",
	.help = "who is told of events, and whether it gets through",
	.about = "Told are single events at the rate that the policy allows; what is more is held back and "
		 "told "
		 "in one message at the end of its time. failing: the last message was given up, or is tried "
		 "again later. dropped: more waited than may. Below, what the policy's suppress: expects.",
	.examples = "floodwall notify",
	.route = FW_API_NOTIFY,
	.json = "{\"targets\":[{\"name\",\"kind\":\"webhook|exec\",\"to\",\"events\":[KIND],\"state\":"
		"\"idle|ok|"
		"sending|failing\",\"queued\":N,\"delivered\":N,\"retried\":N,\"failed\":N,\"held_back\":N,"
		"\"dropped\":N,\"last_success_seconds_ago\":F|null,\"retry_in_seconds\":F|null,\"error\"}],"
		"\"suppressions\":[as in status],\"utilisation\":{\"keys\":N,\"looks\":N,"
		"\"last_look_milliseconds\":F,\"unwatched_keys\":N}|null}",
	.run = cmd_notify,
};
