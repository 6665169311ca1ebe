// SPDX-License-Identifier: Apache-2.0
/* One request: is it proper HTTP, may this peer, which route; then its answer, at once, later, or as a
 * stream. */
#include "agent/exchange.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/question.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define DISCARD_MAX  (64u << 20) /* an oversized body is read to its end, so that the sender hears why */
#define STREAM_BLOCK 4096
#define GROUPS_MAX   1024

static struct fw_exchange *exchange_new(struct fw_listener *listener, struct MHD_Connection *connection)
{
	struct fw_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		return NULL;
	exchange->listener = listener;
	exchange->request.agent = listener->server->agent;
	exchange->request.connection = connection;
	uv_timer_init(&listener->server->agent->loop, &exchange->timer);
	exchange->timer.data = exchange;
	exchange->next = listener->server->exchanges;
	listener->server->exchanges = exchange;
	return exchange;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void fw_exchange_completed(void *context, struct MHD_Connection *connection, void **pointer,
			   enum MHD_RequestTerminationCode why)
{
	struct fw_listener *listener = context;
	struct fw_exchange *exchange = *pointer, **link;

	(void)connection;
	(void)why;
	if (!exchange)
		return;
	for (link = &listener->server->exchanges; *link && *link != exchange; link = &(*link)->next)
		;
	if (*link)
		*link = exchange->next;
	fw_follower_free(exchange->follower);
	fw_key_walk_drop(exchange->request.walk);
	fw_question_drop(exchange->request.question);
	fw_unban_drop(exchange->request.unban);
	json_decref(exchange->request.body);
	free(exchange->body);
	*pointer = NULL;
	uv_close((uv_handle_t *)&exchange->timer, on_closed);
}

void fw_exchange_wake(struct fw_exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	MHD_resume_connection(exchange->request.connection);
	fw_server_kick(exchange->listener->server);
}

void fw_exchange_end_all(struct fw_server *server)
{
	for (struct fw_exchange *exchange = server->exchanges; exchange; exchange = exchange->next)
		fw_exchange_wake(exchange);
}

static void on_wake(void *context)
{
	fw_exchange_wake(context);
}

static void on_deferred(uv_timer_t *timer)
{
	fw_exchange_wake(timer->data);
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
	struct fw_exchange *exchange = context;
	ptrdiff_t got = fw_follower_read(exchange->follower, buffer, size);

	(void)position;
	if (got < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (got == 0) {
		exchange->suspended = true;
		MHD_suspend_connection(exchange->request.connection);
	}
	return got;
}

static struct MHD_Response *response_of(struct fw_exchange *exchange, struct fw_answer *answer,
					const char **type)
{
	char *text = answer->text;

	*type = "application/json";
	if (answer->follow) {
		exchange->follower =
			fw_follower_new(&exchange->request.agent->events, answer->past, on_wake, exchange);
		*type = "application/x-ndjson";
		if (exchange->follower)
			return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
								 exchange, NULL);
		fw_fail(answer, 503, FW_EXIT_TRY_AGAIN, "too-many-followers", NULL,
			"too many readers follow the events already; try again when one has ended");
	}
	if (text)
		*type = answer->text_type;
	else
		text = json_dumps(answer->json, JSON_COMPACT);
	json_decref(answer->json);
	return text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
}

static enum MHD_Result send_answer(struct fw_exchange *exchange, struct fw_answer *answer, bool close_after)
{
	const char *type;
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (answer->defer_ms) {
		exchange->request.asked++;
		exchange->suspended = true;
		MHD_suspend_connection(exchange->request.connection);
		uv_timer_start(&exchange->timer, on_deferred, answer->defer_ms, 0);
		return MHD_YES;
	}
	response = response_of(exchange, answer, &type);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (close_after)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	exchange->answered = true;
	sent = MHD_queue_response(exchange->request.connection, answer->http ? answer->http : 200, response);
	MHD_destroy_response(response);
	return sent;
}

struct header_count {
	int hosts, lengths, encodings;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct header_count *count = context;

	(void)kind;
	(void)value;
	count->hosts += !strcasecmp(key, MHD_HTTP_HEADER_HOST);
	count->lengths += !strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH);
	count->encodings += !strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	return MHD_YES;
}

/* What a proxy in front might read in another way than we do. */
static bool is_ambiguous(struct MHD_Connection *connection)
{
	struct header_count count = {};

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &count);
	return count.hosts > 1 || count.lengths > 1 || (count.lengths && count.encodings);
}

