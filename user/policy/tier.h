/* SPDX-License-Identifier: Apache-2.0 */
/* How bad the reputation of a source is; a source in several feeds has the worst of them. */
#ifndef FW_POLICY_TIER_H
#define FW_POLICY_TIER_H

enum fw_tier { FW_TIER_NONE, FW_TIER_LOW, FW_TIER_MEDIUM, FW_TIER_HIGH, FW_TIER_MAX_ };

const char *fw_tier_word(enum fw_tier tier); /* "none", "low", … */
int fw_tier_from_word(const char *word, enum fw_tier *ret);
enum fw_tier fw_tier_of_score(unsigned int score); /* 0 … 100: from 1 low, from 50 medium, from 75 high */

#endif
