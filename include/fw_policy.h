/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The compiled policy as it lies in the maps: terms as bits, dimensions as mask tables, rules in file order.
 */
#ifndef FW_POLICY_H
#define FW_POLICY_H

#include "fw_geo.h"
#include "fw_lists.h"
#include "fw_request.h"
#include "fw_signature.h"
#include "fw_types.h"

/* Layout version of all pinned maps; an agent adopts pins only of its own version. */
#define FW_ABI_VERSION 17

#define FW_SLOTS	    2 /* generations alive at once: the active and the one being built */
#define FW_TERMS_MAX	    64
#define FW_RULES_MAX	    64	/* active rules; each has at least one term */
#define FW_RULE_IDS	    256 /* stable ids: counters and meters follow the name over reloads */
#define FW_RULE_NONE	    0xffff
#define FW_RULE_NEVER_BLOCK 255 /* id of the meter behind never_block's own limit */
#define FW_RULE_ANSWERS	    254 /* id of the meter behind answers_limit */
#define FW_RULE_SSH_PEERS   253 /* id of the meter behind ssh_limit */
#define FW_LABELS_MAX	    64
#define FW_CLASSES_MAX	    65536
#define FW_BAN_STEPS	    6
#define FW_SYNPROXY_NONE    0xff

enum fw_action {
	FW_ACTION_ALLOW,
	FW_ACTION_BLOCK,
	FW_ACTION_POLICE,
	FW_ACTION_COUNT,
	FW_ACTION_LABEL,
	FW_ACTION_CHALLENGE,
	FW_ACTION_MAX_,
};

enum fw_unit {
	FW_UNIT_NONE, /* no limit */
	FW_UNIT_PACKETS,
	FW_UNIT_BYTES,
	FW_UNIT_CONNECTIONS,
	FW_UNIT_REQUESTS,
	FW_UNIT_MAX_,
};

enum fw_per {
	FW_PER_SOURCE,
	FW_PER_SOURCE_PREFIX,
	FW_PER_DESTINATION,
	FW_PER_SOURCE_DEST_PORT,
	FW_PER_TOTAL,
	FW_PER_DESTINATION_PREFIX,
	FW_PER_MAX_,
};

/* The key says who is protected, not who sends. */
static inline __attribute__((always_inline)) int fw_per_is_destination(__u32 per)
{
	return per == FW_PER_DESTINATION || per == FW_PER_DESTINATION_PREFIX;
}

enum fw_rule_flag {
	FW_RULE_COUNT_MODE = 1 << 0, /* would drop, goes on */
	FW_RULE_BAN = 1 << 1,
	FW_RULE_BAN_UNVERIFIED = 1 << 2, /* ban without a socket as evidence */
	FW_RULE_SOURCE_KEY = 1 << 3,	 /* the key is the source alone, IPv4 /32 and IPv6 /64 */
};

/* How judge_quickly() may speak for a term's rule, if it may: that it blocks, polices or, without limit,
 * allows. */
enum fw_quick {
	FW_QUICK_NOT,
	FW_QUICK_TOTAL,	      /* a limit of packets for all together, */
	FW_QUICK_TOTAL_BYTES, /* of bytes, */
	FW_QUICK_SOURCE,      /* or for each source: FW_RULE_SOURCE_KEY and no port */
	FW_QUICK_UNLIMITED,   /* no limit */
};

struct fw_rule {
	__u64 terms;  /* its bits among the terms: one judgement per rule and packet */
	__u64 labels; /* set on the packet when the rule takes effect */
	__u64 limit;  /* amount per window; meaningless with FW_UNIT_NONE */
	__u64 sub_ns; /* sub_us × 1000 */
	__u64 window_ns;
	__u64 ban_ns[FW_BAN_STEPS];		 /* lease of the n-th offence; the last one repeats */
	struct fw_addr key_mask[FW_FAMILY_MAX_]; /* per family: bits of the address that make the key */
	__u8 ban_bits[FW_FAMILY_MAX_];		 /* prefix length of a lease, 128-bit space */
	__u8 ban_steps;
	__u8 action;	 /* enum fw_action */
	__u8 unit;	 /* enum fw_unit */
	__u8 per;	 /* enum fw_per */
	__u8 flags;	 /* enum fw_rule_flag */
	__u8 cell_shift; /* limit >> cell_shift < 2^31; a multiple of FW_METER_SHIFT_STEP */
	__u8 pad;
	__u16 id;
	__u32 sub_us; /* sub-window: ceil((window + one tick) / FW_METER_CELLS), < 2^28 */
	__u32 batch;  /* what a CPU may keep to itself of a key's amount; 0: every packet is told at once */
	__u32 shape;  /* of its meters: fw_meter_shape() */
};
FW_SIZE_IS(struct fw_rule, 8 * 5 + 8 * FW_BAN_STEPS + 48 + 24);

