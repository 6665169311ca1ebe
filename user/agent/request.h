/* SPDX-License-Identifier: Apache-2.0 */
/* One request of the API and its answer: what every route sees of HTTP. */
#ifndef FW_AGENT_REQUEST_H
#define FW_AGENT_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctl/api.h"
#include "lib/diag.h"
#include "lib/err.h"

struct fw_agent;
struct fw_follower;
struct fw_key_walk;
struct fw_question;
struct fw_unban;
struct MHD_Connection;

enum fw_route {
#define X(id, method, path, write, request) FW_ROUTE_##id,
	FW_API_ROUTES(X)
#undef X
		FW_ROUTE_MAX_,
};

struct fw_request {
	struct fw_agent *agent;
	struct MHD_Connection *connection;
	enum fw_route route;
	uid_t uid;
	char by[64];		      /* name of uid, for events and drift */
	json_t *body;		      /* object of a POST */
	unsigned int asked;	      /* how often the handler has deferred its answer */
	struct fw_key_walk *walk;     /* what the answer waits for; NULL */
	struct fw_question *question; /* to the history, likewise */
	struct fw_unban *unban;	      /* likewise */
};

struct fw_answer {
	unsigned int http;
	json_t *json; /* or else: */
	char *text;   /* malloced, of text_type */
	const char *text_type;
	unsigned int defer_ms; /* ask again then; nothing else is set */
	bool follow;	       /* an endless stream of event lines, `past` of them from before */
	size_t past;
};

typedef void fw_handler(struct fw_request *request, struct fw_answer *answer);

/* The handlers, one file per group: api_*.c. */
#define FW_HANDLERS(X)                                                                                       \
	X(STATUS, fw_api_status)                                                                             \
	X(RULES, fw_api_rules)                                                                               \
	X(RULE_KEYS, fw_api_rule_keys)                                                                       \
	X(BANS, fw_api_bans)                                                                                 \
	X(SETS, fw_api_sets)                                                                                 \
	X(SETS_TEST, fw_api_sets_test)                                                                       \
	X(FEEDS, fw_api_feeds)                                                                               \
	X(EXPLAIN, fw_api_explain)                                                                           \
	X(TOP, fw_api_top)                                                                                   \
	X(METRICS, fw_api_metrics)                                                                           \
	X(HISTORY_TOP, fw_api_history_top)                                                                   \
	X(HISTORY_EXPORT, fw_api_history_export)                                                             \
	X(RECOMMEND, fw_api_recommend)                                                                       \
	X(ATTACKS, fw_api_attacks)                                                                           \
	X(UNDER_ATTACK_STATE, fw_api_under_attack_state)                                                     \
	X(UNDER_ATTACK, fw_api_under_attack)                                                                 \
	X(EVENTS, fw_api_events)                                                                             \
	X(CONFIRM_STATE, fw_api_confirm_state)                                                               \
	X(ATTACH, fw_api_attach)                                                                             \
	X(DETACH, fw_api_detach)                                                                             \
	X(PLAN, fw_api_plan)                                                                                 \
	X(APPLY, fw_api_apply)                                                                               \
	X(CONFIRM, fw_api_confirm)                                                                           \
	X(ROLLBACK, fw_api_rollback)                                                                         \
	X(RELOAD, fw_api_reload)                                                                             \
	X(TUNE, fw_api_tune)                                                                                 \
	X(BAN, fw_api_ban)                                                                                   \
	X(UNBAN, fw_api_unban)                                                                               \
	X(ALLOWED, fw_api_allowed)                                                                           \
	X(ALLOW, fw_api_allow)                                                                               \
	X(SETS_ADD, fw_api_sets_add)                                                                         \
	X(SETS_DEL, fw_api_sets_del)                                                                         \
	X(SETS_FORGET, fw_api_sets_forget)                                                                   \
	X(NOTIFY, fw_api_notify)                                                                             \
	X(NOTIFY_TEST, fw_api_notify_test)                                                                   \
	X(FEEDS_SYNC, fw_api_feeds_sync)

#define X(id, function) fw_handler function;
FW_HANDLERS(X)
#undef X
/* May be NULL, and before it is over. */
void fw_unban_drop(struct fw_unban *unban);

struct fw_route_entry {
	const char *method, *path;
	bool writes;
};
extern const struct fw_route_entry fw_routes[FW_ROUTE_MAX_];
fw_handler *fw_route_handler(enum fw_route route);
/* FW_ROUTE_MAX_ for none; *ret_path_known: some other method would have been right. */
enum fw_route fw_route_find(const char *method, const char *path, bool *ret_path_known);

/* A query key, NULL without. */
const char *fw_request_query(const struct fw_request *request, const char *key);
/* A number of the query within bounds, the fallback without one; a bad one is answered and gives false. */
bool fw_request_number(const struct fw_request *request, const char *key, size_t fallback, size_t most,
		       size_t *ret, struct fw_answer *answer);
/* A string member of the body; missing or of another type is answered and gives NULL. */
const char *fw_request_text(const struct fw_request *request, const char *key, struct fw_answer *answer);
/* A duration in whole seconds from the body: 0 when absent or null; a bad one is answered and gives false. */
bool fw_request_seconds(const struct fw_request *request, const char *key, uint64_t *ret_ns,
			struct fw_answer *answer);
/* A non-empty array of strings. */
json_t *fw_request_texts(const struct fw_request *request, const char *key, struct fw_answer *answer);

/* The documented error shape. hint may be NULL. */
void fw_fail(struct fw_answer *answer, unsigned int http, enum fw_exit exit_code, const char *code,
	     const char *hint, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The same from an error of some module: its errno decides HTTP status and exit code. */
void fw_fail_err(struct fw_answer *answer, const struct fw_err *err);
/* 422 with all complaints. */
void fw_fail_diags(struct fw_answer *answer, const struct fw_diags *diags, const char *what);
void fw_reply(struct fw_answer *answer, json_t *json); /* 200; steals; NULL = out of memory */
json_t *fw_diags_to_json(const struct fw_diags *diags, bool warnings_only);

#endif
