// SPDX-License-Identifier: Apache-2.0
/* Fetches documents from floodwalld's read-only socket. */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "web/serve.h"

#define ANSWER_MAX  (32u << 20)
#define PATIENCE_MS 5000

struct answer {
	char *text;
	size_t length;
};

static size_t take(char *data, size_t one, size_t size, void *context)
{
	struct answer *answer = context;
	char *grown =
		answer->length + size < ANSWER_MAX ? realloc(answer->text, answer->length + size + 1) : NULL;

	(void)one;
	if (!grown)
		return 0;
	memcpy(grown + answer->length, data, size);
	answer->text = grown;
	answer->length += size;
	grown[answer->length] = '\0';
	return size;
}

long fw_web_ask(const char *socket, const char *path, char **ret, size_t *ret_length)
{
	CURL *curl = curl_easy_init();
	struct answer answer = {};
	char url[256] = "http://floodwalld";
	long status = 0;

	if (!curl)
		return 0;
	strncat(url, path, sizeof(url) - strlen(url) - 1);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)PATIENCE_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	*ret = answer.text;
	*ret_length = answer.length;
	return status;
}
