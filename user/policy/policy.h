/* SPDX-License-Identifier: Apache-2.0 */
/* The policy as its author meant it: plain data, no kernel, no YAML. Positions stay for messages. */
#ifndef FW_POLICY_POLICY_H
#define FW_POLICY_POLICY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fw_policy.h"
#include "lib/addr.h"
#include "lib/diag.h"
#include "policy/daytime.h"
#include "policy/feed_format.h"
#include "policy/tier.h"

/* FW_MODE_ATTACK is for rules only: they count, and enforce while fw_policy.under_attack. */
enum fw_mode { FW_MODE_ENFORCE, FW_MODE_COUNT, FW_MODE_INHERIT, FW_MODE_ATTACK };
enum fw_xdp_mode { FW_XDP_AUTO, FW_XDP_NATIVE, FW_XDP_GENERIC };
enum fw_on_exit { FW_ON_EXIT_KEEP, FW_ON_EXIT_DETACH };

#define FW_HISTORY_KEEP_NS (90 * 86400 * FW_NS_PER_SEC)
#define FW_HISTORY_SIZE	   (512ULL << 20)
#define FW_METRICS_LISTEN  "127.0.0.1:9854" /* without a metrics key */

struct fw_interface {
	char name[IF_NAMESIZE];
	enum fw_xdp_mode xdp;
	enum fw_mode mode; /* INHERIT unless the file says otherwise */
	bool chain;	   /* share the hook through libxdp */
	struct fw_mark mark;
};

struct fw_limit {
	uint64_t amount;
	enum fw_unit unit; /* FW_UNIT_NONE: no limit */
	uint64_t window_ns;
};

#define FW_LOG_CLIENTS_DEFAULT	 (1u << 20)
#define FW_LOG_CLIENTS_MAX	 (1u << 22)
#define FW_FEED_EVERY_DEFAULT_NS (3600 * FW_NS_PER_SEC)

enum fw_set_kind { FW_SET_STATIC, FW_SET_FILE, FW_SET_FEED };

/* Tells a file from what it was before: equal stamps, equal contents. */
struct fw_file_stamp {
	uint64_t device, inode, size, modified_ns, changed_ns; /* wall clock of the file system */
	int error;					       /* why there is none, -errno */
};

struct fw_set {
	char *name;
	enum fw_set_kind kind;
	char *file;		    /* absolute, NULL for inline sets */
	struct fw_file_stamp stamp; /* of the file when reading began */
	struct fw_prefix *prefixes; /* as read, unsorted; files included after fw_policy_load */
	size_t prefix_count;
	struct fw_mark mark;
};

/* A range of u16 values, inclusive. */
struct fw_range {
	uint16_t first, last;
};
struct fw_ranges {
	struct fw_range *items;
	size_t count;
};
/* Indices into fw_policy.sets. */
struct fw_set_refs {
	unsigned int *items;
	size_t count;
};
/* Countries or autonomous systems. */
struct fw_numbers {
	uint32_t *items;
	size_t count;
};
struct fw_names {
	char **items;
	size_t count;
};
struct fw_protocols {
	uint8_t *items;
	size_t count;
};
/* (packet.tcp_flags & mask) == value; alternatives in a list. `syn` is mask SYN|ACK, value SYN. */
struct fw_flag_test {
	uint8_t mask, value;
};
struct fw_flag_tests {
	struct fw_flag_test *items;
	size_t count;
};

/* "DE" as a number: 0 … FW_COUNTRIES-1; FW_COUNTRY_NONE is a source of no known country. */
#define FW_COUNTRY(a, b) ((uint32_t)(((a) - 'A') * 26 + ((b) - 'A')))
#define FW_COUNTRIES	 (26 * 26)
#define FW_COUNTRY_NONE	 FW_COUNTRIES

/* What a request's normalised path (lib/uri.h) is compared with. */
enum fw_uri_how { FW_URI_EXACT, FW_URI_PREFIX, FW_URI_CONTAINS };
struct fw_uri_test {
	enum fw_uri_how how;
	char *text;
};
struct fw_uri_tests {
	struct fw_uri_test *items;
	size_t count;
};

