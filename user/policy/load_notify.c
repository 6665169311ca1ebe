// SPDX-License-Identifier: Apache-2.0
/* Readers of `notify`: who is told of events. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/units.h"
#include "policy/load.h"

#define ARGUMENTS_MAX 32
#define ARGUMENT_MAX  1024
#define RATE_MAX      10000
#define USER_MAX      32
#define RETRIES_MAX   10

void fw_load_notify_webhook(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_notify_target *notify = target;
	const char *url;

	if (!fw_read_text(loader, value, &url))
		return;
	if (!fw_is_remote_url(url)) {
		fw_complain(loader, value, "bad-url", "write https://… or http://…, without spaces",
			    "'%.80s' is nothing that a message can be sent to", url);
		return;
	}
	if (fw_url_has_user(loader, value, url))
		return;
	if (!strncmp(url, "http://", 7))
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_NOTE, "notify-unencrypted",
			    "use https://",
			    "http is not protected: whoever is on the way reads who was banned, and can send "
			    "such messages, too");
	fw_keep_text(loader, url, &notify->url);
}

void fw_load_notify_exec(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.program = true, .otherwise = "nobody is told by it"};
	struct fw_notify_target *notify = target;

	fw_node_each (item, value) {
		const char *text;
		char *copy;

		if (notify->argv.count == ARGUMENTS_MAX) {
			fw_complain(loader, item, "too-many", "write a script", "more than %d arguments",
				    ARGUMENTS_MAX);
			return;
		}
		if (!fw_read_text(loader, item, &text))
			continue;
		if (!notify->argv.count && text[0] != '/') {
			fw_complain(loader, item, "bad-exec",
				    "write [/usr/local/bin/page, --urgent]; there is no shell",
				    "'%.80s' is no absolute path of a program", text);
			return;
		}
		if (strlen(text) > ARGUMENT_MAX) {
			fw_complain(loader, item, "bad-exec", NULL, "an argument of more than %d bytes",
				    ARGUMENT_MAX);
			return;
		}
		if (!notify->argv.count)
			fw_look_at_file(loader, item, text, &wish);
		copy = strdup(text);
		if (!copy || FW_APPEND(notify->argv.items, notify->argv.count, copy)) {
			free(copy);
			loader->out_of_memory = true;
		}
	}
}

void fw_load_notify_user(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (!strcmp(text, "root"))
		fw_complain(loader, value, "bad-user", "let it ask a service that may do what is to be done",
			    "a program that is told what strangers send does not run as root");
	else if (!strchr(letters, text[0]) || strlen(text) > USER_MAX ||
		 text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
		fw_complain(loader, value, "bad-user", NULL, "'%.80s' is no name of a user", text);
	else
		fw_keep_text(loader, text, &((struct fw_notify_target *)target)->user);
}

void fw_load_notify_events(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_event_kinds(loader, value, false, &((struct fw_notify_target *)target)->events);
}

/* "50%" or "50" into an ascending list. */
static void add_level(struct fw_loader *loader, const struct fw_node *item, struct fw_notify_target *notify)
{
	const char *text;
	unsigned int percent = 0;
	size_t digits, at = 0;

	if (!fw_read_text(loader, item, &text))
		return;
	digits = strspn(text, "0123456789");
	for (size_t i = 0; i < digits && i < 4; i++)
		percent = percent * 10 + (unsigned int)(text[i] - '0');
	if (!digits || digits > 3 || (text[digits] && strcmp(text + digits, "%")) || percent < 10 ||
	    percent > 100) {
		fw_complain(loader, item, "bad-level", "write [50%, 70%, 90%]",
			    "'%.80s' is no level, expected 10%% to 100%% of a limit", text);
		return;
	}
	while (at < notify->level_count && notify->levels[at] < percent)
		at++;
	if (at < notify->level_count && notify->levels[at] == percent)
		return;
	if (notify->level_count == FW_NOTIFY_LEVELS_MAX) {
		fw_complain(loader, item, "too-many", NULL, "more than %d levels", FW_NOTIFY_LEVELS_MAX);
		return;
	}
	memmove(&notify->levels[at + 1], &notify->levels[at], notify->level_count - at);
	notify->levels[at] = (uint8_t)percent;
	notify->level_count++;
}

void fw_load_notify_levels(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_notify_target *notify = target;

	notify->level_count = 0;
	fw_node_each (item, value)
		add_level(loader, item, notify);
}

void fw_load_notify_rate(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_notify_target *notify = target;
	uint64_t amount = 0, window = 0;
	char copy[64], *slash;
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = '\0';
	if (!slash || strlen(text) >= sizeof(copy) || fw_amount_parse(copy, &amount, NULL) ||
	    fw_duration_parse(slash, &window, NULL) || !amount || amount > RATE_MAX ||
	    window < FW_NS_PER_SEC || window > 86400 * FW_NS_PER_SEC) {
		fw_complain(loader, value, "bad-rate", "write 10/1m",
			    "'%.80s' is no rate, expected 1 to %d messages in 1s to 24h", text, RATE_MAX);
		return;
	}
	notify->rate = amount;
	notify->rate_window_ns = window;
}

