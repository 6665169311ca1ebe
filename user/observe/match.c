// SPDX-License-Identifier: Apache-2.0
/* Asks the same mask tables as the packet path, dimension by dimension. */
#include "observe/match.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "fw_odd.h"

static bool has(uint64_t mask, unsigned int term)
{
	return mask >> term & 1;
}

/* Every value of the dimension is fine / none is. */
static enum fw_fit over_all(const __u64 *masks, size_t count, unsigned int term)
{
	size_t yes = 0;

	for (size_t i = 0; i < count; i++)
		yes += has(masks[i], term);
	return yes == count ? FW_FIT_YES : yes ? FW_FIT_MAYBE : FW_FIT_NO;
}

static enum fw_fit over_ports(const struct fw_u16_dimension *dimension, unsigned int term)
{
	bool used[FW_PORT_CLASSES] = {};
	size_t yes = 0, no = 0;

	for (size_t value = 0; value < 65536; value++)
		used[dimension->class_of[value]] = true;
	for (size_t class = 0; class < FW_PORT_CLASSES; class ++) {
		yes += used[class] && has(dimension->terms[class], term);
		no += used[class] && !has(dimension->terms[class], term);
	}
	return !no ? FW_FIT_YES : yes ? FW_FIT_MAYBE : FW_FIT_NO;
}

static enum fw_fit fits(bool yes)
{
	return yes ? FW_FIT_YES : FW_FIT_NO;
}

static bool protocol_has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static enum fw_fit destination_fit(const struct fw_image *image, const struct fw_known *known,
				   unsigned int term)
{
	size_t yes = 0;

	if (!(image->slot->features & FW_FEATURE_DEST_LISTS))
		return FW_FIT_YES;
	if (known->has_dest)
		return fits(has(image->classes[known->dest_class].dest_terms, term));
	for (size_t class = 0; class < image->class_count; class ++)
		yes += has(image->classes[class].dest_terms, term);
	return yes == image->class_count ? FW_FIT_YES : yes ? FW_FIT_MAYBE : FW_FIT_NO;
}

static enum fw_fit flags_fit(const struct fw_policy_slot *slot, const struct fw_known *known,
			     unsigned int term)
{
	enum fw_fit fit;

	if (!(slot->features & FW_FEATURE_TCP_FLAGS))
		return FW_FIT_YES;
	if (known->has_protocol && known->protocol != IPPROTO_TCP)
		return fits(has(slot->no_tcp_terms, term));
	if (known->has_flags)
		return fits(has(slot->tcp_flag_terms[known->tcp_flags], term));
	fit = over_all(slot->tcp_flag_terms, 256, term);
	if (known->has_protocol)
		return fit;
	return has(slot->no_tcp_terms, term) == (fit == FW_FIT_YES) && fit != FW_FIT_MAYBE ? fit
											   : FW_FIT_MAYBE;
}

static enum fw_fit l4_fit(const struct fw_policy_slot *slot, const struct fw_known *known, unsigned int term)
{
	if (!has(slot->l4_terms, term))
		return FW_FIT_YES;
	if (!known->has_protocol)
		return FW_FIT_MAYBE;
	return protocol_has_ports(known->protocol) || known->has_port ? FW_FIT_YES : FW_FIT_NO;
}

/* A packet is taken for a plain one, unless only an unplain one would match; whose flags are named is plain,
 * flags aside. */
static enum fw_fit kind_fit(const struct fw_policy_slot *slot, const struct fw_known *known,
			    unsigned int term)
{
	const unsigned int family = known->is_ipv6 ? FW_KIND_IPV6 : 0;

	if (known->has_flags)
		return fits(
			has(slot->kind_terms[family |
					     (fw_flags_are_bad(known->tcp_flags) ? FW_KIND_BAD_FLAGS : 0)],
			    term));
	if (has(slot->kind_terms[family], term))
		return FW_FIT_YES;
	for (unsigned int kind = 0; kind <= FW_KIND_ALL_; kind++)
		if ((kind & FW_KIND_IPV6) == family && has(slot->kind_terms[kind], term))
			return FW_FIT_MAYBE;
	return FW_FIT_NO;
}

