/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Keys and values that the packet path and user space share; every size is asserted. */
#ifndef FW_TYPES_H
#define FW_TYPES_H

#include <linux/types.h>

#ifdef __cplusplus
#define FW_SIZE_IS(type, bytes) static_assert(sizeof(type) == (bytes), #type " changed size")
#else
#define FW_SIZE_IS(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " changed size")
#endif

#define FW_NS_PER_SEC 1000000000ULL

/* Every address is 128 bits in network byte order; IPv4 is ::ffff:a.b.c.d (RFC 4291 §2.5.5.2),
 * so that one key, one mask and one code path serve both families. Prefix lengths count in this
 * space: an IPv4 /24 has 120 bits. */
struct fw_addr {
	__be32 w[4];
};
FW_SIZE_IS(struct fw_addr, 16);

#define FW_V4_BITS 96 /* bits in front of an embedded IPv4 address */

enum fw_family { FW_FAMILY_NONE, FW_FAMILY_V4, FW_FAMILY_V6, FW_FAMILY_MAX_ };

/* One aggregation key of one rule. `port` is 0 unless the rule counts per destination port (host order). */
struct fw_meter_key {
	struct fw_addr addr;
	__u16 rule;
	__u16 port;
};
FW_SIZE_IS(struct fw_meter_key, 20);

#define FW_METER_CELLS 16

/* Trailing window in sixteen closed sub-windows and an open one. What counts against the limit is
 * past + current, which covers between W and 17/16 W: a source at a steady 90 % stays under. The packet
 * path touches the first 32 bytes, the cells only when a sub-window ends. cells[] keep amounts >> cell_shift,
 * rounded up. */
struct fw_meter {
	__u64 sub_start_ns; /* when the open sub-window began; moved by the CPU that wins the cmpxchg */
	__u64 current;	    /* amount in the open sub-window; atomic */
	__u64 past;	    /* sum of the closed sub-windows */
	__u32 shape;   /* fw_meter_shape() this state was filled with; a changed window rescales it, a changed
			* unit voids it */
	__u32 dropped; /* packets dropped for this key; atomic, wraps */
	__u32 cells[FW_METER_CELLS];
	__u32 peak[2]; /* highest amount that the limit was compared with, >> cell_shift rounded up, in the
			  latest even and odd epoch: see fw_meter_note_peak() */
	__u32 peak_epoch : 28; /* of the latest of them */
	__u32 head : 4;	       /* next cell to overwrite */
	__u32 beyond; /* bit 0: something was beyond the limit in the open sub-window; bits 1 … 16: in the
			 closed ones, the latest first; set atomically */
};
FW_SIZE_IS(struct fw_meter, 112);

/* Half a cache line: tags of the keys that have a meter and came more than once, and the place of the next.
 */
#define FW_KNOWN_LINES	 16384u
#define FW_KNOWN_BUCKETS (2 * FW_KNOWN_LINES)
#define FW_KNOWN_TAGS	 15
#define FW_KNOWN_WORDS	 4

/* The last word of a bucket. Tags are more than any place, so that it never seems one. */
#define FW_KNOWN_NEXT	   FW_KNOWN_TAGS
#define FW_KNOWN_TAG_LEAST 16u

struct fw_known_tags {
	union {
		__u16 tag[FW_KNOWN_NEXT + 1];
		__u64 word[FW_KNOWN_WORDS];
	};
};
FW_SIZE_IS(struct fw_known_tags, 32);

/* A cache line: the buckets of an address for rules with odd and with even ids; keys with a port are in these
 * and those of the line beside it, whatever the rule. */
struct fw_known_line {
	struct fw_known_tags half[2];
};
FW_SIZE_IS(struct fw_known_line, 64);

/* A bucket's candidates: tags of keys that asked for a meter while too many did. One in FW_KNOWN_SLOW_SHARE
 * is kept that much longer, for keys that send seldom. */
#define FW_KNOWN_FAST	    2
#define FW_KNOWN_SLOW	    2
#define FW_KNOWN_CANDIDATES (FW_KNOWN_FAST + FW_KNOWN_SLOW)
#define FW_KNOWN_SLOW_SHARE 4
#define FW_KNOWN_TIME_SHIFT 25 /* units of 34 ms */

union fw_known_candidates {
	__u16 tag[FW_KNOWN_CANDIDATES];
	__u64 word;
};
FW_SIZE_IS(union fw_known_candidates, 8);

