// SPDX-License-Identifier: Apache-2.0
/* One document over http(s). Redirects are followed here and not by libcurl, which would carry a credential
 * header of our own to any other host. */
#include "feeds/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "feeds/origin.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define ERROR_BODY_MAX	65536
#define CONNECT_MS	15000L
#define STALL_SECONDS	20L /* not a byte for so long */
#define HEADER_LINE_MAX 8192
#define MS_PER_NS	1000000ULL

struct transfer {
	const struct fw_fetch_request *request;
	struct fw_fetch_answer *answer;
	struct fw_inflate inflate;
	struct fw_err *err;
	CURL *curl;
	int failed; /* what the sink or we said */
	uint64_t discarded;
	char encoding[32];
	char curl_error[CURL_ERROR_SIZE];
};

static void cleanup_string(char **text)
{
	curl_free(*text);
}
#define FW_CURL_FREE FW_CLEANUP(cleanup_string)

/* Takes "Name: value" into ret when it is that header; unprintable values are as good as none. */
static void take_header(const char *line, size_t length, const char *name, char *ret, size_t size)
{
	size_t skip = strlen(name), i;

	if (length <= skip || strncasecmp(line, name, skip) || line[skip] != ':')
		return;
	line += skip + 1;
	length -= skip + 1;
	while (length && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	while (length && strchr(" \t\r\n", line[length - 1]))
		length--;
	for (i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			return;
	if (length < size) {
		memcpy(ret, line, length);
		ret[length] = '\0';
	}
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct transfer *transfer = user;
	struct fw_fetch_answer *answer = transfer->answer;
	size_t length = size * count;

	/* A new status line: what an interim answer said is void. */
	if (length > 5 && !strncmp(line, "HTTP/", 5))
		answer->etag[0] = answer->last_modified[0] = transfer->encoding[0] = '\0';
	take_header(line, length, "etag", answer->etag, sizeof(answer->etag));
	take_header(line, length, "last-modified", answer->last_modified, sizeof(answer->last_modified));
	take_header(line, length, "content-encoding", transfer->encoding, sizeof(transfer->encoding));
	return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	struct transfer *transfer = user;
	size_t length = size * count;
	long http = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &http);
	transfer->answer->wire_bytes += length;
	if (http != 200) {
		transfer->discarded += length;
		return transfer->discarded > ERROR_BODY_MAX ? 0 : length;
	}
	transfer->failed = fw_inflate_feed(&transfer->inflate, bytes, length, transfer->err);
	return transfer->failed ? 0 : length;
}

static int append_header(struct curl_slist **list, const char *format, const char *name, const char *value,
			 struct fw_err *err)
{
	char line[HEADER_LINE_MAX];
	struct curl_slist *grown;

	if ((size_t)snprintf(line, sizeof(line), format, name, value) >= sizeof(line))
		return fw_err_set(err, -EINVAL, "header %.40s is too long", name);
	grown = curl_slist_append(*list, line);
	explicit_bzero(line, sizeof(line));
	if (!grown)
		return fw_err_set(err, -ENOMEM, "out of memory");
	*list = grown;
	return 0;
}

static int headers(const struct fw_fetch_request *request, bool with_secret, struct curl_slist **list,
		   struct fw_err *err)
{
	int r = append_header(list, "%s: %s", "Accept-Encoding", "gzip, deflate", err);

	if (!r && request->etag && *request->etag)
		r = append_header(list, "%s: %s", "If-None-Match", request->etag, err);
	if (!r && request->last_modified && *request->last_modified)
		r = append_header(list, "%s: %s", "If-Modified-Since", request->last_modified, err);
	if (!r && request->secret && with_secret)
		r = append_header(list, "%s: %s", request->header ? request->header : "Authorization",
				  request->secret, err);
	return r;
}

static void configure(struct transfer *transfer, const char *url, long left_ms, struct curl_slist *list)
{
	const struct fw_fetch_request *request = transfer->request;
	CURL *curl = transfer->curl;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, left_ms < CONNECT_MS ? left_ms : CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "floodwall/" FW_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->curl_error);
	curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->inflate.max_bytes);
	if (request->proxy)
		curl_easy_setopt(curl, CURLOPT_PROXY, request->proxy);
	if (request->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, request->ca_file);
}

