// SPDX-License-Identifier: Apache-2.0
/* An honest HTTP client with a stopwatch: so many requests a second, each on a TCP connection of its own. */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "fw_types.h"
#include "lib/addr.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/err.h"
#include "lib/units.h"

#define MS		  1000000ULL
#define OPEN_MAX_REQUESTS 16384 /* under way at once: rate x timeout, bounded by files a process may open */
#define REQUESTS_MAX	  10000000ULL
#define STATUS_LENGTH	  12 /* "HTTP/1.1 200" */

enum outcome { OUTCOME_OK, OUTCOME_TIMEOUT, OUTCOME_REFUSED, OUTCOME_BROKEN, OUTCOME_STATUS, OUTCOME_MAX };

struct request {
	int fd; /* -1: free */
	bool sent;
	size_t received;
	char status[STATUS_LENGTH + 1];
	uint64_t due_ns; /* when it should have started: a late start counts as latency */
};

struct tally {
	uint64_t outcomes[OUTCOME_MAX];
	size_t first; /* of its latencies in load.latencies */
};

struct load {
	struct sockaddr_storage to, from;
	socklen_t to_length, from_length;
	char text[512]; /* of the request */
	uint64_t rate, total, timeout_ns;
	bool live, each;
	int epoll;
	struct request *requests; /* a ring in order of start: the oldest times out first */
	size_t ring, oldest;
	uint64_t started, finished;
	uint32_t *latencies; /* of the requests that succeeded, in microseconds */
	size_t succeeded;
	uint64_t late_ns; /* the longest that a request was started after it was due: this process was away */
};

static volatile sig_atomic_t stop;

static void on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static const char usage[] =
	"usage: httpload --url [http://]HOST:PORT[/PATH] [options]\n"
	"  --rate N        requests per second, each on a new connection (default 100)\n"
	"  --seconds S     how long (default 10)\n"
	"  --timeout MS    a request not answered by then has failed (default 1000)\n"
	"  --source ADDR   connect from this address\n"
	"  --live          a JSON line every second, not only at the end\n"
	"  --each          a JSON line for every request: {\"due_s\":SECONDS,\"ok\":true}, on the monotonic "
	"clock\n"
	"Prints "
	"{\"requests\":N,\"ok\":N,\"failed\":N,\"timeout\":N,\"refused\":N,\"broken\":N,\"status\":N,\n"
	"\"p50_ms\":N,\"p99_ms\":N,\"max_ms\":N,\"late_ms\":N}. Latency runs from the moment a request was "
	"due to the\n"
	"end of its answer, over those that succeeded (2xx and 3xx). late_ms is the longest that one was "
	"sent\n"
	"after it was due, because httpload itself was not running: no server's fault.\n";

static void request_end(struct load *load, struct request *request, enum outcome outcome, struct tally *tally)
{
	uint64_t latency_ns = fw_monotonic_ns() - request->due_ns;

	close(request->fd);
	request->fd = -1;
	load->finished++;
	tally->outcomes[outcome]++;
	if (outcome == OUTCOME_OK)
		load->latencies[load->succeeded++] = latency_ns / 1000;
	if (load->each)
		printf("{\"due_s\":%.6f,\"ok\":%s}\n", (double)request->due_ns / FW_NS_PER_SEC,
		       outcome == OUTCOME_OK ? "true" : "false");
}

static enum outcome outcome_of(int error)
{
	return error == ECONNREFUSED ? OUTCOME_REFUSED : OUTCOME_BROKEN;
}

static void request_start(struct load *load, uint64_t due_ns, struct tally *tally)
{
	struct request *request = &load->requests[load->started % load->ring];
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = request};
	int fd = socket(load->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*request = (struct request){.fd = fd, .due_ns = due_ns};
	load->started++;
	if (fd < 0 || (load->from_length && bind(fd, (struct sockaddr *)&load->from, load->from_length)) ||
	    epoll_ctl(load->epoll, EPOLL_CTL_ADD, fd, &event) ||
	    (connect(fd, (struct sockaddr *)&load->to, load->to_length) && errno != EINPROGRESS))
		request_end(load, request, outcome_of(errno), tally);
}

static bool status_is_good(const struct request *request)
{
	return request->received >= STATUS_LENGTH && strncmp(request->status, "HTTP/1.", 7) == 0 &&
	       (request->status[9] == '2' || request->status[9] == '3');
}