static enum fw_fit verified_fit(const struct fw_policy_slot *slot, const struct fw_known *known,
				unsigned int term)
{
	if (!has(slot->verified_terms | slot->unverified_terms, term))
		return FW_FIT_YES;
	return fits(has(slot->verified_terms, term) == known->is_verified);
}

/* Which classes a packet can have: that of those without a signature, and of what the protocol has. */
static enum fw_fit signature_fit(const struct fw_policy_slot *slot, const struct fw_known *known,
				 unsigned int term)
{
	const struct fw_signature_table *table = &slot->signatures;
	bool none = has(table->terms[0], term);

	if (!has(table->asking, term))
		return FW_FIT_YES;
	for (size_t i = 1; i <= FW_SIGNATURE_PORTS_MAX; i++) {
		const struct fw_signature *item = &table->items[i];

		if (!item->class || (known->has_protocol && item->protocol != known->protocol) ||
		    (known->has_flags && item->least))
			continue;
		if (has(table->terms[item->class % FW_SIGNATURE_CLASSES], term) != none)
			return FW_FIT_MAYBE;
	}
	return fits(none);
}

static enum fw_fit request_fit(const struct fw_policy_slot *slot, const struct fw_known *known,
			       unsigned int term)
{
	if (!has(slot->requests.all | slot->requests.sni, term))
		return FW_FIT_YES;
	return known->has_flags ? FW_FIT_NO : FW_FIT_MAYBE;
}

struct finding {
	const char *what;
	enum fw_fit fit;
};

enum fw_fit fw_term_fit(const struct fw_image *image, const struct fw_known *known, unsigned int term,
			char *missing, size_t size)
{
	const struct fw_policy_slot *slot = image->slot;
	const struct finding findings[] = {
		{"the source", slot->features & FW_FEATURE_SOURCE_LISTS
				       ? fits(has(image->classes[known->source_class].source_terms, term))
				       : FW_FIT_YES},
		{"the country or network", slot->features & FW_FEATURE_GEO
						   ? fits(has(image->geo_terms[known->geo_class], term))
						   : FW_FIT_YES},
		{"the kind of packet", kind_fit(slot, known, term)},
		{"the destination", destination_fit(image, known, term)},
		{"the protocol", known->has_protocol ? fits(has(slot->protocol_terms[known->protocol], term))
						     : over_all(slot->protocol_terms, 256, term)},
		{"ports or flags", l4_fit(slot, known, term)},
		{"the destination port",
		 !(slot->features & FW_FEATURE_DEST_PORT) ? FW_FIT_YES
		 : known->has_port
			 ? fits(has(slot->dest_port.terms[slot->dest_port.class_of[known->dest_port]], term))
			 : over_ports(&slot->dest_port, term)},
		{"the source port",
		 slot->features & FW_FEATURE_SOURCE_PORT ? over_ports(&slot->source_port, term) : FW_FIT_YES},
		{FW_MISSING_FLAGS, flags_fit(slot, known, term)},
		{"the signature", signature_fit(slot, known, term)},
		{"whether the source has a connection", verified_fit(slot, known, term)},
		{"the request", request_fit(slot, known, term)},
		{"the packet length",
		 slot->features & FW_FEATURE_LENGTH ? over_ports(&slot->length, term) : FW_FIT_YES},
	};
	enum fw_fit worst = FW_FIT_YES;
	size_t used = 0;

	if (size)
		missing[0] = '\0';
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
		if (findings[i].fit < worst)
			worst = findings[i].fit;
		if (findings[i].fit == FW_FIT_MAYBE && used < size)
			used += (size_t)snprintf(missing + used, size - used, "%s%s", used ? ", " : "",
						 findings[i].what);
	}
	return worst;
}
