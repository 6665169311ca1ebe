// SPDX-License-Identifier: Apache-2.0
/* Copies of what set files and the list of signatures last had in force: a line of JSON, then the content. */
#include "agent/last_good.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/agent.h"
#include "agent/force.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/grow.h"
#include "lib/log.h"
#include "policy/tree.h"

#define PREFIX	   "set-"
#define SUFFIX	   ".good"
#define SIGNATURES "signatures" SUFFIX
#define NAME_SIZE  (sizeof(PREFIX) + FW_NAME_MAX + sizeof(SUFFIX))

static void name_of(const char *set, char name[NAME_SIZE])
{
	if (set)
		snprintf(name, NAME_SIZE, PREFIX "%.*s" SUFFIX, FW_NAME_MAX - 1, set);
	else
		snprintf(name, NAME_SIZE, SIGNATURES);
}

uint64_t fw_last_good_digest(const struct fw_set *set)
{
	uint64_t digest = set->prefix_count;

	for (size_t i = 0; i < set->prefix_count; i++) {
		char bytes[sizeof(struct fw_addr) + 1]; /* without what pads the structure */

		memcpy(bytes, &set->prefixes[i].addr, sizeof(struct fw_addr));
		bytes[sizeof(struct fw_addr)] = (char)set->prefixes[i].bits;
		digest = (digest << 1 | digest >> 63) ^ fw_force_digest(bytes, sizeof(bytes));
	}
	return digest;
}

static int damaged(const struct fw_state *state, const char *name, struct fw_err *err)
{
	return fw_err_set(err, -EINVAL, "%s/%s is damaged", state->dir, name);
}

static int read_head(FILE *file, const struct fw_state *state, const char *name, const char *path,
		     struct fw_last_good_head *ret, struct fw_err *err)
{
	const char *of = NULL, *digest = NULL;
	json_int_t version = 0, entries = 0, kept = 0;
	FW_FREE char *line = NULL;
	size_t capacity = 0;
	json_t *head = getline(&line, &capacity, file) < 0 ? NULL : json_loads(line, 0, NULL);
	int r = 0;

	if (json_unpack(head, "{s:I, s:s, s:s, s:I, s:I}", "version", &version, "file", &of, "digest",
			&digest, "entries", &entries, "kept_wall_ns", &kept) ||
	    version != FW_STATE_VERSION || entries < 0 || sscanf(digest, "%16" SCNx64, &ret->digest) != 1)
		r = damaged(state, name, err);
	else if (strcmp(of, path))
		r = fw_err_set(err, -ESTALE, "%s/%s is of another file, %.200s", state->dir, name, of);
	ret->entries = (size_t)entries;
	ret->kept_wall_ns = (uint64_t)kept;
	json_decref(head);
	return r;
}

/* Behind its head. */
static int open_copy(struct fw_state *state, const char *set, const char *path, FILE **ret,
		     struct fw_last_good_head *ret_head, struct fw_err *err)
{
	FW_FCLOSE FILE *file = NULL;
	char name[NAME_SIZE];
	int fd, r;

	name_of(set, name);
	fd = openat(state->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r == -ENOENT
			       ? fw_err_set(err, r, "none was kept in %s", state->dir)
			       : fw_err_set(err, r, "cannot read %s/%s: %s", state->dir, name, strerror(-r));
	}
	r = read_head(file, state, name, path, ret_head, err);
	if (!r)
		*ret = TAKE_PTR(file);
	return r;
}

int fw_last_good_head(struct fw_state *state, const char *set, const char *path,
		      struct fw_last_good_head *ret, struct fw_err *err)
{
	FW_FCLOSE FILE *file = NULL;

	return open_copy(state, set, path, &file, ret, err);
}

int fw_last_good_read_set(struct fw_state *state, struct fw_set *set, uint64_t *ret_kept_wall_ns,
			  struct fw_err *err)
{
	struct fw_last_good_head head;
	struct fw_set copy = {};
	FW_FCLOSE FILE *file = NULL;
	FW_FREE char *line = NULL;
	size_t capacity = 0;
	char name[NAME_SIZE];
	ssize_t length;
	int r = open_copy(state, set->name, set->file, &file, &head, err);

	name_of(set->name, name);
	while (!r && (length = getline(&line, &capacity, file)) > 0) {
		struct fw_prefix prefix;

		line[strcspn(line, "\n")] = '\0';
		if (copy.prefix_count == head.entries || fw_prefix_parse(line, &prefix, NULL))
			r = damaged(state, name, err);
		else if (FW_APPEND(copy.prefixes, copy.prefix_count, prefix))
			r = fw_err_set(err, -ENOMEM, "out of memory");
	}
	if (!r && (copy.prefix_count != head.entries || fw_last_good_digest(&copy) != head.digest))
		r = damaged(state, name, err);
	if (r) {
		free(copy.prefixes);
		return r;
	}
	set->prefixes = copy.prefixes;
	set->prefix_count = copy.prefix_count;
	*ret_kept_wall_ns = head.kept_wall_ns;
	return 0;
}