/* Where a log's lines come from and how they read. */
enum fw_log_source { FW_LOG_FILE, FW_LOG_JOURNAL, FW_LOG_SYSLOG_UDP, FW_LOG_SYSLOG_UNIX };
enum fw_log_format {
	FW_LOG_COMBINED,
	FW_LOG_VCOMBINED,
	FW_LOG_CADDY,
	FW_LOG_CLOUDFRONT,
	FW_LOG_AWS_WAF,
	FW_LOG_JSON,
	FW_LOG_REGEX,
};
/* What a line may say; in this order also the members of `fields` and the groups of a regex. */
enum fw_log_field {
	FW_LOG_CLIENT,
	FW_LOG_FORWARDED_FOR,
	FW_LOG_METHOD,
	FW_LOG_URI,
	FW_LOG_HOST,
	FW_LOG_STATUS,
	FW_LOG_FIELD_MAX_,
};
#define FW_LOGS_MAX 16

struct fw_log {
	char *name;
	enum fw_log_source source;
	char *place; /* absolute path, unit, ADDRESS:PORT or path of a socket */
	enum fw_log_format format;
	char *regex;			    /* FW_LOG_REGEX */
	char *fields[FW_LOG_FIELD_MAX_];    /* FW_LOG_JSON: paths, NULL where there is none */
	struct fw_set_refs trusted_proxies; /* peers whose X-Forwarded-For names the client */
	struct fw_mark mark;
};

/* A bit of fw_match.packet beside enum fw_packet_kind: the opposite of FW_KIND_IPV6. */
#define FW_PACKET_IPV4 (1 << 15)

/* A list that is fetched; it fills the set of the same name. Strings are owned; NULL or 0: the key is not in
 * the file, and what holds without it is feeds/'s business. */
struct fw_feed {
	char *name;
	unsigned int set; /* index into fw_policy.sets */
	char *url;
	enum fw_feed_format format;
	uint64_t every_ns; /* never 0 */
	struct fw_names fields;
	char *score, *expires; /* field names */
	char delimiter;
	struct fw_names services, regions;
	enum fw_tier tier;
	uint64_t ttl_ns;
	char *header, *secret; /* the header that carries it; path of the file that holds it */
	char *proxy;	       /* "": none, whatever the environment says */
	char *ca_file;
	char *md5;
	uint64_t max_entries, max_bytes, timeout_ns;
	unsigned int shortest4, shortest6; /* in the family's own bits */
	unsigned int growth, shrink;	   /* percent */
	bool allow_private;
	uint64_t trial_ns; /* after the first success ever */
	uint64_t stale_after_ns;
	struct fw_mark mark;
};

struct fw_signature_list; /* policy/signatures.h */

/* Whether a source has completed a handshake. */
enum fw_source_state {
	FW_SOURCE_UNVERIFIED = 1 << 0,
	FW_SOURCE_VERIFIED = 1 << 1,
	FW_SOURCE_STATES_ = (1 << 2) - 1,
};

struct fw_match {
	struct fw_set_refs source, source_not, destination, destination_not;
	struct fw_protocols protocol,
		protocol_not; /* "icmp" means both ICMP and ICMPv6 only if both are named */
	struct fw_ranges source_port, source_port_not, dest_port, dest_port_not, length, length_not;
	struct fw_flag_tests tcp_flags, tcp_flags_not;
	uint16_t packet; /* enum fw_packet_kind bits or FW_PACKET_IPV4, any of which must hold; 0 = not asked
			  */
	uint16_t packet_not; /* none of which may hold */
	struct fw_names label, label_not;
	uint64_t signature, signature_not; /* bit per signature of the policy's list; 0 = not asked */
	uint8_t tiers,
		tiers_not; /* bit per enum fw_tier; tiers: one of them is the source's, 0 = not asked */
	uint8_t verified, verified_not;		/* enum fw_source_state bits; 0 = not asked */
	struct fw_numbers country, country_not; /* FW_COUNTRY() */
	struct fw_numbers asn, asn_not;
	unsigned int log; /* index + 1 in fw_policy.logs: the rule counts its lines; 0 = packets */
	struct fw_uri_tests uri, uri_not;
	struct fw_names method, method_not;
	struct fw_names host, host_not; /* in lower case; "*.example.org" is every name below */
	struct fw_names sni, sni_not;	/* likewise */
	struct fw_ranges status, status_not;
};

