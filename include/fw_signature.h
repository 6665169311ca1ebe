/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Signatures as they lie in the policy: from which port, how long, which first bytes, and the terms that ask.
 */
#ifndef FW_SIGNATURE_H
#define FW_SIGNATURE_H

#include "fw_types.h"

#define FW_SIGNATURES_MAX	64  /* names; class 0 is "has none" */
#define FW_SIGNATURE_CLASSES	128 /* a power of two that holds them */
#define FW_SIGNATURE_PORTS_MAX	255 /* items: one for each source port of each signature */
#define FW_SIGNATURE_CHAIN_MAX	8   /* items that are compared with one packet */
#define FW_SIGNATURE_BYTES	8
#define FW_SIGNATURE_OFFSET_MAX 512
#define FW_SIGNATURE_BUCKETS	256

struct fw_signature {
	__u64 value, mask; /* of `bytes` bytes at `offset`, as they stand in the packet; the rest is 0 */
	__u16 source_port;
	__u16 least, most; /* payload bytes; of a first fragment those of its whole datagram */
	__u16 offset;	   /* behind the L4 header */
	__u8 bytes;	   /* 0: none are compared */
	__u8 protocol;
	__u8 class; /* 1 … FW_SIGNATURES_MAX */
	__u8 next;  /* index of the next item of the same bucket, 0 = none */
	__u32 pad;
};
FW_SIZE_IS(struct fw_signature, 32);

struct fw_signature_table {
	__u64 asking; /* terms that ask for signatures */
	__u64 digest; /* of everything but terms: counters of equal ones go on */
	__u64 terms[FW_SIGNATURE_CLASSES];
	__u8 first[FW_SIGNATURE_BUCKETS]; /* by the low byte of the source port: index of an item, 0 = none */
	struct fw_signature items[FW_SIGNATURE_PORTS_MAX + 1]; /* the first is not used */
};

struct fw_signature_count {
	__u64 packets, bytes; /* that a rule asked about and that have the signature */
};

#endif
