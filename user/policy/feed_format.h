/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of feeds by name, and which keys of a feed mean something in which. */
#ifndef FW_POLICY_FEED_FORMAT_H
#define FW_POLICY_FEED_FORMAT_H

#include <stdbool.h>

#include "lib/err.h"

/* X(NAME, word, what it is) */
#define FW_FEED_FORMATS(X)                                                                                   \
	X(AUTO, "auto", "detected from the first bytes")                                                     \
	X(NETSET, "netset", "one address, prefix or range a line; FireHOL lists, Spamhaus DROP text")        \
	X(CSV, "csv", "a column of a table")                                                                 \
	X(IPSET, "ipset", "what `ipset save` prints")                                                        \
	X(NFT, "nft", "what `nft list set` prints")                                                          \
	X(NFT_JSON, "nft-json", "what `nft -j list set` prints")                                             \
	X(JSONL, "jsonl", "a JSON object a line; Spamhaus DROP")                                             \
	X(JSON, "json", "one JSON document, fields named by their path")                                     \
	X(AWS, "aws-ip-ranges", "Amazon's ip-ranges.json")                                                   \
	X(CROWDSEC, "crowdsec", "a CrowdSec decision stream")

enum fw_feed_format {
#define X(name, word, help) FW_FEED_##name,
	FW_FEED_FORMATS(X)
#undef X
		FW_FEED_FORMAT_MAX_
};

const char *fw_feed_format_word(enum fw_feed_format format);
int fw_feed_format_from_word(const char *word, enum fw_feed_format *ret);

enum fw_feed_key { FW_FEED_KEY_FIELDS, FW_FEED_KEY_SCORE, FW_FEED_KEY_DELIMITER, FW_FEED_KEY_SERVICES };
/* auto may turn out to be any of them. SCORE stands for expires too, SERVICES for regions. */
bool fw_feed_format_has(enum fw_feed_format format, enum fw_feed_key key);

#define FW_FEED_PATH_DEPTH_MAX 16
#define FW_FEED_PATH_KEY_MAX   64 /* with NUL */

/* Whether "prefixes[].ipv4Prefix" is well formed; text says what is not. */
int fw_feed_path_check(const char *path, struct fw_err *err);

#endif
