// SPDX-License-Identifier: Apache-2.0
/* Words of the policy language and the enums behind them: one table each, read in both directions. */
#include "policy/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KNOWN_MAX    32

static const struct fw_word actions[] = {
	{"allow", FW_ACTION_ALLOW}, {"block", FW_ACTION_BLOCK}, {"police", FW_ACTION_POLICE},
	{"count", FW_ACTION_COUNT}, {"label", FW_ACTION_LABEL}, {"challenge", FW_ACTION_CHALLENGE},
};
static const struct fw_word units[] = {
	{"packets", FW_UNIT_PACKETS},
	{"bytes", FW_UNIT_BYTES},
	{"connections", FW_UNIT_CONNECTIONS},
	{"requests", FW_UNIT_REQUESTS},
};
static const struct fw_word pers[] = {
	{"source", FW_PER_SOURCE},
	{"source_prefix", FW_PER_SOURCE_PREFIX},
	{"destination", FW_PER_DESTINATION},
	{"source+dest_port", FW_PER_SOURCE_DEST_PORT},
	{"total", FW_PER_TOTAL},
	{"destination_prefix", FW_PER_DESTINATION_PREFIX},
};
static const struct fw_word rule_modes[] = {
	{"enforce", FW_MODE_ENFORCE}, {"count", FW_MODE_COUNT}, {"attack", FW_MODE_ATTACK}};
static const struct fw_word modes[] = {{"enforce", FW_MODE_ENFORCE}, {"count", FW_MODE_COUNT}};
static const struct fw_word xdp_modes[] = {
	{"auto", FW_XDP_AUTO}, {"native", FW_XDP_NATIVE}, {"generic", FW_XDP_GENERIC}};
static const struct fw_word on_exits[] = {{"keep", FW_ON_EXIT_KEEP}, {"detach", FW_ON_EXIT_DETACH}};
static const struct fw_word protocols[] = {
	{"icmp", 1},  {"igmp", 2},  {"ipip", 4},   {"tcp", 6},	  {"udp", 17},	  {"dccp", 33},
	{"ipv6", 41}, {"gre", 47},  {"esp", 50},   {"ah", 51},	  {"icmpv6", 58}, {"eigrp", 88},
	{"ospf", 89}, {"pim", 103}, {"vrrp", 112}, {"l2tp", 115}, {"sctp", 132},  {"udplite", 136},
};
static const struct fw_word ports[] = {
	{"ftp", 21},  {"ssh", 22},  {"telnet", 23}, {"smtp", 25},   {"dns", 53},	  {"dhcp", 67},
	{"http", 80}, {"ntp", 123}, {"snmp", 161},  {"https", 443}, {"memcached", 11211},
};
static const struct fw_word flags[] = {
	{"fin", FW_TCP_FIN}, {"syn", FW_TCP_SYN}, {"rst", FW_TCP_RST}, {"psh", FW_TCP_PSH},
	{"ack", FW_TCP_ACK}, {"urg", FW_TCP_URG}, {"ece", FW_TCP_ECE}, {"cwr", FW_TCP_CWR},
};
static const struct fw_word kinds[] = {
	{"fragment", FW_KIND_FRAGMENT},
	{"later_fragment", FW_KIND_LATER_FRAGMENT},
	{"no_l4", FW_KIND_NO_L4},
	{"options", FW_KIND_OPTIONS},
	{"tagged", FW_KIND_TAGGED},
	{"ipv6", FW_KIND_IPV6},
	{"ipv4", FW_PACKET_IPV4},
	{"bad_flags", FW_KIND_BAD_FLAGS},
	{"land", FW_KIND_LAND},
	{"zero_port", FW_KIND_ZERO_PORT},
	{"quic_short_initial", FW_KIND_QUIC_SHORT_INITIAL},
};

static const struct fw_word tiers[] = {
	{"none", FW_TIER_NONE}, {"low", FW_TIER_LOW}, {"medium", FW_TIER_MEDIUM}, {"high", FW_TIER_HIGH}};
