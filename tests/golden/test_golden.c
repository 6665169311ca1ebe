// SPDX-License-Identifier: Apache-2.0
/* What people see of every answer: canned documents through the renderers. */
#include "printed.h"

static void render(const char *name, fw_show *show, bool color)
{
	struct printed printed = {0};
	struct fw_page page = {.out = open_memstream(&printed.text, &printed.length), .color = color};
	char path[512], out_name[128], *text;
	json_error_t where;
	json_t *document;

	snprintf(path, sizeof(path), GOLDEN "%s.json", name);
	text = read_file(path);
	document = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	cr_assert(document, "%s:%d: %s", path, where.line, where.text);
	show(&page, document);
	fclose(page.out);
	snprintf(out_name, sizeof(out_name), "%s%s", name, color ? "_color" : "");
	compare(out_name, printed.text);
	json_decref(document);
	free(printed.text);
	free(text);
}

static const struct {
	const char *name;
	fw_show *show;
} answers[] = {
	{"status_enforcing", fw_show_status},
	{"status_counting", fw_show_status},
	{"status_mixed", fw_show_status},
	{"status_challenged", fw_show_status},
	{"status_detached", fw_show_status},
	{"status_held_off", fw_show_status},
	{"rules", fw_show_rules},
	{"rules_none", fw_show_rules},
	{"rules_counting", fw_show_rules},
	{"rules_challenge", fw_show_rules},
	{"rule_keys", fw_show_rule_keys},
	{"rule_keys_none", fw_show_rule_keys},
	{"rule_keys_none_over", fw_show_rule_keys},
	{"tune", fw_show_tune},
	{"tune_saved", fw_show_tune},
	{"tune_warned", fw_show_tune},
	{"tune_unchanged", fw_show_tune},
	{"bans", fw_show_bans},
	{"bans_none", fw_show_bans},
	{"ban", fw_show_ban},
	{"unban", fw_show_unban},
	{"unban_many", fw_show_unban},
	{"allow", fw_show_allow},
	{"allowed", fw_show_allowed},
	{"allowed_none", fw_show_allowed},
	{"sets", fw_show_sets},
	{"sets_add", fw_show_sets_change},
	{"sets_add_not_kept", fw_show_sets_change},
	{"sets_del", fw_show_sets_change},
	{"sets_forget", fw_show_sets_change},
	{"sets_test", fw_show_sets_test},
	{"feeds", fw_show_feeds},
	{"feeds_none", fw_show_feeds},
	{"check_cost", fw_show_cost},
	{"explain_drop", fw_show_explain},
	{"explain_pass", fw_show_explain},
	{"explain_detached", fw_show_explain},
	{"explain_over", fw_show_explain},
	{"explain_counting", fw_show_explain},
	{"explain_seen", fw_show_explain},
	{"explain_own", fw_show_explain},
	{"explain_attack", fw_show_explain},
	{"explain_contradicted", fw_show_explain},
	{"top", fw_show_top},
	{"top_none", fw_show_top},
	{"plan", fw_show_plan},
	{"apply_confirm", fw_show_apply},
	{"apply", fw_show_apply},
	{"reload", fw_show_reload},
	{"reload_unchanged", fw_show_reload},
	{"confirm", fw_show_confirm},
	{"rollback", fw_show_rollback},
	{"rollback_off", fw_show_rollback},
	{"rollback_pending", fw_show_rollback},
	{"rollback_already", fw_show_rollback},
	{"rollback_already_first", fw_show_rollback},
	{"attach", fw_show_attach},
	{"attach_unchanged", fw_show_attach},
	{"attach_in_policy", fw_show_attach},
	{"attach_stacked", fw_show_attach},
	{"detach", fw_show_detach},
	{"detach_without_agent", fw_show_detach},
	{"replay", fw_show_replay},
	{"doctor", fw_show_doctor},
	{"doctor_unknown", fw_show_doctor},
	{"events", fw_show_events},
	{"history_top", fw_show_history},
	{"history_none", fw_show_history},
	{"history_rule", fw_show_history},
	{"history_csv", fw_show_history_csv},
	{"history_svg", fw_show_history_svg},
	{"history_svg_none", fw_show_history_svg},
	{"recommend", fw_show_recommend},
	{"recommend_none", fw_show_recommend},
	{"recommend_careful", fw_show_recommend},
	{"recommend_unseen", fw_show_recommend},
	{"recommend_nothing_left", fw_show_recommend},
	{"recommend_csv", fw_show_recommend_csv},
	{"recommend_svg", fw_show_recommend_svg},
	{"attacks", fw_show_attacks},
	{"attacks_none", fw_show_attacks},
	{"attacks_detached", fw_show_attacks},
	{"attacks_answered", fw_show_attacks},
	{"attacks_others", fw_show_attacks},
	{"status_many", fw_show_status},
	{"under_attack", fw_show_under_attack},
	{"under_attack_off", fw_show_under_attack},
	{"under_attack_auto", fw_show_under_attack},
	{"under_attack_kept", fw_show_under_attack},
	{"under_attack_counting", fw_show_under_attack},
	{"under_attack_none", fw_show_under_attack},
	{"notify", fw_show_notify},
	{"notify_none", fw_show_notify},
	{"notify_test", fw_show_notify_test},
	{"notify_test_failed", fw_show_notify_test},
};

Test(golden, answers)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		render(answers[i].name, answers[i].show, false);
}

Test(golden, colour_is_only_added_to_words)
{
	render("status_enforcing", fw_show_status, true);
	render("explain_drop", fw_show_explain, true);
}

/* A document of another version or of nobody must not bring the CLI down. */
Test(golden, strange_documents)
{
	static const char *const documents[] = {
		"[]", "{}", "null", "[1,\"x\",null,{}]",
		"{\"interfaces\":1,\"reasons\":[],\"drift\":{},\"rates\":[],\"confirm\":7,\"steps\":[3],"
		"\"seen\":[],\"rules\":[],\"sources\":{},\"keys\":[[]],\"changes\":[0],\"banned\":\"x\","
		"\"limit\":-1,\"unit\":\"x\",\"window_seconds\":-5,\"expires_in_seconds\":-1e300}"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		for (size_t k = 0; k < sizeof(documents) / sizeof(documents[0]); k++) {
			struct printed printed = {0};
			struct fw_page page = {.out = open_memstream(&printed.text, &printed.length)};
			json_t *document = json_loads(documents[k], JSON_DECODE_ANY, NULL);

			cr_assert(document);
			answers[i].show(&page, document);
			fclose(page.out);
			cr_assert(printed.text);
			free(printed.text);
			json_decref(document);
		}
}
