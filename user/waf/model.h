/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the importer: what is read from a web ACL on its way to a policy. All memory belongs to the one
 * conversion and goes with it. */
#ifndef FW_WAF_MODEL_H
#define FW_WAF_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "waf/import.h"

/* The place of a value: a chain of names up to the web ACL, on the stack of whoever reads. */
struct fw_waf_at {
	const struct fw_waf_at *up;
	const char *name; /* NULL: an index */
	size_t index;
};
#define FW_WAF_AT(up, name) (&(const struct fw_waf_at){up, name, 0})
#define FW_WAF_INDEX(up, i) (&(const struct fw_waf_at){up, NULL, i})

struct fw_waf_names {
	const char **items;
	size_t count;
};

/* What a match key of the policy asks for. */
enum fw_waf_key {
	FW_WAF_SOURCE,
	FW_WAF_COUNTRY,
	FW_WAF_ASN,
	FW_WAF_LABEL,
	FW_WAF_METHOD,
	FW_WAF_HOST,
	FW_WAF_URI,
};

enum fw_waf_kind { FW_WAF_LEAF, FW_WAF_ALL, FW_WAF_ANY, FW_WAF_NOT };

struct fw_waf_cond {
	enum fw_waf_kind kind;
	enum fw_waf_key key;	    /* leaves */
	bool negated;		    /* leaves, after fw_waf_cond_simplify */
	const char *how;	    /* uri: exact, prefix or contains */
	struct fw_waf_names values; /* leaves: alternatives */
	struct fw_waf_cond **children;
	size_t count;
};

struct fw_waf_set {
	const char *arn, *logical, *aws_name; /* NULL where the file has none */
	const json_t *addresses;
	const char *where;	     /* file or resource, for messages */
	const char *name;	     /* in the policy; NULL until a rule asks for it */
	struct fw_waf_names entries; /* once it has a name */
	double share;		     /* of its address family, at most */
};

struct fw_waf_label {
	const char *aws, *name;
};

enum fw_waf_action { FW_WAF_ALLOW, FW_WAF_BLOCK, FW_WAF_COUNT };

struct fw_waf_rule {
	const char *aws_name, *name, *metric;
	int64_t priority;
	struct fw_waf_cond *cond; /* NULL: every request */
	bool limited, total;	  /* total: one meter for all */
	uint64_t limit;		  /* requests */
	uint64_t window_seconds;
	enum fw_waf_action action;
	struct fw_waf_names labels;
	const char *missing; /* why it is not carried over; NULL: it is */
	bool needless;	     /* missing without loss */
};

struct fw_waf {
	struct fw_waf_import *out;
	bool out_of_memory;
	const char *file, *acl_name;
	json_t *acl; /* borrowed, as are these two; NULL: none */
	json_t *parameters, *resources;
	struct fw_waf_set *sets;
	size_t set_count;
	struct fw_waf_label *labels;
	size_t label_count;
	struct fw_waf_names set_names, rule_names, label_names; /* taken ones */
	struct fw_waf_rule *rules;
	size_t rule_count;
	const char *rule;  /* the one being read, for items */
	size_t statements; /* read of it */
	bool blocks_by_default;
	bool uses_reputation, uses_geo, uses_asn;
	bool said_base64, said_port, said_sources, said_if; /* notes that are made once */
};

#define FW_WAF_REPUTATION "ip_reputation" /* the feed in place of Amazon's own list */

/* pool.c: NULL after out_of_memory was set. */
void *fw_waf_alloc(struct fw_waf *waf, size_t size);
const char *fw_waf_text(struct fw_waf *waf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fw_waf_names_add(struct fw_waf *waf, struct fw_waf_names *names, const char *name);
/* Grows an array of the pool; NULL after out_of_memory was set. */
void *fw_waf_grow(struct fw_waf *waf, void *items, size_t count, size_t size);
/* A name of Floodwall's made of any text, unlike all in *taken, to which it is added. */
const char *fw_waf_name(struct fw_waf *waf, struct fw_waf_names *taken, const char *text,
			const char *fallback);
void fw_waf_note(struct fw_waf *waf, const struct fw_waf_at *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Always false, so that a reader can return it. */
bool fw_waf_omit(struct fw_waf *waf, const struct fw_waf_at *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* value.c: members with CloudFormation's functions resolved as far as a template alone allows; NULL and null
 * are the same. */
json_t *fw_waf_resolve(struct fw_waf *waf, json_t *value, const struct fw_waf_at *at);
json_t *fw_waf_get(struct fw_waf *waf, const json_t *object, const char *name, const struct fw_waf_at *at);
const char *fw_waf_get_text(struct fw_waf *waf, const json_t *object, const char *name);
bool fw_waf_get_number(struct fw_waf *waf, const json_t *object, const char *name, const struct fw_waf_at *at,
		       uint64_t *ret);
/* The only member that is there, and its name. */
json_t *fw_waf_only(struct fw_waf *waf, const json_t *object, const struct fw_waf_at *at,
		    const char **ret_name);
/* A byte match's string, whichever way the tool that wrote it encodes it. */
const char *fw_waf_get_search(struct fw_waf *waf, const json_t *match, const struct fw_waf_at *at);

/* find.c: -EINVAL with text. */
int fw_waf_find(struct fw_waf *waf, json_t *root, struct fw_err *err);
int fw_waf_find_set(struct fw_waf *waf, json_t *root, const char *file, struct fw_err *err);
/* The name of the set that a reference means; a set without members where none was given. */
const char *fw_waf_set_of(struct fw_waf *waf, const json_t *statement, const struct fw_waf_at *at);
const struct fw_waf_set *fw_waf_set_named(const struct fw_waf *waf, const char *name);

/* cond.c */
struct fw_waf_cond *fw_waf_leaf(struct fw_waf *waf, enum fw_waf_key key, const char *value);
struct fw_waf_cond *fw_waf_group(struct fw_waf *waf, enum fw_waf_kind kind);
void fw_waf_cond_add(struct fw_waf *waf, struct fw_waf_cond *group, struct fw_waf_cond *child);
/* Pushes `not` down to the leaves and merges what one key can say. */
struct fw_waf_cond *fw_waf_cond_simplify(struct fw_waf *waf, struct fw_waf_cond *cond, bool negated);
/* Whether some leaf asks what only a request's own bytes tell; negated: whether one of those is negated. */
bool fw_waf_cond_asks_request(const struct fw_waf_cond *cond, bool negated);

/* statement.c, rule.c: false, or missing set, after an item was added. */
bool fw_waf_statement(struct fw_waf *waf, const json_t *statement, const struct fw_waf_at *at,
		      unsigned int depth, struct fw_waf_cond **ret);
void fw_waf_rule(struct fw_waf *waf, const json_t *json, const struct fw_waf_at *at,
		 struct fw_waf_rule *rule);

/* Names sets and nothing else: no port needs to be said, it holds for every packet of theirs. */
bool fw_waf_rule_is_sources_only(const struct fw_waf_rule *rule);

/* yaml.c: the whole policy. */
void fw_waf_write(const struct fw_waf *waf, FILE *out);

#endif
