// SPDX-License-Identifier: Apache-2.0
/* Few pages, GET only, small limits. */
#include "web/serve.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/api.h"
#include "lib/log.h"
#include "observe/metrics.h"

#define CONNECTIONS_MAX	   64
#define PER_ADDRESS_MAX	   16
#define CONNECTION_MEMORY  (16 << 10)
#define CONNECTION_SECONDS 10

static const char index_text[] =
	"Floodwall on this host.\n"
	"\n"
	"/metrics   counters and gauges for Prometheus\n"
	"\n"
	"This process can only read. To change something: floodwall --help on the host itself.\n";

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned int status, const char *type,
			     char *text, size_t length, enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length, text, memory);
	enum MHD_Result sent;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	sent = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return sent;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	return reply(connection, status, "text/plain; charset=utf-8", (char *)text, strlen(text),
		     MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result metrics(struct MHD_Connection *connection, const char *socket)
{
	size_t length = 0;
	char *text = NULL;
	long status = fw_web_ask(socket, "/v1/metrics", &text, &length);

	if (status == 200)
		return reply(connection, 200, FW_METRICS_TYPE, text, length, MHD_RESPMEM_MUST_FREE);
	free(text);
	return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		   status ? "floodwalld could not read its counters; its log says why.\n"
			  : "floodwalld does not answer.\n");
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **seen)
{
	const struct fw_web_options *options = context;
	static const char token;

	(void)version;
	(void)upload;
	if (!*seen) {
		*seen = (void *)&token;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0; /* nobody reads it */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			   "Only GET: this process can read and nothing else.\n");
	if (!strcmp(url, "/"))
		return say(connection, MHD_HTTP_OK, index_text);
	if (!strcmp(url, "/metrics"))
		return metrics(connection, options->socket);
	return say(connection, MHD_HTTP_NOT_FOUND, "There is no such page; / lists those there are.\n");
}

static void on_mhd_log(void *context, const char *format, va_list args)
{
	char text[256];

	(void)context;
	vsnprintf(text, sizeof(text), format, args);
	fw_log(FW_LOG_DEBUG, "http: %s", text);
}

int fw_web_serve(const struct fw_web_options *options)
{
	struct MHD_Daemon *daemon;
	sigset_t signals;
	int signal_number;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle,
		(void *)options, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL, MHD_OPTION_LISTEN_SOCKET,
		options->listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned int)PER_ADDRESS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)CONNECTION_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!daemon) {
		fw_log(FW_LOG_ERROR, "the HTTP server does not start on descriptor %d", options->listen_fd);
		return FW_EXIT_FAILED;
	}
	sigwait(&signals, &signal_number);
	MHD_stop_daemon(daemon);
	return FW_EXIT_OK;
}
