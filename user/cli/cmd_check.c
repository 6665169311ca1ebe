// SPDX-License-Identifier: Apache-2.0
/* check: the loader and the compiler without agent, root or kernel. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/show.h"
#include "kern/cookies.h"
#include "kern/nic.h"
#include "lib/cleanup.h"
#include "lib/units.h"
#include "policy/admission.h"
#include "policy/check.h"
#include "policy/geo.h"
#include "policy/image.h"

#define SYNCOOKIES "/proc/sys/net/ipv4/tcp_syncookies"
#define TICK_NS	   4000000 /* a kernel with HZ=250: window arithmetic does not differ enough to be seen here */

/* What limits must hold beside, in packets a second, unless --flood says. Notes are about the first. */
static const uint64_t floods_default[] = {1000000, 10000000};
#define FLOODS_DEFAULT (sizeof(floods_default) / sizeof(floods_default[0]))
#define FLOODS_MAX     8

struct floods {
	uint64_t rates[FLOODS_MAX];
	size_t count;
};

/* One number of a list as it was typed. */
static int read_flood(const char *from, size_t length, struct floods *ret, struct fw_err *err)
{
	char text[32];
	uint64_t *rate = &ret->rates[ret->count];

	if (ret->count == FLOODS_MAX)
		return fw_err_set(err, -E2BIG, "expects at most %d rates", FLOODS_MAX);
	snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text)), from);
	if (fw_amount_parse(text, rate, err))
		return err->code;
	if (*rate < 1000 || *rate > 1000000000)
		return fw_err_set(err, -ERANGE, "expects 1k to 1G packets per second, got '%s'", text);
	ret->count++;
	return 0;
}

/* "3M", or several as in "1M,10M". */
static int read_floods(const struct fw_line *line, struct floods *ret, struct fw_err *err)
{
	const char *text = fw_line_option(line, "flood");
	int r = 0;

	*ret = (struct floods){.count = text ? 0 : FLOODS_DEFAULT};
	if (!text)
		memcpy(ret->rates, floods_default, sizeof(floods_default));
	while (text && !r) {
		size_t length = strcspn(text, ",");

		r = read_flood(text, length, ret, err);
		text = text[length] ? text + length + 1 : NULL;
	}
	return r;
}

/* What a window of a second guarantees beside each flood; nothing where every limit is a total. */
static json_t *floods_json(const struct floods *floods, const struct fw_image *image)
{
	json_t *array = json_array();

	for (size_t i = 0; i < floods->count && image->keys_worst; i++)
		json_array_append_new(array, json_pack("{s:I, s:I}", "packets_per_second",
						       (json_int_t)floods->rates[i], "least_packets",
						       (json_int_t)fw_admission_least(
							       (double)floods->rates[i] * image->keys_worst,
							       FW_NS_PER_SEC)));
	return array;
}

/* Addresses that a rule names itself are sets, too, called after the rule and the key. */
static size_t count_sets(const struct fw_policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->set_count; i++)
		count += policy->sets[i].kind != FW_SET_FEED && !strchr(policy->sets[i].name, '.');
	return count;
}

static json_t *cost_of(const struct fw_policy *policy, const struct fw_image *image,
		       const struct floods *floods)
{
	json_t *cost = json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "rules",
		(json_int_t)image->rule_count, "terms", (json_int_t)image->term_count, "terms_max",
		(json_int_t)FW_TERMS_MAX, "state_lookups_worst", (json_int_t)image->meters_worst, "sets",
		(json_int_t)count_sets(policy), "feeds", (json_int_t)policy->feed_count, "prefixes_read",
		(json_int_t)image->prefixes_read, "prefixes_merged", (json_int_t)image->listed_count,
		"list_classes", (json_int_t)(image->class_count - 1), "list_classes_max",
		(json_int_t)(FW_CLASSES_MAX - 1), "memory_bytes", (json_int_t)image->memory_bytes,
		"list_bytes", (json_int_t)image->list_bytes);

	if (cost)
		json_object_set_new(cost, "floods", floods_json(floods, image));
	if (cost && image->geo)
		json_object_set_new(cost, "geo",
				    json_pack("{s:I, s:I, s:I, s:I}", "classes",
					      (json_int_t)image->geo->class_count, "nodes",
					      (json_int_t)image->geo->node_count, "nodes_max",
					      (json_int_t)FW_GEO_NODES, "bytes",
					      (json_int_t)(FW_SLOTS * sizeof(struct fw_geo_table))));
	return cost;
}

