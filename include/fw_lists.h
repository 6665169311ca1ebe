/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* All listed prefixes as the packet path asks for them: a bitmap that says "nothing here" for nearly
 * everybody, then the exact answer, one or two cache lines away. The cost does not depend on how many
 * prefixes there are.
 *
 * IPv4 is cut into 262144 /18s, one word of the bitmap (few marks: of a smaller one, shared with other /18s)
 * and half a cache line each: up to seven entries, which is what a million prefixes take. A /18 that holds
 * more, or that something surrounds, has a run elsewhere: which of its 64 /24s, and an entry for each of
 * these. Entries change by one store each; a run is never changed: another one is written behind the last and
 * takes its place with one store, so that a packet sees each /24 as it was or as it is.
 *
 * IPv6 is cut into /32s, hashed onto as many words (a false alarm costs one bucket); its prefixes of at most
 * 16 bits lie in a table of their own ("wide"), or a /1 would mark half the space. */
#ifndef FW_LISTS_H
#define FW_LISTS_H

#include "fw_types.h"

#define FW_LIST_BITMAP_WORDS (1u << 18) /* 2 MiB */
#define FW_LIST_WIDE	     65536u	/* classes by the first 16 bits */
#define FW_LIST_WIDE_BITS    16
#define FW_LIST_CHAIN	     8u /* buckets looked at before "not there"; the builder grows the table instead */

/* Hashes spread, they need not resist: operators write lists, attackers do not. */
static inline __attribute__((always_inline)) __u32 fw_list_hash32(__u32 key)
{
	return (__u32)((key * 0x9e3779b97f4a7c15ULL) >> 32);
}

/* A word of a bitmap is a filter. Its lower half says in which /24s (two share a bit; IPv6: /32s) something
 * is known: where few are, one shift for nearly everybody. The upper half has two bits for all of such a /24
 * or for one of its /28s: the exact answer is memory that nobody has near, and of a million prefixes most are
 * single addresses. A word of ones is a /18 that is listed. */
static inline __attribute__((always_inline)) __u64 fw_list_mark_of(__u32 bit, __u32 key)
{
	__u32 hash = fw_list_hash32(key);

	return 1ULL << (bit >> 1 & 31) | 1ULL << (32 + (hash >> 27)) | 1ULL << (32 + (hash >> 22 & 31));
}

static inline __attribute__((always_inline)) int fw_list_may_be(__u64 word, __u32 bit)
{
	return word >> (bit >> 1 & 31) & 1;
}

/* All bits of fw_list_mark_of(), without a branch. */
static inline __attribute__((always_inline)) int fw_list_has_mark(__u64 word, __u32 bit, __u32 key)
{
	__u32 hash = fw_list_hash32(key);
	__u64 upper = word >> 32;

	return word >> (bit >> 1 & 31) & upper >> (hash >> 27) & upper >> (hash >> 22 & 31) & 1;
}

/* Of a bitmap of all its words one source in nine passes the first shift, of a folded one hardly any. A
 * branch that the CPU guesses wrong so often, and that waits for a cache which is not near, costs more than
 * to ask for all bits at once. */
static inline __attribute__((always_inline)) int fw_list_is_ample(__u32 bitmap_mask)
{
	return bitmap_mask == FW_LIST_BITMAP_WORDS - 1;
}

static inline __attribute__((always_inline)) __u64 fw_list4_mark24(__u32 addr)
{
	return fw_list_mark_of(addr >> 8, addr >> 8);
}

static inline __attribute__((always_inline)) __u64 fw_list4_mark28(__u32 addr)
{
	return fw_list_mark_of(addr >> 8, addr >> 4);
}

static inline __attribute__((always_inline)) int fw_list4_is_marked(__u64 word, __u32 addr)
{
	return fw_list_has_mark(word, addr >> 8, addr >> 8) | fw_list_has_mark(word, addr >> 8, addr >> 4);
}

/* Half a cache line for each /18. Slots are 0 (free) or /24 << 26 | length - 24 << 22 | last byte << 14 |
 * class, which must fit. run: where its run begins, in words of fw_list4_run_map; then the slots do not
 * count. */
#define FW_LIST4_LINES	     (1u << 18)
#define FW_LIST4_SLOTS	     7
#define FW_LIST4_CLASSES_MAX (1u << 14)
#define FW_LIST4_REST	     0x80000000u
#define FW_LIST4_RUN_MAX     (1 + 1 + 32) /* words */
#define FW_LIST4_EMPTY	     1u		  /* the run of a /18 that lost its last entry; 0 = there is none */
#define FW_LIST4_LEAF	     255u
#define FW_LIST4_LEAVES_MAX  (1u << 24)

struct fw_list4_line {
	__u32 run;
	__u32 slot[FW_LIST4_SLOTS];
};
FW_SIZE_IS(struct fw_list4_line, 32);

/* length: 24 … 32. Never 0: a /24 without class is no entry, and class 0 is that. */
static inline __attribute__((always_inline)) __u32 fw_list4_slot(__u32 addr, __u32 length, __u32 list_class)
{
	return (addr >> 8 & 63) << 26 | (length - 24) << 22 | (addr & 255) << 14 | list_class;
}

