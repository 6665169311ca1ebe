// SPDX-License-Identifier: Apache-2.0
/* What kind of packets dropped samples are: the protocols that matter, and what nearly all of one's packets
 * have in common. */
#include <string.h>

#include "observe/attack.h"
#include "policy/words.h"

#define PROTOCOLS	256
#define PROTOCOL_IS_TCP 6
#define MATTERS		0.2
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

struct some {
	const struct fw_drop_sample *const *samples;
	size_t count;
	const uint8_t *share_of;
	uint8_t share, protocol;
};

static bool has(const struct some *some, size_t i)
{
	return some->share_of[i] == some->share && some->samples[i]->protocol == some->protocol;
}

/* The value that nearly all weight has; false: there is none. Candidate by majority vote, then counted. */
static bool common(const struct some *some, trait *of, uint32_t *ret)
{
	double ahead = 0, with = 0, all = 0;
	uint32_t candidate = 0;

	for (size_t i = 0; i < some->count; i++) {
		uint32_t value;

		if (!has(some, i))
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
		if (has(some, i)) {
			all += some->samples[i]->weight;
			with += of(some->samples[i]) == candidate ? some->samples[i]->weight : 0;
		}
	*ret = candidate;
	return all > 0 && with >= NEARLY_ALL * all;
}

static void describe(const struct some *some, struct fw_attack_vector *vector)
{
	uint32_t value;

	*vector = (struct fw_attack_vector){.protocol = some->protocol};
	if (common(some, is_fragment, &value) && value) {
		vector->fragments = true;
		return;
	}
	if (common(some, source_port, &value))
		vector->source_port = (uint16_t)value;
	if (common(some, dest_port, &value))
		vector->dest_port = (uint16_t)value;
	vector->has_flags = some->protocol == PROTOCOL_IS_TCP && common(some, tcp_flags, &value);
	if (vector->has_flags)
		vector->tcp_flags = (uint8_t)value;
}

size_t fw_attack_kinds(const struct fw_drop_sample *const *samples, size_t count, const uint8_t *share_of,
		       uint8_t share, struct fw_attack_vector ret[FW_ATTACK_VECTORS],
		       double parts[FW_ATTACK_VECTORS])
{
	double weight[PROTOCOLS] = {0}, all = 0, kept = 0;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (share_of[i] == share) {
			weight[samples[i]->protocol] += samples[i]->weight;
			all += samples[i]->weight;
		}
	for (unsigned int protocol = 0; protocol < PROTOCOLS && found < FW_ATTACK_VECTORS; protocol++) {
		struct some some = {samples, count, share_of, share, (uint8_t)protocol};

		if (weight[protocol] <= 0 || weight[protocol] < MATTERS * all)
			continue;
		describe(&some, &ret[found]);
		parts[found++] = weight[protocol];
		kept += weight[protocol];
	}
	for (size_t i = 0; i < found; i++)
		parts[i] /= kept;
	return found;
}

double fw_attack_mean_length(const struct fw_drop_sample *const *samples, size_t count,
			     const uint8_t *share_of, uint8_t share, uint8_t protocol)
{
	struct some some = {samples, count, share_of, share, protocol};
	double weight = 0, bytes = 0;

	for (size_t i = 0; i < count; i++)
		if (has(&some, i)) {
			weight += samples[i]->weight;
			bytes += (double)samples[i]->weight * samples[i]->length;
		}
	return weight > 0 ? bytes / weight : 0;
}