static const struct fw_word feed_formats[] = {
#define X(name, word, help) {word, FW_FEED_##name},
	FW_FEED_FORMATS(X)
#undef X
};

static const struct fw_word log_formats[] = {
	{"combined", FW_LOG_COMBINED},	   {"vcombined", FW_LOG_VCOMBINED}, {"caddy", FW_LOG_CADDY},
	{"cloudfront", FW_LOG_CLOUDFRONT}, {"aws-waf", FW_LOG_AWS_WAF},	    {"json", FW_LOG_JSON},
	{"regex", FW_LOG_REGEX},
};
static const struct fw_word log_fields[] = {
	{"client", FW_LOG_CLIENT}, {"forwarded_for", FW_LOG_FORWARDED_FOR},
	{"method", FW_LOG_METHOD}, {"uri", FW_LOG_URI},
	{"host", FW_LOG_HOST},	   {"status", FW_LOG_STATUS},
};
static const struct fw_word uris[] = {
	{"exact", FW_URI_EXACT}, {"prefix", FW_URI_PREFIX}, {"contains", FW_URI_CONTAINS}};

#define TABLE(words)                                                                                         \
	{                                                                                                    \
		words, COUNT(words)                                                                          \
	}
const struct fw_words fw_action_words = TABLE(actions);
const struct fw_words fw_unit_words = TABLE(units);
const struct fw_words fw_per_words = TABLE(pers);
const struct fw_words fw_mode_words = TABLE(modes);
const struct fw_words fw_rule_mode_words = TABLE(rule_modes);
const struct fw_words fw_xdp_mode_words = TABLE(xdp_modes);
const struct fw_words fw_on_exit_words = TABLE(on_exits);
const struct fw_words fw_protocol_words = TABLE(protocols);
const struct fw_words fw_port_words = TABLE(ports);
const struct fw_words fw_tcp_flag_words = TABLE(flags);
const struct fw_words fw_packet_words = TABLE(kinds);
const struct fw_words fw_tier_words = TABLE(tiers);
const struct fw_words fw_feed_format_words = TABLE(feed_formats);
const struct fw_words fw_log_format_words = TABLE(log_formats);
const struct fw_words fw_log_field_words = TABLE(log_fields);
const struct fw_words fw_uri_words = TABLE(uris);

const char *fw_word_of(const struct fw_words *words, unsigned int value)
{
	for (size_t i = 0; i < words->count; i++)
		if (words->items[i].value == value)
			return words->items[i].word;
	return NULL;
}

bool fw_word_find(const struct fw_words *words, const char *word, unsigned int *ret)
{
	for (size_t i = 0; i < words->count; i++) {
		if (!strcmp(words->items[i].word, word)) {
			*ret = words->items[i].value;
			return true;
		}
	}
	return false;
}

/* What people write who come from iptables, nftables, tcpdump or a web application firewall. */
static const struct {
	const char *typed, *meant;
} of_others[] = {
	{"port", "dest_port"},
	{"dport", "dest_port"},
	{"dst_port", "dest_port"},
	{"sport", "source_port"},
	{"src_port", "source_port"},
	{"src", "source"},
	{"ip", "source"},
	{"saddr", "source"},
	{"dst", "destination"},
	{"dest", "destination"},
	{"daddr", "destination"},
	{"proto", "protocol"},
	{"flags", "tcp_flags"},
	{"size", "length"},
	{"path", "uri"},
	{"url", "uri"},
	{"rate", "limit"},
	{"geo", "country"},
	{"drop", "block"},
	{"deny", "block"},
	{"reject", "block"},
	{"accept", "allow"},
	{"pass", "allow"},
	{"permit", "allow"},
	{"log", "count"},
	{"ratelimit", "police"},
	{"throttle", "police"},
	{"pps", "packets"},
	{"bps", "bytes"},
	{"whitelist", "never_block"},
	{"allowlist", "never_block"},
};

static const char *find_known(const char *word, const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(known[i], word))
			return known[i];
	return NULL;
}

