/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors of an attack and what is tallied beside them. For attack_tally.c and attack_name.c alone. */
#ifndef FW_OBSERVE_ATTACK_TALLY_H
#define FW_OBSERVE_ATTACK_TALLY_H

#include "observe/attack_look.h"

#define FW_ATTACK_A_PACKET 0.5 /* less is from rounding */

/* What packets are alike by: the rule or reason that drops them, and their protocol. */
struct fw_attack_sort {
	uint16_t lane;
	uint8_t protocol;
	const char *cause;
};

double fw_attack_packets(const struct fw_attack_amount *amount);
struct fw_attack_amount fw_attack_amount_of(const struct fw_attack_vector *vector);
void fw_attack_give(struct fw_attack_vector *vector, const struct fw_attack_amount *amount, double sign);
/* Those of one port. NULL */
struct fw_attack_vector *fw_attack_find_apart(struct fw_attack *attack, const struct fw_attack_sort *sort,
					      uint16_t port);
/* Those of all ports that have no vector of their own. NULL */
struct fw_attack_vector *fw_attack_find_plain(struct fw_attack *attack, const struct fw_attack_sort *sort);
bool fw_attack_has_apart(const struct fw_attack *attack, const struct fw_attack_sort *sort);
struct fw_attack_vector *fw_attack_find_other(struct fw_attack *attack, uint16_t lane);
/* The last place is for what has none: never NULL. */
struct fw_attack_vector *fw_attack_other_of(struct fw_attack *attack, const struct fw_attack_sort *sort);
void fw_attack_tally_up(struct fw_attack *attack, const struct fw_attack_sort *sort, uint16_t port,
			size_t samples, const struct fw_attack_amount *amount);
/* All of a sort that have no vector of their own. except: port that is left out; 0: none. */
struct fw_attack_tally fw_attack_tallied(const struct fw_attack *attack, const struct fw_attack_sort *sort,
					 uint16_t except);
/* A vector that was named for a port becomes that port's alone. */
void fw_attack_keep_to_port(struct fw_attack *attack, const struct fw_attack_sort *sort,
			    struct fw_attack_vector *plain);
/* A vector for a port, or for all others, with what is tallied of it. false: no room. */
bool fw_attack_make_apart(struct fw_attack *attack, const struct fw_attack_sort *sort, uint16_t port);
bool fw_attack_make_plain(struct fw_attack *attack, const struct fw_attack_sort *sort);

#endif
