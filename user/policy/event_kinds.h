/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of events that a policy can name. A kind is an event's type, or what such a type begins with up
 * to an underscore: `attack` is attack_start, attack_update and attack_end. */
#ifndef FW_POLICY_EVENT_KINDS_H
#define FW_POLICY_EVENT_KINDS_H

#include <stdbool.h>
#include <stddef.h>

/* X(word, finding): findings are what the agent notices about traffic; only they can be suppressed. */
#define FW_EVENT_KINDS(X)                                                                                    \
	X("ban", true)                                                                                       \
	X("would_ban", true)                                                                                 \
	X("attack", true)                                                                                    \
	X("attack_start", true)                                                                              \
	X("attack_update", true)                                                                             \
	X("attack_end", true)                                                                                \
	X("utilisation", true)                                                                               \
	X("failure", false) /* anything that went wrong: see fw_event_is() */                                \
	X("feed", false)                                                                                     \
	X("set", false)                                                                                      \
	X("geo", false)                                                                                      \
	X("signatures", false)                                                                               \
	X("log", false)                                                                                      \
	X("reload", false)                                                                                   \
	X("apply", false)                                                                                    \
	X("confirm", false)                                                                                  \
	X("rollback", false)                                                                                 \
	X("under_attack", false)                                                                             \
	X("challenge", false)                                                                                \
	X("tune", false)                                                                                     \
	X("unban", false)                                                                                    \
	X("allow", false)                                                                                    \
	X("attach", false)                                                                                   \
	X("detach", false)                                                                                   \
	X("start", false)                                                                                    \
	X("maps", false)

/* NULL when there is no such kind; *ret_finding may be NULL. */
const char *fw_event_kind_find(const char *word, bool *ret_finding);
/* All words, findings only if asked for; names[] has room for `most`. Returns how many there are. */
size_t fw_event_kind_names(bool findings, const char **names, size_t most);
/* Whether an event of this type is of that kind. failed: the event says that something went wrong. */
bool fw_event_is(const char *kind, const char *type, bool failed);
/* Whether an event of this type can be suppressed. */
bool fw_event_is_finding(const char *type);

#endif
