/* SPDX-License-Identifier: Apache-2.0 */
/* The word tables of the policy language. */
#ifndef FW_POLICY_WORDS_H
#define FW_POLICY_WORDS_H

#include "policy/policy.h"

struct fw_word {
	const char *word;
	unsigned int value;
};
struct fw_words {
	const struct fw_word *items;
	size_t count;
};

enum fw_tcp_flag {
	FW_TCP_FIN = 1 << 0,
	FW_TCP_SYN = 1 << 1,
	FW_TCP_RST = 1 << 2,
	FW_TCP_PSH = 1 << 3,
	FW_TCP_ACK = 1 << 4,
	FW_TCP_URG = 1 << 5,
	FW_TCP_ECE = 1 << 6,
	FW_TCP_CWR = 1 << 7,
};

/* "syn", "fin+ack", "none": *ret is what is set, *ret_words (may be NULL) how many were named. */
bool fw_tcp_flags_parse(const char *text, uint8_t *ret, unsigned int *ret_words);

extern const struct fw_words fw_action_words, fw_unit_words, fw_per_words, fw_mode_words, fw_rule_mode_words,
	fw_xdp_mode_words, fw_on_exit_words, fw_protocol_words, fw_port_words, fw_tcp_flag_words,
	fw_packet_words, fw_tier_words, fw_feed_format_words, fw_log_format_words, fw_log_field_words,
	fw_uri_words;

const char *fw_word_of(const struct fw_words *words, unsigned int value); /* NULL if none */
bool fw_word_find(const struct fw_words *words, const char *word, unsigned int *ret);
/* Which of the known was probably meant: a typing error, or what other filters call it. NULL: none. */
const char *fw_word_meant(const char *typed, const char *const *known, size_t count);
/* "a, b, c" */
const char *fw_words_list(const struct fw_words *words, char *buffer, size_t size);
/* -EINVAL with "'x' is not a known WHAT, did you mean 'y'? known are …". */
int fw_word_parse(const struct fw_words *words, const char *what, const char *word, unsigned int *ret,
		  struct fw_err *err);

#endif
