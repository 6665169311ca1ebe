// SPDX-License-Identifier: Apache-2.0
/* Tiers of reputation as words and from scores. Pure. */
#include "policy/tier.h"

#include <errno.h>
#include <string.h>

static const char *const tier_words[FW_TIER_MAX_] = {"none", "low", "medium", "high"};

const char *fw_tier_word(enum fw_tier tier)
{
	return tier < FW_TIER_MAX_ ? tier_words[tier] : "?";
}

int fw_tier_from_word(const char *word, enum fw_tier *ret)
{
	for (unsigned int tier = 0; tier < FW_TIER_MAX_; tier++) {
		if (strcmp(word, tier_words[tier]))
			continue;
		*ret = (enum fw_tier)tier;
		return 0;
	}
	return -EINVAL;
}

enum fw_tier fw_tier_of_score(unsigned int score)
{
	if (!score)
		return FW_TIER_NONE;
	return score >= 75 ? FW_TIER_HIGH : score >= 50 ? FW_TIER_MEDIUM : FW_TIER_LOW;
}
