// SPDX-License-Identifier: Apache-2.0
/* What kind of packets dropped samples are: the protocols that matter, the servers' ports that matter where
 * there are several, and what nearly all of one's packets have in common. */
#include <string.h>

#include "observe/attack.h"
#include "policy/words.h"

#define PROTOCOLS	256
#define PROTOCOL_IS_TCP 6
#define MATTERS		0.2
#define NEARLY_ALL	0.8
#define PORTS_APART	4     /* each of them matters */
#define SERVER_PORTS	32768 /* below: of servers. Those above are drawn by clients and say nothing */
#define SAMPLES_TO_TELL 8     /* of a port, before it is one of several */

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
	const uint16_t *ports; /* source ports that are kinds of their own */
	size_t port_count;
	uint16_t only; /* one of them; 0: all others */
};

static bool is_apart(const struct some *some, uint16_t port)
{
	for (size_t i = 0; i < some->port_count; i++)
		if (some->ports[i] == port)
			return true;
	return false;
}

static bool has(const struct some *some, size_t i)
{
	const struct fw_drop_sample *sample = some->samples[i];

	return some->share_of[i] == some->share && sample->protocol == some->protocol &&
	       (some->only ? sample->source_port == some->only : !is_apart(some, sample->source_port));
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

static double weight_of(const struct some *some, double *ret_bytes, size_t *ret_count)
{
	double weight = 0;

	*ret_bytes = 0;
	*ret_count = 0;
	for (size_t i = 0; i < some->count; i++)
		if (has(some, i)) {
			weight += some->samples[i]->weight;
			*ret_bytes += (double)some->samples[i]->weight * some->samples[i]->length;
			++*ret_count;
		}
	return weight;
}

/* Servers' ports that samples come from most, without regard to how many that are: whoever has a fifth of all
 * weight is among them (Misra and Gries). */
static size_t find_ports(const struct some *some, uint16_t ports[PORTS_APART + 1])
{
	double ahead[PORTS_APART + 1] = {0};
	size_t count = 0;

	for (size_t i = 0; i < some->count; i++) {
		uint16_t port = some->samples[i]->source_port;
		double weight = some->samples[i]->weight, least = weight;
		size_t at = 0;

		if (!has(some, i) || !port || port >= SERVER_PORTS)
			continue;
		while (at < count && ports[at] != port)
			at++;
		if (at == count && count <= PORTS_APART) {
			ports[count] = port;
			ahead[count++] = 0;
		}
		if (at < count) {
			ahead[at] += weight;
			continue;
		}
		for (size_t j = 0; j < count; j++)
			least = ahead[j] < least ? ahead[j] : least;
		for (size_t j = 0; j < count; j++)
			ahead[j] -= least;
		for (size_t j = count; j-- > 0;)
			if (ahead[j] <= 0) {
				ports[j] = ports[--count];
				ahead[j] = ahead[count];
			}
	}
	return count;
}

/* Which of them are kinds of their own: each matters, and there is more than samples at random. */
static size_t ports_apart(const struct some *some, double all, uint16_t ports[PORTS_APART + 1])
{
	uint32_t value;
	size_t found, kept = 0;

	if (common(some, source_port, &value))
		return 0;
	found = find_ports(some, ports);
	for (size_t i = 0; i < found; i++) {
		struct some one = *some;
		double bytes;
		size_t samples;

		one.only = ports[i];
		if (weight_of(&one, &bytes, &samples) >= MATTERS * all && samples >= SAMPLES_TO_TELL)
			ports[kept++] = ports[i];
	}
	return kept;
}

/* Of what did not pass, by weight. */
static double answered_part(const struct some *some)
{
	double all = 0, answered = 0;

	for (size_t i = 0; i < some->count; i++) {
		const struct fw_drop_sample *sample = some->samples[i];

		if (!has(some, i) || sample->would_drop)
			continue;
		all += sample->weight;
		answered += sample->reason == FW_REASON_CHALLENGED ? sample->weight : 0;
	}
	return all > 0 ? answered / all : 0;
}

static void add_kind(const struct some *some, double weight, double bytes, struct fw_attack_kind *kind)
{
	describe(some, &kind->vector);
	kind->vector.apart = some->port_count > 0;
	if (some->only)
		kind->vector.source_port = some->only;
	else if (some->port_count)
		kind->vector.source_port = 0;
	kind->part = weight;
	kind->answered = answered_part(some);
	kind->mean_length = weight > 0 ? bytes / weight : 0;
}

/* The kinds of one protocol. all: the weight of all protocols. */
static size_t kinds_of(struct some *some, double all, struct fw_attack_kind *ret, size_t room)
{
	uint16_t ports[PORTS_APART + 1];
	size_t count = ports_apart(some, all, ports), found = 0, samples;

	some->ports = ports;
	some->port_count = count;
	for (size_t i = 0; i <= count && found < room; i++) {
		double weight, bytes;

		some->only = i < count ? ports[i] : 0;
		weight = weight_of(some, &bytes, &samples);
		if (weight > 0 && weight >= MATTERS * all)
			add_kind(some, weight, bytes, &ret[found++]);
	}
	return found;
}

size_t fw_attack_kinds(const struct fw_drop_sample *const *samples, size_t count, const uint8_t *share_of,
		       uint8_t share, struct fw_attack_kind ret[FW_ATTACK_VECTORS])
{
	double weight[PROTOCOLS] = {0}, all = 0, kept = 0;
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		if (share_of[i] == share) {
			weight[samples[i]->protocol] += samples[i]->weight;
			all += samples[i]->weight;
		}
	for (unsigned int protocol = 0; protocol < PROTOCOLS && found < FW_ATTACK_VECTORS; protocol++) {
		struct some some = {samples, count, share_of, share, (uint8_t)protocol, NULL, 0, 0};

		if (weight[protocol] > 0 && weight[protocol] >= MATTERS * all)
			found += kinds_of(&some, all, ret + found, FW_ATTACK_VECTORS - found);
	}
	for (size_t i = 0; i < found; i++)
		kept += ret[i].part;
	for (size_t i = 0; i < found; i++)
		ret[i].part /= kept;
	return found;
}
