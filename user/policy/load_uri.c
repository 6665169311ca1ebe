// SPDX-License-Identifier: Apache-2.0
/* Readers of the match keys about requests: uri, method, host, sni. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/grow.h"
#include "lib/uri.h"
#include "policy/load.h"

#define URI_MAX	   256 /* longer targets are not compared in the packet path */
#define METHOD_MAX 32
#define HOST_MAX   253

/* An encoded one, %3f, may be in a path; who writes it plainly means a query more often than that. */
static void warn_of_query(struct fw_loader *loader, const struct fw_node *item, const char *text)
{
	const char *percent = strchr(text, '%');
	bool encoded = percent && strlen(percent) > 2 && strspn(percent + 1, "0123456789abcdefABCDEF") > 1;

	if (strpbrk(text, "?#") || encoded)
		fw_diag_add(loader->diags, item->mark, FW_SEVERITY_WARNING, "uri-not-plain",
			    "write the path decoded and without its query",
			    "'%.80s' is compared with paths that were decoded and cut before their query",
			    text);
}

static void load_test(struct fw_loader *loader, const struct fw_node *value, enum fw_uri_how how,
		      struct fw_uri_tests *tests)
{
	fw_node_each (item, value) {
		struct fw_uri_test test = {.how = how};
		const char *text;

		if (fw_list_is_full(loader, item, tests->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (strlen(text) > URI_MAX ||
		    (how != FW_URI_CONTAINS && !fw_uri_is_normal(text, strlen(text)))) {
			fw_complain(loader, item, "bad-uri",
				    "write the path from its first slash, without //, /./ and /../: /login",
				    "'%.80s' is no path of at most %d bytes that a request could have", text,
				    URI_MAX);
			continue;
		}
		warn_of_query(loader, item, text);
		test.text = strdup(text);
		if (test.text)
			fw_uri_lower(test.text, strlen(test.text));
		if (!test.text || FW_APPEND(tests->items, tests->count, test)) {
			free(test.text);
			loader->out_of_memory = true;
		}
	}
}

void fw_load_uri_exact(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_test(loader, value, FW_URI_EXACT, target);
}

void fw_load_uri_prefix(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_test(loader, value, FW_URI_PREFIX, target);
}

void fw_load_uri_contains(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_test(loader, value, FW_URI_CONTAINS, target);
}

void fw_load_match_uri(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_uri_tests *tests = &((struct fw_policy_rule *)target)->match.uri;

	fw_node_each (item, value) {
		if (item->kind == FW_NODE_MAP && item->count > 1)
			fw_complain(loader, item, "bad-uri",
				    "write alternatives as a list: [{exact: /a}, {prefix: /b/}]",
				    "one uri has one of exact, prefix and contains");
		else
			fw_load_object(loader, item, "uri", "uri", tests);
	}
}

static void add_name(struct fw_loader *loader, const char *text, struct fw_names *names)
{
	char *copy = strdup(text);

	if (!copy || FW_APPEND(names->items, names->count, copy)) {
		free(copy);
		loader->out_of_memory = true;
	}
}

void fw_load_match_method(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_names *names = &((struct fw_policy_rule *)target)->match.method;

	fw_node_each (item, value) {
		const char *text;

		if (fw_list_is_full(loader, item, names->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		if (strlen(text) > METHOD_MAX || text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_")])
			fw_complain(loader, item, "bad-method", "write GET, POST, PROPFIND, …",
				    "'%.80s' is no request method: they are upper case", text);
		else
			add_name(loader, text, names);
	}
}

static void load_hosts(struct fw_loader *loader, const struct fw_node *value, struct fw_names *names)
{
	fw_node_each (item, value) {
		char host[HOST_MAX + 1];
		const char *text, *name;
		size_t length;

		if (fw_list_is_full(loader, item, names->count))
			return;
		if (!fw_read_text(loader, item, &text))
			continue;
		length = fw_uri_host(text, strlen(text), host, HOST_MAX);
		name = strncmp(text, "*.", 2) ? text : text + 2;
		if (!length || length != strlen(text) || strpbrk(name, "*/?#@ \t")) {
			fw_complain(
				loader, item, "bad-host",
				"write www.example.org or *.example.org, without a port or a dot at its end",
				"'%.80s' is no host name", text);
			continue;
		}
		host[length] = '\0';
		add_name(loader, host, names);
	}
}

void fw_load_match_host(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_hosts(loader, value, &((struct fw_policy_rule *)target)->match.host);
}

void fw_load_match_sni(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_hosts(loader, value, &((struct fw_policy_rule *)target)->match.sni);
}
