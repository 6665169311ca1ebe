// SPDX-License-Identifier: Apache-2.0
/* The client against small servers of its own: answers, streams, refusals, and the way to the read-only
 * socket. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/client.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

struct server {
	char directory[64], path[96];
	const char *reply;
	char request[4096];
	int listener;
	pthread_t thread;
};

static void *serve(void *context)
{
	struct server *server = context;
	int connection = accept(server->listener, NULL, NULL);
	ssize_t got = read(connection, server->request, sizeof(server->request) - 1);

	server->request[got > 0 ? got : 0] = '\0';
	if (write(connection, server->reply, strlen(server->reply)) < 0)
		perror("write");
	close(connection);
	return NULL;
}

static int listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert(fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 4));
	return fd;
}

static void start(struct server *server, const char *name, const char *reply)
{
	snprintf(server->directory, sizeof(server->directory), "/tmp/fw-client-XXXXXX");
	cr_assert(mkdtemp(server->directory));
	cr_assert_eq(chmod(server->directory, 0755), 0);
	snprintf(server->path, sizeof(server->path), "%s/%s", server->directory, name);
	server->reply = reply;
	server->listener = listen_on(server->path);
	cr_assert_eq(chmod(server->path, 0666), 0);
	cr_assert_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	char api[96];

	pthread_join(server->thread, NULL);
	close(server->listener);
	snprintf(api, sizeof(api), "%s/api.sock", server->directory);
	unlink(api);
	unlink(server->path);
	rmdir(server->directory);
}

Test(client, query_encodes_what_is_not_plain)
{
	struct fw_query query = {0};

	cr_assert_eq(fw_query_add(&query, "address", "2001:db8::1"), 0);
	cr_assert_eq(fw_query_add(&query, "to", "a&b=c d\xff/%+"), 0);
	cr_expect_str_eq(query.text, "address=2001%3Adb8%3A%3A1&to=a%26b%3Dc%20d%FF%2F%25%2B");
	cr_expect_eq(query.length, strlen(query.text));
	fw_query_done(&query);
	cr_expect_null(query.text);
}

Test(client, asks_and_hands_over)
{
	struct server server = {0};
	struct fw_client *client;
	struct fw_query query = {0};
	struct fw_answer answer = {0};
	struct fw_err err = {0};

	start(&server, "api.sock", OK_HEAD "Content-Length: 7\r\n\r\n{\"a\":1}");
	cr_assert_eq(fw_client_open(server.path, &client, &err), 0);
	cr_assert_eq(fw_query_add(&query, "by", "drops"), 0);
	cr_assert_eq(fw_client_call(client, FW_API_TOP, &query, NULL, &answer, &err), 0, "%s", err.text);
	cr_expect_eq(answer.status, 200);
	cr_expect_str_eq(answer.body, "{\"a\":1}");
	fw_answer_done(&answer);
	fw_query_done(&query);
	fw_client_close(client);
	stop(&server);
	cr_expect(strncmp(server.request, "GET /v1/top?by=drops HTTP/1.1\r\n", 31) == 0, "%s",
		  server.request);
}

Test(client, posts_a_body_and_takes_a_refusal_as_an_answer)
{
	struct server server = {0};
	struct fw_client *client;
	struct fw_answer answer = {0};
	struct fw_err err = {0};

	start(&server, "api.sock", "HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}");
	cr_assert_eq(fw_client_open(server.path, &client, &err), 0);
	cr_assert_eq(fw_client_call(client, FW_API_BAN, NULL, "{\"sources\":[]}", &answer, &err), 0, "%s",
		     err.text);
	cr_expect_eq(answer.status, 409);
	fw_answer_done(&answer);
	fw_client_close(client);
	stop(&server);
	cr_expect(strncmp(server.request, "POST /v1/ban HTTP/1.1\r\n", 23) == 0, "%s", server.request);
	cr_expect(strstr(server.request, "\r\n\r\n{\"sources\":[]}"), "%s", server.request);
	cr_expect(!strstr(server.request, "Expect:"), "%s", server.request);
}

struct lines {
	char text[256];
	int count, most;
};

static bool take_line(char *line, size_t length, void *context)
{
	struct lines *lines = context;

	cr_expect_eq(strlen(line), length);
	snprintf(lines->text + strlen(lines->text), sizeof(lines->text) - strlen(lines->text), "[%s]", line);
	return ++lines->count < lines->most;
}

Test(client, follows_line_by_line)
{
	static const char chunks[] = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
					     "4\r\n{\"a\"\r\n5\r\n:1}\n\n\r\n6\r\n{}\n{}\n\r\n0\r\n\r\n";

	for (int most = 2; most < 10; most += 7) {
		struct server server = {0};
		struct lines lines = {.most = most};
		struct fw_client *client;
		struct fw_answer refusal = {0};
		struct fw_err err = {0};
		int r;

		start(&server, "api.sock", chunks);
		cr_assert_eq(fw_client_open(server.path, &client, &err), 0);
		r = fw_client_follow(client, FW_API_EVENTS, NULL, take_line, &lines, &refusal, &err);
		cr_expect_eq(r, most == 2 ? 0 : -ECONNRESET, "%d %s", r, err.text);
		cr_expect_str_eq(lines.text, most == 2 ? "[{\"a\":1}][{}]" : "[{\"a\":1}][{}][{}]");
		fw_client_close(client);
		stop(&server);
	}
}

Test(client, a_refused_stream_is_an_answer)
{
	struct server server = {0};
	struct lines lines = {.most = 5};
	struct fw_client *client;
	struct fw_answer refusal = {0};
	struct fw_err err = {0};

	start(&server, "api.sock", "HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\n{}\n");
	cr_assert_eq(fw_client_open(server.path, &client, &err), 0);
	cr_assert_eq(fw_client_follow(client, FW_API_EVENTS, NULL, take_line, &lines, &refusal, &err), 0,
		     "%s", err.text);
	cr_expect_eq(refusal.status, 503);
	cr_expect_eq(lines.count, 0);
	fw_answer_done(&refusal);
	fw_client_close(client);
	stop(&server);
}

Test(client, failures)
{
	static const struct {
		const char *reply;
		int want;
	} cases[] = {{"", -ECONNRESET},
		     {"SSH-2.0-OpenSSH\r\n", -EPROTO},
		     {OK_HEAD "Content-Length: 100\r\n\r\n{", -ECONNRESET}};
	struct fw_client *client;
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	char too_long[300];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server server = {0};
		int r;

		start(&server, "api.sock", cases[i].reply);
		cr_assert_eq(fw_client_open(server.path, &client, &err), 0);
		r = fw_client_call(client, FW_API_STATUS, NULL, NULL, &answer, &err);
		cr_expect_eq(r, cases[i].want, "case %zu: %d %s", i, r, err.text);
		fw_client_close(client);
		stop(&server);
	}
	cr_assert_eq(fw_client_open("/nonexistent/api.sock", &client, &err), 0);
	cr_expect_eq(fw_client_call(client, FW_API_STATUS, NULL, NULL, &answer, &err), -ECONNREFUSED);
	cr_expect(strstr(err.text, "/nonexistent/api.sock"), "%s", err.text);
	fw_client_close(client);
	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[sizeof(too_long) - 1] = '\0';
	cr_expect_eq(fw_client_open(too_long, &client, &err), -ENAMETOOLONG);
	cr_expect_eq(fw_client_open("", &client, &err), -EINVAL);
}

/* Root may use any socket: the test becomes nobody where it can. */
static void become_nobody(void)
{
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
}