/* Reads to the end of the answer: the server closes, as it was asked to. */
static void request_read(struct load *load, struct request *request, struct tally *tally)
{
	char buffer[16384];
	ssize_t n;

	while ((n = recv(request->fd, buffer, sizeof(buffer), 0)) > 0) {
		for (ssize_t i = 0; i < n && request->received < STATUS_LENGTH; i++)
			request->status[request->received++] = buffer[i];
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		request_end(load, request, outcome_of(errno), tally);
	else
		request_end(load, request, status_is_good(request) ? OUTCOME_OK : OUTCOME_STATUS, tally);
}

static void request_progress(struct load *load, struct request *request, uint32_t events, struct tally *tally)
{
	socklen_t length = sizeof(int);
	int error = 0;

	if (request->fd < 0)
		return;
	if (!request->sent && (events & (EPOLLERR | EPOLLHUP))) {
		(void)getsockopt(request->fd, SOL_SOCKET, SO_ERROR, &error, &length);
		request_end(load, request, outcome_of(error), tally);
		return;
	}
	if (!request->sent && (events & EPOLLOUT)) {
		size_t want = strlen(load->text);

		if (send(request->fd, load->text, want, MSG_NOSIGNAL) != (ssize_t)want) {
			request_end(load, request, outcome_of(errno), tally);
			return;
		}
		request->sent = true;
	}
	if (request->sent)
		request_read(load, request, tally);
}

/* Ends what has taken too long; returns when the next one will have: now, where nothing is left to wait for.
 */
static uint64_t expire(struct load *load, struct tally *tally)
{
	uint64_t now = fw_monotonic_ns();

	for (; load->oldest < load->started; load->oldest++) {
		struct request *request = &load->requests[load->oldest % load->ring];

		if (request->fd < 0)
			continue;
		if (now < request->due_ns + load->timeout_ns)
			return request->due_ns + load->timeout_ns;
		request_end(load, request, OUTCOME_TIMEOUT, tally);
	}
	return load->started < load->total ? UINT64_MAX : now;
}

static int compare_latency(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const uint32_t *sorted, size_t count, double share)
{
	return count ? sorted[(size_t)((count - 1) * share)] / 1000.0 : 0.0;
}

static void report(struct load *load, const struct tally *tally)
{
	size_t count = load->succeeded - tally->first;
	uint32_t *sorted = load->latencies + tally->first;
	uint64_t requests = 0;

	/* Order within a second means nothing to the whole run: sorting in place is free of harm. */
	qsort(sorted, count, sizeof(*sorted), compare_latency);
	for (int i = 0; i < OUTCOME_MAX; i++)
		requests += tally->outcomes[i];
	printf("{\"requests\":%llu,\"ok\":%llu,\"failed\":%llu,\"timeout\":%llu,\"refused\":%llu,\"broken\":%"
	       "llu,"
	       "\"status\":%llu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"late_ms\":%.3f}\n",
	       (unsigned long long)requests, (unsigned long long)tally->outcomes[OUTCOME_OK],
	       (unsigned long long)(requests - tally->outcomes[OUTCOME_OK]),
	       (unsigned long long)tally->outcomes[OUTCOME_TIMEOUT],
	       (unsigned long long)tally->outcomes[OUTCOME_REFUSED],
	       (unsigned long long)tally->outcomes[OUTCOME_BROKEN],
	       (unsigned long long)tally->outcomes[OUTCOME_STATUS], percentile_ms(sorted, count, 0.5),
	       percentile_ms(sorted, count, 0.99), percentile_ms(sorted, count, 1.0), load->late_ns / 1e6);
	fflush(stdout);
}

static void tally_add(struct tally *sum, const struct tally *tally)
{
	for (int i = 0; i < OUTCOME_MAX; i++)
		sum->outcomes[i] += tally->outcomes[i];
}

static void wait_until(struct load *load, uint64_t due_ns, struct tally *tally)
{
	struct epoll_event events[256];
	struct timespec pause = {};
	uint64_t now = fw_monotonic_ns();
	int n;

	if (due_ns > now) {
		pause.tv_sec = (due_ns - now) / FW_NS_PER_SEC;
		pause.tv_nsec = (due_ns - now) % FW_NS_PER_SEC;
	}
	n = epoll_pwait2(load->epoll, events, sizeof(events) / sizeof(events[0]), &pause, NULL);
	for (int i = 0; i < n; i++)
		request_progress(load, events[i].data.ptr, events[i].events, tally);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void load_run(struct load *load)
{
	uint64_t start = fw_monotonic_ns(), told = start, now, due, next;
	struct tally whole = {}, second = {};

	while (!stop && load->finished < load->total) {
		due = UINT64_MAX;
		if (load->started < load->total) {
			due = start + load->started * FW_NS_PER_SEC / load->rate;
			now = fw_monotonic_ns();
			if (now >= due) {
				load->late_ns = later(load->late_ns, now - due);
				request_start(load, due, &second);
				continue;
			}
		}
		next = earlier(due, expire(load, &second));
		if (load->live)
			next = earlier(next, told + FW_NS_PER_SEC);
		wait_until(load, next, &second);
		if (load->live && fw_monotonic_ns() >= told + FW_NS_PER_SEC) {
			report(load, &second);
			tally_add(&whole, &second);
			second = (struct tally){.first = load->succeeded};
			told += FW_NS_PER_SEC;
		}
	}
	tally_add(&whole, &second);
	report(load, &whole);
}

static int resolve(const char *host, const char *port, struct sockaddr_storage *ret, socklen_t *ret_length,
		   struct fw_err *err)
{
	struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *found;
	int r = getaddrinfo(host, port, &want, &found);

	if (r)
		return fw_err_set(err, -EINVAL, "'%s' port '%s': expects a numeric address and a port: %s",
				  host, port ? port : "-", gai_strerror(r));
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	*ret_length = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int url_read(struct load *load, const char *url, struct fw_err *err)
{
	const char *rest = strncmp(url, "http://", 7) == 0 ? url + 7 : url;
	size_t length = strcspn(rest, "/");
	char authority[128], *port, *host = authority;

	if (length >= sizeof(authority))
		return fw_err_set(err, -EINVAL, "--url: host and port are too long in '%s'", url);
	memcpy(authority, rest, length);
	authority[length] = '\0';
	port = strrchr(authority, ':');
	if (!port || !port[1])
		return fw_err_set(err, -EINVAL, "--url: expects HOST:PORT or [IPV6]:PORT, got '%s'", url);
	if (snprintf(load->text, sizeof(load->text),
		     "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: httpload\r\nConnection: close\r\n\r\n",
		     rest[length] ? rest + length : "/", authority) >= (int)sizeof(load->text))
		return fw_err_set(err, -EINVAL, "--url: the path is too long");
	*port++ = '\0';
	if (host[0] == '[' && port[-2] == ']') {
		port[-2] = '\0';
		host++;
	}
	return resolve(host, port, &load->to, &load->to_length, err);
}

static int number_read(const char *name, const char *text, uint64_t most, uint64_t *ret, struct fw_err *err)
{
	if (fw_amount_parse(text, ret, NULL) || *ret < 1 || *ret > most)
		return fw_err_set(err, -EINVAL, "--%s: expects a number 1..%llu, got '%s'", name,
				  (unsigned long long)most, text);
	return 0;
}

/* 0: go on; 1: usage was asked for; negative: err says why. */
static int options_read(int argc, char **argv, struct load *load, struct fw_err *err)
{
	static const struct option options[] = {
		{"url", required_argument, NULL, 'u'},
		{"rate", required_argument, NULL, 'r'},
		{"seconds", required_argument, NULL, 's'},
		{"timeout", required_argument, NULL, 't'},
		{"source", required_argument, NULL, 'a'},
		{"live", no_argument, NULL, 'l'},
		{"each", no_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	uint64_t seconds = 10, timeout_ms = 1000;
	int key, r = 0;

	load->rate = 100;
	while (!r && (key = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (key) {
		case 'u':
			r = url_read(load, optarg, err);
			break;
		case 'r':
			r = number_read("rate", optarg, 100000, &load->rate, err);
			break;
		case 's':
			r = number_read("seconds", optarg, 86400, &seconds, err);
			break;
		case 't':
			r = number_read("timeout", optarg, 60000, &timeout_ms, err);
			break;
		case 'a':
			r = resolve(optarg, NULL, &load->from, &load->from_length, err);
			break;
		case 'l':
			load->live = true;
			break;
		case 'e':
			load->each = true;
			break;
		case 'h':
			return 1;
		default:
			return fw_err_set(err, -EINVAL, "see httpload --help");
		}
	}
	if (r)
		return r;
	if (!load->to_length || optind < argc)
		return fw_err_set(err, -EINVAL, "expects --url HOST:PORT and options, see httpload --help");
	load->total = load->rate * seconds;
	load->timeout_ns = timeout_ms * MS;
	load->ring = load->rate * timeout_ms / 1000 + load->rate + 64;
	if (load->total > REQUESTS_MAX || load->ring > OPEN_MAX_REQUESTS)
		return fw_err_set(err, -EINVAL,
				  "%llu requests a second for %llu s are too many: expects less than %d "
				  "under way and %llu in all",
				  (unsigned long long)load->rate, (unsigned long long)seconds,
				  OPEN_MAX_REQUESTS, (unsigned long long)REQUESTS_MAX);
	return 0;
}

int main(int argc, char **argv)
{
	struct load load = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct sigaction action = {.sa_handler = on_signal};
	struct fw_err err = {};
	int r = options_read(argc, argv, &load, &err);

	if (r > 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (r) {
		fprintf(stderr, "httpload: %s\n", err.text);
		return 64;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	load.requests = calloc(load.ring, sizeof(*load.requests));
	load.latencies = calloc(load.total, sizeof(*load.latencies));
	if (load.epoll < 0 || !load.requests || !load.latencies) {
		fprintf(stderr, "httpload: not enough memory for %llu requests\n",
			(unsigned long long)load.total);
		r = 1;
	} else {
		load_run(&load);
	}
	free(load.requests);
	free(load.latencies);
	if (load.epoll >= 0)
		close(load.epoll);
	return r;
}
