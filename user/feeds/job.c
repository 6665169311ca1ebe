// SPDX-License-Identifier: Apache-2.0
/* A job as JSON and back: one table of members serves both ways. */
#include "feeds/job.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/cleanup.h"

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}
#define FW_JSON FW_CLEANUP(cleanup_json)

enum kind { TEXT, NUMBER, SIZE, FLAG, WORDS };

struct member {
	const char *name;
	enum kind kind;
	size_t offset;
};

#define MEMBER(name, kind, member)                                                                           \
	{                                                                                                    \
		name, kind, offsetof(struct fw_feed_job, member)                                             \
	}

static const struct member members[] = {
	MEMBER("url", TEXT, url),
	MEMBER("header", TEXT, header),
	MEMBER("proxy", TEXT, proxy),
	MEMBER("ca_file", TEXT, ca_file),
	MEMBER("etag", TEXT, etag),
	MEMBER("last_modified", TEXT, last_modified),
	MEMBER("md5", TEXT, md5),
	MEMBER("secret", FLAG, has_secret),
	MEMBER("full", FLAG, full),
	MEMBER("max_bytes", NUMBER, max_bytes),
	MEMBER("max_seconds", NUMBER, max_seconds),
	MEMBER("fields", WORDS, shape.fields),
	MEMBER("services", WORDS, shape.services),
	MEMBER("regions", WORDS, shape.regions),
	MEMBER("score", TEXT, shape.score_field),
	MEMBER("expires", TEXT, shape.expires_field),
	MEMBER("ttl", NUMBER, shape.ttl_seconds),
	MEMBER("sync_token", NUMBER, shape.sync_token),
	MEMBER("now", NUMBER, shape.now),
	MEMBER("max_entries", SIZE, shape.max_entries),
	MEMBER("max_lines", NUMBER, shape.max_lines),
	MEMBER("max_line", SIZE, shape.max_line),
};
#define MEMBER_COUNT (sizeof(members) / sizeof(members[0]))

#define LINE_BYTES_MAX (1U << 20)

void fw_feed_job_done(struct fw_feed_job *job)
{
	free(job->url);
	free(job->header);
	free(job->proxy);
	free(job->ca_file);
	free(job->etag);
	free(job->last_modified);
	free(job->md5);
	fw_feed_shape_done(&job->shape);
	*job = (struct fw_feed_job){0};
}

static json_t *words_to_json(const struct fw_feed_words *words)
{
	json_t *array = json_array();

	for (size_t i = 0; i < words->count; i++)
		if (json_array_append_new(array, json_string(words->items[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

/* NULL when there is nothing to say; *failed when there was and it could not be said. */
static json_t *value_of(const struct member *member, const struct fw_feed_job *job, bool *failed)
{
	const char *at = (const char *)job + member->offset;
	uint64_t number = 0;
	json_t *value = NULL;
	bool wanted = false;

	switch (member->kind) {
	case TEXT:
		wanted = *(char *const *)at;
		value = wanted ? json_string(*(char *const *)at) : NULL;
		break;
	case WORDS:
		wanted = ((const struct fw_feed_words *)at)->count;
		value = wanted ? words_to_json((const struct fw_feed_words *)at) : NULL;
		break;
	case FLAG:
		wanted = *(const bool *)at;
		value = wanted ? json_true() : NULL;
		break;
	case NUMBER:
	case SIZE:
		number = member->kind == SIZE ? *(const size_t *)at : *(const uint64_t *)at;
		wanted = number;
		value = wanted ? json_integer((json_int_t)number) : NULL;
		break;
	}
	*failed = *failed || (wanted && !value) || number > INT64_MAX;
	return value;
}

int fw_feed_job_encode(const struct fw_feed_job *job, char **ret, struct fw_err *err)
{
	FW_JSON json_t *root = json_object();
	char delimiter[] = {job->shape.delimiter, '\0'};
	bool failed = !root;

	for (size_t i = 0; i < MEMBER_COUNT && !failed; i++) {
		json_t *value = value_of(&members[i], job, &failed);

		if (value && json_object_set_new(root, members[i].name, value))
			failed = true;
	}
	failed = failed ||
		 json_object_set_new(root, "format", json_string(fw_feed_format_word(job->shape.format))) ||
		 json_object_set_new(root, "tier", json_string(fw_tier_word(job->shape.tier))) ||
		 (*delimiter && json_object_set_new(root, "delimiter", json_string(delimiter)));
	*ret = failed ? NULL : json_dumps(root, JSON_COMPACT);
	if (!*ret)
		return fw_err_set(err, -EINVAL, "the feed's settings are no UTF-8 text or too large");
	return 0;
}

static int take_words(const json_t *value, struct fw_feed_words *words)
{
	size_t index;
	json_t *word;

	if (!json_is_array(value))
		return -EINVAL;
	json_array_foreach (value, index, word)
		if (!json_is_string(word) || fw_feed_words_append(words, json_string_value(word)))
			return -EINVAL;
	return 0;
}

static int take_member(const struct member *member, const json_t *value, struct fw_feed_job *job)
{
	char *at = (char *)job + member->offset;
	json_int_t number = json_integer_value(value);

	switch (member->kind) {
	case TEXT:
		if (!json_is_string(value))
			return -EINVAL;
		*(char **)at = strdup(json_string_value(value));
		return *(char **)at ? 0 : -ENOMEM;
	case WORDS:
		return take_words(value, (struct fw_feed_words *)at);
	case FLAG:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value) ? 0 : -EINVAL;
	case NUMBER:
		*(uint64_t *)at = (uint64_t)number;
		return json_is_integer(value) && number >= 0 ? 0 : -EINVAL;
	case SIZE:
		*(size_t *)at = (size_t)number;
		return json_is_integer(value) && number >= 0 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

static int take_word(const char *name, const json_t *value, struct fw_feed_job *job)
{
	const char *word = json_string_value(value);

	if (!word)
		return -EINVAL;
	if (!strcmp(name, "format"))
		return fw_feed_format_from_word(word, &job->shape.format);
	if (!strcmp(name, "tier"))
		return fw_tier_from_word(word, &job->shape.tier);
	if (strcmp(name, "delimiter") || strlen(word) != 1)
		return -EINVAL;
	job->shape.delimiter = *word;
	return 0;
}

static int take(const char *name, const json_t *value, struct fw_feed_job *job)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (!strcmp(name, members[i].name))
			return take_member(&members[i], value, job);
	return take_word(name, value, job);
}

int fw_feed_job_decode(const char *text, struct fw_feed_job *ret, struct fw_err *err)
{
	json_error_t where;
	FW_JSON json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	struct fw_feed_job job = {0};
	const char *name;
	json_t *value;
	int r = 0;

	if (!json_is_object(root))
		return fw_err_set(err, -EINVAL, "the job is no JSON object: %s", where.text);
	json_object_foreach (root, name, value) {
		r = take(name, value, &job);
		if (r) {
			fw_err_set(err, r, "the job's '%.40s' is unknown or of a wrong kind", name);
			break;
		}
	}
	if (!r && (!job.url || job.shape.max_line > LINE_BYTES_MAX))
		r = fw_err_set(err, -EINVAL, "the job has no url, or lines above 1 MiB");
	if (r) {
		fw_feed_job_done(&job);
		return r;
	}
	*ret = job;
	return 0;
}
