/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the loader: its state, the readers of the field table and the typed readers they are made of. */
#ifndef FW_POLICY_LOAD_H
#define FW_POLICY_LOAD_H

#include "policy/expr.h"
#include "policy/fields.h"
#include "policy/match.h"
#include "policy/policy.h"
#include "policy/tree.h"
#include "policy/words.h"

#define FW_NAME_LENGTH_MAX 63
#define FW_LIST_MAX	   1024

struct fw_loader {
	struct fw_policy *policy;
	struct fw_diags *diags;
	const char *base_dir;		     /* of relative set files */
	const struct fw_file_reader *reader; /* NULL: the loader itself */
	char where[128];		     /* "rule 'login'", for messages */
	unsigned int *sets_by_name;	     /* of the named sets; NULL: there are none */
	size_t sets_named;
	bool signatures_failed; /* said already */
	struct fw_expr *expr;	/* of the match that is being read */
	unsigned int expr_depth;
	unsigned int matches; /* nested in the rule so far: its inline addresses are called after them */
	const char
		*rule_suffix; /* of the rule being read once more, see `wider`; NULL: it is the rule itself */
	bool out_of_memory;
};

/* fw_load_*: readers of one key; complain and leave the target alone on error. */
#define FW_READERS(X)                                                                                        \
	X(version)                                                                                           \
	X(interfaces)                                                                                        \
	X(mode)                                                                                              \
	X(sets)                                                                                              \
	X(feeds)                                                                                             \
	X(never_block)                                                                                       \
	X(logs)                                                                                              \
	X(signatures)                                                                                        \
	X(rules)                                                                                             \
	X(notify)                                                                                            \
	X(notify_webhook)                                                                                    \
	X(notify_exec)                                                                                       \
	X(notify_user)                                                                                       \
	X(notify_events)                                                                                     \
	X(notify_levels)                                                                                     \
	X(notify_rate)                                                                                       \
	X(notify_timeout)                                                                                    \
	X(notify_retries)                                                                                    \
	X(notify_header)                                                                                     \
	X(notify_secret)                                                                                     \
	X(notify_proxy)                                                                                      \
	X(notify_ca_file)                                                                                    \
	X(suppress)                                                                                          \
	X(suppress_events)                                                                                   \
	X(suppress_rule)                                                                                     \
	X(suppress_source)                                                                                   \
	X(suppress_from)                                                                                     \
	X(suppress_to)                                                                                       \
	X(suppress_days)                                                                                     \
	X(suppress_until)                                                                                    \
	X(safety)                                                                                            \
	X(metrics)                                                                                           \
	X(on_exit)                                                                                           \
	X(capacity)                                                                                          \
	X(memory_limit)                                                                                      \
	X(interface_name)                                                                                    \
	X(interface_xdp)                                                                                     \
	X(interface_mode)                                                                                    \
	X(interface_chain)                                                                                   \
	X(set_entries)                                                                                       \
	X(set_file)                                                                                          \
	X(feed_url)                                                                                          \
	X(feed_format)                                                                                       \
	X(feed_every)                                                                                        \
	X(feed_fields)                                                                                       \
	X(feed_column)                                                                                       \
	X(feed_score)                                                                                        \
	X(feed_expires)                                                                                      \
	X(feed_delimiter)                                                                                    \
	X(feed_services)                                                                                     \
	X(feed_regions)                                                                                      \
	X(feed_tier)                                                                                         \
	X(feed_ttl)                                                                                          \
	X(feed_header)                                                                                       \
	X(feed_secret)                                                                                       \
	X(feed_proxy)                                                                                        \
	X(feed_ca_file)                                                                                      \
	X(feed_md5)                                                                                          \
	X(feed_max_entries)                                                                                  \
	X(feed_max_bytes)                                                                                    \
	X(feed_timeout)                                                                                      \
	X(feed_shortest_prefix)                                                                              \
	X(feed_growth)                                                                                       \
	X(feed_shrink)                                                                                       \
	X(feed_allow_private)                                                                                \
	X(feed_trial)                                                                                        \
	X(feed_stale_after)                                                                                  \
	X(shortest_ipv4)                                                                                     \
	X(shortest_ipv6)                                                                                     \
	X(never_block_sets)                                                                                  \
	X(never_block_limit)                                                                                 \
	X(protect_ssh_clients)                                                                               \
	X(protect_gateways)                                                                                  \
	X(confirm_timeout)                                                                                   \
	X(safety_resolvers)                                                                                  \
	X(safety_time_servers)                                                                               \
	X(answers_limit)                                                                                     \
	X(ssh_limit)                                                                                         \
	X(attack_from)                                                                                       \
	X(essential_limit)                                                                                   \
	X(challenge_replies)                                                                                 \
	X(challenge_replies_per_prefix)                                                                      \
	X(synproxy_wscale)                                                                                   \
	X(metrics_listen)                                                                                    \
	X(history)                                                                                           \
	X(history_enabled)                                                                                   \
	X(history_keep)                                                                                      \
	X(history_size)                                                                                      \
	X(capacity_sources)                                                                                  \
	X(capacity_bans)                                                                                     \
	X(capacity_prefixes)                                                                                 \
	X(capacity_log_clients)                                                                              \
	X(rule_name)                                                                                         \
	X(rule_match)                                                                                        \
	X(rule_limit)                                                                                        \
	X(rule_per)                                                                                          \
	X(rule_source_prefix)                                                                                \
	X(rule_destination_prefix)                                                                           \
	X(rule_action)                                                                                       \
	X(rule_ban)                                                                                          \
	X(rule_wider)                                                                                        \
	X(wider_56)                                                                                          \
	X(wider_48)                                                                                          \
	X(rule_mode)                                                                                         \
	X(rule_labels)                                                                                       \
	X(rule_force)                                                                                        \
	X(resources)                                                                                         \
	X(resource_destination)                                                                              \
	X(resource_rules)                                                                                    \
	X(override_limit)                                                                                    \
	X(override_per)                                                                                      \
	X(override_ban)                                                                                      \
	X(prefix_ipv4)                                                                                       \
	X(prefix_ipv6)                                                                                       \
	X(dest_prefix_ipv4)                                                                                  \
	X(dest_prefix_ipv6)                                                                                  \
	X(ban_for)                                                                                           \
	X(ban_escalate)                                                                                      \
	X(ban_unverified)                                                                                    \
	X(match_source)                                                                                      \
	X(match_source_not)                                                                                  \
	X(match_destination)                                                                                 \
	X(match_destination_not)                                                                             \
	X(match_protocol)                                                                                    \
	X(match_protocol_not)                                                                                \
	X(match_source_port)                                                                                 \
	X(match_source_port_not)                                                                             \
	X(match_dest_port)                                                                                   \
	X(match_dest_port_not)                                                                               \
	X(match_tcp_flags)                                                                                   \
	X(match_tcp_flags_not)                                                                               \
	X(match_length)                                                                                      \
	X(match_length_not)                                                                                  \
	X(match_all)                                                                                         \
	X(match_any)                                                                                         \
	X(match_not)                                                                                         \
	X(match_packet)                                                                                      \
	X(match_packet_not)                                                                                  \
	X(geo)                                                                                               \
	X(geo_database)                                                                                      \
	X(geo_asn_database)                                                                                  \
	X(match_country)                                                                                     \
	X(match_country_not)                                                                                 \
	X(match_asn)                                                                                         \
	X(match_asn_not)                                                                                     \
	X(match_tier)                                                                                        \
	X(match_tier_not)                                                                                    \
	X(match_label)                                                                                       \
	X(match_label_not)                                                                                   \
	X(match_log)                                                                                         \
	X(match_uri)                                                                                         \
	X(match_method)                                                                                      \
	X(match_host)                                                                                        \
	X(match_verified)                                                                                    \
	X(match_sni)                                                                                         \
	X(match_status)                                                                                      \
	X(uri_exact)                                                                                         \
	X(uri_prefix)                                                                                        \
	X(uri_contains)                                                                                      \
	X(log_path)                                                                                          \
	X(log_journal)                                                                                       \
	X(log_syslog)                                                                                        \
	X(log_format)                                                                                        \
	X(log_regex)                                                                                         \
	X(log_fields)                                                                                        \
	X(log_trusted_proxies)                                                                               \
	X(log_field_client)                                                                                  \
	X(log_field_forwarded_for)                                                                           \
	X(log_field_method)                                                                                  \
	X(log_field_uri)                                                                                     \
	X(log_field_host)                                                                                    \
	X(log_field_status)                                                                                  \
	X(match_signature)                                                                                   \
	X(match_signature_not)                                                                               \
	X(signatures_file)                                                                                   \
	X(signature_list_revision)                                                                           \
	X(signature_list_signatures)                                                                         \
	X(signature_name)                                                                                    \
	X(signature_vector)                                                                                  \
	X(signature_protocol)                                                                                \
	X(signature_source_port)                                                                             \
	X(signature_payload)                                                                                 \
	X(signature_bytes)                                                                                   \
	X(signature_note)                                                                                    \
	X(bytes_offset)                                                                                      \
	X(bytes_value)                                                                                       \
	X(bytes_mask)                                                                                        \
	X(length_min)                                                                                        \
	X(length_max)

