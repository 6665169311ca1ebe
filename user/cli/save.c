// SPDX-License-Identifier: Apache-2.0
/* The agent never writes policy files: the caller's rights decide who may. */
#include "cli/save.h"

#include <errno.h>
#include <string.h>

int fw_save_check(struct fw_cli *cli, const struct fw_line *line)
{
	if (!fw_line_option(line, "save") || !fw_line_option(line, "for"))
		return FW_EXIT_OK;
	return fw_cli_fail(cli, FW_EXIT_USAGE, "usage", "give one of the two",
			   "--save and --for exclude each other: a saved change has no end");
}

static int fail_write(struct fw_cli *cli, const char *file, const struct fw_err *err)
{
	enum fw_exit exit = err->code == -EACCES || err->code == -EPERM || err->code == -EROFS
				    ? FW_EXIT_NO_PERMISSION
			    : err->code == -ENOENT || err->code == -EINVAL ? FW_EXIT_CONFIG
									   : FW_EXIT_FAILED;

	return fw_cli_fail(cli, exit, "not-saved",
			   "the change is in force all the same, until changed or rebooted",
			   "not saved in '%s': %s", file, err->text);
}

/* A reload takes in whatever else was edited meanwhile; what this change wrote was in force already. */
static void note_other_edits(json_t *document, const json_t *reloaded)
{
	json_t *changes = json_object_get(reloaded, "changes");

	if (!json_is_array(changes))
		return;
	json_object_set(document, "also_changed", changes);
	json_object_set_new(document, "policy_file", fw_doc_string(fw_doc_text(reloaded, "file")));
}

static int save_and_reload(struct fw_cli *cli, fw_save_writer *write, void *context, json_t *document,
			   bool *ret_written)
{
	json_t *status = NULL, *reloaded = NULL;
	struct fw_err err = {0};
	const char *file;
	int exit = fw_cli_ask(cli, FW_API_STATUS, NULL, NULL, &status);

	if (exit)
		return exit;
	file = fw_doc_text(status, "policy_file");
	if (*file)
		*ret_written = !write(file, context, &err);
	if (*ret_written)
		exit = fw_cli_ask(cli, FW_API_RELOAD, NULL, json_pack("{s:b}", "saved", 1), &reloaded);
	else if (*file)
		exit = fail_write(cli, file, &err);
	else
		exit = fw_cli_fail(cli, FW_EXIT_FAILED, "not-saved",
				   "the change is in force all the same, until changed or rebooted",
				   "not saved: the agent's policy came from no file");
	if (!exit) {
		note_other_edits(document, reloaded);
		/* The agent goes on with what it ran, not with the file: that has to be on its disk, too. */
		json_object_del(document, "not_kept");
		if (fw_doc_has(reloaded, "not_kept"))
			json_object_set(document, "not_kept", json_object_get(reloaded, "not_kept"));
	}
	json_decref(reloaded);
	json_decref(status);
	return exit;
}

/* The agent cannot know whether the file can be written. An undo with --save would stop at the same failure,
 * after its live half and before what puts that right. */
static void choose_undo(json_t *document, bool written)
{
	json_t *unsaved = json_object_get(document, "undo_unsaved");

	if (unsaved && !written)
		json_object_set(document, "undo", unsaved);
	json_object_del(document, "undo_unsaved");
}

int fw_save_change(struct fw_cli *cli, fw_save_writer *write, void *context, json_t *document)
{
	bool written = false;
	int exit = save_and_reload(cli, write, context, document, &written);

	json_object_set_new(document, "saved", json_boolean(written));
	choose_undo(document, written);
	return exit;
}