static int explain_curl(struct transfer *transfer, CURLcode code, const char *url)
{
	char host[256];
	const char *detail = *transfer->curl_error ? transfer->curl_error : curl_easy_strerror(code);
	unsigned long long seconds =
		transfer->request->max_seconds ? transfer->request->max_seconds : FW_FETCH_SECONDS_DEFAULT;

	fw_url_host(url, host, sizeof(host));
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		return fw_err_set(transfer->err, -EACCES, "the certificate of %.100s is not accepted: %.200s",
				  host, detail);
	if (code == CURLE_FILESIZE_EXCEEDED)
		return fw_err_set(transfer->err, -EFBIG, "larger than %llu bytes, the cap of this feed",
				  (unsigned long long)transfer->inflate.max_bytes);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fw_err_set(transfer->err, -ETIMEDOUT,
				  "no complete answer from %.100s within %llu s: %.200s", host, seconds,
				  detail);
	if (code == CURLE_PARTIAL_FILE)
		return fw_err_set(transfer->err, -EBADMSG, "the answer of %.100s ends in the middle: %.200s",
				  host, detail);
	return fw_err_set(transfer->err, -EIO, "%.100s: %.200s", host, detail);
}

/* The answer is complete: is it the document? */
static int judge_answer(struct transfer *transfer)
{
	struct fw_fetch_answer *answer = transfer->answer;
	const struct fw_fetch_request *request = transfer->request;
	bool asked = (request->etag && *request->etag) || (request->last_modified && *request->last_modified);
	curl_off_t retry_after = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after);
	answer->retry_after = retry_after > 0 ? (uint64_t)retry_after : 0;
	if (answer->http == 304) {
		answer->not_modified = asked;
		return asked ? 0
			     : fw_err_set(
				       transfer->err, -EPROTO,
				       "the server says \"not modified\" (304) although nothing was there");
	}
	if (answer->http != 200)
		return fw_err_set(transfer->err, -EPROTO, "the server answered %ld instead of 200",
				  answer->http);
	if (*transfer->encoding && strcasecmp(transfer->encoding, "identity") &&
	    !transfer->inflate.compressed)
		return fw_err_set(transfer->err, -EPROTO,
				  "the body is said to be '%s', expects gzip or deflate", transfer->encoding);
	return fw_inflate_finish(&transfer->inflate, transfer->err);
}

/* One request. *location is where a redirect points, to be freed by curl_free. */
static int request_once(struct transfer *transfer, const char *url, bool with_secret, long left_ms,
			char **location)
{
	struct curl_slist *list = NULL;
	CURLcode code;
	char *target = NULL;
	int r = headers(transfer->request, with_secret, &list, transfer->err);

	transfer->curl = r ? NULL : curl_easy_init();
	if (!transfer->curl) {
		curl_slist_free_all(list);
		return r ? r : fw_err_set(transfer->err, -ENOMEM, "out of memory");
	}
	configure(transfer, url, left_ms, list);
	code = curl_easy_perform(transfer->curl);
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &transfer->answer->http);
	curl_easy_getinfo(transfer->curl, CURLINFO_REDIRECT_URL, &target);
	if (transfer->failed)
		r = transfer->failed;
	else if (code == CURLE_WRITE_ERROR && transfer->discarded > ERROR_BODY_MAX)
		r = fw_err_set(transfer->err, -EPROTO, "the server answered %ld instead of 200",
			       transfer->answer->http);
	else if (code)
		r = explain_curl(transfer, code, url);
	else if (target)
		*location = strdup(target);
	else
		r = judge_answer(transfer);
	curl_easy_cleanup(transfer->curl);
	curl_slist_free_all(list);
	return r;
}

