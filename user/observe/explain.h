/* SPDX-License-Identifier: Apache-2.0 */
/* What the packet path would do with the next packet of a source, and why: its steps, walked in user space.
 * Pure: state comes through a reader. */
#ifndef FW_OBSERVE_EXPLAIN_H
#define FW_OBSERVE_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_reason.h"
#include "lib/addr.h"
#include "observe/listed.h"
#include "policy/image.h"

/* The packet as far as it was described. */
struct fw_explain_packet {
	struct fw_addr source;
	bool has_dest, has_protocol, has_port, has_flags;
	struct fw_addr dest;
	bool protocol_assumed; /* nobody named it */
	uint8_t protocol, tcp_flags;
	uint16_t dest_port;
};

struct fw_explain_ban {
	struct fw_prefix prefix;
	const char *origin, *reason; /* words */
	uint64_t left_ns;
};

/* A challenge that is in force. */
struct fw_explain_challenge {
	int rule; /* that last moved it on: index in the policy, -1: gone */
	uint64_t left_ns;
	bool of_one; /* of one destination, not of every one */
	struct fw_addr dest;
};

/* What this host makes of challenges now, on the interfaces that are filtered. All zero: it answers. */
struct fw_explain_host {
	bool trouble;	    /* it answers no SYN at all */
	bool mute;	    /* nobody takes answers on any of them */
	bool counting;	    /* all are in count mode */
	bool partly_silent; /* some answer nobody, or only count */
	bool unseen;	    /* a packet without a socket may be somebody's, as what is passed on is */
	bool proxies;	    /* SYNs to hosts behind this one are answered too */
};

/* What was dropped of a source lately, by whatever of it. */
struct fw_explain_drops {
	uint64_t ago_ns;	   /* its last packet */
	const char *reason, *rule; /* of that, if it was dropped; NULL: it was not, no rule's */
};

/* State of the running filter. Each returns whether there is something. */
struct fw_explain_reader {
	void *context;
	bool (*spared)(void *context, const struct fw_addr *addr, enum fw_spared_kind *kind,
		       uint64_t *left_ns);
	bool (*ban)(void *context, const struct fw_addr *addr, struct fw_explain_ban *ban);
	/* Trailing amount of the key that rule would use for the packet, and whether it is over its limit:
	 * fw_meter_is_over(). */
	bool (*meter)(void *context, const struct fw_rule *rule, const struct fw_explain_packet *packet,
		      uint64_t *amount, bool *over);
	/* Whether the source has completed a handshake, and how much longer that counts. NULL: nobody is
	 * asked. */
	bool (*verified)(void *context, const struct fw_addr *addr, uint64_t *left_ns);
	/* The longest prefix of a set (live changes included) that covers addr. */
	bool (*covering)(void *context, unsigned int set, const struct fw_addr *addr,
			 struct fw_prefix *prefix);
	/* What a set says of addr: at most `most` listings. NULL: nobody is asked. */
	size_t (*listings)(void *context, unsigned int set, const struct fw_addr *addr,
			   struct fw_listing *ret, size_t most);
	/* The challenge of a rule's key for packets to dest; rule NULL: the one for which other TCP to dest
	 * must show a connection. dest NULL: of any destination. NULL: nobody is asked. */
	bool (*challenge)(void *context, const struct fw_rule *rule, const struct fw_addr *dest,
			  struct fw_explain_challenge *ret);
	/* Whether a socket of this host listens there. NULL: one does. */
	bool (*listens)(void *context, const struct fw_addr *dest, uint16_t port);
	/* Whether dest is an address of this host. NULL: it is. */
	bool (*own)(void *context, const struct fw_addr *dest);
	/* Whether connections to this TCP port of this host's are a container's. NULL: they are not. */
	bool (*published)(void *context, uint16_t port);
	/* Whether packets of the source were dropped lately. NULL: nobody is asked. */
	bool (*drops)(void *context, const struct fw_addr *addr, struct fw_explain_drops *ret);
	struct fw_explain_host host;
};

enum fw_explain_result { FW_EXPLAIN_MATCH, FW_EXPLAIN_NO_MATCH, FW_EXPLAIN_SKIPPED };

struct fw_explain_step {
	char check[96];
	enum fw_explain_result result;
	char detail[512];
};

#define FW_EXPLAIN_BUT_MAX 2048

struct fw_explanation {
	struct fw_explain_step *steps;
	size_t count;
	enum fw_verdict verdict;
	enum fw_reason reason;
	int rule;		      /* index in the policy, -1 for none */
	bool depends;		      /* what the question leaves open may turn the verdict */
	char but[FW_EXPLAIN_BUT_MAX]; /* what could be different, and what to ask for; empty: nothing */
	bool contradicted;	      /* it passes, by all that is known, but lately it was dropped */
	bool out_of_memory;
};

void fw_explain(const struct fw_policy *policy, const struct fw_image *image,
		const struct fw_explain_packet *packet, const struct fw_explain_reader *reader,
		struct fw_explanation *ret);
void fw_explanation_done(struct fw_explanation *explanation);

#endif