/* Parts of a rule that must all hold, by their indices. */
struct fw_alternative {
	unsigned int *parts;
	size_t count;
};

struct fw_ban_spec {
	bool set;
	bool unverified;
	uint64_t steps_ns[FW_BAN_STEPS];
	unsigned int step_count;
};

struct fw_policy_rule {
	char *name;
	struct fw_match match; /* always holds */
	/* What all, any and not ask beside it: one of the alternatives, or nothing when there are none.
	 * policy/match.h reads both together. */
	struct fw_match *parts;
	size_t part_count;
	struct fw_alternative *alternatives;
	size_t alternative_count;
	struct fw_limit limit;
	enum fw_per per;
	uint8_t prefix4, prefix6; /* key prefix in the family's own bits: 32 and 64 by default */
	/* How many times the limit an IPv6 /56 and a /48 may send, 0: not asked. Only while a file is read:
	 * each becomes a rule of its own, NAME-56 and NAME-48. */
	uint16_t wider56, wider48;
	uint16_t times; /* of a rule that `wider` made: of the limit it was made of; 0: of the others */
	uint8_t dest_prefix4, dest_prefix6; /* with FW_PER_DESTINATION_PREFIX: 24 and 48 by default */
	enum fw_action action;
	struct fw_ban_spec ban;
	enum fw_mode mode; /* INHERIT, COUNT or ATTACK (or ENFORCE, same as INHERIT) */
	struct fw_names labels;
	bool force;
	/* Of NAME@RESOURCE: the rule it stands in for, the destinations for which it does, and what it says
	 * itself, a bit per enum fw_aspect; the rest follows the other one. */
	char *stands_in_for;
	struct fw_set_refs resource;
	unsigned int own;
	bool has_stand_ins;
	struct fw_mark mark, limit_mark, action_mark;
};

#define FW_NOTIFY_MAX	      16
#define FW_NOTIFY_LEVELS_MAX  8
#define FW_NOTIFY_TIMEOUT_NS  (10 * FW_NS_PER_SEC)
#define FW_NOTIFY_RETRIES     4	 /* of a webhook */
#define FW_NOTIFY_RATE	      10 /* messages of one kind of events */
#define FW_NOTIFY_RATE_WINDOW (60 * FW_NS_PER_SEC)

/* Who is told of events. One of url and argv is set. */
struct fw_notify_target {
	char *name;
	char *url;				 /* webhook */
	struct fw_names argv;			 /* exec; the first is an absolute path */
	char *user;				 /* exec: who it runs as, NULL: floodwall or nobody */
	char *header, *secret, *proxy, *ca_file; /* as in struct fw_feed */
	struct fw_names events;			 /* policy/event_kinds.h; empty: the usual ones */
	uint8_t levels[FW_NOTIFY_LEVELS_MAX];	 /* percent of a limit, ascending */
	size_t level_count;
	uint64_t rate, rate_window_ns, timeout_ns;
	unsigned int retries;
	struct fw_mark mark;
};

/* Findings that are expected: marked in events, told to nobody. What restricts nothing is empty or 0. */
struct fw_suppression {
	char *name;
	struct fw_names events; /* policy/event_kinds.h */
	struct fw_names rules;	/* rules of the same policy */
	struct fw_set_refs source;
	uint16_t from, to; /* minutes of the local day; to <= from: over midnight; 0 and 1440: all day */
	uint8_t days;	   /* bit 0 is Monday; those on which the window begins */
	bool has_until;
	struct fw_date until;
	struct fw_mark mark;
};

