// SPDX-License-Identifier: Apache-2.0
/* Readers of `logs` and of the match keys about them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/load.h"
#include "policy/log_regex.h"

#define PLACE_MAX  255
#define SOCKET_MAX 107 /* sun_path */
#define FIELD_MAX  128

static char *keep(struct fw_loader *loader, const char *text)
{
	char *copy = strdup(text);

	loader->out_of_memory |= !copy;
	return copy;
}

static void set_place(struct fw_loader *loader, const struct fw_node *value, struct fw_log *log,
		      enum fw_log_source source, const char *place)
{
	if (log->place) {
		fw_complain(loader, value->key, "bad-log", "make it two logs",
			    "log '%s' has more than one of path, journal and syslog", log->name);
		return;
	}
	log->source = source;
	log->place = keep(loader, place);
}

void fw_load_log_path(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (text[0] != '/' || strlen(text) > PLACE_MAX)
		fw_complain(loader, value, "bad-log", "write /var/log/nginx/access.log",
			    "'%.80s' is no absolute path of at most %d bytes", text, PLACE_MAX);
	else
		set_place(loader, value, target, FW_LOG_FILE, text);
}

void fw_load_log_journal(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (text[0] == '-' || strlen(text) > PLACE_MAX ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.@\\-")])
		fw_complain(loader, value, "bad-log", "as in systemctl list-units: ssh.service",
			    "'%.80s' is no name of a unit", text);
	else
		set_place(loader, value, target, FW_LOG_JOURNAL, text);
}

void fw_load_log_syslog(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (!strncmp(text, "udp:", 4) && fw_is_listen_address(text + 4))
		set_place(loader, value, target, FW_LOG_SYSLOG_UDP, text + 4);
	else if (!strncmp(text, "unix:/", 6) && strlen(text + 5) <= SOCKET_MAX)
		set_place(loader, value, target, FW_LOG_SYSLOG_UNIX, text + 5);
	else
		fw_complain(loader, value, "bad-log",
			    "write \"udp:127.0.0.1:5514\" or \"unix:/run/floodwall/log.sock\"",
			    "'%.80s' is no address to receive syslog on", text);
}

void fw_load_log_format(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int format;

	if (fw_read_word(loader, value, &fw_log_format_words, "log format", &format))
		((struct fw_log *)target)->format = (enum fw_log_format)format;
}

void fw_load_log_regex(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_log_regex *regex = NULL;
	struct fw_log *log = target;
	struct fw_err err = {0};
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (fw_log_regex_new(text, &regex, &err))
		fw_complain(loader, value, "bad-regex",
			    "<HOST> stands for the client's address, as in fail2ban", "%s", err.text);
	else
		log->regex = keep(loader, text);
	fw_log_regex_free(regex);
}

static void load_field(struct fw_loader *loader, const struct fw_node *value, struct fw_log *log,
		       enum fw_log_field field)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (strlen(text) > FIELD_MAX || text[0] == '.' || text[strlen(text) - 1] == '.' || strstr(text, ".."))
		fw_complain(loader, value, "bad-field",
			    "write request.remote_ip for {request: {remote_ip: …}}",
			    "'%.80s' is no path of at most %d bytes", text, FIELD_MAX);
	else
		log->fields[field] = keep(loader, text);
}

#define FIELD(name, field)                                                                                   \
	void fw_load_log_field_##name(struct fw_loader *loader, const struct fw_node *value, void *target)   \
	{                                                                                                    \
		load_field(loader, value, target, field);                                                    \
	}
FIELD(client, FW_LOG_CLIENT)
FIELD(forwarded_for, FW_LOG_FORWARDED_FOR)
FIELD(method, FW_LOG_METHOD)
FIELD(uri, FW_LOG_URI)
FIELD(host, FW_LOG_HOST)
FIELD(status, FW_LOG_STATUS)

void fw_load_log_fields(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "fields", "fields", target);
}

void fw_load_log_trusted_proxies(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_log *log = target;
	char name[FW_NAME_LENGTH_MAX + 32];

	snprintf(name, sizeof(name), "%s.trusted_proxies", log->name);
	fw_load_set_refs(loader, value, name, &log->trusted_proxies);
}