void fw_load_notify_timeout(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_duration(loader, value, FW_NS_PER_SEC, 300 * FW_NS_PER_SEC,
			 &((struct fw_notify_target *)target)->timeout_ns);
}

void fw_load_notify_retries(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_number(loader, value, RETRIES_MAX, "number of retries",
		       &((struct fw_notify_target *)target)->retries);
}

void fw_load_notify_header(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_header(loader, value, &((struct fw_notify_target *)target)->header);
}

void fw_load_notify_secret(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.secret = true, .otherwise = "no message is sent"};
	struct fw_notify_target *notify = target;

	if (fw_read_path(loader, value, &notify->secret))
		fw_look_at_file(loader, value, notify->secret, &wish);
}

void fw_load_notify_proxy(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_read_proxy(loader, value, &((struct fw_notify_target *)target)->proxy);
}

void fw_load_notify_ca_file(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_file_wish wish = {.worker = true,
						 .otherwise = "no certificate of the server is accepted"};
	struct fw_notify_target *notify = target;

	if (fw_read_path(loader, value, &notify->ca_file))
		fw_look_at_file(loader, value, notify->ca_file, &wish);
}

/* What must come together. */
static void check_target(struct fw_loader *loader, const struct fw_node *value,
			 const struct fw_notify_target *notify)
{
	static const char *const of_webhook[] = {"header", "secret", "proxy", "ca_file"};
	const struct fw_node *levels = fw_node_get(value, "levels"), *header = fw_node_get(value, "header"),
			     *secret = fw_node_get(value, "secret");
	bool asked = !notify->events.count;

	if (!notify->url == !notify->argv.count)
		fw_complain(loader, value->key, "bad-notify",
			    "write {webhook: \"https://…\"} or {exec: [/PATH]}",
			    "'%s' needs one of webhook and exec", notify->name);
	for (size_t i = 0; i < sizeof(of_webhook) / sizeof(of_webhook[0]) && notify->argv.count; i++) {
		const struct fw_node *key = fw_node_get(value, of_webhook[i]);

		if (key)
			fw_complain(loader, key->key, "bad-notify", "remove it", "'%s' is for webhooks",
				    of_webhook[i]);
	}
	if (notify->user && notify->url)
		fw_complain(loader, fw_node_get(value, "user")->key, "bad-notify", "remove it",
			    "'user' is for programs");
	if (header && !secret)
		fw_complain(loader, header->key, "bad-notify", "add secret: PATH",
			    "'header' has nothing to carry without 'secret'");
	if (secret && notify->url && !strncmp(notify->url, "http://", 7))
		fw_diag_add(loader->diags, secret->key->mark, FW_SEVERITY_WARNING,
			    "notify-secret-unencrypted", "use https://",
			    "the credential of this target is sent without encryption");
	for (size_t i = 0; i < notify->events.count; i++)
		asked |= !strcmp(notify->events.items[i], "utilisation");
	if (levels && !asked)
		fw_diag_add(loader->diags, levels->key->mark, FW_SEVERITY_WARNING, "unused-levels",
			    "add utilisation to events", "'%s' has levels and is not told of utilisation",
			    notify->name);
}

static void load_target(struct fw_loader *loader, const struct fw_node *value)
{
	struct fw_policy *policy = loader->policy;
	struct fw_notify_target notify = {
		.mark = value->key->mark,
		.levels = {50, 70, 90},
		.level_count = 3,
		.rate = FW_NOTIFY_RATE,
		.rate_window_ns = FW_NOTIFY_RATE_WINDOW,
		.timeout_ns = FW_NOTIFY_TIMEOUT_NS,
		.retries = FW_NOTIFY_RETRIES,
	};
	size_t errors = loader->diags->errors;
	char where[FW_NAME_LENGTH_MAX + 24];
	const char *name;

	if (value->broken || !fw_read_name(loader, value->key, "target of messages", &name))
		return;
	snprintf(where, sizeof(where), "notify '%s'", name);
	notify.name = strdup(name);
	if (!notify.name) {
		loader->out_of_memory = true;
		return;
	}
	if (fw_node_get(value, "exec"))
		notify.retries = 0; /* nobody knows what it did before it failed */
	fw_load_object(loader, value, "notify", where, &notify);
	if (loader->diags->errors == errors)
		check_target(loader, value, &notify);
	if (FW_APPEND(policy->notify, policy->notify_count, notify)) {
		loader->out_of_memory = true;
		fw_notify_target_done(&notify);
	}
}

void fw_load_notify(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	(void)target;
	if (value->kind != FW_NODE_MAP) {
		fw_complain(loader, value, "bad-type", "write notify: {ops: {webhook: \"https://…\"}}",
			    "notify must be a map of names");
		return;
	}
	if (value->count > FW_NOTIFY_MAX) {
		fw_complain(loader, value, "too-many", NULL, "more than %d targets", FW_NOTIFY_MAX);
		return;
	}
	for (const struct fw_node *item = value->first; item; item = item->next)
		load_target(loader, item);
}