static int judge_redirect(const char *from, const char *to, struct fw_err *err)
{
	bool secure = !strncasecmp(to, "https://", 8);

	if (!secure && strncasecmp(to, "http://", 7))
		return fw_err_set(err, -EPROTO, "the server redirects to neither http nor https");
	if (!secure && !strncasecmp(from, "https:", 6))
		return fw_err_set(err, -EPROTO,
				  "the server redirects from https to something else, which is not followed");
	return 0;
}

static int follow(struct transfer *transfer, char *url, char **ret_url)
{
	const struct fw_fetch_request *request = transfer->request;
	uint64_t seconds = request->max_seconds ? request->max_seconds : FW_FETCH_SECONDS_DEFAULT;
	uint64_t deadline = fw_monotonic_ns() + seconds * FW_NS_PER_SEC;
	char *first = url;
	int r = 0;

	for (;;) {
		FW_FREE char *location = NULL;
		uint64_t now = fw_monotonic_ns();
		long left_ms = now < deadline ? (long)((deadline - now) / MS_PER_NS) + 1 : 1;

		r = request_once(transfer, url, fw_url_same_origin(request->url, url), left_ms, &location);
		if (r || !location)
			break;
		if (transfer->answer->redirects++ == FW_FETCH_REDIRECTS_MAX) {
			r = fw_err_set(transfer->err, -ELOOP, "more than %d redirects",
				       FW_FETCH_REDIRECTS_MAX);
			break;
		}
		r = judge_redirect(url, location, transfer->err);
		if (r)
			break;
		if (url != first)
			free(url);
		url = TAKE_PTR(location);
		transfer->discarded = 0;
	}
	*ret_url = url;
	return r;
}

/* The URL to ask for: with the query, without credentials in it. */
static int prepare_url(const struct fw_fetch_request *request, char **ret, struct fw_err *err)
{
	CURLU *parsed = curl_url();
	char *user = NULL;
	int r = 0;

	if (!parsed)
		return fw_err_set(err, -ENOMEM, "out of memory");
	if (curl_url_set(parsed, CURLUPART_URL, request->url, 0))
		r = fw_err_set(err, -EINVAL, "the URL cannot be read");
	else if (!curl_url_get(parsed, CURLUPART_USER, &user, 0))
		r = fw_err_set(err, -EINVAL,
			       "the URL carries credentials: put them into a file and name that");
	else if (request->query && curl_url_set(parsed, CURLUPART_QUERY, request->query, CURLU_APPENDQUERY))
		r = fw_err_set(err, -EINVAL, "the URL takes no query");
	else if (curl_url_get(parsed, CURLUPART_URL, ret, 0))
		r = fw_err_set(err, -EINVAL, "the URL cannot be read");
	curl_free(user);
	curl_url_cleanup(parsed);
	return r;
}

int fw_fetch(const struct fw_fetch_request *request, fw_feed_sink sink, void *user,
	     struct fw_fetch_answer *answer, struct fw_err *err)
{
	struct transfer transfer = {.request = request, .answer = answer, .err = err};
	FW_CURL_FREE char *url = NULL;
	char *last = NULL;
	int r;

	*answer = (struct fw_fetch_answer){0};
	if (request->url[0] == '/')
		return fw_fetch_file(request->url, request, sink, user, answer, err);
	if (!strncasecmp(request->url, "file:///", 8))
		return fw_fetch_file(request->url + 7, request, sink, user, answer, err);
	if (strncasecmp(request->url, "http://", 7) && strncasecmp(request->url, "https://", 8))
		return fw_err_set(err, -EINVAL,
				  "expects a URL that begins with http://, https:// or file:///");
	r = prepare_url(request, &url, err);
	if (r)
		return r;
	fw_inflate_init(&transfer.inflate, request->max_bytes ? request->max_bytes : FW_FETCH_BYTES_DEFAULT,
			sink, user);
	r = follow(&transfer, url, &last);
	if (last != url)
		free(last);
	answer->bytes = transfer.inflate.bytes;
	fw_inflate_done(&transfer.inflate);
	return r;
}