/* Counts only what fits its limit. */
static inline __attribute__((always_inline)) int fw_rule_keeps_to_limit(const struct fw_rule *rule)
{
	return rule->action == FW_ACTION_POLICE || rule->action == FW_ACTION_ALLOW;
}

/* A conjunction. Everything but labels is spread over the mask tables below. */
struct fw_term {
	__u64 labels_required;
	__u64 labels_forbidden;
	__u64 others; /* all terms but its rule's, which is judged once */
	__u8 rule;    /* index into rules[] */
	__u8 id;      /* the rule's */
	__u8 quick;   /* enum fw_quick; not, if it asks for labels */
	__u8 pad[5];
};
FW_SIZE_IS(struct fw_term, 32);

/* Where in terms[] a term lies, by its one bit, which a product with a de Bruijn sequence tells from the
 * others: BPF has no instruction for the number of a bit (Leiserson, Prokop, Randall 1998). */
static inline __attribute__((always_inline)) __u32 fw_term_place(__u64 bit)
{
	return bit * 0x03f79d71b4cb0a89ULL >> 58;
}

/* What the packet is beyond protocol and ports; an index into kind_terms. */
enum fw_packet_kind {
	FW_KIND_FRAGMENT = 1 << 0,	 /* any fragment, the first included */
	FW_KIND_LATER_FRAGMENT = 1 << 1, /* no L4 header */
	FW_KIND_NO_L4 = 1 << 2,	  /* ports and flags unknown: later fragment, too deep, headers split */
	FW_KIND_OPTIONS = 1 << 3, /* IPv4 options or IPv6 extension headers other than fragment */
	FW_KIND_TAGGED = 1 << 4,  /* at least one VLAN tag */
	FW_KIND_IPV6 = 1 << 5,
	/* What no honest host sends; only known with FW_FEATURE_ODD_KINDS. */
	FW_KIND_BAD_FLAGS = 1 << 6,	     /* TCP flags that contradict each other, or none */
	FW_KIND_LAND = 1 << 7,		     /* claims to come from the very address and port it goes to */
	FW_KIND_ZERO_PORT = 1 << 8,	     /* to port 0, or from port 0 where answers are expected */
	FW_KIND_QUIC_SHORT_INITIAL = 1 << 9, /* a client's QUIC Initial in less than 1200 bytes */
	FW_KIND_ALL_ = (1 << 10) - 1,
	FW_KIND_ODD_ = FW_KIND_ALL_ & ~((1 << 6) - 1),
};

/* Dimensions some term looks at; the packet path skips the others. */
enum fw_feature {
	FW_FEATURE_SOURCE_LISTS = 1 << 0,
	FW_FEATURE_DEST_LISTS = 1 << 1,
	FW_FEATURE_SOURCE_PORT = 1 << 2,
	FW_FEATURE_DEST_PORT = 1 << 3,
	FW_FEATURE_TCP_FLAGS = 1 << 4,
	FW_FEATURE_LENGTH = 1 << 5,
	FW_FEATURE_NEVER_BLOCK_LIMIT = 1 << 6,
	FW_FEATURE_GEO = 1 << 7,
	FW_FEATURE_REQUESTS = 1 << 8,
	FW_FEATURE_CHALLENGE = 1 << 9, /* some rule challenges, and does not only count; no dimension */
	FW_FEATURE_ODD_KINDS = 1 << 10,
	FW_FEATURE_SIGNATURES = 1 << 11,
	FW_FEATURE_VERIFIED = 1 << 12,
	FW_FEATURE_LABELS = 1 << 13, /* some term asks for labels; no dimension */
	/* Few policies have any of these: asked together first. */
	FW_FEATURE_PLACES_ = FW_FEATURE_GEO | FW_FEATURE_DEST_LISTS,
	FW_FEATURE_NARROWING_ = FW_FEATURE_SIGNATURES | FW_FEATURE_REQUESTS | FW_FEATURE_VERIFIED,
};

#define FW_PORT_CLASSES 256

/* u16 value → u8 class → terms it satisfies. */
struct fw_u16_dimension {
	__u8 class_of[65536];
	__u64 terms[FW_PORT_CLASSES];
};

/* Kinds of essential traffic; each has a meter of its own in fw_essential_map. */
enum fw_essential_kind {
	FW_ESSENTIAL_ARP,
	FW_ESSENTIAL_ND,
	FW_ESSENTIAL_PMTU,
	FW_ESSENTIAL_DHCP,
	FW_ESSENTIAL_MAX_
};

