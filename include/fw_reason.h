/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The one list of why a packet was passed or dropped: enum, counter index, metric label, CLI word and help.
 */
#ifndef FW_REASON_H
#define FW_REASON_H

/* X(ID, action, by, word, help). Append only: the number is stored in pinned counters and events. ANSWER:
 * sent back as something else; counted with the dropped ones, because the stack does not see it. by RULE: a
 * rule decides, and has the packet in its own counters, too. */
#define FW_REASONS(X)                                                                                        \
	X(NO_RULE, PASS, NONE, "no_rule", "no rule decided, the packet passes")                              \
	X(NOT_IP, PASS, NONE, "not_ip", "neither IPv4 nor IPv6 nor ARP")                                     \
	X(NEVER_BLOCK, PASS, NONE, "never_block", "source is in a never_block set")                          \
	X(SSH_PEER, PASS, NONE, "ssh_peer",                                                                  \
	  "source has a live SSH session with this host, within its limit")                                  \
	X(GATEWAY, PASS, NONE, "gateway", "source is a gateway of this host")                                \
	X(RESOLVER, PASS, NONE, "resolver", "an answer of a DNS resolver of this host, within its limit")    \
	X(ALLOWED, PASS, NONE, "allowed", "an operator allowed the source for a while")                      \
	X(ESSENTIAL, PASS, NONE, "essential",                                                                \
	  "ARP, neighbour discovery, path MTU or DHCP, within its budget")                                   \
	X(RULE_ALLOW, PASS, RULE, "rule_allow", "an allow rule matched")                                     \
	X(INTERNAL, PASS, NONE, "internal",                                                                  \
	  "a lookup that cannot fail failed; passed so that a fault is no outage")                           \
	X(TRUNCATED_LINK, DROP, NONE, "truncated_link", "frame ends inside the Ethernet or VLAN header")     \
	X(TRUNCATED_IP, DROP, NONE, "truncated_ip", "frame ends inside the IP header or its extensions")     \
	X(MALFORMED_IP, DROP, NONE, "malformed_ip", "IP header contradicts itself or the frame")             \
	X(TRUNCATED_L4, DROP, NONE, "truncated_l4", "packet ends inside the TCP, UDP or ICMP header")        \
	X(MALFORMED_L4, DROP, NONE, "malformed_l4", "TCP or UDP header contradicts itself or the packet")    \
	X(ESSENTIAL_BUDGET, DROP, NONE, "essential_budget", "essential protocol beyond its budget")          \
	X(BANNED, DROP, NONE, "banned", "source is under a ban")                                             \
	X(RULE_BLOCK, DROP, RULE, "rule_block", "a block rule without limit matched")                        \
	X(OVER_LIMIT, DROP, RULE, "over_limit", "key is over the limit of a block rule")                     \
	X(POLICED, DROP, RULE, "policed", "excess over the limit of a police rule")                          \
	X(CHALLENGED, ANSWER, RULE, "challenged",                                                            \
	  "SYN answered with a cookie: who receives it connects, forged sources end here")                   \
	X(CHALLENGE_BUDGET, DROP, RULE, "challenge_budget",                                                  \
	  "SYN beyond the budget of cookies for its source network or for all")                              \
	X(CHALLENGE_NO_LISTENER, DROP, RULE, "challenge_no_listener",                                        \
	  "SYN that no listener would answer (to its port, or from or to such an address), while SYNs are "  \
	  "challenged")                                                                                      \
	X(CHALLENGE_NO_STATE, DROP, RULE, "challenge_no_state",                                              \
	  "TCP of no connection and without a valid cookie, while SYNs are challenged")                      \
	X(BAD_FRAGMENT, DROP, NONE, "bad_fragment",                                                          \
	  "a fragment cuts the TCP, UDP or ICMP header, could overwrite it, or ends beyond 64 KiB")          \
	X(TIME_SERVER, PASS, NONE, "time_server", "an answer of a time server of this host, within its limit")

enum fw_reason {
#define X(id, action, by, word, help) FW_REASON_##id,
	FW_REASONS(X)
#undef X
		FW_REASON_MAX_,
	FW_REASON_UNDECIDED = FW_REASON_MAX_, /* the only "keep going" between stages */
};

/* What can go wrong without deciding a packet; counted per CPU, X(ID, word, help). Append only. */
#define FW_FAULTS(X)                                                                                         \
	X(METER_FULL, "meter_insert_failed", "a new key got no meter: its packets were not limited")         \
	X(NOT_ADMITTED, "meter_not_admitted",                                                                \
	  "a flood of new keys: this packet's key was not given a meter, its turn may come")                 \
	X(BAN_FULL, "ban_insert_failed",                                                                     \
	  "a ban was not stored: the key stays blocked only while over its limit")                           \
	X(BAN_UNVERIFIED, "ban_unverified", "no ban: the source never proved that it owns its address")      \
	X(EVENT_LOST, "event_lost", "an event was lost because the ring buffer was full")                    \
	X(SOURCE_FULL, "source_insert_failed", "a sampled source found no place in the table behind top")    \
	X(HEADERS_SPLIT, "headers_split", "headers beyond the first buffer: judged without ports and flags") \
	X(NO_POLICY, "no_policy", "packets passed before the first policy was published")                    \
	X(URI_NOT_SEEN, "uri_not_seen",                                                                      \
	  "a request whose line or host could not be read whole: rules that ask for it did not match")       \
	X(SNI_NOT_SEEN, "sni_not_seen",                                                                      \
	  "a TLS ClientHello whose server name could not be read in its first segment: rules about server "  \
	  "names may not have matched")                                                                      \
	X(COOKIE_FAILED, "cookie_failed",                                                                    \
	  "a SYN that could not be answered with a cookie: passed to the stack within a small budget")       \
	X(CHALLENGE_FULL, "challenge_insert_failed",                                                         \
	  "too many destinations under challenge at once: this one is challenged only while over its limit") \
	X(VERIFIED_FULL, "verified_insert_failed", "no room to remember a source that completed a handshake")

enum fw_fault {
#define X(id, word, help) FW_FAULT_##id,
	FW_FAULTS(X)
#undef X
		FW_FAULT_MAX_,
};

enum fw_verdict { FW_VERDICT_PASS, FW_VERDICT_DROP, FW_VERDICT_WOULD_DROP, FW_VERDICT_MAX_ };

#endif
