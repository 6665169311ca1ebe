// SPDX-License-Identifier: Apache-2.0
/* Text to policy: walks the tree by the field table, then lets check.c judge the whole. Reads files, touches
 * nothing else. */
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fw_maps.h"
#include "lib/cleanup.h"
#include "policy/check.h"
#include "policy/file.h"
#include "policy/geo.h"

static const struct fw_policy_field *find_field(const char *object, const char *name)
{
	size_t count;
	const struct fw_policy_field *fields = fw_policy_object_fields(object, &count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

/* {dest_port: 80,443} reads as a key 443. */
static bool is_value(const char *text)
{
	return *text >= '0' && *text <= '9';
}

/* "did you mean 'limit'?" and, as the note, "keys here: name match …" without what is refused anyway. */
static void complain_unknown(struct fw_loader *loader, const struct fw_node *key, const char *object,
			     const char *where)
{
	const struct fw_policy_field *fields;
	const char *names[64], *near;
	char hint[1024];
	size_t count, known = 0, used;

	if (loader->diags->errors >= FW_DIAGS_MAX) {
		fw_complain(loader, key, "unknown-key", NULL, "unknown key");
		return;
	}
	fields = fw_policy_object_fields(object, &count);
	for (size_t i = 0; i < count && known < 64; i++)
		names[known++] = fields[i].name;
	near = fw_word_meant(key->text, names, known);
	if (near)
		used = (size_t)snprintf(hint, sizeof(hint), "did you mean '%s'?\nkeys here:", near);
	else if (is_value(key->text))
		used = (size_t)snprintf(hint, sizeof(hint),
					"a list of values stands in brackets: [80, 443]\nkeys here:");
	else
		used = (size_t)snprintf(hint, sizeof(hint), "\nkeys here:");
	for (size_t i = 0; i < known && used < sizeof(hint); i++)
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, " %s", names[i]);
	fw_complain(loader, key, "unknown-key", hint, "unknown key '%.80s' in %s", key->text, where);
}

/* Keys that nobody will read, and values that say nothing. */
static void check_key(struct fw_loader *loader, struct fw_node *value, const char *object, const char *where)
{
	const struct fw_policy_field *field;

	if (value->broken)
		return;
	field = find_field(object, value->key->text);
	if (!field) {
		complain_unknown(loader, value->key, object, where);
		value->broken = true;
	} else if (fw_node_is_empty(value) || (value->kind != FW_NODE_SCALAR && !value->count &&
					       !(field->flags & FW_FIELD_MAY_BE_EMPTY))) {
		fw_complain(loader, value->key, "empty-value", "write a value or remove the key",
			    "'%s' in %s has no value", field->name, where);
		value->broken = true;
	}
}

void fw_load_object(struct fw_loader *loader, const struct fw_node *node, const char *object,
		    const char *where, void *target)
{
	const struct fw_policy_field *fields;
	char hint[512] = "keys here:";
	size_t count, used = strlen(hint);

	fields = fw_policy_object_fields(object, &count);
	if (node->kind != FW_NODE_MAP) {
		for (size_t i = 0; i < count && used < sizeof(hint); i++)
			used += (size_t)snprintf(hint + used, sizeof(hint) - used, " %s", fields[i].name);
		if (!node->broken)
			fw_complain(loader, node, "bad-type", hint, "%s must be a map of keys", where);
		return;
	}
	for (struct fw_node *value = node->first; value; value = value->next)
		check_key(loader, value, object, where);
	for (size_t i = 0; i < count; i++) {
		const struct fw_node *value = fw_node_get(node, fields[i].name);

		if (value && !value->broken && fields[i].read)
			fields[i].read(loader, value, target);
		else if (!value && fields[i].flags & FW_FIELD_REQUIRED)
			fw_complain(loader, node, "missing-key", NULL, "%s has no '%s'", where,
				    fields[i].name);
	}
}

static struct fw_policy *policy_new(const char *file)
{
	struct fw_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return NULL;
	policy->file = strdup(file);
	policy->safety.protect_ssh_clients = true;
	policy->safety.protect_gateways = true;
	policy->safety.confirm_timeout_ns = 60 * FW_NS_PER_SEC;
	policy->safety.essential_limit = 10000;
	policy->safety.answers_limit = (struct fw_limit){5000, FW_UNIT_PACKETS, FW_NS_PER_SEC};
	policy->safety.ssh_limit = (struct fw_limit){2000, FW_UNIT_PACKETS, FW_NS_PER_SEC};
	policy->safety.attack_from = 1000;
	policy->safety.challenge_replies = 5000000;
	policy->safety.challenge_replies_per_prefix = 1000;
	policy->safety.synproxy_wscale = FW_SYNPROXY_NONE;
	policy->metrics.enabled = true;
	snprintf(policy->metrics.listen, sizeof(policy->metrics.listen), "%s", FW_METRICS_LISTEN);
	policy->history.enabled = true;
	policy->history.keep_ns = FW_HISTORY_KEEP_NS;
	policy->history.size = FW_HISTORY_SIZE;
	policy->capacity.sources = FW_SOURCES_DEFAULT;
	policy->capacity.bans = FW_BANS_DEFAULT;
	policy->capacity.prefixes = FW_PREFIXES_DEFAULT;
	policy->log_clients = FW_LOG_CLIENTS_DEFAULT;
	return policy;
}

/* The complaints and their file names go before the policy does. */
static void own_marks(struct fw_policy *policy)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		policy->interfaces[i].mark.file = policy->file;
	policy->geo.mark.file = policy->geo.asn_mark.file = policy->signatures.mark.file = policy->file;
	policy->safety.synproxy_mark.file = policy->file;
	for (size_t i = 0; i < policy->set_count; i++)
		policy->sets[i].mark.file = policy->file;
	for (size_t i = 0; i < policy->feed_count; i++)
		policy->feeds[i].mark.file = policy->file;
	for (size_t i = 0; i < policy->log_count; i++)
		policy->logs[i].mark.file = policy->file;
	for (size_t i = 0; i < policy->notify_count; i++)
		policy->notify[i].mark.file = policy->file;
	for (size_t i = 0; i < policy->suppression_count; i++)
		policy->suppressions[i].mark.file = policy->file;
	for (size_t i = 0; i < policy->rule_count; i++) {
		policy->rules[i].mark.file = policy->file;
		policy->rules[i].limit_mark.file = policy->file;
		policy->rules[i].action_mark.file = policy->file;
	}
}

