/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What rules say of the beginning of TCP payloads, as the packet path asks it: HTTP/1 requests and TLS
 * ClientHellos, methods and automata over bytes. */
#ifndef FW_REQUEST_H
#define FW_REQUEST_H

#include "fw_types.h"

/* X(ID, bytes with the space behind it, the same from the high byte down): what begins a request. */
#define FW_METHODS(X)                                                                                        \
	X(GET, 4, 0x4745542000000000ULL)                                                                     \
	X(POST, 5, 0x504f535420000000ULL)                                                                    \
	X(HEAD, 5, 0x4845414420000000ULL)                                                                    \
	X(PUT, 4, 0x5055542000000000ULL)                                                                     \
	X(DELETE, 7, 0x44454c4554452000ULL)                                                                  \
	X(OPTIONS, 8, 0x4f5054494f4e5320ULL)                                                                 \
	X(PATCH, 6, 0x5041544348200000ULL)                                                                   \
	X(CONNECT, 8, 0x434f4e4e45435420ULL)                                                                 \
	X(TRACE, 6, 0x5452414345200000ULL)

enum fw_method {
#define X(id, bytes, word) FW_METHOD_##id,
	FW_METHODS(X)
#undef X
		FW_METHOD_MAX_,
};

#define FW_REQUEST_WISHES 4
#define FW_TARGET_MAX	  256u /* longer paths count against every rule about paths */

/* One automaton (Aho and Corasick's) answers which of all patterns a text holds, one step a byte: exact and
 * `prefix` patterns begin with a mark that only the text's beginning has, exact and suffix patterns end with
 * one that only its end has. Rows are numbered by their first cell. */
#define FW_AUTOMATON_CELLS   65536u /* rows × classes of bytes */
#define FW_AUTOMATON_ACCEPTS 2048u

struct fw_automaton {
	__u64 accept[FW_AUTOMATON_ACCEPTS]; /* terms; [0] is none */
	__u32 cell[FW_AUTOMATON_CELLS];	    /* index into accept << 16 | next row */
	__u8 class_of[256];		    /* letters of both cases share one */
	__u32 start;			    /* the row behind the mark of the beginning */
	__u32 end_class;		    /* the mark of the end */
};
FW_SIZE_IS(struct fw_automaton, 8 * FW_AUTOMATON_ACCEPTS + 4 * FW_AUTOMATON_CELLS + 256 + 8);

/* What the automata of a policy read. */
enum fw_subject { FW_SUBJECT_PATH, FW_SUBJECT_HOST, FW_SUBJECT_SNI, FW_SUBJECT_MAX_ };

/* Terms that ask for requests: part of a generation. */
struct fw_request_terms {
	__u64 all;		  /* terms that only a request satisfies */
	__u64 any_path, any_host; /* of these, those that do not look there */
	/* A term that wants several things of a text has as many bits, its own and those above it, at most
	 * FW_REQUEST_WISHES; all but the last are in `both_`. What is found of bits in `not_` must not be. */
	__u64 not_path, not_host;
	__u64 both_path, both_host;
	__u64 method[FW_METHOD_MAX_];
	__u64 sni;		 /* terms that only a ClientHello satisfies */
	__u64 not_sni, both_sni; /* as not_host, both_host */
};
FW_SIZE_IS(struct fw_request_terms, 8 * (10 + FW_METHOD_MAX_));

/* Room to walk the beginning of a payload, one per CPU. Indices are masked: both are powers of two. */
#define FW_PAYLOAD_ROOM	   2048u
#define FW_PAYLOAD_SLASHES 256u

/* Where the automaton was. */
struct fw_payload_mark {
	__u64 matched; /* terms */
	__u32 row;
	__u32 is_set;
};

struct fw_payload {
	__u8 bytes[FW_PAYLOAD_ROOM];			  /* of the payload */
	struct fw_payload_mark slash[FW_PAYLOAD_SLASHES]; /* behind each slash of the path so far */
	struct fw_payload_mark colon;			  /* before the colon that may begin a port */
	struct fw_payload_mark dot;			  /* before the last byte, if that is a dot */
	__u64 matched;
	__u32 row;
	__u32 segment; /* what the last segment is: nothing, ".", "..", anything else */
	__u32 depth;   /* slash[depth] is where the last segment begins */
	__u32 at;      /* the next byte */
	__u32 end;     /* behind the last that may be looked at */
	__u32 line; /* bytes of "host:" found in this line, or FW_REQUEST_LINE_OTHER; behind a server name */
	__u32 stop; /* behind the list of server names, 0: there is none */
};

#endif
