// SPDX-License-Identifier: Apache-2.0
/* Readers of what goes into a request over HTTP, whoever makes it: URL, header, proxy. */
#include <stdlib.h>
#include <string.h>

#include "policy/load.h"

#define URL_MAX	 2048
#define TEXT_MAX 256

void fw_keep_text(struct fw_loader *loader, const char *text, char **into)
{
	char *copy = strdup(text);

	if (!copy) {
		loader->out_of_memory = true;
		return;
	}
	free(*into);
	*into = copy;
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

bool fw_is_plain_url(const char *text)
{
	for (const char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return strlen(text) <= URL_MAX;
}

bool fw_is_remote_url(const char *url)
{
	const char *host = begins(url, "http://") || begins(url, "https://") ? strstr(url, "://") + 3 : NULL;

	return host && host[0] && !strchr("/?#", host[0]) && fw_is_plain_url(url);
}

bool fw_url_has_user(struct fw_loader *loader, const struct fw_node *value, const char *url)
{
	const char *host = strstr(url, "://");
	size_t length = host ? strcspn(host + 3, "/?#") : 0;

	if (!length || !memchr(host + 3, '@', length))
		return false;
	fw_complain(loader, value, "bad-url", "put it into a file and name that with secret:",
		    "the URL holds a credential, which everybody who reads this file would see");
	return true;
}

void fw_read_header(struct fw_loader *loader, const struct fw_node *value, char **ret)
{
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (!fw_is_plain_url(text) || strpbrk(text, ":()<>@,;\\\"/[]?={}") || strlen(text) >= TEXT_MAX)
		fw_complain(loader, value, "bad-header", "write its name alone, such as X-Api-Key",
			    "'%.80s' cannot be the name of a header", text);
	else
		fw_keep_text(loader, text, ret);
}

void fw_read_proxy(struct fw_loader *loader, const struct fw_node *value, char **ret)
{
	static const char *const schemes[] = {"http://",    "https://",	 "socks4://",
					      "socks4a://", "socks5://", "socks5h://"};
	const char *text;

	if (!fw_read_text(loader, value, &text))
		return;
	if (!strcmp(text, "none")) {
		fw_keep_text(loader, "", ret);
		return;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!begins(text, schemes[i]) || !fw_is_plain_url(text))
			continue;
		fw_keep_text(loader, text, ret);
		return;
	}
	fw_complain(loader, value, "bad-proxy", "write http://HOST:PORT, https://, socks5h:// or none",
		    "'%.80s' is no proxy", text);
}