/* What every stranger asks of a bucket, all together a quarter of a MiB: that much stays in a second-level
 * cache whatever the neighbours do to the last one. A Bloom filter of the bucket's tags and candidates, one
 * bit of sixteen by each of three digits. A tag that fell out keeps its bits until a stranger meets them; one
 * that is there lacks them only if another CPU wrote at that moment: its key becomes a candidate again. */
union fw_known_digest {
	struct {
		__u16 bits[3];
		__u8 next; /* bit 0: which of the fast candidates, bit 1: which of the slow ones */
		__u8 unit; /* the lowest 8 bits of the time when the last one came */
	};
	__u64 word;
};
FW_SIZE_IS(union fw_known_digest, 8);

/* Beside each other, as the buckets of a line. */
struct fw_known_digests {
	union fw_known_digest half[2];
};
FW_SIZE_IS(struct fw_known_digests, 16);

struct fw_known_candidates_line {
	union fw_known_candidates half[2];
};
FW_SIZE_IS(struct fw_known_candidates_line, 16);

/* New keys a CPU may give a meter to: a second's worth at once, then that many a second, of which all CPUs
 * together would replace half of the meters in a second. Who asks beyond that closes the gate of this CPU,
 * and soon those of the others: see known_admits(). */
#define FW_GATE_PER_SECOND	 100000u
#define FW_GATE_PER_SECOND_LEAST 1000u

static inline __u32 fw_gate_per_second(__u64 meters, __u32 cpus)
{
	__u64 each = meters / (2 * (cpus ? cpus : 1));

	if (each > FW_GATE_PER_SECOND)
		return FW_GATE_PER_SECOND;
	return each < FW_GATE_PER_SECOND_LEAST ? FW_GATE_PER_SECOND_LEAST : (__u32)each;
}

/* While a gate is closed: a bucket takes one candidate in so many units of time, of the packets of keys that
 * are not known the first of so many. */
#define FW_GATE_CANDIDATE_UNITS	  2
#define FW_GATE_CANDIDATE_PACKETS 4u

/* A gate that closed is closed for so long at least: floods come in bursts. */
#define FW_GATE_WATCH_NS (FW_NS_PER_SEC / 4)

struct fw_gate {
	__u64 refilled_ns;
	__u64 turned_away;	  /* packets of keys that have no meter and were given none */
	__u64 watched_ns;	  /* since when it is watched whether the flood is over, */
	__u64 turned_away_before; /* and what this was then */
	__u32 left;		  /* of the budget */
	__u32 closed;
	__u64 closings;
	__u64 candidates; /* keys that may come again */
	/* Keys that were given a meter, each counted once: it is read while it is written, and what only a
	 * difference tells could step back. */
	__u64 fresh;	/* nobody knew them, */
	__u64 returned; /* candidates that came again, */
	__u64 strayed;	/* and those for whom another key's tag was taken, or whose own meter was evicted */
};
FW_SIZE_IS(struct fw_gate, 80);

enum fw_ban_origin { FW_BAN_MANUAL, FW_BAN_RULE, FW_BAN_FEED, FW_BAN_FLEET, FW_BAN_ORIGIN_MAX_ };

/* A banned address or prefix; bits in the 128-bit space, host bits of addr zero. */
struct fw_ban_key {
	struct fw_addr addr;
	__u32 bits;
};
FW_SIZE_IS(struct fw_ban_key, 20);

/* As struct bpf_lpm_trie_key wants it: the bits first. */
struct fw_local_key {
	__u32 bits;
	struct fw_addr addr;
};
FW_SIZE_IS(struct fw_local_key, 20);

/* A lease: in force while now < expires_ns (Floodwall clock, see fw_config.h). An expired lease stays
 * for a while as the memory of escalation (strikes). */
struct fw_ban {
	__u64 expires_ns;
	__u64 since_ns;
	__u64 packets; /* dropped under this lease; atomic */
	__u16 rule;    /* rule id that banned, FW_RULE_NONE for others */
	__u8 origin;   /* enum fw_ban_origin */
	__u8 strikes;  /* offences so far, saturating */
	__u32 reason;  /* index of the operator's text in the agent's table, 0 = none */
};
FW_SIZE_IS(struct fw_ban, 32);

#define FW_STRIKES_MAX 255
_Static_assert(FW_STRIKES_MAX == (__u8)~0, "what fw_ban.strikes holds");

