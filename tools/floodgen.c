// SPDX-License-Identifier: Apache-2.0
/* Floods an interface with live XDP frames: millions of packets a second from one CPU, always bounded. */
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "flood_options.h"

#include "floodgen.skel.h"

#define PACE_IN_KERNEL 50000 /* packets/s; slower floods are sent one by one from user space */
#define SLICE_MAX      1000000000ULL
#define BATCH	       64

static volatile sig_atomic_t stop;

static void on_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

/* True while it is too early; sleeps a tenth of a second at most, so that signals are seen. */
static bool sleep_until(uint64_t due_ns)
{
	uint64_t now = fw_monotonic_ns(), left;
	struct timespec pause = {};

	if (now >= due_ns)
		return false;
	left = due_ns - now;
	pause.tv_nsec = left < FW_NS_PER_SEC / 10 ? left : FW_NS_PER_SEC / 10;
	(void)nanosleep(&pause, NULL);
	return fw_monotonic_ns() < due_ns;
}

static int pin_to_cpu(int cpu, struct fw_err *err)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return fw_err_set(err, -errno, "cannot run on CPU %d: %s", cpu, strerror(errno));
	return 0;
}

static struct floodgen_bpf *generator_load(const struct flood *flood, const struct packet_plan *packet,
					   struct fw_err *err)
{
	uint32_t ifindex = if_nametoindex(flood->iface), slot = 0;
	struct floodgen_bpf *skel;
	int r;