/* The class an address has by the slot of its /24; another /24's slot says nothing: -1. */
static inline __attribute__((always_inline)) int fw_list4_slot_class(__u32 slot, __u32 addr)
{
	__u32 length = slot >> 22 & 15;

	if (!slot || slot >> 26 != (addr >> 8 & 63))
		return -1;
	return ((slot >> 14 ^ addr) & 255) >> ((8 - length) & 15) ? 0
								  : (int)(slot & (FW_LIST4_CLASSES_MAX - 1));
}

/* A run: the mask of /24s with an entry; with FW_LIST4_REST the class of the others in a word of its own;
 * then the entries in the order of the bits, two a word, the first in the low half. An entry: kind << 24 |
 * last byte << 16 | class. Kind 24: the whole /24; 25 … 32: a prefix of that length, around it what the /18
 * says of the others; FW_LIST4_LEAF: anything else, and the other 24 bits are the index of a leaf. */
static inline __attribute__((always_inline)) __u32 fw_list4_entry(__u32 kind, __u32 last_byte,
								  __u32 list_class)
{
	return kind << 24 | (last_byte & 255) << 16 | (list_class & 0xffff);
}

/* How many of a run's entries come before bit: BPF has no instruction for it. */
static inline __attribute__((always_inline)) __u32 fw_list4_rank(__u64 mask, __u32 bit)
{
	__u64 below = mask & ((1ULL << (bit & 63)) - 1);

	below -= below >> 1 & 0x5555555555555555ULL;
	below = (below & 0x3333333333333333ULL) + (below >> 2 & 0x3333333333333333ULL);
	below = (below + (below >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return (__u32)(below * 0x0101010101010101ULL >> 56);
}

struct fw_list4_leaf {
	__u16 list_class[256]; /* by the last byte */
};
FW_SIZE_IS(struct fw_list4_leaf, 512);

/* One IPv6 /32: the prefix lengths 33..128 that exist in it, longest first, 0 ends; and the class of the
 * rest. It is never changed while packets look at it: a copy with entries of the next version takes its place
 * with one store (several stores would let a packet meet neither what was nor what is), and the old one goes
 * when nobody can be looking at it any more. */
#define FW_LIST6_PROBES	  16
#define FW_LIST6_VERSIONS 255u
#define FW_LIST6_RETIRED  0xffffu /* `used` of a group that another one has replaced */

struct fw_list6_group {
	__u32 top; /* host order */
	__u16 other;
	__u16 used; /* 0: free, else 1 + the version of its entries */
	__u8 lengths[FW_LIST6_PROBES];
};
FW_SIZE_IS(struct fw_list6_group, 24);

#define FW_LIST6_GROUPS	 2
#define FW_LIST6_ENTRIES 3

struct fw_list6_group_bucket {
	struct fw_list6_group group[FW_LIST6_GROUPS];
	__u32 more;
	__u32 pad[3];
};
FW_SIZE_IS(struct fw_list6_group_bucket, 64);

struct fw_list6_entry {
	struct fw_addr addr; /* masked */
	__u16 bits;	     /* fw_list6_key, 0 = free */
	__u16 list_class;
};
FW_SIZE_IS(struct fw_list6_entry, 20);

struct fw_list6_bucket {
	struct fw_list6_entry entry[FW_LIST6_ENTRIES];
	__u32 more;
};
FW_SIZE_IS(struct fw_list6_bucket, 64);

struct fw_list_wide {
	__u16 list_class[FW_LIST_WIDE];
};

enum fw_list_feature {
	FW_LIST_V4 = 1 << 0,
	FW_LIST_V6 = 1 << 1,
	FW_LIST_WIDE_V6 = 1 << 2,
};

/* What a list slot holds; part of the policy slot that uses it. Masks are sizes - 1. */
struct fw_list_shape {
	__u32 features; /* enum fw_list_feature */
	__u32 group_mask6;
	__u32 mask6;
	__u32 changes; /* made in place since these lists were laid out */
	/* Of the bitmaps' words. Few marks take few words, which stay in the nearest cache whatever the
	 * neighbours do to the last level: the words are folded upon each other, at the cost of some false
	 * alarms. Many marks take all words. */
	__u32 bitmap_mask4;
	__u32 bitmap_mask6;
};
FW_SIZE_IS(struct fw_list_shape, 24);

static inline __attribute__((always_inline)) __u32 fw_list6_key(__u32 bits, __u32 version)
{
	return version << 8 | bits;
}

static inline __attribute__((always_inline)) __u32 fw_list6_hash(const struct fw_addr *addr, __u32 key)
{
	__u64 high = (__u64)addr->w[0] << 32 | addr->w[1];
	__u64 low = (__u64)addr->w[2] << 32 | addr->w[3];
	__u64 hash = high * 0x9e3779b97f4a7c15ULL;

	hash ^= hash >> 32;
	hash = (hash + low + key) * 0xbf58476d1ce4e5b9ULL;
	/* The last bytes of either half have only reached the upper bits. */
	hash = (hash ^ hash >> 32) * 0x94d049bb133111ebULL;
	return (__u32)(hash >> 32);
}

/* Where an IPv6 /32 stands in the bitmap: the word in the upper 18 of 24 bits, the mark by all of them. */
static inline __attribute__((always_inline)) __u32 fw_list6_bit(__u32 top)
{
	return fw_list_hash32(top ^ 0x5bd1e995) & 0xffffff;
}

static inline __attribute__((always_inline)) int fw_list6_is_marked(__u64 word, __u32 bit)
{
	return fw_list_has_mark(word, bit, bit);
}

#endif