struct fw_geo; /* policy/geo.h */

struct fw_policy {
	struct fw_interface *interfaces;
	size_t interface_count;
	enum fw_mode mode;
	struct fw_set_refs never_block;
	struct fw_limit never_block_limit;
	struct fw_set *sets;
	size_t set_count;
	struct fw_feed *feeds;
	size_t feed_count;
	struct fw_log *logs;
	size_t log_count;
	struct fw_policy_rule *rules;
	size_t rule_count;
	struct fw_notify_target *notify;
	size_t notify_count;
	struct fw_suppression *suppressions;
	size_t suppression_count;
	struct {
		bool protect_ssh_clients, protect_gateways; /* both true by default */
		uint64_t confirm_timeout_ns;		    /* 60 s */
		uint64_t essential_limit;		    /* packets per second and kind, 10k */
		struct fw_set_refs resolvers, time_servers; /* beside those that the system's files name */
		struct fw_limit answers_limit;		    /* of each: 5000 packets/1s */
		struct fw_limit ssh_limit;		    /* of each live SSH peer: 2000 packets/1s */
		uint64_t attack_from;	    /* packets per second dropped that make an attack, 1k */
		uint64_t challenge_replies; /* SYN cookies per second, 5M */
		uint64_t challenge_replies_per_prefix; /* to a source /24 or /48, 1k */
		unsigned int synproxy_wscale; /* of the SYNPROXY target; FW_SYNPROXY_NONE: there is none */
		struct fw_mark synproxy_mark;
	} safety;
	struct {
		bool enabled;	 /* metrics: {listen: none} turns TCP off */
		char listen[64]; /* "127.0.0.1:9854" by default */
	} metrics;
	enum fw_on_exit on_exit;
	struct {
		uint64_t sources, bans, prefixes; /* map sizes: FW_SOURCES_DEFAULT … */
	} capacity;
	uint64_t log_clients; /* meters of rules about logs; in the file it is a key of capacity */
	struct {
		char *database, *asn_database; /* absolute, NULL: not named */
		struct fw_mark mark, asn_mark;
		struct fw_geo *data; /* what rules want to know of them; NULL when none asks */
	} geo;
	struct {
		char *file; /* absolute, NULL: where they usually are */
		struct fw_mark mark;
		struct fw_signature_list *list; /* NULL when no rule asks */
	} signatures;
	struct {
		bool enabled;	  /* true by default */
		uint64_t keep_ns; /* of the steps of five minutes, 90 days */
		uint64_t size;	  /* bytes of the file, 512 MiB */
	} history;
	uint64_t memory_limit; /* bytes, 0 = none */
	bool under_attack;     /* not of the file: whoever compiles says so */
	char *file; /* the file it came from, for --save and messages; all marks of the policy point to it */
};

void fw_policy_free(struct fw_policy *policy); /* NULL is fine */
void fw_match_done(struct fw_match *match);
void fw_policy_rule_done(struct fw_policy_rule *rule);
void fw_policy_feed_done(struct fw_feed *feed);
/* A definition that outlives its policy; its set and mark mean nothing any more. */
int fw_policy_feed_copy(const struct fw_feed *feed, struct fw_feed *ret);
void fw_log_done(struct fw_log *log);
void fw_notify_target_done(struct fw_notify_target *target);
/* A definition that outlives its policy; its mark means nothing any more. -ENOMEM */
int fw_notify_target_copy(const struct fw_notify_target *target, struct fw_notify_target *ret);
void fw_suppression_done(struct fw_suppression *suppression);

/* Reads, checks and resolves a policy file with everything it names. All complaints go to *diags; returns 0
 * with *ret set when there is no error among them, else -EINVAL (content), -ENOENT/-EACCES (file). Pure: no
 * kernel. */