enum fw_class_flag { FW_CLASS_NEVER_BLOCK = 1 << 0 };

/* A distinct combination of list memberships. Class 0 is "in no list". */
struct fw_class {
	__u64 source_terms;
	__u64 dest_terms;
	/* Of these: only a feed on trial says so; their rules count instead of dropping. */
	__u64 source_count_terms;
	__u64 dest_count_terms;
	__u32 flags; /* enum fw_class_flag */
	__u32 pad;
};
FW_SIZE_IS(struct fw_class, 40);

/* One generation. Written while inactive, immutable while active. */
struct fw_policy_slot {
	__u32 generation;
	__u32 features;	    /* enum fw_feature */
	__u32 count_ifaces; /* bit per interface index: would drop, passes; all bits = count mode everywhere
			     */
	__u32 list_slot;    /* which slot of the list structures belongs to this generation */
	struct fw_list_shape lists;
	__u64 geo_digest;	/* of the geo table that this generation was compiled for */
	__u32 geo_slot;		/* which slot of fw_geo_map holds it */
	__u32 epoch;		/* fw_allowance_epoch() of generation and forgets */
	__u64 essential_limit;	/* packets per second and kind */
	__u64 reply_limit;	/* SYN cookies per second */
	__u64 reply_per_prefix; /* of these, to a source /24 or /48 */
	__u32 synproxy_wscale;	/* what is forwarded is answered, too; FW_SYNPROXY_NONE: it is not */
	__u32 forgets; /* how often a rule's meters became void with a generation; see fw_control.forgets */
	__u64 source_meter_terms; /* terms of rules that count per source */
	struct fw_class unlisted; /* class 0, which is nearly everybody's */
	__u64 l4_terms;		  /* terms that need ports or flags: never for packets without L4 */
	struct fw_request_terms requests;
	__u64 protocol_terms[256];
	__u64 kind_terms[FW_KIND_ALL_ + 1];
	__u64 tcp_flag_terms[256]; /* by the flag byte; other protocols use no_tcp_terms */
	__u64 no_tcp_terms;
	struct fw_term terms[FW_TERMS_MAX]; /* by fw_term_place() */
	struct fw_rule rules[FW_RULES_MAX];
	struct fw_rule never_block;
	struct fw_rule answers;	  /* per resolver and time server of this host */
	struct fw_rule ssh_peers; /* per source that has a connection to an SSH port of this host */
	struct fw_signature_table signatures;
	__u64 verified_terms;	/* want a source that has completed a handshake */
	__u64 unverified_terms; /* want one that has not */
	struct fw_u16_dimension source_port;
	struct fw_u16_dimension dest_port;
	struct fw_u16_dimension length; /* frame bytes, capped at 65535 */
};

#define FW_BAN_LENGTHS	16 /* distinct prefix lengths of bans per family */
#define FW_SPARED_WORDS 64 /* Bloom filter over spared sources: 4096 bits, one bit per source */

/* The one word that is read first, and small things that change without a generation. */
struct fw_control {
	__u32 generation; /* active slot = generation % FW_SLOTS; 0 = no policy yet: everything passes */
	__u32 ban_filter_slot;
	__u32 ban_filter_mask[FW_SLOTS]; /* words in use − 1 of each slot: small filters stay in the nearest
					    cache */
	/* Used entries of ban_bits; written after them. Publishing a policy adds the ban_bits of its banning
	 * rules, so that what the packet path inserts is found. */
	__u32 ban_lengths[FW_FAMILY_MAX_];
	__u32 forgets; /* how often meters were forgotten: allowances given before do not hold */
	__u8 ban_bits[FW_FAMILY_MAX_][FW_BAN_LENGTHS]; /* prefix lengths in use by bans, 128-bit space */
	__u64 spared[FW_SPARED_WORDS];
	struct fw_cookie_host cookies; /* written by user space */
	__u64 challenge_until_ns;      /* no challenge lasts longer; written by the packet path */
	__u32 mute_ifaces;	       /* whose answers nobody takes: a SYN challenged there would be lost */
	__u32 pad;
};
FW_SIZE_IS(struct fw_control, 8 + 8 + 12 + 4 + 48 + 8 * FW_SPARED_WORDS + 16 + 8);

/* Who built the pinned maps; checked before anything is adopted. */
struct fw_layout {
	__u32 abi_version;
	__u32 policy_slot_bytes;
	__u32 reasons;
	__u32 ban_bytes;
	__u32 meter_bytes;
	__u32 seed;
	__u64 tick_ns;
	__s64 offset_ns;
};
FW_SIZE_IS(struct fw_layout, 40);

#endif