/* What must come together. */
static void check_log(struct fw_loader *loader, const struct fw_node *value, const struct fw_log *log)
{
	const struct fw_node *key = value->key;

	if (!log->place)
		fw_complain(loader, key, "bad-log", "write {path: /var/log/nginx/access.log}",
			    "log '%s' needs one of path, journal and syslog", log->name);
	if (!fw_node_get(value, "regex") != (log->format != FW_LOG_REGEX))
		fw_complain(loader, key, "bad-log", "write {format: regex, regex: '…<HOST>…'}",
			    log->format == FW_LOG_REGEX ? "log '%s' has format regex and no regex"
							: "log '%s' has a regex and another format",
			    log->name);
	if (!fw_node_get(value, "fields") != (log->format != FW_LOG_JSON))
		fw_complain(loader, key, "bad-log", "write {format: json, fields: {client: PATH}}",
			    log->format == FW_LOG_JSON ? "log '%s' has format json and no fields"
						       : "log '%s' has fields and a format that needs none",
			    log->name);
	if (log->trusted_proxies.count &&
	    ((log->format == FW_LOG_JSON && !log->fields[FW_LOG_FORWARDED_FOR]) ||
	     (log->format == FW_LOG_REGEX && log->regex && !strstr(log->regex, "<forwarded_for>"))))
		fw_complain(loader, key, "bad-log",
			    log->format == FW_LOG_JSON ? "add fields: {forwarded_for: PATH}"
						       : "add a group (?<forwarded_for>…)",
			    "log '%s' trusts proxies and does not say where X-Forwarded-For is", log->name);
}

static void load_log(struct fw_loader *loader, const struct fw_node *value)
{
	struct fw_policy *policy = loader->policy;
	struct fw_log log = {.mark = value->key->mark};
	size_t errors = loader->diags->errors;
	char where[FW_NAME_LENGTH_MAX + 16];
	const char *name;

	if (value->broken || !fw_read_name(loader, value->key, "log", &name))
		return;
	snprintf(where, sizeof(where), "log '%s'", name);
	log.name = keep(loader, name);
	if (!log.name)
		return;
	if (fw_node_get(value, "regex") && !fw_node_get(value, "format"))
		log.format = FW_LOG_REGEX;
	fw_load_object(loader, value, "log", where, &log);
	if (loader->diags->errors == errors)
		check_log(loader, value, &log);
	if (FW_APPEND(policy->logs, policy->log_count, log)) {
		loader->out_of_memory = true;
		fw_log_done(&log);
	}
}

void fw_load_logs(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write logs: {web: {path: /var/log/nginx/access.log}}",
			    "logs must be a map of names");
		return;
	}
	if (value->count > FW_LOGS_MAX) {
		fw_complain(loader, value, "too-many", "one log may serve any number of rules",
			    "more than %d logs", FW_LOGS_MAX);
		return;
	}
	for (const struct fw_node *log = value->first; log; log = log->next)
		load_log(loader, log);
}

void fw_load_match_log(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const struct fw_policy *policy = loader->policy;
	struct fw_policy_rule *rule = target;
	const char *text, *near, *names[FW_LOGS_MAX];
	char hint[128] = "define it under logs";
	int found;

	if (!fw_read_text(loader, value, &text))
		return;
	found = fw_policy_log_find(policy, text);
	if (found >= 0) {
		rule->match.log = (unsigned int)found + 1;
		return;
	}
	for (size_t i = 0; i < policy->log_count; i++)
		names[i] = policy->logs[i].name;
	near = fw_did_you_mean(text, names, policy->log_count);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
	fw_complain(loader, value, "unknown-log", hint, "there is no log '%.80s'", text);
}

void fw_load_match_status(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_ranges *ranges = &((struct fw_policy_rule *)target)->match.status;

	fw_node_each (item, value) {
		const struct fw_range *last;

		if (fw_list_is_full(loader, item, ranges->count))
			return;
		if (!fw_read_ranges(loader, item, NULL, "response status", ranges))
			continue;
		last = &ranges->items[ranges->count - 1];
		if (last->first < 100 || last->last > 599)
			fw_complain(loader, item, "out-of-range", NULL, "a response status is 100 to 599");
	}
}