const char *fw_word_meant(const char *typed, const char *const *known, size_t count)
{
	const char *meant = NULL;

	for (size_t i = 0; i < COUNT(of_others) && !meant; i++)
		if (!strcmp(of_others[i].typed, typed))
			meant = find_known(of_others[i].meant, known, count);
	return meant ? meant : fw_did_you_mean(typed, known, count);
}

const char *fw_words_list(const struct fw_words *words, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < words->count; i++) {
		int written =
			snprintf(buffer + used, size - used, "%s%s", i ? ", " : "", words->items[i].word);

		if (written < 0 || (size_t)written >= size - used)
			break;
		used += (size_t)written;
	}
	return buffer;
}

int fw_word_parse(const struct fw_words *words, const char *what, const char *word, unsigned int *ret,
		  struct fw_err *err)
{
	const char *known[KNOWN_MAX], *meant;
	char list[512], hint[64] = "";
	size_t count = 0;

	if (fw_word_find(words, word, ret))
		return 0;
	for (size_t i = 0; i < words->count && count < KNOWN_MAX; i++)
		known[count++] = words->items[i].word;
	meant = fw_word_meant(word, known, count);
	if (meant)
		snprintf(hint, sizeof(hint), "did you mean '%.40s'? ", meant);
	return fw_err_set(err, -EINVAL, "'%.80s' is not a known %s; %sknown are %s", word, what, hint,
			  fw_words_list(words, list, sizeof(list)));
}

static const char *word_or(const struct fw_words *words, unsigned int value, const char *fallback)
{
	const char *word = fw_word_of(words, value);

	return word ? word : fallback;
}

bool fw_tcp_flags_parse(const char *text, uint8_t *ret, unsigned int *ret_words)
{
	unsigned int all = 0, words = 0;

	while (strcmp(text, "none") != 0 || words) {
		size_t length = strcspn(text, "+");
		unsigned int flag;
		char word[8];

		if (snprintf(word, sizeof(word), "%.*s", (int)length, text) >= (int)sizeof(word) ||
		    !fw_word_find(&fw_tcp_flag_words, word, &flag))
			return false;
		all |= flag;
		words++;
		if (!text[length])
			break;
		text += length + 1;
	}
	*ret = (uint8_t)all;
	if (ret_words)
		*ret_words = words;
	return true;
}

const char *fw_action_word(enum fw_action action)
{
	return word_or(&fw_action_words, action, "unknown");
}

const char *fw_unit_word(enum fw_unit unit)
{
	return word_or(&fw_unit_words, unit, "none");
}

const char *fw_per_word(enum fw_per per)
{
	return word_or(&fw_per_words, per, "unknown");
}

const char *fw_mode_word(enum fw_mode mode)
{
	return word_or(&fw_mode_words, mode, "inherit");
}

const char *fw_xdp_mode_word(enum fw_xdp_mode mode)
{
	return word_or(&fw_xdp_mode_words, mode, "unknown");
}

int fw_action_parse(const char *word, enum fw_action *ret, struct fw_err *err)
{
	unsigned int value;
	int r = fw_word_parse(&fw_action_words, "action", word, &value, err);

	if (!r)
		*ret = (enum fw_action)value;
	return r;
}

const char *fw_rule_mode_word(enum fw_mode mode)
{
	return word_or(&fw_rule_mode_words, mode, "enforce");
}

int fw_rule_mode_parse(const char *word, enum fw_mode *ret, struct fw_err *err)
{
	unsigned int value;
	int r = fw_word_parse(&fw_rule_mode_words, "mode", word, &value, err);

	if (!r)
		*ret = (enum fw_mode)value;
	return r;
}

int fw_xdp_mode_parse(const char *word, enum fw_xdp_mode *ret, struct fw_err *err)
{
	unsigned int value;
	int r = fw_word_parse(&fw_xdp_mode_words, "XDP mode", word, &value, err);

	if (!r)
		*ret = (enum fw_xdp_mode)value;
	return r;
}