#define X(name) void fw_load_##name(struct fw_loader *loader, const struct fw_node *value, void *target);
FW_READERS(X)
#undef X

/* Walks the fields of an object in table order; `where` names it in messages. */
void fw_load_object(struct fw_loader *loader, const struct fw_node *node, const char *object,
		    const char *where, void *target);
/* Sets are sorted by name once all are read; fw_load_set_find needs that. */
void fw_load_sets_index(struct fw_loader *loader);
int fw_load_set_find(const struct fw_loader *loader, const char *name);
/* Set names and inline addresses; these become a set of their own, called `anonymous`. */
void fw_load_set_refs(struct fw_loader *loader, const struct fw_node *value, const char *anonymous,
		      struct fw_set_refs *refs);

/* Kinds of events by name; findings: only those that can be suppressed. */
void fw_load_event_kinds(struct fw_loader *loader, const struct fw_node *value, bool findings,
			 struct fw_names *kinds);
void fw_load_names(struct fw_loader *loader, const struct fw_node *value, struct fw_names *names);

/* uri, method and host of packets: a later version's. */
/* "127.0.0.1:9854", "[::1]:9854" */
bool fw_is_listen_address(const char *text);

/* Parts of a request over HTTP (load_http.c). */
void fw_keep_text(struct fw_loader *loader, const char *text, char **into);
bool fw_is_plain_url(const char *text);	 /* printable, no spaces, not too long */
bool fw_is_remote_url(const char *text); /* http or https with a host */
/* True after a complaint when it carries a credential. */
bool fw_url_has_user(struct fw_loader *loader, const struct fw_node *value, const char *url);
void fw_read_header(struct fw_loader *loader, const struct fw_node *value, char **ret);
void fw_read_proxy(struct fw_loader *loader, const struct fw_node *value, char **ret); /* "": none */

