/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer looks like to a person. Pure: a document in, text out; golden tests feed them canned
 * documents. */
#ifndef FW_CLI_SHOW_H
#define FW_CLI_SHOW_H

#include "cli/cli.h"

fw_show fw_show_status, fw_show_attach, fw_show_detach, fw_show_rules, fw_show_rule_keys, fw_show_tune,
	fw_show_bans, fw_show_ban, fw_show_unban, fw_show_allow, fw_show_allowed, fw_show_sets,
	fw_show_sets_change, fw_show_sets_test, fw_show_feeds, fw_show_explain, fw_show_top, fw_show_plan,
	fw_show_apply, fw_show_confirm, fw_show_rollback, fw_show_reload, fw_show_replay, fw_show_doctor,
	fw_show_events, fw_show_event, fw_show_cost, fw_show_history, fw_show_history_csv,
	fw_show_history_svg, fw_show_recommend, fw_show_recommend_csv, fw_show_recommend_svg, fw_show_attacks,
	fw_show_under_attack, fw_show_notify, fw_show_notify_test;

/* One line per attack that lasts, for status. */
void fw_show_attack_lines(const struct fw_page *page, const json_t *attacks);
/* What is left to do, for status. */
void fw_show_open_matters(const struct fw_page *page, const json_t *status);
/* "undo      floodwall …" when the document has one. */
void fw_show_undo(const struct fw_page *page, const json_t *document);
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
