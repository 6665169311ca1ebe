// SPDX-License-Identifier: Apache-2.0
/* Policies kept with their live changes: saved, loaded, tuned, undone; and a deadline over a reboot. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/confirm.h"
#include "agent/stand.h"
#include "lib/clock.h"

#define TEXT                                                                                                 \
	"version: 1\nrules:\n"                                                                               \
	"  - {name: blanket, limit: 100 packets/10s, action: block}\n"                                       \
	"  - {name: other, match: {protocol: udp}, limit: 5 packets/1s, action: police}\n"

static struct fw_stand stand_of(const char *text)
{
	return (struct fw_stand){.text = strdup(text),
				 .length = strlen(text),
				 .name = strdup("/etc/p.yaml"),
				 .base_dir = strdup("/etc")};
}

static void add(struct fw_stand *stand, const char *rule, const char *key, const char *value,
		uint64_t expires_ns)
{
	struct fw_tune *tune;

	stand->tunes = realloc(stand->tunes, 8 * sizeof(*stand->tunes));
	tune = &stand->tunes[stand->tune_count++];
	*tune = (struct fw_tune){.value = strdup(value), .expires_ns = expires_ns};
	snprintf(tune->rule, sizeof(tune->rule), "%s", rule);
	snprintf(tune->key, sizeof(tune->key), "%s", key);
	snprintf(tune->by, sizeof(tune->by), "root");
}

static struct fw_loaded *loaded_of(struct fw_stand *stand)
{
	struct fw_loaded *loaded = fw_loaded_new(stand);

	cr_assert_not_null(loaded);
	cr_assert_not_null(loaded->policy, "%s", loaded->diags.count ? loaded->diags.items[0].message : "");
	return loaded;
}

Test(stand, round_trip)
{
	struct fw_stand stand = stand_of(TEXT), read = {};
	json_t *json;

	add(&stand, "blanket", "limit", "7/1s", 12345);
	json = fw_stand_to_json(&stand);
	cr_assert_eq(fw_stand_from_json(json, &read), 0);
	cr_expect_str_eq(read.text, TEXT);
	cr_expect_eq(read.length, strlen(TEXT));
	cr_expect_str_eq(read.name, "/etc/p.yaml");
	cr_assert_eq(read.tune_count, 1);
	cr_expect_str_eq(read.tunes[0].value, "7/1s");
	cr_expect_eq(read.tunes[0].expires_ns, 12345);
	json_decref(json);
	fw_stand_done(&stand);
	fw_stand_done(&read);
}

Test(stand, damaged_documents_are_refused)
{
	static const char *const bad[] = {
		"{}", "{\"text\":1,\"name\":\"a\",\"base_dir\":\"b\",\"tunes\":[]}",
		"{\"text\":\"t\",\"name\":\"a\",\"base_dir\":\"b\",\"tunes\":[{\"rule\":\"x\"}]}", "null"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *json = json_loads(bad[i], JSON_DECODE_ANY, NULL);
		struct fw_stand read = {};

		cr_expect_lt(fw_stand_from_json(json, &read), 0, "%s", bad[i]);
		cr_expect_null(read.text);
		json_decref(json);
	}
}

Test(stand, later_tunes_lie_on_earlier_ones_and_come_off_again)
{
	struct fw_stand stand = stand_of(TEXT);
	struct fw_loaded *loaded;

	add(&stand, "blanket", "limit", "7/1s", 0);
	add(&stand, "blanket", "limit", "9/1s", 99);
	loaded = loaded_of(&stand);
	fw_loaded_tune(loaded, NULL);
	cr_expect_eq(loaded->policy->rules[0].limit.amount, 9);
	cr_expect_eq(loaded->policy->rules[1].limit.amount, 5);
	free(loaded->stand.tunes[--loaded->stand.tune_count].value);
	fw_loaded_tune(loaded, NULL);
	cr_expect_eq(loaded->policy->rules[0].limit.amount, 7);
	free(loaded->stand.tunes[--loaded->stand.tune_count].value);
	fw_loaded_tune(loaded, NULL);
	cr_expect_eq(loaded->policy->rules[0].limit.amount, 100);
	fw_loaded_free(loaded);
}

/* action=police makes per=total legal: they hold together or not at all. */
Test(stand, keys_of_one_rule_are_judged_together)
{
	struct fw_stand stand = stand_of(TEXT);
	struct fw_loaded *loaded;

	add(&stand, "blanket", "per", "total", 0);
	add(&stand, "blanket", "action", "police", 0);
	loaded = loaded_of(&stand);
	fw_loaded_tune(loaded, NULL);
	cr_expect_eq(loaded->stand.tune_count, 2);
	cr_expect_eq(loaded->policy->rules[0].per, FW_PER_TOTAL);
	fw_loaded_free(loaded);
}

