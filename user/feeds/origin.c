// SPDX-License-Identifier: Apache-2.0
/* URLs compared as libcurl reads them. */
#include "feeds/origin.h"

#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

#include "lib/cleanup.h"

static void cleanup_string(char **text)
{
	curl_free(*text);
}
#define FW_CURL_FREE FW_CLEANUP(cleanup_string)

static char *part_of(const char *url, CURLUPart part)
{
	CURLU *parsed = curl_url();
	char *text = NULL;

	if (parsed && !curl_url_set(parsed, CURLUPART_URL, url, 0))
		(void)curl_url_get(parsed, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
	curl_url_cleanup(parsed);
	return text;
}

static bool same_part(const char *a, const char *b, CURLUPart part)
{
	FW_CURL_FREE char *left = part_of(a, part);
	FW_CURL_FREE char *right = part_of(b, part);

	return left && right && !strcasecmp(left, right);
}

bool fw_url_same_origin(const char *a, const char *b)
{
	return same_part(a, b, CURLUPART_SCHEME) && same_part(a, b, CURLUPART_HOST) &&
	       same_part(a, b, CURLUPART_PORT);
}

const char *fw_url_host(const char *url, char *buffer, size_t size)
{
	FW_CURL_FREE char *host = part_of(url, CURLUPART_HOST);

	snprintf(buffer, size, "%s", host ? host : "the URL");
	return buffer;
}