int fw_last_good_read_signatures(struct fw_state *state, const char *path, struct fw_signature_list **ret,
				 uint64_t *ret_kept_wall_ns, struct fw_err *err)
{
	struct fw_last_good_head head;
	struct fw_signature_list *list = NULL;
	struct fw_diags diags = {};
	FW_FCLOSE FILE *file = NULL;
	FW_FREE char *text = NULL;
	size_t length;
	int r = open_copy(state, NULL, path, &file, &head, err);

	if (r)
		return r;
	text = malloc(FW_TREE_BYTES_MAX + 1);
	if (!text)
		return fw_err_set(err, -ENOMEM, "out of memory");
	length = fread(text, 1, FW_TREE_BYTES_MAX + 1, file);
	if (fw_force_digest(text, length) != head.digest ||
	    fw_signatures_parse(text, length, path, &diags, &list))
		r = damaged(state, SIGNATURES, err);
	fw_diags_done(&diags);
	if (r)
		return r;
	list->text = TAKE_PTR(text);
	list->length = length;
	*ret = list;
	*ret_kept_wall_ns = head.kept_wall_ns;
	return 0;
}

static bool has_it(struct fw_state *state, const char *set, const char *path, uint64_t digest, size_t entries)
{
	struct fw_last_good_head head;

	return !fw_last_good_head(state, set, path, &head, NULL) && head.digest == digest &&
	       head.entries == entries;
}

/* Under a temporary name; committed by who fills it. */
static int begin_copy(struct fw_state *state, const char *name, const char *path, uint64_t digest,
		      size_t entries, FILE **ret, struct fw_err *err)
{
	char text[17];
	json_t *head;
	int r;

	snprintf(text, sizeof(text), "%016" PRIx64, digest);
	head = json_pack("{s:i, s:s, s:s, s:I, s:I}", "version", FW_STATE_VERSION, "file", path, "digest",
			 text, "entries", (json_int_t)entries, "kept_wall_ns", (json_int_t)fw_wall_ns());
	if (!head)
		return fw_err_set(err, -EINVAL,
				  "no copy of %.200s: its path is not UTF-8, or memory is short", path);
	*ret = fw_state_stream(state, name, err);
	r = *ret ? 0 : err->code;
	if (!r) {
		json_dumpf(head, *ret, JSON_COMPACT);
		putc('\n', *ret);
	}
	json_decref(head);
	return r;
}

int fw_last_good_keep_set(struct fw_state *state, const struct fw_set *set, struct fw_err *err)
{
	uint64_t digest = fw_last_good_digest(set);
	char name[NAME_SIZE], text[FW_ADDR_TEXT_MAX];
	FILE *file;
	int r;

	if (has_it(state, set->name, set->file, digest, set->prefix_count))
		return 0;
	if (set->prefix_count > FW_LAST_GOOD_ENTRIES_MAX)
		return fw_err_set(err, -E2BIG, "it has more than %u entries", FW_LAST_GOOD_ENTRIES_MAX);
	name_of(set->name, name);
	r = begin_copy(state, name, set->file, digest, set->prefix_count, &file, err);
	if (r)
		return r;
	for (size_t i = 0; i < set->prefix_count; i++)
		fprintf(file, "%s\n", fw_prefix_format(&set->prefixes[i], text, sizeof(text)));
	return fw_state_commit(state, name, file, err);
}

int fw_last_good_keep_signatures(struct fw_state *state, const struct fw_signature_list *list,
				 struct fw_err *err)
{
	uint64_t digest;
	FILE *file;
	int r;

	if (!list->text)
		return fw_err_set(err, -ENOMEM, "out of memory");
	digest = fw_force_digest(list->text, list->length);
	if (has_it(state, NULL, list->file, digest, list->count))
		return 0;
	r = begin_copy(state, SIGNATURES, list->file, digest, list->count, &file, err);
	if (r)
		return r;
	fwrite(list->text, 1, list->length, file);
	return fw_state_commit(state, SIGNATURES, file, err);
}

/* A policy that may come back is looked through as text: a name in it is reason enough. */
static bool may_be_needed(const struct fw_agent *agent, const struct fw_stand *configured, const char *set)
{
	const struct fw_policy *policy = agent->loaded->policy;
	const char *const texts[] = {agent->previous.text, agent->confirm.before.text, configured->text};
	int index = fw_policy_set_find(policy, set);

	if (index >= 0 && policy->sets[index].kind == FW_SET_FILE)
		return true;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && strstr(texts[i], set))
			return true;
	return false;
}

void fw_last_good_prune(struct fw_agent *agent)
{
	int fd = openat(agent->state.dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct fw_stand configured = {};
	const struct dirent *entry;

	if (!dir && fd >= 0)
		close(fd);
	(void)fw_stand_reread(agent->options.config, &configured, NULL);
	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name), around = strlen(PREFIX) + strlen(SUFFIX);
		char set[FW_NAME_MAX];

		if (length <= around || length - around >= sizeof(set) ||
		    strncmp(entry->d_name, PREFIX, strlen(PREFIX)) ||
		    strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX))
			continue;
		snprintf(set, sizeof(set), "%.*s", (int)(length - around), entry->d_name + strlen(PREFIX));
		if (!may_be_needed(agent, &configured, set))
			unlinkat(agent->state.dir_fd, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	fw_stand_done(&configured);
}
