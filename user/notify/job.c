// SPDX-License-Identifier: Apache-2.0
/* Jobs and statuses of a message as JSON. Pure. */
#include "notify/job.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS_MAX	600000
#define RETRY_AFTER_MAX 86400

static const char *const outcome_words[FW_NOTIFY_OUTCOME_MAX_] = {
	[FW_NOTIFY_DELIVERED] = "delivered", [FW_NOTIFY_FAILED] = "failed", [FW_NOTIFY_REFUSED] = "refused"};

const char *fw_notify_outcome_word(enum fw_notify_outcome outcome)
{
	return outcome_words[outcome];
}

void fw_notify_job_done(struct fw_notify_job *job)
{
	free(job->url);
	free(job->header);
	free(job->proxy);
	free(job->ca_file);
	for (size_t i = 0; i < job->argc; i++)
		free(job->argv[i]);
	free(job->body);
	*job = (struct fw_notify_job){0};
}

static int dump(json_t *json, char **ret, struct fw_err *err)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text)
		return fw_err_set(err, -ENOMEM, "out of memory, or text that is no UTF-8");
	*ret = text;
	return 0;
}

int fw_notify_job_encode(const struct fw_notify_job *job, char **ret, struct fw_err *err)
{
	json_t *argv = json_array();

	for (size_t i = 0; i < job->argc; i++)
		json_array_append_new(argv, json_string(job->argv[i]));
	return dump(json_pack("{s:s*, s:s*, s:s*, s:s*, s:o, s:s, s:b, s:I}", "url", job->url, "header",
			      job->header, "proxy", job->proxy, "ca_file", job->ca_file, "argv", argv, "body",
			      job->body, "has_secret", (int)job->has_secret, "timeout_ms",
			      (json_int_t)job->timeout_ms),
		    ret, err);
}

static int copy(const char *text, char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int copy_argv(const json_t *argv, struct fw_notify_job *job)
{
	size_t i;
	json_t *item;

	if (!json_is_array(argv) || json_array_size(argv) > FW_NOTIFY_ARGUMENTS_MAX)
		return -EINVAL;
	json_array_foreach (argv, i, item) {
		if (!json_is_string(item))
			return -EINVAL;
		job->argv[i] = strdup(json_string_value(item));
		if (!job->argv[i])
			return -ENOMEM;
		job->argc++;
	}
	return 0;
}

int fw_notify_job_decode(const char *text, struct fw_notify_job *ret, struct fw_err *err)
{
	const char *url = NULL, *header = NULL, *proxy = NULL, *ca_file = NULL, *body;
	json_error_t why;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &why), *argv;
	struct fw_notify_job job = {0};
	json_int_t timeout;
	int has_secret, r;

	if (!json)
		return fw_err_set(err, -EINVAL, "the job is no JSON: %s", why.text);
	r = json_unpack_ex(json, &why, 0, "{s?s, s?s, s?s, s?s, s:o, s:s, s:b, s:I !}", "url", &url, "header",
			   &header, "proxy", &proxy, "ca_file", &ca_file, "argv", &argv, "body", &body,
			   "has_secret", &has_secret, "timeout_ms", &timeout)
		    ? fw_err_set(err, -EINVAL, "the job is not one of this version: %s", why.text)
		    : copy_argv(argv, &job);
	if (!r && (!url == !job.argc || timeout < 1 || timeout > TIMEOUT_MS_MAX ||
		   (job.argc && job.argv[0][0] != '/')))
		r = fw_err_set(err, -EINVAL, "the job names neither a URL nor a program, or no time");
	if (!r) {
		job.has_secret = has_secret;
		job.timeout_ms = (uint64_t)timeout;
		if (copy(url, &job.url) || copy(header, &job.header) || copy(proxy, &job.proxy) ||
		    copy(ca_file, &job.ca_file) || copy(body, &job.body))
			r = fw_err_set(err, -ENOMEM, "out of memory");
	}
	json_decref(json);
	if (r) {
		fw_notify_job_done(&job);
		return err && !err->code ? fw_err_set(err, r, "the job's arguments are no list of texts") : r;
	}
	*ret = job;
	return 0;
}

int fw_notify_status_encode(const struct fw_notify_status *status, char **ret, struct fw_err *err)
{
	return dump(json_pack("{s:s, s:s, s:I, s:I, s:I}", "outcome", fw_notify_outcome_word(status->outcome),
			      "error", status->error, "http", (json_int_t)status->http, "retry_after",
			      (json_int_t)status->retry_after, "milliseconds",
			      (json_int_t)status->milliseconds),
		    ret, err);
}

/* It goes to terminals and logs. */
static void keep_printable(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (; *from && used + 1 < size; from++)
		to[used++] = *from < ' ' || *from > '~' ? '?' : *from;
	to[used] = '\0';
}

int fw_notify_status_decode(const char *text, struct fw_notify_status *ret, struct fw_err *err)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	struct fw_notify_status status = {.outcome = FW_NOTIFY_OUTCOME_MAX_};
	json_int_t http, retry_after, milliseconds;
	const char *outcome, *error;
	int r = json_unpack(json, "{s:s, s:s, s:I, s:I, s:I !}", "outcome", &outcome, "error", &error, "http",
			    &http, "retry_after", &retry_after, "milliseconds", &milliseconds);

	if (!r) {
		for (unsigned int i = 0; i < FW_NOTIFY_OUTCOME_MAX_; i++)
			if (!strcmp(outcome, outcome_words[i]))
				status.outcome = (enum fw_notify_outcome)i;
		keep_printable(status.error, sizeof(status.error), error);
		r = status.outcome == FW_NOTIFY_OUTCOME_MAX_ || http < 0 || http > 999 || retry_after < 0 ||
		    milliseconds < 0;
	}
	json_decref(json);
	if (r)
		return fw_err_set(err, -EBADMSG, "what the worker says is no status");
	status.http = (unsigned int)http;
	status.retry_after = retry_after < RETRY_AFTER_MAX ? (uint64_t)retry_after : RETRY_AFTER_MAX;
	status.milliseconds = (uint64_t)milliseconds;
	*ret = status;
	return 0;
}