/* True after a complaint when a list holds as many values as comparing rules can afford. */
bool fw_list_is_full(struct fw_loader *loader, const struct fw_node *item, size_t count);

/* Typed readers: false after a complaint at the node. */
void fw_complain(struct fw_loader *loader, const struct fw_node *node, const char *code, const char *hint,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
bool fw_read_text(struct fw_loader *loader, const struct fw_node *node, const char **ret);
/* Absolute; relative ones resolve against base_dir. Caller frees. */
bool fw_read_path(struct fw_loader *loader, const struct fw_node *node, char **ret);
/* Warns of a file that is named here and read by somebody else later: not there, not a regular one, and: */
struct fw_file_wish {
	bool secret;	       /* nobody else may read it */
	bool worker;	       /* the unprivileged worker opens it by itself */
	bool program;	       /* somebody must be able to execute it */
	const char *otherwise; /* what follows: "the feed is not fetched" */
};
void fw_look_at_file(struct fw_loader *loader, const struct fw_node *value, const char *path,
		     const struct fw_file_wish *wish);
bool fw_read_bool(struct fw_loader *loader, const struct fw_node *node, bool *ret);
bool fw_read_word(struct fw_loader *loader, const struct fw_node *node, const struct fw_words *words,
		  const char *what, unsigned int *ret);
bool fw_read_amount(struct fw_loader *loader, const struct fw_node *node, uint64_t least, uint64_t most,
		    uint64_t *ret);
bool fw_read_duration(struct fw_loader *loader, const struct fw_node *node, uint64_t least, uint64_t most,
		      uint64_t *ret_ns);
bool fw_read_limit(struct fw_loader *loader, const struct fw_node *node, struct fw_limit *ret);
/* Lower-case names of rules, sets and labels. `what` says whose. */
bool fw_read_name(struct fw_loader *loader, const struct fw_node *node, const char *what, const char **ret);
/* A whole number without suffix. */
bool fw_read_number(struct fw_loader *loader, const struct fw_node *node, unsigned int most, const char *what,
		    unsigned int *ret);
/* Appends "80", "1000-2000" or a word from `words` (may be NULL). */
bool fw_read_ranges(struct fw_loader *loader, const struct fw_node *node, const struct fw_words *words,
		    const char *what, struct fw_ranges *ranges);

#endif