static bool identify_peer(struct fw_exchange *exchange, bool *ret_in_group)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(exchange->request.connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = {};
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(peer), group_size = sizeof(groups);
	const struct passwd *user;
	gid_t writers = exchange->listener->server->writers;

	if (!info || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	exchange->request.uid = peer.uid;
	user = getpwuid(peer.uid);
	if (user)
		snprintf(exchange->request.by, sizeof(exchange->request.by), "%.60s", user->pw_name);
	else
		snprintf(exchange->request.by, sizeof(exchange->request.by), "uid %u",
			 (unsigned int)peer.uid);
	*ret_in_group = writers != (gid_t)-1 && peer.gid == writers;
	if (writers != (gid_t)-1 &&
	    !getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERGROUPS, groups, &group_size))
		for (size_t i = 0; i < group_size / sizeof(groups[0]); i++)
			*ret_in_group |= groups[i] == writers;
	return true;
}

static bool may_go_on(struct fw_exchange *exchange, struct fw_answer *answer)
{
	const struct fw_route_entry *route = &fw_routes[exchange->request.route];
	bool in_group = false;

	if (!identify_peer(exchange, &in_group)) {
		fw_fail(answer, 403, FW_EXIT_NO_PERMISSION, "unknown-peer", NULL,
			"the kernel does not say who is asking");
		return false;
	}
	if (!route->writes)
		return true;
	if (!exchange->listener->writable) {
		fw_fail(answer, 403, FW_EXIT_NO_PERMISSION, "read-only",
			"run it with sudo, or as a member of the group floodwall",
			"%s %s changes things, and this socket only answers questions", route->method,
			route->path);
		return false;
	}
	if (exchange->request.uid == 0 || exchange->request.uid == geteuid() || in_group)
		return true;
	fw_fail(answer, 403, FW_EXIT_NO_PERMISSION, "not-allowed",
		"run it with sudo, or as a member of the group floodwall", "%s may not change things",
		exchange->request.by);
	return false;
}

static bool parse_body(struct fw_exchange *exchange, struct fw_answer *answer)
{
	json_error_t problem;

	if (strcmp(fw_routes[exchange->request.route].method, "POST") || exchange->request.body)
		return true;
	if (!exchange->length)
		exchange->request.body = json_object();
	else
		exchange->request.body =
			json_loadb(exchange->body, exchange->length, JSON_REJECT_DUPLICATES, &problem);
	if (json_is_object(exchange->request.body))
		return true;
	if (exchange->request.body)
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-json", NULL, "the body must be a JSON object");
	else
		fw_fail(answer, 400, FW_EXIT_USAGE, "bad-json", NULL,
			"the body is no JSON: %s at line %d, column %d", problem.text, problem.line,
			problem.column);
	return false;
}

static enum MHD_Result dispatch(struct fw_exchange *exchange, const char *url, const char *method)
{
	struct fw_answer answer = {};
	bool path_known;

	if (exchange->received > FW_API_BODY_MAX) {
		fw_fail(&answer, 413, FW_EXIT_USAGE, "too-large", NULL, "the body has more than %u MiB",
			FW_API_BODY_MAX >> 20);
		return send_answer(exchange, &answer, true);
	}
	exchange->request.route = fw_route_find(method, url, &path_known);
	if (exchange->request.route == FW_ROUTE_MAX_) {
		if (path_known)
			fw_fail(&answer, 405, FW_EXIT_USAGE, "bad-method", NULL,
				"%.16s is no method of %.100s", method, url);
		else
			fw_fail(&answer, 404, FW_EXIT_USAGE, "no-such-route", NULL,
				"there is no %.100s; is the agent older than "
				"the client? It is version %s",
				url, FW_VERSION);
	} else if (may_go_on(exchange, &answer) && parse_body(exchange, &answer)) {
		fw_route_handler(exchange->request.route)(&exchange->request, &answer);
	}
	return send_answer(exchange, &answer, false);
}

static void take_body(struct fw_exchange *exchange, const char *upload, size_t size)
{
	char *grown;

	exchange->received += size;
	if (exchange->received > FW_API_BODY_MAX) {
		free(exchange->body);
		exchange->body = NULL;
		return;
	}
	grown = realloc(exchange->body, exchange->length + size);
	if (!grown) {
		exchange->received = (size_t)FW_API_BODY_MAX + 1;
		return;
	}
	memcpy(grown + exchange->length, upload, size);
	exchange->body = grown;
	exchange->length += size;
}

enum MHD_Result fw_exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
				   const char *method, const char *version, const char *upload,
				   size_t *upload_size, void **pointer)
{
	struct fw_exchange *exchange = *pointer;

	(void)version;
	if (!exchange) {
		exchange = *pointer = exchange_new(context, connection);
		if (!exchange)
			return MHD_NO;
		if (!is_ambiguous(connection))
			return MHD_YES;
		struct fw_answer answer = {};

		fw_fail(&answer, 400, FW_EXIT_USAGE, "ambiguous", NULL,
			"two Host or Content-Length headers, or Content-Length beside Transfer-Encoding");
		return send_answer(exchange, &answer, true);
	}
	if (*upload_size) {
		take_body(exchange, upload, *upload_size);
		*upload_size = 0;
		return exchange->received > DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	if (exchange->answered)
		return MHD_YES;
	return dispatch(exchange, url, method);
}
