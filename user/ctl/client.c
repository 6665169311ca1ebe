// SPDX-License-Identifier: Apache-2.0
/* HTTP over a UNIX socket by libcurl: one handle, one request at a time. */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/cleanup.h"

#define CONNECT_MS     5000L
#define ANSWER_MS      120000u
#define ANSWER_MAX     (1ul << 30) /* a list of ten million bans stays below */
#define LINE_MAX_BYTES (1ul << 20)
#define SOCKET_MAX     sizeof(((struct sockaddr_un *)0)->sun_path)

struct fw_client {
	CURL *curl;
	char socket[SOCKET_MAX], read_socket[SOCKET_MAX];
	unsigned int timeout_ms;
};

/* What a transfer fills; a stream turns it into lines. */
struct transfer {
	CURL *curl;
	char *data;
	size_t length, capacity, limit;
	int error; /* negative errno of our own making */
	fw_client_line *on_line;
	void *context;
	bool stopped;
};

void fw_answer_done(struct fw_answer *answer)
{
	free(answer->body);
	*answer = (struct fw_answer){0};
}

int fw_client_open(const char *socket, struct fw_client **ret, struct fw_err *err)
{
	const char *slash = strrchr(socket, '/'), *base = strrchr(FW_READ_SOCKET_DEFAULT, '/') + 1;
	int directory = slash ? (int)(slash - socket + 1) : 0;
	struct fw_client *client;

	if (!*socket)
		return fw_err_set(err, -EINVAL, "the socket's path is empty");
	if (strlen(socket) >= SOCKET_MAX || (size_t)directory + strlen(base) >= SOCKET_MAX)
		return fw_err_set(err, -ENAMETOOLONG,
				  "socket path '%s' is longer than the %zu bytes a UNIX socket may have",
				  socket, SOCKET_MAX - 1);
	client = calloc(1, sizeof(*client));
	if (!client)
		return fw_err_set(err, -ENOMEM, "out of memory");
	client->curl = curl_easy_init();
	if (!client->curl) {
		free(client);
		return fw_err_set(err, -ENOMEM, "libcurl did not start");
	}
	snprintf(client->socket, sizeof(client->socket), "%s", socket);
	snprintf(client->read_socket, sizeof(client->read_socket), "%.*s%s", directory, socket, base);
	client->timeout_ms = ANSWER_MS;
	*ret = client;
	return 0;
}

void fw_client_close(struct fw_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	free(client);
}

void fw_client_timeout(struct fw_client *client, unsigned int milliseconds)
{
	client->timeout_ms = milliseconds;
}

/* Room for `more` bytes and a NUL. */
static bool make_room(struct transfer *transfer, size_t more)
{
	size_t need = transfer->length + more + 1, capacity = transfer->capacity ? transfer->capacity : 4096;
	char *data;

	if (need > transfer->limit) {
		transfer->error = -EMSGSIZE;
		return false;
	}
	while (capacity < need)
		capacity *= 2;
	if (capacity == transfer->capacity)
		return true;
	data = realloc(transfer->data, capacity);
	if (!data) {
		transfer->error = -ENOMEM;
		return false;
	}
	transfer->data = data;
	transfer->capacity = capacity;
	return true;
}

/* Hands complete lines on and keeps the rest. */
static bool hand_over_lines(struct transfer *transfer)
{
	char *line = transfer->data, *end;
	size_t rest;

	while ((end = memchr(line, '\n', transfer->length - (size_t)(line - transfer->data)))) {
		*end = '\0';
		if (end > line && !transfer->on_line(line, (size_t)(end - line), transfer->context)) {
			transfer->stopped = true;
			return false;
		}
		line = end + 1;
	}
	rest = transfer->length - (size_t)(line - transfer->data);
	memmove(transfer->data, line, rest);
	transfer->length = rest;
	return true;
}

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t length = size * count;
	long status = 0;

	if (!make_room(transfer, length))
		return 0;
	memcpy(transfer->data + transfer->length, bytes, length);
	transfer->length += length;
	transfer->data[transfer->length] = '\0';
	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->on_line && status < 400 && !hand_over_lines(transfer))
		return 0;
	return length;
}

static int explain_failure(CURL *curl, CURLcode code, const char *socket, const struct transfer *transfer,
			   struct fw_err *err)
{
	long os_error = 0;

	if (transfer->error == -EMSGSIZE)
		return fw_err_set(err, -EMSGSIZE, "the agent's answer exceeds %lu MiB",
				  transfer->limit >> 20);
	if (transfer->error)
		return fw_err_set(err, transfer->error, "out of memory");
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_error);
	switch ((int)code) { /* most of the enum is about other protocols */
	case CURLE_COULDNT_CONNECT:
		if (os_error == EACCES || os_error == EPERM)
			return fw_err_set(err, -EACCES, "no permission to use '%s'", socket);
		return fw_err_set(err, -ECONNREFUSED, "nobody listens on '%s'%s%s", socket,
				  os_error ? ": " : "", os_error ? strerror((int)os_error) : "");
	case CURLE_OPERATION_TIMEDOUT:
		return fw_err_set(err, -ETIMEDOUT, "the agent on '%s' did not answer in time", socket);
	case CURLE_OUT_OF_MEMORY:
		return fw_err_set(err, -ENOMEM, "out of memory");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return fw_err_set(err, -EPROTO, "what listens on '%s' does not speak HTTP", socket);
	default:
		return fw_err_set(err, -ECONNRESET, "the agent on '%s' closed the connection: %s", socket,
				  curl_easy_strerror(code));
	}
}

