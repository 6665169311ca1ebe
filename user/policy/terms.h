/* SPDX-License-Identifier: Apache-2.0 */
/* Rules as terms and terms as bits in the mask tables of each dimension. */
#ifndef FW_POLICY_TERMS_H
#define FW_POLICY_TERMS_H

#include "policy/image.h"
#include "policy/match.h"

/* Fills terms[], rules[].terms and every mask table of the slot, the labels and term_count of the image.
 * -E2BIG after a complaint with the rule's position. */
int fw_terms_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image);
/* A conjunction by its number in the image. */
void fw_image_conjunction(const struct fw_policy *policy, const struct fw_image *image, unsigned int index,
			  struct fw_conjunction *ret);
/* Fills image->classes from class_sets; the rules' terms must be there. -ENOMEM: they are as they were. */
int fw_classes_compile(const struct fw_policy *policy, struct fw_image *image);
/* The same in two steps, for whoever cannot go back between them: room for at most `most` classes, and what
 * needs no memory. */
struct fw_class_room {
	struct fw_class *classes;
	uint64_t *trusted;
};
int fw_class_room_make(const struct fw_policy *policy, size_t most, struct fw_class_room *ret);
void fw_classes_fill(const struct fw_policy *policy, struct fw_image *image, struct fw_class_room *room);
void fw_class_room_done(struct fw_class_room *room);
/* Takes the policy's geo data over and fills geo_terms from them; the rules' terms must be there. */
int fw_geo_compile(const struct fw_policy *policy, struct fw_image *image);
/* Whether source, source_not and tiers of a match take the sources of a class. */
bool fw_match_takes_class(const struct fw_policy *policy, const struct fw_match *match, const uint64_t *sets);
/* The same without what only feeds on trial say. */
bool fw_match_takes_class_for_sure(const struct fw_policy *policy, const struct fw_image *image,
				   const struct fw_match *match, const uint64_t *sets);
/* The most meters that one packet can be counted in, lists and labels aside; and of keys only, without
 * totals. */
unsigned int fw_terms_meters_worst(const struct fw_policy *policy, const struct fw_image *image);
unsigned int fw_terms_keys_worst(const struct fw_policy *policy, const struct fw_image *image);

#endif