Test(client, what_may_be_read_falls_back)
{
	struct server server = {0};
	struct fw_client *client;
	struct fw_answer answer = {0};
	struct fw_err err = {0};
	char api[96];
	int forbidden;

	start(&server, "read.sock", OK_HEAD "Content-Length: 2\r\n\r\n[]");
	snprintf(api, sizeof(api), "%s/api.sock", server.directory);
	forbidden = listen_on(api);
	cr_assert_eq(chmod(api, 0), 0);
	become_nobody();
	cr_assert_eq(fw_client_open(api, &client, &err), 0);
	cr_expect_eq(fw_client_call(client, FW_API_BAN, NULL, "{}", &answer, &err), -EACCES,
		     "a change has no other way");
	cr_assert_eq(fw_client_call(client, FW_API_BANS, NULL, NULL, &answer, &err), 0, "%s", err.text);
	cr_expect_str_eq(answer.body, "[]");
	fw_answer_done(&answer);
	/* With nobody behind read.sock the reason is still that api.sock is not permitted. */
	pthread_join(server.thread, NULL);
	close(server.listener);
	cr_expect_eq(fw_client_call(client, FW_API_BANS, NULL, NULL, &answer, &err), -EACCES);
	cr_expect(strstr(err.text, "api.sock"), "%s", err.text);
	fw_client_close(client);
	if (geteuid() != getuid())
		cr_assert_eq(seteuid(getuid()), 0);
	close(forbidden);
	unlink(api);
	unlink(server.path);
	rmdir(server.directory);
}
