/* SPDX-License-Identifier: Apache-2.0 */
/* A host in a network namespace of the test's own whose rule challenges, a flood that makes it do so, and the
 * frame it answers with. */
#ifndef FW_TESTS_PROG_CHALLENGE_SCENE_H
#define FW_TESTS_PROG_CHALLENGE_SCENE_H

#include <stdio.h>
#include <string.h>

#include "kern/cookies.h"
#include "sockets.h"

#define SYN(...)       PACKET(.protocol = IPPROTO_TCP, .flags = TCP_SYN, .payload = NO_PAYLOAD, __VA_ARGS__)
#define TCP(bits, ...) PACKET(.protocol = IPPROTO_TCP, .flags = (bits), .payload = NO_PAYLOAD, __VA_ARGS__)

#define RULE(more)                                                                                           \
	"rules: [{name: syn, match: {protocol: tcp, tcp_flags: syn}, limit: 5 connections/1s, " more         \
	"action: challenge}]\n"
#define TOTAL  "version: 1\n" RULE("per: total, ")
#define PER_IP "version: 1\n" RULE("per: destination, ")

struct scene {
	struct lab lab;
	unsigned char answer[9216];
	uint32_t answer_length;
	int listener;
};

static inline void scene_open(struct scene *scene, const char *policy)
{
	sockets_prepare();
	scene->listener = sockets_listen(443);
	lab_open(&scene->lab, policy);
	fw_runner_keep(scene->lab.runner, scene->answer, sizeof(scene->answer), &scene->answer_length);
	sockets_say(&scene->lab, COOKIE_FLAGS);
	sockets_own_all(&scene->lab);
}

static inline void scene_close(struct scene *scene)
{
	lab_close(&scene->lab);
	close(scene->listener);
}

/* Over the limit with SYNs of nobody in particular. */
static inline void flood(struct scene *scene, const char *to)
{
	for (int i = 0; i < 8; i++) {
		char from[32];

		snprintf(from, sizeof(from), "10.1.%d.1", i);
		lab_send(&scene->lab, SYN(.from = from, .to = to), 1);
	}
}

static inline uint32_t get32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Sequence number 0x01020304 and real options in place of the builder's no-operations. */
static inline struct packet with_options(struct packet packet, uint32_t tcp, const unsigned char *options,
					 size_t bytes)
{
	const unsigned char sequence[] = {1, 2, 3, 4};

	memcpy(packet.bytes + tcp + 4, sequence, 4);
	memcpy(packet.bytes + tcp + 20, options, bytes);
	return packet;
}

#endif