/* "signatures" is a map in a policy and a list in a file of its own. */
static bool is_signature_list(const struct fw_node *root)
{
	if (root->kind != FW_NODE_MAP)
		return false;
	for (const struct fw_node *value = root->first; value; value = value->next)
		if (value->key && value->key->text && !strcmp(value->key->text, "signatures") &&
		    value->kind == FW_NODE_LIST)
			return true;
	return false;
}

static int load_tree(const struct fw_tree *tree, const char *name, const char *base_dir,
		     const struct fw_file_reader *reader, struct fw_diags *diags, struct fw_policy **ret)
{
	struct fw_loader loader = {.diags = diags, .base_dir = base_dir, .reader = reader};
	struct fw_policy *policy = policy_new(name);

	if (!policy || !policy->file) {
		fw_policy_free(policy);
		return -ENOMEM;
	}
	loader.policy = policy;
	if (tree->root && is_signature_list(tree->root))
		fw_diag_add(
			diags, tree->root->mark, FW_SEVERITY_ERROR, "signature-list",
			"name it in a policy: signatures: {file: PATH}; floodwall check POLICY judges both",
			"this is a list of signatures, no policy");
	else if (tree->root)
		fw_load_object(&loader, tree->root, "", "the policy", policy);
	else
		fw_diag_add(diags, (struct fw_mark){.file = fw_diags_file(diags, name)}, FW_SEVERITY_ERROR,
			    "empty-file", "begin with 'version: 1'", "the file holds nothing");
	free(loader.sets_by_name);
	if (loader.out_of_memory) {
		fw_policy_free(policy);
		return -ENOMEM;
	}
	if (!diags->errors)
		fw_policy_check(policy, diags);
	if (!diags->errors && fw_geo_read(policy, diags, &policy->geo.data) == -ENOMEM) {
		fw_policy_free(policy);
		return -ENOMEM;
	}
	if (diags->errors) {
		fw_policy_free(policy);
		return -EINVAL;
	}
	own_marks(policy);
	*ret = policy;
	return 0;
}

int fw_policy_parse_by(const char *text, size_t length, const char *name, const char *base_dir,
		       const struct fw_file_reader *reader, struct fw_diags *diags, struct fw_policy **ret)
{
	struct fw_tree tree;
	int r = fw_tree_parse(&tree, text, length, name, diags);

	if (!r)
		r = load_tree(&tree, name, base_dir, reader, diags, ret);
	fw_tree_done(&tree);
	fw_diags_sort(diags);
	return r;
}

int fw_policy_parse(const char *text, size_t length, const char *name, const char *base_dir,
		    struct fw_diags *diags, struct fw_policy **ret)
{
	return fw_policy_parse_by(text, length, name, base_dir, NULL, diags, ret);
}

int fw_file_read(const char *path, char **ret_text, size_t *ret_length)
{
	/* O_NONBLOCK: a FIFO in its place must not hang the agent. */
	FW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FW_FREE char *text = NULL;
	size_t length = 0;
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	/* One byte more than allowed tells a file that is too large. */
	text = malloc(FW_TREE_BYTES_MAX + 1);
	if (!text)
		return -ENOMEM;
	while (length < FW_TREE_BYTES_MAX + 1) {
		ssize_t got = read(fd, text + length, FW_TREE_BYTES_MAX + 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		length += (size_t)got;
	}
	*ret_text = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}

int fw_policy_load(const char *path, struct fw_diags *diags, struct fw_policy **ret)
{
	FW_FREE char *text = NULL;
	FW_FREE char *copy = strdup(path);
	size_t length = 0;
	int r = copy ? fw_file_read(path, &text, &length) : -ENOMEM;

	if (r) {
		fw_diag_add(diags, (struct fw_mark){.file = fw_diags_file(diags, path)}, FW_SEVERITY_ERROR,
			    "unreadable", NULL, "cannot read the policy: %s", strerror(-r));
		return r;
	}
	return fw_policy_parse(text, length, path, dirname(copy), diags, ret);
}
