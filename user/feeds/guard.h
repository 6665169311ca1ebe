/* SPDX-License-Identifier: Apache-2.0 */
/* No feed may hurt its owner: what a new list may look like, and what is never taken from any list. */
#ifndef FW_FEEDS_GUARD_H
#define FW_FEEDS_GUARD_H

#include "feeds/entry.h"

/* Why an entry, or a part of it, is left out. X(NAME, word, what the protected thing is) */
#define FW_GUARD_REASONS(X)                                                                                  \
	X(TOO_WIDE, "too_wide", "a prefix shorter than this feed may list")                                  \
	X(BOGON, "bogon", "a private or special-purpose range")                                              \
	X(OWN, "own_address", "an address of this machine")                                                  \
	X(GATEWAY, "gateway", "a gateway")                                                                   \
	X(RESOLVER, "resolver", "a resolver")                                                                \
	X(SSH_PEER, "ssh_peer", "the peer of a live SSH session")                                            \
	X(NEVER_BLOCK, "never_block", "never_block")

enum fw_guard_reason {
#define X(name, word, help) FW_GUARD_##name,
	FW_GUARD_REASONS(X)
#undef X
		FW_GUARD_MAX_
};

const char *fw_guard_word(enum fw_guard_reason reason);
const char *fw_guard_help(enum fw_guard_reason reason);

/* Zero means the default of every member. */
struct fw_guard {
	size_t max_entries;		 /* default 2 M; more: the update is held */
	unsigned char shortest_v4;	 /* in IPv4 bits, default 8 */
	unsigned char shortest_v6;	 /* default 19 */
	bool allow_bogons;		 /* the list is about private networks on purpose */
	unsigned int max_growth_percent; /* of entries or addresses, default 200 = twice as many */
	unsigned int max_shrink_percent; /* default 50 = half of them gone */
	bool force;			 /* the operator has looked: growth and shrink hold nothing */
};

/* Addresses no feed may list, in no particular order; each with its reason. */
struct fw_protected {
	struct fw_prefix prefix;
	enum fw_guard_reason reason;
};

#define FW_GUARD_EXAMPLES_MAX 8

struct fw_guard_example {
	enum fw_guard_reason reason;
	struct fw_prefix entry; /* as listed */
	uint32_t line;
	struct fw_prefix what; /* what it touches; = entry for TOO_WIDE */
	bool whole;	       /* nothing of the entry is left */
};

struct fw_guard_report {
	size_t entries;		       /* before */
	size_t kept;		       /* after, pieces counted */
	size_t refused[FW_GUARD_MAX_]; /* entries of which nothing is left */
	size_t split[FW_GUARD_MAX_];   /* entries that lost a part */
	struct fw_guard_example examples[FW_GUARD_EXAMPLES_MAX];
	size_t example_count;
};

/* Whether anything of an entry may come into force: it is neither too wide nor within a bogon. */
bool fw_guard_admits(const struct fw_prefix *prefix, const struct fw_guard *guard);

/* Takes out of *list what may never be in force: prefixes too wide, bogons, then everything protected,
 * exactly. Fills *report. -ENOMEM: the list must not be used. */
int fw_guard_filter(struct fw_feed_list *list, const struct fw_guard *guard,
		    const struct fw_protected *protected, size_t protected_count,
		    struct fw_guard_report *report);
/* One line for humans: "3 entries refused: 2 bogon, 1 own_address (line 7: …)"; empty when nothing was. */
const char *fw_guard_describe(const struct fw_guard_report *report, char *buffer, size_t size);

/* Whether a new list may replace the one in force (NULL: there is none). 0, or the reason to hold it:
 * -EPERM growth or shrink, which `force` lets pass, -E2BIG beyond max_entries, -EINVAL no list of sources.
 * Growth and shrink judge both entries and the addresses they cover, of what the guard admits. */
int fw_guard_judge(const struct fw_feed_list *fresh, const struct fw_feed_list *in_force,
		   const struct fw_guard *guard, struct fw_err *err);

#endif