	if (!ifindex) {
		fw_err_set(err, -ENODEV, "no interface '%s' in this network namespace", flood->iface);
		return NULL;
	}
	skel = floodgen_bpf__open();
	if (!skel) {
		fw_err_set(err, -errno, "cannot open the generator program: %s", strerror(errno));
		return NULL;
	}
	skel->rodata->plan = *packet;
	if (flood->rate >= PACE_IN_KERNEL)
		skel->rodata->pace_ns = FW_NS_PER_SEC / flood->rate;
	skel->bss->packet_pool_next = 0;
	skel->data->packet_random_state ^= fw_monotonic_ns() << 1;
	r = floodgen_bpf__load(skel);
	if (!r)
		r = bpf_map__update_elem(skel->maps.out_interface, &slot, sizeof(slot), &ifindex,
					 sizeof(ifindex), 0);
	if (r) {
		fw_err_set(err, r, "the kernel refused the generator program: %s%s", strerror(-r),
			   r == -EPERM ? " (it needs root)" : "");
		floodgen_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

static void report(uint64_t sent, uint64_t ns)
{
	printf("{\"sent\":%llu,\"seconds\":%.3f,\"pps\":%.0f}\n", (unsigned long long)sent,
	       (double)ns / FW_NS_PER_SEC, ns ? (double)sent * FW_NS_PER_SEC / ns : 0.0);
	fflush(stdout);
}

static bool flood_is_over(const struct flood *flood, uint64_t sent, uint64_t elapsed_ns)
{
	return stop || (flood->count && sent >= flood->count) ||
	       (flood->seconds_ns && elapsed_ns >= flood->seconds_ns);
}

/* As fast as it goes: one system call, ended by its count or by a signal. Starting a run of live frames
 * costs some 20 ms, so that slicing the flood would leave holes in it. */
static int flood_live_frames(const struct flood *flood, int prog, const struct packet_plan *packet,
			     volatile uint64_t *sent, struct fw_err *err)
{
	unsigned char frame[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = packet->length,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	uint64_t start = fw_monotonic_ns(), left;
	int r;

	memcpy(frame, packet->bytes, sizeof(frame));
	while (!flood_is_over(flood, *sent, fw_monotonic_ns() - start)) {
		left = flood->count ? flood->count - *sent : SLICE_MAX;
		run.repeat = left < SLICE_MAX ? left : SLICE_MAX;
		r = bpf_prog_test_run_opts(prog, &run);
		if (r && r != -EINTR)
			return fw_err_set(err, r, "the kernel ended the flood: %s%s", strerror(-r),
					  r == -EINVAL ? " (live frames need kernel 5.18)" : "");
	}
	return 0;
}

/* When a packet should have gone by, and did not, more than this is not made up for: what is meant to be a
 * steady sender would burst after every pause. */
#define CATCH_UP_NS (FW_NS_PER_SEC / 20)

/* A trickle: the same program writes each packet, a packet socket sends it at its time. */
static int flood_trickle(const struct flood *flood, int prog, const struct packet_plan *packet,
			 volatile uint64_t *sent, struct fw_err *err)
{
	unsigned char frame[PACKET_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet->bytes, .data_size_in = packet->length,
		    .data_out = frame, .repeat = 1);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(flood->iface)};
	FW_CLOSE int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint64_t start = fw_monotonic_ns(), due = start, now;
	int r;

	if (fd < 0)
		return fw_err_set(err, -errno, "cannot open a packet socket: %s", strerror(errno));
	while (!flood_is_over(flood, *sent, fw_monotonic_ns() - start)) {
		if (sleep_until(due))
			continue;
		now = fw_monotonic_ns();
		due = (due + CATCH_UP_NS < now ? now : due) + FW_NS_PER_SEC / flood->rate;
		run.data_size_out = sizeof(frame);
		r = bpf_prog_test_run_opts(prog, &run);
		if (r)
			return fw_err_set(err, r, "the kernel refused to write a packet: %s", strerror(-r));
		if (sendto(fd, frame, run.data_size_out, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
		    errno != ENOBUFS && errno != EINTR)
			return fw_err_set(err, -errno, "cannot send from '%s': %s", flood->iface,
					  strerror(errno));
	}
	return 0;
}

struct reporter {
	volatile uint64_t *sent;
	uint64_t start_ns;
	volatile bool over;
};

static void *reporter_run(void *argument)
{
	struct reporter *reporter = argument;
	uint64_t told_ns = reporter->start_ns, told_sent = 0, now, sent;

	for (;;) {
		while (!reporter->over && sleep_until(told_ns + FW_NS_PER_SEC))
			;
		if (reporter->over)
			return NULL;
		now = fw_monotonic_ns();
		sent = *reporter->sent;
		report(sent - told_sent, now - told_ns);
		told_ns = now;
		told_sent = sent;
	}
}

static int reporter_start(struct reporter *reporter, pthread_t *ret, struct fw_err *err)
{
	sigset_t all, before;
	int r;

	/* Signals belong to the thread in the system call: they are what ends it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret, NULL, reporter_run, reporter);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? fw_err_set(err, -r, "cannot start the reporting thread: %s", strerror(r)) : 0;
}

static void end_after(uint64_t ns)
{
	struct itimerval timer = {
		.it_value = {.tv_sec = ns / FW_NS_PER_SEC, .tv_usec = ns % FW_NS_PER_SEC / 1000 + 1},
	};

	if (ns)
		setitimer(ITIMER_REAL, &timer, NULL);
}

static int flood_run(const struct flood *flood, const struct packet_plan *packet, struct floodgen_bpf *skel,
		     struct fw_err *err)
{
	struct reporter reporter = {.sent = (volatile uint64_t *)&skel->bss->sent,
				    .start_ns = fw_monotonic_ns()};
	int prog = bpf_program__fd(skel->progs.floodgen);
	pthread_t thread;
	int r;

	if (flood->live && reporter_start(&reporter, &thread, err))
		return err->code;
	end_after(flood->seconds_ns);
	if (flood->rate && flood->rate < PACE_IN_KERNEL)
		r = flood_trickle(flood, prog, packet, reporter.sent, err);
	else
		r = flood_live_frames(flood, prog, packet, reporter.sent, err);
	if (flood->live) {
		reporter.over = true;
		pthread_join(thread, NULL);
	}
	report(*reporter.sent, fw_monotonic_ns() - reporter.start_ns);
	if (!r && skel->bss->failed)
		return fw_err_set(err, -EIO, "%llu packets did not fit their frame",
				  (unsigned long long)skel->bss->failed);
	return r;
}

int main(int argc, char **argv)
{
	struct flood flood = {};
	struct sigaction action = {.sa_handler = on_signal};
	struct floodgen_bpf *skel = NULL;
	struct packet_plan packet;
	struct fw_err err = {};
	int r;

	r = flood_options_read(argc, argv, &flood, &err);
	if (r > 0) {
		fputs(flood_usage, stdout);
		return 0;
	}
	if (!r)
		r = plan_make(&flood.wish, &packet, &err);
	if (r) {
		fprintf(stderr, "floodgen: %s\n", err.text);
		return 64;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	r = pin_to_cpu(flood.cpu, &err);
	if (!r) {
		skel = generator_load(&flood, &packet, &err);
		r = skel ? flood_run(&flood, &packet, skel, &err) : err.code;
	}
	floodgen_bpf__destroy(skel);
	if (r)
		fprintf(stderr, "floodgen: %s\n", err.text);
	return r ? 1 : 0;
}