/* Exact addresses spared from every rule and ban: gateways and what `allow` named; up to a limit live SSH
 * peers, and of resolvers and time servers their answers. */
enum fw_spared_kind {
	FW_SPARED_SSH = 1,
	FW_SPARED_GATEWAY,
	FW_SPARED_RESOLVER,
	FW_SPARED_ALLOWED,
	FW_SPARED_TIME_SERVER,
};

struct fw_spared {
	__u64 expires_ns; /* 0 = until removed */
	__u32 kind;	  /* enum fw_spared_kind */
	__u32 pad;
};
FW_SIZE_IS(struct fw_spared, 16);

/* What a source did lately, from weighted samples taken at the verdict (exact while traffic is low). */
struct fw_source {
	__u64 packets;
	__u64 bytes;
	__u64 dropped;
	__u64 last_ns;
	__u16 last_rule;
	__u8 last_reason;
	__u8 pad[5];
};
FW_SIZE_IS(struct fw_source, 40);

/* Whose SYNs are challenged: the key of a challenge rule, or with FW_RULE_NONE a destination whose other TCP
 * must show a connection. addr is zero for everybody. */
struct fw_challenge_key {
	struct fw_addr addr;
	__u16 rule;
	__u16 pad;
};
FW_SIZE_IS(struct fw_challenge_key, 20);

/* In force while now < until_ns. Moved on while the flood lasts; ends FW_CHALLENGE_HOLD_NS after the rate
 * fell below half of the limit. */
struct fw_challenge {
	__u64 since_ns;
	__u64 until_ns;
	__u16 rule; /* id of the rule that last moved it on */
	__u16 pad[3];
};
FW_SIZE_IS(struct fw_challenge, 24);

#define FW_CHALLENGE_HOLD_NS (10 * FW_NS_PER_SEC)

/* A source that has shown that it receives what is sent to it; in force while now < expires_ns. */
struct fw_verified {
	__u64 expires_ns;
};
FW_SIZE_IS(struct fw_verified, 8);

#define FW_VERIFIED_NS (3600 * FW_NS_PER_SEC)

/* What the stack would answer a SYN with, as its sysctls are now; user space writes it. */
enum fw_cookie_flag {
	FW_COOKIE_TIMESTAMPS = 1 << 0, /* without random offsets: they can carry options */
	FW_COOKIE_SACK = 1 << 1,
	FW_COOKIE_WSCALE = 1 << 2,
	FW_COOKIE_UNSEEN = 1 << 3, /* not every socket is seen from here: none found proves nothing */
	FW_COOKIE_READY = 1 << 4,  /* tcp_syncookies is 2; without it nothing is challenged */
};

struct fw_cookie_host {
	__u32 flags;  /* enum fw_cookie_flag */
	__u16 window; /* that a SYN-ACK announces, unscaled */
	__u8 wscale;  /* that the stack will reckon with */
	__u8 pad;
};
FW_SIZE_IS(struct fw_cookie_host, 8);

/* Replies are counted per source /24 (/48), hashed into so many counters of a second. */
#define FW_REPLY_COUNTERS   (1u << 18)
#define FW_REPLY_COUNT_BITS 20
#define FW_REPLY_BATCH	    64u /* of the total budget, what a CPU takes at once */

enum fw_reply_budget { FW_REPLY_ANSWERED, FW_REPLY_PASSED, FW_REPLY_CONNECTED, FW_REPLY_BUDGETS_ };

struct fw_count {
	__u64 packets;
	__u64 bytes;
};
FW_SIZE_IS(struct fw_count, 16);

/* Per rule id and CPU. packets and bytes count matches; dropped and would_drop are packets. The rest is of a
 * total meter: what this CPU has counted and not yet told the others, at most fw_rule.batch; and how far that
 * may grow before the meter is asked again, until its sub-window ends or the policy changes. */
struct fw_rule_count {
	__u64 packets;
	__u64 bytes;
	__u64 dropped;
	__u64 would_drop;
	__u64 pending;
	__u64 until_ns;
	__u32 room;
	__u16 epoch;	  /* fw_allowance_epoch() */
	__u8 room_is_all; /* beyond it is over the limit */
	__u8 beyond;	  /* something was, until until_ns; the meter's bit is set when it is asked again */
};
FW_SIZE_IS(struct fw_rule_count, 56);

#endif
