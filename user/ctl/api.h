/* SPDX-License-Identifier: Apache-2.0 */
/* The control channel: HTTP/1.1 + JSON over a UNIX socket. One list of routes for server, client and docs. */
#ifndef FW_CTL_API_H
#define FW_CTL_API_H

#define FW_SOCKET_DEFAULT      "/run/floodwall/api.sock"
#define FW_READ_SOCKET_DEFAULT "/run/floodwall/read.sock" /* always "read.sock" beside the API socket */
#define FW_API_BODY_MAX	       (8u << 20)
#define FW_FOR_MAX_DAYS	       3650 /* the longest `for_seconds` */

/* Answers are the documents that `floodwall --json COMMAND` prints (man page, DESIGN §7), so the CLI hands
 * them through. An error is {"error":{"exit":N,"code":"slug","message":"…","hint":"…","diagnostics":[…check
 * entries…]}} with an HTTP status that fits (400 usage, 403 not allowed, 404 unknown name, 409 conflict, 413,
 * 422 bad policy, 500, 503 try again); `exit` is the CLI's exit code. `hint` and `diagnostics` may be absent.
 * Read-only routes are served on both sockets.
 *
 * X(ID, method, path, needs write, request) — request: query keys for GET, members of the JSON body for POST.
 */
#define FW_API_ROUTES(X)                                                                                     \
	X(STATUS, "GET", "/v1/status", 0, "")                                                                \
	X(RULES, "GET", "/v1/rules", 0, "")                                                                  \
	X(RULE_KEYS, "GET", "/v1/rules/keys", 0, "name, over=1, limit=N")                                    \
	X(BANS, "GET", "/v1/bans", 0, "")                                                                    \
	X(SETS, "GET", "/v1/sets", 0, "")                                                                    \
	X(SETS_TEST, "GET", "/v1/sets/test", 0, "name, cidr (repeated)")                                     \
	X(FEEDS, "GET", "/v1/feeds", 0, "")                                                                  \
	X(EXPLAIN, "GET", "/v1/explain", 0, "address, to=IP:PORT/PROTO, flags=FLAG[+FLAG...]")               \
	X(TOP, "GET", "/v1/top", 0, "by=packets|bytes|drops, limit=N")                                       \
	X(METRICS, "GET", "/v1/metrics", 0, "")                                                              \
	X(HISTORY_TOP, "GET", "/v1/history/top", 0, "window, since, until, rule, limit=N")                   \
	X(HISTORY_EXPORT, "GET", "/v1/history/export", 0, "since, until, from: `next` of the page before")   \
	X(RECOMMEND, "GET", "/v1/recommend", 0, "rule, since, until, buffer, exclude=FROM..TO (repeated)")   \
	X(ATTACKS, "GET", "/v1/attacks", 0, "last=N")                                                        \
	X(UNDER_ATTACK_STATE, "GET", "/v1/under-attack", 0, "")                                              \
	X(UNDER_ATTACK, "POST", "/v1/under-attack", 1, "mode on|off|auto, for_seconds")                      \
	X(EVENTS, "GET", "/v1/events", 0, "follow=1, last=N")                                                \
	X(CONFIRM_STATE, "GET", "/v1/confirm", 0, "")                                                        \
	X(ATTACH, "POST", "/v1/attach", 1, "interface, xdp, chain")                                          \
	X(DETACH, "POST", "/v1/detach", 1, "interface")                                                      \
	X(PLAN, "POST", "/v1/plan", 0, "policy, name, base_dir")                                             \
	X(APPLY, "POST", "/v1/apply", 1, "policy, name, base_dir, confirm_seconds")                          \
	X(CONFIRM, "POST", "/v1/confirm", 1, "")                                                             \
	X(ROLLBACK, "POST", "/v1/rollback", 1, "")                                                           \
	X(RELOAD, "POST", "/v1/reload", 1, "")                                                               \
	X(TUNE, "POST", "/v1/tune", 1, "rule, changes {KEY: VALUE}, for_seconds, save: for the undo")        \
	X(BAN, "POST", "/v1/ban", 1, "sources [..], for_seconds, reason, strikes: exactly that many, force") \
	X(UNBAN, "POST", "/v1/unban", 1, "sources [..], strikes: that many stay remembered")                 \
	X(ALLOWED, "GET", "/v1/allow", 0, "")                                                                \
	X(ALLOW, "POST", "/v1/allow", 1, "sources [..], for_seconds")                                        \
	X(SETS_ADD, "POST", "/v1/sets/add", 1, "name, cidrs [..], for_seconds, save: for the undo")          \
	X(SETS_DEL, "POST", "/v1/sets/del", 1, "name, cidrs [..], for_seconds, save: for the undo")          \
	X(SETS_FORGET, "POST", "/v1/sets/forget", 1, "name, cidrs [..]")                                     \
	X(NOTIFY, "GET", "/v1/notify", 0, "")                                                                \
	X(NOTIFY_TEST, "POST", "/v1/notify/test", 1, "name: answers when it was told, or not")               \
	X(FEEDS_SYNC, "POST", "/v1/feeds/sync", 1, "name, force: answers when the attempts ended")

/* Exit codes, DESIGN §7. */
enum fw_exit {
	FW_EXIT_OK = 0,
	FW_EXIT_FAILED = 1,
	FW_EXIT_ROLLED_BACK = 3,
	FW_EXIT_OMISSIONS = 3, /* of an import */
	FW_EXIT_NOT_ENFORCING = 4,
	FW_EXIT_USAGE = 64,
	FW_EXIT_NO_AGENT = 69,
	FW_EXIT_KERNEL = 71,
	FW_EXIT_TRY_AGAIN = 75,
	FW_EXIT_NO_PERMISSION = 77,
	FW_EXIT_CONFIG = 78,
};

#endif