int fw_policy_load(const char *path, struct fw_diags *diags, struct fw_policy **ret);
/* The same for text that came over the API; relative set files resolve against base_dir. */
int fw_policy_parse(const char *text, size_t length, const char *name, const char *base_dir,
		    struct fw_diags *diags, struct fw_policy **ret);

struct fw_signature_list;

/* How somebody else than the loader reads the files that a policy names. */
struct fw_file_reader {
	/* Like fw_setfile_read; set->name is NULL when memory is short. */
	int (*set)(void *context, struct fw_set *set, struct fw_mark mark, struct fw_diags *diags);
	/* Like fw_signatures_read. */
	int (*signatures)(void *context, const char *path, struct fw_diags *diags,
			  struct fw_signature_list **ret);
	void *context;
};
/* Like fw_policy_parse; reader NULL: files are read as they are. */
int fw_policy_parse_by(const char *text, size_t length, const char *name, const char *base_dir,
		       const struct fw_file_reader *reader, struct fw_diags *diags, struct fw_policy **ret);

/* Index by name or -1. */
int fw_policy_rule_find(const struct fw_policy *policy, const char *name);
int fw_policy_set_find(const struct fw_policy *policy, const char *name);
int fw_policy_feed_find(const struct fw_policy *policy, const char *name);
int fw_policy_log_find(const struct fw_policy *policy, const char *name);
/* Whether a rule counts instead of dropping now, by its own mode or the policy's. */
bool fw_rule_counts(const struct fw_policy *policy, const struct fw_policy_rule *rule);

/* "7000 packets/5m" ↔ struct fw_limit; the short form of tune, "2000/10s", keeps the unit of *old (may be
 * NULL). */
int fw_limit_parse(const char *text, const struct fw_limit *old, struct fw_limit *ret, struct fw_err *err);
/* That a meter holds it and traffic can reach it; fw_limit_parse asks already. -EINVAL, -ERANGE. */
int fw_limit_check(const struct fw_limit *limit, struct fw_err *err);
const char *fw_limit_format(const struct fw_limit *limit, char *buffer, size_t size);

/* Words ↔ enums, one table each (policy/words.c). The _parse functions return -EINVAL and list the words. */
const char *fw_action_word(enum fw_action action);
const char *fw_unit_word(enum fw_unit unit);
const char *fw_per_word(enum fw_per per);
const char *fw_mode_word(enum fw_mode mode);
const char *fw_rule_mode_word(enum fw_mode mode); /* enforce for INHERIT */
const char *fw_xdp_mode_word(enum fw_xdp_mode mode);
int fw_action_parse(const char *word, enum fw_action *ret, struct fw_err *err);
int fw_rule_mode_parse(const char *word, enum fw_mode *ret, struct fw_err *err);
int fw_xdp_mode_parse(const char *word, enum fw_xdp_mode *ret, struct fw_err *err);

/* Live changes on a loaded policy: KEY=VALUE of tune (limit, action, mode, ban, per). Checks what the loader
 * checks. Rules that stand in for this one follow in what they do not say themselves. -ENOENT: no such rule
 * (text suggests one); -EINVAL: bad key or value. */
int fw_policy_tune(struct fw_policy *policy, const char *rule, const char *key, const char *value,
		   struct fw_err *err);
/* Several keys at once, checked only when all are set (action=police per=total works in either order). */
int fw_policy_tune_keys(struct fw_policy *policy, const char *rule, const char *const *keys,
			const char *const *values, size_t count, struct fw_err *err);
/* Changes one value of the file's text in place, comments and layout kept (YAML marks); writes by rename with
 * the caller's rights. The same keys as tune, plus set entries. */
int fw_policy_save_tune(const char *path, const char *rule, const char *key, const char *value,
			struct fw_err *err);
int fw_policy_save_tune_keys(const char *path, const char *rule, const char *const *keys,
			     const char *const *values, size_t count, struct fw_err *err);
int fw_policy_save_entries(const char *path, const char *set, const struct fw_prefix *prefixes, size_t count,
			   bool add, struct fw_err *err);

#endif
