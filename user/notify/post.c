// SPDX-License-Identifier: Apache-2.0
/* One message over http(s). What the server answers is bounded, and only its status counts. */
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feeds/origin.h"
#include "lib/clock.h"
#include "notify/work.h"

#define ANSWER_MAX    65536 /* beyond, the connection is given up; the status has been read */
#define ANSWER_SHOWN  160
#define HEADER_MAX    8192
#define REDIRECTS_MAX 3
#define URL_SHOWN     512

struct answer {
	char text[ANSWER_SHOWN + 1]; /* of its beginning */
	size_t shown, bytes;
	bool too_long;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct answer *answer = user;
	size_t length = size * count;

	for (size_t i = 0; i < length && answer->shown < ANSWER_SHOWN; i++)
		answer->text[answer->shown++] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : ' ';
	answer->text[answer->shown] = '\0';
	answer->bytes += length;
	answer->too_long = answer->bytes > ANSWER_MAX;
	return answer->too_long ? 0 : length;
}

static struct curl_slist *headers(const struct fw_notify_job *job, const char *secret)
{
	char line[HEADER_MAX];
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json"), *grown;

	grown = list ? curl_slist_append(list, "Expect:") : NULL;
	if (grown && secret) {
		snprintf(line, sizeof(line), "%s: %s", job->header ? job->header : "Authorization", secret);
		grown = curl_slist_append(list, line);
		explicit_bzero(line, sizeof(line));
	}
	if (grown)
		return list;
	curl_slist_free_all(list);
	return NULL;
}

static void configure(CURL *curl, const struct fw_notify_job *job, const char *url, long left_ms,
		      struct curl_slist *list, struct answer *answer, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, job->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(job->body));
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "floodwall/" FW_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	if (job->proxy)
		curl_easy_setopt(curl, CURLOPT_PROXY, job->proxy);
	if (job->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, job->ca_file);
}

static void explain_curl(CURLcode code, const char *url, const char *detail, const struct fw_notify_job *job,
			 struct fw_notify_status *status)
{
	char host[256];

	fw_url_host(url, host, sizeof(host));
	status->outcome = FW_NOTIFY_FAILED;
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		snprintf(status->error, sizeof(status->error),
			 "the certificate of %.100s is not accepted: %.200s", host, detail);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		snprintf(status->error, sizeof(status->error), "no answer from %.100s within %llu ms", host,
			 (unsigned long long)job->timeout_ms);
	else
		snprintf(status->error, sizeof(status->error), "%.100s: %.200s", host, detail);
}

/* What the status of the answer means. */
static void judge(const struct answer *answer, const char *redirect, struct fw_notify_status *status)
{
	char host[256];
	bool later = status->http >= 500 || status->http == 408 || status->http == 425 || status->http == 429;

	if (status->http >= 200 && status->http < 300) {
		status->outcome = FW_NOTIFY_DELIVERED;
		return;
	}
	status->outcome = later ? FW_NOTIFY_FAILED : FW_NOTIFY_REFUSED;
	if (redirect) {
		fw_url_host(redirect, host, sizeof(host));
		snprintf(status->error, sizeof(status->error),
			 "the server redirects (%u) to %.100s, which is not followed: write the URL that is "
			 "meant",
			 status->http, host);
	} else {
		snprintf(status->error, sizeof(status->error), "the server answered %u%s%s", status->http,
			 *answer->text ? ": " : "", answer->text);
	}
}

/* One request. *redirect: where it is to be repeated, to be freed. */
static void request(const struct fw_notify_job *job, const char *secret, const char *url, long left_ms,
		    struct fw_notify_status *status, char **redirect)
{
	struct curl_slist *list = headers(job, secret);
	CURL *curl = list ? curl_easy_init() : NULL;
	char error[CURL_ERROR_SIZE] = "", *target = NULL;
	struct answer answer = {0};
	curl_off_t retry_after = 0;
	CURLcode code;
	long http = 0;

	status->outcome = FW_NOTIFY_FAILED;
	snprintf(status->error, sizeof(status->error), "out of memory");
	if (curl) {
		configure(curl, job, url, left_ms, list, &answer, error);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
		curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
		curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &target);
		status->http = http > 0 && http < 1000 ? (unsigned int)http : 0;
		status->retry_after = retry_after > 0 ? (uint64_t)retry_after : 0;
		status->error[0] = '\0';
		if (code && !answer.too_long)
			explain_curl(code, url, *error ? error : curl_easy_strerror(code), job, status);
		else
			judge(&answer, target, status);
		/* Others would make a GET of it. */
		if (target && (http == 307 || http == 308) && fw_url_same_origin(url, target))
			*redirect = strdup(target);
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(list);
}

void fw_notify_post(const struct fw_notify_job *job, const char *secret, struct fw_notify_status *status)
{
	uint64_t deadline = fw_monotonic_ns() + job->timeout_ms * 1000000ULL;
	char *url = strdup(job->url);

	for (int redirects = 0; url; redirects++) {
		uint64_t now = fw_monotonic_ns();
		long left_ms = now < deadline ? (long)((deadline - now) / 1000000ULL) + 1 : 1;
		char *next = NULL;

		request(job, secret, url, left_ms, status, &next);
		free(url);
		url = next;
		if (url && redirects == REDIRECTS_MAX) {
			snprintf(status->error, sizeof(status->error), "more than %d redirects",
				 REDIRECTS_MAX);
			free(url);
			return;
		}
	}
}
