// SPDX-License-Identifier: Apache-2.0
/* A message as environment variables. Pure. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notify/work.h"

#define NAME_MAX_  48
#define VALUE_MAX_ 4096

/* Upper case, everything but letters and digits as _. */
static void name_of(const char *key, char *name, size_t size)
{
	size_t used = 0;

	for (; *key && used + 1 < size; key++) {
		bool lower = *key >= 'a' && *key <= 'z';
		bool plain = lower || (*key >= 'A' && *key <= 'Z') || (*key >= '0' && *key <= '9');

		name[used++] = (char)(lower ? *key - 'a' + 'A' : plain ? *key : '_');
	}
	name[used] = '\0';
}

static char *variable(const char *key, const json_t *value)
{
	char *dumped = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	const char *text = json_is_string(value) ? json_string_value(value) : dumped;
	char name[NAME_MAX_], *whole = NULL;

	name_of(key, name, sizeof(name));
	if (!text || asprintf(&whole, "FLOODWALL_%s=%.*s", name, VALUE_MAX_, text) < 0)
		whole = NULL;
	free(dumped);
	return whole;
}

void fw_notify_environment_done(struct fw_notify_environment *environment)
{
	for (size_t i = 0; environment->list[i]; i++)
		free(environment->list[i]);
	*environment = (struct fw_notify_environment){0};
}

int fw_notify_environment(const char *body, struct fw_notify_environment *ret, struct fw_err *err)
{
	json_t *json = json_loads(body, 0, NULL), *value;
	struct fw_notify_environment environment = {0};
	size_t count = 0;
	const char *key;
	bool full = false;

	if (!json_is_object(json)) {
		json_decref(json);
		return fw_err_set(err, -EINVAL, "the message is no JSON object");
	}
	environment.list[count] = strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	full = !environment.list[count++];
	json_object_foreach (json, key, value) {
		if (full || count > FW_NOTIFY_VARIABLES_MAX)
			break;
		environment.list[count] = variable(key, value);
		full = !environment.list[count++];
	}
	json_decref(json);
	if (full) {
		fw_notify_environment_done(&environment);
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	*ret = environment;
	return 0;
}