Test(stand, tunes_that_no_longer_fit_are_given_up_with_a_word)
{
	struct fw_stand stand = stand_of(TEXT);
	json_t *dropped = json_array();
	struct fw_loaded *loaded;

	add(&stand, "gone", "limit", "7/1s", 0);
	add(&stand, "blanket", "limit", "banana", 0);
	add(&stand, "other", "limit", "8/1s", 0);
	loaded = loaded_of(&stand);
	fw_loaded_tune(loaded, dropped);
	cr_expect_eq(json_array_size(dropped), 2);
	cr_expect(strstr(json_string_value(json_array_get(dropped, 0)), "gone"));
	cr_expect(strstr(json_string_value(json_array_get(dropped, 1)), "banana"));
	cr_assert_eq(loaded->stand.tune_count, 1);
	cr_expect_eq(loaded->policy->rules[0].limit.amount, 100);
	cr_expect_eq(loaded->policy->rules[1].limit.amount, 8);
	json_decref(dropped);
	fw_loaded_free(loaded);
}

Test(stand, a_tune_that_was_saved_is_no_drift)
{
	struct fw_stand stand = stand_of(TEXT);
	struct fw_loaded *loaded;

	add(&stand, "blanket", "limit", "100/10s", 0);
	add(&stand, "other", "limit", "8/1s", 0);
	loaded = loaded_of(&stand);
	fw_loaded_tune(loaded, NULL);
	fw_loaded_prune(loaded);
	cr_assert_eq(loaded->stand.tune_count, 1);
	cr_expect_str_eq(loaded->stand.tunes[0].rule, "other");
	fw_loaded_free(loaded);
}

static struct fw_confirm pending(uint64_t left_ns)
{
	return (struct fw_confirm){.pending = true,
				   .before = stand_of(TEXT),
				   .deadline_ns = fw_monotonic_ns() + left_ns,
				   .deadline_wall_ns = fw_wall_ns() + left_ns,
				   .generation = 4,
				   .previous_generation = 3,
				   .outcome = "none"};
}

/* The monotonic clock starts anew with a boot: the wall clock says what is left. */
Test(stand, a_pending_confirm_survives_restart_and_reboot)
{
	const uint64_t left = 600 * FW_NS_PER_SEC, second = FW_NS_PER_SEC;

	for (int same_boot = 0; same_boot < 2; same_boot++) {
		struct fw_confirm confirm = pending(left), read = {};
		json_t *json;

		if (!same_boot)
			confirm.deadline_ns = 5; /* of a clock that is gone */
		json = fw_confirm_to_json(&confirm);
		fw_confirm_from_json(&read, json, same_boot);
		cr_assert(read.pending);
		cr_expect_str_eq(read.before.text, TEXT);
		cr_expect_eq(read.previous_generation, 3);
		cr_expect_gt(read.deadline_ns, fw_monotonic_ns() + left - 5 * second, "same boot: %d",
			     same_boot);
		cr_expect_leq(read.deadline_ns, fw_monotonic_ns() + left + second, "same boot: %d",
			      same_boot);
		json_decref(json);
		fw_stand_done(&confirm.before);
		fw_stand_done(&read.before);
	}
}

/* What the clock took back is said once, by whichever agent is asked first; a boot loads another policy. */
Test(stand, what_was_taken_back_is_remembered_until_a_boot)
{
	for (int same_boot = 0; same_boot < 2; same_boot++) {
		const struct fw_confirm confirm = {
			.outcome = "rolled_back", .timed_out = true, .generation = 4, .taken_back = 4};
		struct fw_confirm read = {};
		json_t *json = fw_confirm_to_json(&confirm);

		fw_confirm_from_json(&read, json, same_boot);
		cr_expect_not(read.pending);
		cr_expect_eq(read.taken_back, same_boot ? 4 : 0, "same boot: %d", same_boot);
		json_decref(json);
	}
}
