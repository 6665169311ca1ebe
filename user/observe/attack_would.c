// SPDX-License-Identifier: Apache-2.0
/* Whose would-drops are: rules that only count let a packet go on, so that it is in the counts of several
 * rules, or dropped by a later one. Here each packet that passed is one rule's, the first that would have
 * dropped it. */
#include "observe/attack_look.h"

#define OVERLAPS 1.05 /* of the packets: less is from reading the counters one after the other */

static void weigh_first(struct fw_attack_look *look, uint64_t from_ns, size_t *ret_count)
{
	const struct fw_attacks *attacks = look->attacks;
	struct fw_attack_would *would = &look->would;

	*ret_count = 0;
	for (size_t i = 0; i < attacks->sample_count; i++) {
		const struct fw_drop_sample *sample = &attacks->samples[i];

		if (!sample->would_drop || sample->rule >= FW_RULE_IDS || sample->at_ns < from_ns)
			continue;
		++*ret_count;
		would->first[sample->rule] += sample->weight;
		would->all += sample->weight;
	}
}

static double counted_by_rules(const struct fw_attack_look *look)
{
	double counted = 0;

	for (size_t i = 0; i < look->step->cause_count; i++) {
		const struct fw_attack_cause *cause = &look->step->causes[i];
		const struct fw_attack_lane *lane = &look->attacks->lanes[cause->lane % FW_ATTACK_LANES];

		if (cause->lane < FW_RULE_IDS && fw_attack_goes_on(lane, cause) &&
		    !fw_attack_was_away(look->attacks, lane))
			counted += (double)(cause->would_drop - lane->would_drop);
	}
	return counted;
}

void fw_attack_add_up_would(struct fw_attack_look *look)
{
	struct fw_attack_would *would = &look->would;
	struct fw_attacks *attacks = look->attacks;
	uint64_t now = look->step->would_drop;
	size_t fresh;

	would->counted = would->packets = counted_by_rules(look);
	if (now >= attacks->would_drop) /* less: an interface has left */
		would->packets = (double)(now - attacks->would_drop);
	attacks->would_drop = now;
	if (would->counted <= OVERLAPS * would->packets)
		return;
	weigh_first(look, attacks->last_step_ns, &fresh);
	if (fresh < FW_ATTACK_FRESH_ENOUGH) {
		*would = (struct fw_attack_would){.packets = would->packets, .counted = would->counted};
		weigh_first(look, 0, &fresh);
	}
}

double fw_attack_own_would(const struct fw_attack_would *would, uint16_t lane, double counted)
{
	double own;

	if (lane >= FW_RULE_IDS || would->counted <= would->packets)
		return counted;
	own = would->all > 0 ? would->packets * would->first[lane] / would->all
			     : would->packets * counted / would->counted;
	return own < counted ? own : counted;
}
