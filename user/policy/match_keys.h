/* SPDX-License-Identifier: Apache-2.0 */
/* Inside policy/: the keys of struct fw_match with their opposites, for what does the same to all of them. */
#ifndef FW_POLICY_MATCH_KEYS_H
#define FW_POLICY_MATCH_KEYS_H

/* X(kind, key, opposite): a packet that a key decides on is taken by exactly one of the two. */
#define FW_MATCH_KEYS(X)                                                                                     \
	X(refs, source, source_not)                                                                          \
	X(refs, destination, destination_not)                                                                \
	X(numbers, country, country_not)                                                                     \
	X(numbers, asn, asn_not)                                                                             \
	X(bits, tiers, tiers_not)                                                                            \
	X(bits, verified, verified_not)                                                                      \
	X(protocols, protocol, protocol_not)                                                                 \
	X(ranges, source_port, source_port_not)                                                              \
	X(ranges, dest_port, dest_port_not)                                                                  \
	X(tests, tcp_flags, tcp_flags_not)                                                                   \
	X(ranges, length, length_not)                                                                        \
	X(bits, packet, packet_not)                                                                          \
	X(bits, signature, signature_not)                                                                    \
	X(names, label, label_not)                                                                           \
	X(uris, uri, uri_not)                                                                                \
	X(names, method, method_not)                                                                         \
	X(names, host, host_not)                                                                             \
	X(names, sni, sni_not)                                                                               \
	X(ranges, status, status_not)

/* X(kind, key): what a rule is about as a whole. Only `match` itself may have it, not what is nested in it.
 */
#define FW_MATCH_LOG_KEYS(X) X(bits, log)

#endif
