// SPDX-License-Identifier: Apache-2.0
/* Targets and vectors of attacks in words. */
#include <stdio.h>
#include <string.h>

#include "observe/attack.h"
#include "policy/signatures.h"
#include "policy/words.h"

#define PROTOCOL_IS_UDP 17

const char *fw_attack_target_text(const struct fw_attack_target *target, char *buffer, size_t size)
{
	if (target->everything || target->others)
		snprintf(buffer, size, "%s", target->others ? FW_ATTACK_OTHERS : FW_ATTACK_EVERYTHING);
	else
		fw_prefix_format(&target->prefix, buffer, size);
	return buffer;
}

static size_t add_flags(uint8_t flags, char *buffer, size_t size)
{
	static const struct {
		uint8_t flag;
		const char *word;
	} words[] = {{FW_TCP_SYN, "syn"},
		     {FW_TCP_ACK, "ack"},
		     {FW_TCP_FIN, "fin"},
		     {FW_TCP_RST, "rst"},
		     {FW_TCP_URG, "urg"}};
	size_t used = 0;

	if (!flags)
		used = (size_t)snprintf(buffer, size, " without flags");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags & words[i].flag && used < size)
			used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? "+" : " ",
						 words[i].word);
	return used < size ? used : size - 1;
}

/* Services that answer more than they are asked, as configs/signatures.yaml names them: for policies whose
 * rules ask for no signature. */
static const struct {
	uint16_t first, last;
	const char *name;
} services[] = {
	{17, 17, "qotd"},
	{19, 19, "chargen"},
	{53, 53, "dns"},
	{69, 69, "tftp"},
	{111, 111, "portmap"},
	{123, 123, "ntp"},
	{137, 137, "netbios"},
	{161, 161, "snmp"},
	{389, 389, "cldap"},
	{427, 427, "slp"},
	{520, 520, "rip"},
	{1434, 1434, "mssql"},
	{1900, 1900, "ssdp"},
	{3283, 3283, "ard"},
	{3389, 3389, "rdp"},
	{3478, 3478, "stun"},
	{3702, 3702, "ws-discovery"},
	{5093, 5093, "sentinel"},
	{5353, 5353, "mdns"},
	{5683, 5683, "coap"},
	{6881, 6881, "bittorrent"},
	{10001, 10001, "ubiquiti"},
	{10074, 10074, "tp240"},
	{11211, 11211, "memcached"},
	{27015, 27020, "steam"},
	{27960, 27960, "quake"},
	{32410, 32410, "plex"},
	{32414, 32414, "plex"},
	{37810, 37810, "dvr"},
};

static bool has_port(const struct fw_ranges *ranges, uint16_t port)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (port >= ranges->items[i].first && port <= ranges->items[i].last)
			return true;
	return false;
}

/* What answers from that port; NULL: not known. */
static const char *service_of(const struct fw_attack_vector *vector,
			      const struct fw_signature_list *signatures)
{
	for (size_t i = 0; signatures && i < signatures->count; i++) {
		const struct fw_signature_def *one = &signatures->items[i];

		if (one->protocol == vector->protocol && has_port(&one->source_ports, vector->source_port))
			return one->vector ? one->vector : one->name;
	}
	for (size_t i = 0; vector->protocol == PROTOCOL_IS_UDP && i < sizeof(services) / sizeof(services[0]);
	     i++)
		if (vector->source_port >= services[i].first && vector->source_port <= services[i].last)
			return services[i].name;
	return NULL;
}

static size_t add_service(const struct fw_attack_vector *vector, const struct fw_signature_list *signatures,
			  char *buffer, size_t size)
{
	const char *service = service_of(vector, signatures);

	return service ? (size_t)snprintf(buffer, size, " (%s)", service) : 0;
}

const char *fw_attack_vector_text(const struct fw_attack_vector *vector,
				  const struct fw_signature_list *signatures, char *buffer, size_t size)
{
	const char *word = fw_word_of(&fw_protocol_words, vector->protocol);
	size_t used;

	if (vector->other) {
		snprintf(buffer, size, "other");
		return buffer;
	}
	used = word ? (size_t)snprintf(buffer, size, "%s", word)
		    : (size_t)snprintf(buffer, size, "protocol %u", vector->protocol);

	if (vector->has_flags && used < size)
		used += add_flags(vector->tcp_flags, buffer + used, size - used);
	if (vector->fragments && used < size)
		used += (size_t)snprintf(buffer + used, size - used, " fragments");
	if (vector->source_port && used < size)
		used += (size_t)snprintf(buffer + used, size - used, " from port %u", vector->source_port);
	if (vector->source_port && used < size)
		used += add_service(vector, signatures, buffer + used, size - used);
	if (vector->dest_port && used < size)
		snprintf(buffer + used, size - used, " to port %u", vector->dest_port);
	return buffer;
}

/* Whether it says more of the attack than that one. */
static bool is_more(const struct fw_attack_vector *vector, const struct fw_attack_vector *than)
{
	if (vector->other != than->other)
		return than->other;
	if (vector->packets_per_second != than->packets_per_second)
		return vector->packets_per_second > than->packets_per_second;
	return vector->dropped + vector->would_drop > than->dropped + than->would_drop;
}

const struct fw_attack_vector *fw_attack_main_vector(const struct fw_attack *attack)
{
	const struct fw_attack_vector *most = &attack->vectors[0];

	for (size_t i = 1; i < attack->vector_count; i++)
		if (is_more(&attack->vectors[i], most))
			most = &attack->vectors[i];
	return most;
}