/* The cost as one more element of the list, in the shape of a complaint. */
static json_t *cost_as_diag(const char *file, json_t *cost)
{
	json_t *message = json_sprintf(
		"%.0f rules use %.0f of %.0f terms, the worst packet asks for %.0f meters; %.0f "
		"prefixes read, %.0f "
		"after merging, %.0f of %.0f list classes; at most %.0f bytes of kernel memory, %.0f of "
		"them for these "
		"prefixes",
		fw_doc_number(cost, "rules"), fw_doc_number(cost, "terms"), fw_doc_number(cost, "terms_max"),
		fw_doc_number(cost, "state_lookups_worst"), fw_doc_number(cost, "prefixes_read"),
		fw_doc_number(cost, "prefixes_merged"), fw_doc_number(cost, "list_classes"),
		fw_doc_number(cost, "list_classes_max"), fw_doc_number(cost, "memory_bytes"),
		fw_doc_number(cost, "list_bytes"));

	return json_pack("{s:o, s:i, s:i, s:s, s:s, s:o, s:n, s:n, s:i, s:o}", "file", fw_doc_string(file),
			 "line", 1, "column", 1, "severity", "info", "code", "summary", "message", message,
			 "hint", "note", "end_column", 0, "summary", cost);
}

static void print_report(struct fw_cli *cli, const struct fw_diags *diags, const struct fw_policy *policy,
			 const struct fw_image *image, const struct floods *floods)
{
	json_t *cost = image ? cost_of(policy, image, floods) : NULL;
	FILE *out = cli->page.out;

	if (cli->json) {
		json_t *array = fw_cli_diags_to_json(diags);

		if (cost)
			json_array_append_new(array, cost_as_diag(policy->file, cost));
		fw_cli_print_json(cli, array);
		json_decref(array);
		return;
	}
	fw_diags_render(diags, out);
	fprintf(out, "%zu %s, %zu %s\n", diags->errors, diags->errors == 1 ? "error" : "errors",
		diags->warnings, diags->warnings == 1 ? "warning" : "warnings");
	if (cost)
		fw_show_cost(&cli->page, cost);
	json_decref(cost);
}

/* Why action challenge does nothing on this machine; NULL: it does, or the kernel cannot be asked. */
static const char *no_cookies(void)
{
	char missing[128];

	if (access(SYNCOOKIES, F_OK))
		return "this kernel has no SYN cookies, " SYNCOOKIES " is not there";
	if (!fw_missing_capabilities(missing, sizeof(missing)) && !fw_cookies_known())
		return "this kernel has no bpf_tcp_gen_syncookie for XDP";
	return NULL;
}

/* The file may be meant for another machine: a warning, not an error. */
static void check_kernel(const struct fw_policy *policy, struct fw_diags *diags)
{
	const char *why;

	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct fw_policy_rule *rule = &policy->rules[i];

		if (rule->action != FW_ACTION_CHALLENGE)
			continue;
		why = no_cookies();
		if (why)
			fw_diag_add(diags, rule->action_mark, FW_SEVERITY_WARNING, "no-syn-cookies",
				    "use police on this machine", "rule '%s' would challenge nobody here: %s",
				    rule->name, why);
		return;
	}
}

static void check_interfaces(const struct fw_policy *policy, struct fw_diags *diags)
{
	struct if_nameindex *all = if_nameindex();
	const char **names;
	size_t count = 0;

	if (!all)
		return;
	while (all[count].if_name)
		count++;
	names = calloc(count + 1, sizeof(*names));
	for (size_t i = 0; names && i < count; i++)
		names[i] = all[i].if_name;
	if (names)
		fw_check_interfaces(policy, names, count, diags);
	free(names);
	if_freenameindex(all);
}

