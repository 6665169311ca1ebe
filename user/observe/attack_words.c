// SPDX-License-Identifier: Apache-2.0
/* Targets and vectors of attacks in words. */
#include <stdio.h>
#include <string.h>

#include "observe/attack.h"
#include "policy/words.h"

const char *fw_attack_target_text(const struct fw_attack_target *target, char *buffer, size_t size)
{
	if (target->everything)
		snprintf(buffer, size, "everything");
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

const char *fw_attack_vector_text(const struct fw_attack_vector *vector, char *buffer, size_t size)
{
	const char *word = fw_word_of(&fw_protocol_words, vector->protocol);
	size_t used = word ? (size_t)snprintf(buffer, size, "%s", word)
			   : (size_t)snprintf(buffer, size, "protocol %u", vector->protocol);

	if (vector->has_flags && used < size)
		used += add_flags(vector->tcp_flags, buffer + used, size - used);
	if (vector->fragments && used < size)
		used += (size_t)snprintf(buffer + used, size - used, " fragments");
	if (vector->source_port && used < size)
		used += (size_t)snprintf(buffer + used, size - used, " from port %u", vector->source_port);
	if (vector->dest_port && used < size)
		snprintf(buffer + used, size - used, " to port %u", vector->dest_port);
	return buffer;
}

const struct fw_attack_vector *fw_attack_main_vector(const struct fw_attack *attack)
{
	const struct fw_attack_vector *most = &attack->vectors[0];

	for (size_t i = 1; i < attack->vector_count; i++) {
		const struct fw_attack_vector *vector = &attack->vectors[i];
		uint64_t packets = vector->dropped + vector->would_drop;

		if (vector->packets_per_second > most->packets_per_second ||
		    (vector->packets_per_second == most->packets_per_second &&
		     packets > most->dropped + most->would_drop))
			most = vector;
	}
	return most;
}