static int prepare(struct fw_client *client, const struct fw_api_route_info *info,
		   const struct fw_query *query, const char *body, struct transfer *transfer,
		   struct fw_err *err)
{
	CURL *curl = client->curl;
	FW_FREE char *url = NULL;

	if (body && strlen(body) > FW_API_BODY_MAX)
		return fw_err_set(err, -EMSGSIZE, "the request has %zu bytes; the agent takes up to %u",
				  strlen(body), FW_API_BODY_MAX);
	if (asprintf(&url, "http://floodwalld%s%s%s", info->path, query && query->text ? "?" : "",
		     query && query->text ? query->text : "") < 0) {
		url = NULL;
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	transfer->curl = curl;
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	if (strcmp(info->method, "POST"))
		return 0;
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(body ? strlen(body) : 0));
	curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body ? body : "");
	return 0;
}

/* "Expect: 100-continue" would cost a round trip that no local agent needs. */
static struct curl_slist *headers(bool post)
{
	struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
	struct curl_slist *more = list ? curl_slist_append(list, "Expect:") : NULL;

	if (more && post) {
		list = more;
		more = curl_slist_append(list, "Content-Type: application/json");
	}
	if (!more)
		curl_slist_free_all(list);
	return more;
}

/* Where a request goes first, and where else if that is not permitted. */
static size_t sockets_for(const struct fw_client *client, const struct fw_api_route_info *info,
			  const char *paths[2])
{
	paths[0] = client->socket;
	paths[1] = client->read_socket;
	return info->writes || !strcmp(client->socket, client->read_socket) ? 1 : 2;
}

/* Tries the sockets in turn; the first refusal stands if the second socket is no way out either. */
static int perform(struct fw_client *client, const struct fw_api_route_info *info, struct transfer *transfer,
		   struct fw_err *err)
{
	struct curl_slist *list = headers(!strcmp(info->method, "POST"));
	const char *paths[2];
	size_t count = sockets_for(client, info, paths);
	struct fw_err second = {0};
	int r = 0, first = 0;

	if (!list)
		return fw_err_set(err, -ENOMEM, "out of memory");
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, list);
	for (size_t i = 0; i < count; i++) {
		CURLcode code;

		curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, paths[i]);
		code = curl_easy_perform(client->curl);
		r = code && !transfer->stopped
			    ? explain_failure(client->curl, code, paths[i], transfer, i ? &second : err)
			    : 0;
		first = i ? first : r;
		if (r != -EACCES)
			break;
	}
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(list);
	if (first != -EACCES || !r)
		return r;
	return r == -ECONNREFUSED || r == -EACCES ? first : fw_err_set(err, r, "%s", second.text);
}

static int take_answer(struct fw_client *client, struct transfer *transfer, struct fw_answer *ret,
		       struct fw_err *err)
{
	long status = 0;

	if (!make_room(transfer, 0))
		return fw_err_set(err, transfer->error, "out of memory");
	transfer->data[transfer->length] = '\0';
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct fw_answer){
		.status = (unsigned int)status, .body = TAKE_PTR(transfer->data), .length = transfer->length};
	return 0;
}

int fw_client_call(struct fw_client *client, enum fw_api_route route, const struct fw_query *query,
		   const char *body, struct fw_answer *ret, struct fw_err *err)
{
	const struct fw_api_route_info *info = fw_api_route_info(route);
	struct transfer transfer = {.limit = ANSWER_MAX};
	int r = prepare(client, info, query, body, &transfer, err);

	r = r ? r : perform(client, info, &transfer, err);
	r = r ? r : take_answer(client, &transfer, ret, err);
	free(transfer.data);
	return r;
}

int fw_client_follow(struct fw_client *client, enum fw_api_route route, const struct fw_query *query,
		     fw_client_line *on_line, void *context, struct fw_answer *ret_refusal,
		     struct fw_err *err)
{
	const struct fw_api_route_info *info = fw_api_route_info(route);
	struct transfer transfer = {.limit = LINE_MAX_BYTES, .on_line = on_line, .context = context};
	long status = 0;
	int r = prepare(client, info, query, NULL, &transfer, err);

	if (!r) {
		curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, 0L);
		r = perform(client, info, &transfer, err);
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	}
	if (!r && status >= 400)
		r = take_answer(client, &transfer, ret_refusal, err);
	else if (!r && !transfer.stopped)
		r = fw_err_set(err, -ECONNRESET, "the agent ended the stream");
	free(transfer.data);
	return r;
}