/* Without an answer from the kernel there is nothing to warn of. */
static void check_host(const struct fw_policy *policy, const struct fw_image *image, struct fw_diags *diags)
{
	uint16_t ssh_ports[FW_SSH_PORTS_MAX];
	const struct fw_check_here here = {.interfaces = policy->interfaces,
					   .interface_count = policy->interface_count,
					   .ssh_ports = ssh_ports,
					   .ssh_port_count =
						   fw_spared_ssh_ports(ssh_ports, FW_SSH_PORTS_MAX)};
	struct fw_published_ports published;
	struct fw_listening listening;

	check_kernel(policy, diags);
	check_interfaces(policy, diags);
	fw_check_notify_users(policy, diags);
	fw_check_log_paths(policy, diags);
	fw_check_memory(policy, image, fw_machine_bytes(), diags);
	if (!fw_listening_read(&listening) && !fw_published_ports_read(&published))
		fw_check_listeners(policy, &listening, &published, diags);
	fw_check_lists_here(policy, image, &here, diags);
}

static int cmd_check(struct fw_cli *cli, const struct fw_line *line)
{
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct fw_diags diags = {0};
	struct fw_policy *policy = NULL;
	struct fw_image *image = NULL;
	struct fw_err err = {0};
	struct floods floods;
	int r, exit;

	if (!ids)
		return fw_cli_fail_memory(cli);
	if (read_floods(line, &floods, &err))
		return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", NULL, "--flood: %s", err.text);
	r = fw_policy_load(line->arguments[0], &diags, &policy);
	if (!r)
		r = fw_image_compile(policy, &(struct fw_image_input){.tick_ns = TICK_NS}, ids, &diags,
				     &image);
	if (!r) {
		fw_admission_check(policy, image, floods.rates[0], &diags);
		check_host(policy, image, &diags);
	}
	fw_diags_sort(&diags);
	if (r && !diags.errors)
		exit = fw_cli_fail_memory(cli);
	else
		exit = r || diags.errors ? FW_EXIT_CONFIG : FW_EXIT_OK;
	print_report(cli, &diags, policy, r ? NULL : image, &floods);
	fw_image_free(image);
	fw_policy_free(policy);
	fw_diags_done(&diags);
	return exit;
}

const struct fw_command fw_command_check = {
	.verb = "check",
	.arguments = "FILE",
	.least = 1,
	.most = 1,
	.complete = FW_COMPLETE_FILE,
	.options = {{.name = "flood",
		     .value = "N",
		     .help = "packets per second from keys never seen, beside which limits should hold "
			     "(default 1M and 10M)"}},
	.help = "judge a policy file; needs no agent and no root",
	.about = "Reports every mistake at once with its place, then what the policy costs: rule terms, "
		 "prefixes before and after merging, list classes, kernel memory when all tables are full, "
		 "and meters in the worst "
		 "packet. Under --json the cost is the last element, of severity info; it is there when "
		 "there "
		 "are no errors. Exit code 78: there are errors.\n"
		 "Beside a flood of forged sources (prefixes, destinations, ports: whatever a limit counts "
		 "by) not every new key gets a meter. Keys known before, bans and total limits hold as ever. "
		 "Others are admitted the sooner the more they send: check says from which limit on a key "
		 "that "
		 "sends twice the limit, and begins during the flood, is over it within the first window in "
		 "99 "
		 "of 100 cases, however the flood is spread over CPUs, and notes rules whose limit is below.",
	.examples = "floodwall check /etc/floodwall/floodwall.yaml\n"
		    "floodwall check --flood 3M /etc/floodwall/floodwall.yaml",
	.route = FW_NO_ROUTE,
	.json = "[{\"file\",\"line\",\"column\",\"severity\":\"error|warning|note|info\",\"code\","
		"\"message\",\"hint\",\"note\",\"end_column\",\"summary\":{\"rules\":N,\"terms\":N,"
		"\"terms_max\":N,\"state_lookups_worst\":N,\"sets\":N,\"feeds\":N,\"prefixes_read\":N,"
		"\"prefixes_merged\":N,\"list_classes\":N,\"list_classes_max\":N,\"memory_bytes\":N,"
		"\"list_bytes\":N,\"floods\":[{\"packets_per_second\",\"least_packets\"}],\"geo\":{"
		"\"classes\",\"nodes\",\"nodes_max\",\"bytes\"}} (of code summary "
		"only)}]",
	.run = cmd_check,
};
