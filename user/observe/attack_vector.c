// SPDX-License-Identifier: Apache-2.0
/* What kinds of packets dropped samples are, by protocol and by the servers' port that they come from, and
 * what nearly all of one's packets have in common. */
#include <stdlib.h>
#include <string.h>

#include "observe/attack_look.h"
#include "policy/words.h"

#define PROTOCOL_IS_TCP 6
#define NEARLY_ALL	0.8

typedef uint32_t trait(const struct fw_drop_sample *sample);

static uint32_t source_port(const struct fw_drop_sample *sample)
{
	return sample->source_port;
}
static uint32_t dest_port(const struct fw_drop_sample *sample)
{
	return sample->dest_port;
}
static uint32_t tcp_flags(const struct fw_drop_sample *sample)
{
	return sample->tcp_flags & ~(uint32_t)(FW_TCP_ECE | FW_TCP_CWR | FW_TCP_PSH);
}
static uint32_t is_fragment(const struct fw_drop_sample *sample)
{
	return (sample->kind & FW_KIND_FRAGMENT) != 0;
}

static uint16_t server_port(const struct fw_drop_sample *sample)
{
	return fw_attack_is_server(sample->source_port) ? sample->source_port : 0;
}

static uint32_t kind_of(const struct fw_drop_sample *sample)
{
	return (uint32_t)sample->protocol << 16 | server_port(sample);
}

static int by_kind(const void *a, const void *b)
{
	uint32_t left = kind_of(*(const struct fw_drop_sample *const *)a),
		 right = kind_of(*(const struct fw_drop_sample *const *)b);

	return left < right ? -1 : left > right;
}

static void add(struct fw_attack_sums *sums, const struct fw_drop_sample *sample)
{
	sums->samples++;
	sums->weight += sample->weight;
	sums->bytes += (double)sample->weight * sample->length;
	if (sample->would_drop)
		return;
	sums->stopped += sample->weight;
	sums->answered += sample->reason == FW_REASON_CHALLENGED ? sample->weight : 0;
}

size_t fw_attack_kinds(const struct fw_drop_sample **samples, size_t count, uint64_t from_ns, uint64_t to_ns,
		       struct fw_attack_kind *ret)
{
	size_t kinds = 0;

	qsort(samples, count, sizeof(*samples), by_kind);
	for (size_t i = 0; i < count; i++) {
		if (!i || kind_of(samples[i]) != kind_of(samples[i - 1]))
			ret[kinds++] = (struct fw_attack_kind){.protocol = samples[i]->protocol,
							       .port = server_port(samples[i])};
		add(&ret[kinds - 1].all, samples[i]);
		if (samples[i]->at_ns >= from_ns && samples[i]->at_ns < to_ns)
			add(&ret[kinds - 1].then, samples[i]);
	}
	return kinds;
}

/* Those of the samples that are one vector's. */
struct some {
	const struct fw_drop_sample *const *samples;
	const uint8_t *vector_of;
	size_t count;
	uint8_t vector;
};

/* The value that nearly all weight has; false: there is none. Candidate by majority vote, then counted. */
static bool common(const struct some *some, trait *of, uint32_t *ret)
{
	double ahead = 0, with = 0, all = 0;
	uint32_t candidate = 0;

	for (size_t i = 0; i < some->count; i++) {
		uint32_t value;

		if (some->vector_of[i] != some->vector)
			continue;
		value = of(some->samples[i]);
		if (ahead > 0 && value != candidate) {
			ahead -= some->samples[i]->weight;
			continue;
		}
		candidate = value;
		ahead += some->samples[i]->weight;
	}
	for (size_t i = 0; i < some->count; i++)
		if (some->vector_of[i] == some->vector) {
			all += some->samples[i]->weight;
			with += of(some->samples[i]) == candidate ? some->samples[i]->weight : 0;
		}
	*ret = candidate;
	return all > 0 && with >= NEARLY_ALL * all;
}

void fw_attack_describe(const struct fw_drop_sample *const *samples, const uint8_t *vector_of, size_t count,
			uint8_t which, bool by_port, struct fw_attack_vector *vector)
{
	const struct some some = {samples, vector_of, count, which};
	uint16_t apart = vector->apart ? vector->source_port : 0;
	uint32_t value;

	vector->described = true;
	vector->source_port = apart;
	vector->dest_port = 0;
	vector->has_flags = false;
	vector->tcp_flags = 0;
	vector->fragments = common(&some, is_fragment, &value) && value;
	if (vector->fragments)
		return;
	if (by_port && !apart && common(&some, source_port, &value))
		vector->source_port = (uint16_t)value;
	if (common(&some, dest_port, &value))
		vector->dest_port = (uint16_t)value;
	vector->has_flags = vector->protocol == PROTOCOL_IS_TCP && common(&some, tcp_flags, &value);
	if (vector->has_flags)
		vector->tcp_flags = (uint8_t)value;
}
