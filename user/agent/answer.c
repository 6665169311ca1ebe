// SPDX-License-Identifier: Apache-2.0
/* Answers of the API: documents, and errors in their one shape. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/request.h"

static void set(struct fw_answer *answer, unsigned int http, json_t *json)
{
	json_decref(answer->json);
	answer->http = http;
	answer->json = json;
}

void fw_fail(struct fw_answer *answer, unsigned int http, enum fw_exit exit_code, const char *code,
	     const char *hint, const char *format, ...)
{
	char message[FW_ERR_TEXT_MAX];
	json_t *error;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	error = json_pack("{s:i, s:s, s:s}", "exit", (int)exit_code, "code", code, "message", message);
	if (!error) /* bytes that are no UTF-8 came with the request */
		error = json_pack("{s:i, s:s, s:s}", "exit", (int)exit_code, "code", code, "message",
				  "the request holds bytes that are no UTF-8 text");
	if (hint)
		json_object_set_new(error, "hint", json_string(hint));
	set(answer, http, json_pack("{s:o}", "error", error));
}

static const struct {
	int code;
	unsigned int http;
	enum fw_exit exit_code;
	const char *slug;
} kinds[] = {
	{-ENOENT, 404, FW_EXIT_CONFIG, "unknown-name"},
	{-ENODEV, 404, FW_EXIT_CONFIG, "no-such-interface"},
	{-ESTALE, 409, FW_EXIT_FAILED, "no-file"},
	{-EINVAL, 422, FW_EXIT_CONFIG, "bad-value"},
	{-ERANGE, 422, FW_EXIT_CONFIG, "bad-value"},
	{-E2BIG, 422, FW_EXIT_CONFIG, "too-much"},
	{-EPERM, 403, FW_EXIT_NO_PERMISSION, "no-permission"},
	{-EACCES, 403, FW_EXIT_NO_PERMISSION, "no-permission"},
	{-EBUSY, 409, FW_EXIT_KERNEL, "busy"},
	{-EOPNOTSUPP, 500, FW_EXIT_KERNEL, "not-supported"},
	{-ENOSPC, 503, FW_EXIT_TRY_AGAIN, "full"},
	{-ENOMEM, 503, FW_EXIT_TRY_AGAIN, "out-of-memory"},
	{-EAGAIN, 503, FW_EXIT_TRY_AGAIN, "try-again"},
	{-ETIMEDOUT, 503, FW_EXIT_TRY_AGAIN, "took-too-long"},
};

void fw_fail_err(struct fw_answer *answer, const struct fw_err *err)
{
	const char *text = err->text[0] ? err->text : strerror(err->code < 0 ? -err->code : EIO);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].code == err->code) {
			fw_fail(answer, kinds[i].http, kinds[i].exit_code, kinds[i].slug, NULL, "%s", text);
			return;
		}
	fw_fail(answer, 500, FW_EXIT_KERNEL, "kernel-refused", NULL, "%s", text);
}

static const char *severity_word(enum fw_severity severity)
{
	switch (severity) {
	case FW_SEVERITY_ERROR:
		return "error";
	case FW_SEVERITY_WARNING:
		return "warning";
	case FW_SEVERITY_NOTE:
		return "note";
	}
	return "note";
}

json_t *fw_diags_to_json(const struct fw_diags *diags, bool warnings_only)
{
	json_t *list = json_array();

	for (size_t i = 0; i < diags->count; i++) {
		const struct fw_diag *diag = &diags->items[i];

		if (warnings_only && diag->severity == FW_SEVERITY_ERROR)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:s, s:s?, s:s?}",
						      "file", diag->mark.file ? diag->mark.file : "", "line",
						      diag->mark.line, "column", diag->mark.column,
						      "end_column", diag->mark.end_column, "severity",
						      severity_word(diag->severity), "code",
						      diag->code ? diag->code : "", "message",
						      diag->message ? diag->message : "", "hint", diag->hint,
						      "note", diag->note));
	}
	return list;
}

void fw_fail_diags(struct fw_answer *answer, const struct fw_diags *diags, const char *what)
{
	fw_fail(answer, 422, FW_EXIT_CONFIG, "bad-policy", NULL, "%s: %zu error%s, nothing was changed", what,
		diags->errors, diags->errors == 1 ? "" : "s");
	json_object_set_new(json_object_get(answer->json, "error"), "diagnostics",
			    fw_diags_to_json(diags, false));
}

void fw_reply(struct fw_answer *answer, json_t *json)
{
	if (json)
		set(answer, 200, json);
	else
		fw_fail(answer, 503, FW_EXIT_TRY_AGAIN, "out-of-memory", NULL, "no memory for the answer");
}
