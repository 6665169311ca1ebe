/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer looks like to a person. Pure: a document in, text out; golden tests feed them canned
 * documents. */
#ifndef FW_CLI_SHOW_H
#define FW_CLI_SHOW_H

#include "cli/cli.h"

/* One renderer for each answer; the fuzz target has all of them. */
#define FW_SHOWS(X)                                                                                          \
	X(status)                                                                                            \
	X(attach)                                                                                            \
	X(detach)                                                                                            \
	X(rules)                                                                                             \
	X(rule_keys)                                                                                         \
	X(tune)                                                                                              \
	X(bans)                                                                                              \
	X(ban)                                                                                               \
	X(unban)                                                                                             \
	X(allow)                                                                                             \
	X(sets)                                                                                              \
	X(sets_change)                                                                                       \
	X(sets_test)                                                                                         \
	X(feeds)                                                                                             \
	X(explain)                                                                                           \
	X(top)                                                                                               \
	X(plan)                                                                                              \
	X(apply)                                                                                             \
	X(confirm)                                                                                           \
	X(rollback)                                                                                          \
	X(reload)                                                                                            \
	X(replay)                                                                                            \
	X(doctor)                                                                                            \
	X(events)                                                                                            \
	X(event)                                                                                             \
	X(history)                                                                                           \
	X(history_csv)                                                                                       \
	X(history_svg)                                                                                       \
	X(recommend)                                                                                         \
	X(recommend_csv)                                                                                     \
	X(recommend_svg)                                                                                     \
	X(cost)                                                                                              \
	X(attacks)                                                                                           \
	X(under_attack)                                                                                      \
	X(notify)                                                                                            \
	X(notify_test)                                                                                       \
	X(allowed)

#define X(answer) fw_show fw_show_##answer;
FW_SHOWS(X)
#undef X

/* One line per attack that lasts, for status. */
void fw_show_attack_lines(const struct fw_page *page, const json_t *attacks);
/* What is left to do, for status. */
void fw_show_open_matters(const struct fw_page *page, const json_t *status);
/* "undo      floodwall …" when the document has one. */
void fw_show_undo(const struct fw_page *page, const json_t *document);
/* Says so when no interface is attached, by the answer's "filtering" or, of status, its "state"; true when it
 * did. */
bool fw_show_not_filtered(const struct fw_page *page, const json_t *document);
/* Says so when the answer has "not_kept". */
void fw_show_not_kept(const struct fw_page *page, const json_t *document);
/* How long a live change without an end lasts. */
void fw_show_unsaved(const struct fw_page *page, const json_t *document);
/* "ends in 30m" or "until removed", of a member expires_in_seconds. */
const char *fw_show_ends(const json_t *object, char *buffer);
/* "warning: …" or "note: …", sentences or complaints as check has them. */
void fw_show_warnings(const struct fw_page *page, const json_t *warnings);
/* What else was in the file that --save has written and had reloaded. */
void fw_show_also_changed(const struct fw_page *page, const json_t *document);
/* "7000 packets/5m" of limit, unit and window_seconds; "-" without a limit. FW_SAY_MAX bytes. */
const char *fw_show_limit(const json_t *object, char *buffer);

#endif
