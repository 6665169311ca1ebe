// SPDX-License-Identifier: Apache-2.0
/* Readers of the list of signatures, and of the keys of a policy that name it and what is in it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/grow.h"
#include "policy/load.h"
#include "policy/signatures.h"

static void read_copy(struct fw_loader *loader, const struct fw_node *value, char **ret)
{
	const char *text;
	char *copy;

	if (!fw_read_text(loader, value, &text))
		return;
	copy = strdup(text);
	if (!copy)
		loader->out_of_memory = true;
	free(*ret);
	*ret = copy;
}

void fw_load_signature_list_revision(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	read_copy(loader, value, &((struct fw_signature_list *)target)->revision);
}

void fw_load_signature_name(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_signature_def *signature = target;
	const char *name;

	if (!fw_read_name(loader, value, "signature", &name))
		return;
	if (!strcmp(name, "any"))
		fw_complain(loader, value, "bad-name", NULL, "'any' is every signature, it cannot be one");
	else
		read_copy(loader, value, &signature->name);
}

void fw_load_signature_vector(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	const char *name;

	if (fw_read_name(loader, value, "vector", &name))
		read_copy(loader, value, &((struct fw_signature_def *)target)->vector);
}

void fw_load_signature_note(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	read_copy(loader, value, &((struct fw_signature_def *)target)->note);
}

void fw_load_signature_protocol(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	static const struct fw_word words[] = {{"udp", FW_PROTO_UDP}, {"tcp", FW_PROTO_TCP}};
	static const struct fw_words protocols = {words, 2};
	unsigned int protocol;

	if (fw_read_word(loader, value, &protocols, "protocol of signatures", &protocol))
		((struct fw_signature_def *)target)->protocol = (uint8_t)protocol;
}

void fw_load_signature_source_port(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_ranges *ports = &((struct fw_signature_def *)target)->source_ports;

	fw_node_each (item, value) {
		if (fw_list_is_full(loader, item, ports->count))
			return;
		fw_read_ranges(loader, item, &fw_port_words, "port", ports);
	}
}

void fw_load_signature_payload(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_range *payload = &((struct fw_signature_def *)target)->payload;

	fw_load_object(loader, value, "length", "payload", payload);
	if (payload->first > payload->last)
		fw_complain(loader, value, "bad-range", NULL, "payload: min %u is more than max %u",
			    payload->first, payload->last);
}

void fw_load_bytes_offset(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	unsigned int offset;

	if (fw_read_number(loader, value, FW_SIGNATURE_OFFSET_MAX, "offset", &offset))
		((struct fw_signature_def *)target)->offset = (uint16_t)offset;
}

static int hex_digit(char letter)
{
	const char *digits = "0123456789abcdef", *at;

	at = letter ? strchr(digits, letter >= 'A' && letter <= 'F' ? letter - 'A' + 'a' : letter) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* "97 00 00 2a": pairs of digits, spaces between them as you like. Returns how many, 0 after a complaint. */
static uint8_t read_hex(struct fw_loader *loader, const struct fw_node *value, uint8_t *bytes)
{
	const char *text;
	uint8_t count = 0;

	if (!fw_read_text(loader, value, &text))
		return 0;
	while (*(text += strspn(text, " "))) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || count == FW_SIGNATURE_BYTES) {
			fw_complain(loader, value, "bad-bytes",
				    "write them in hex, for example \"17 00 03 2a\"",
				    "'%.80s' is not 1 to %d bytes", value->text, FW_SIGNATURE_BYTES);
			return 0;
		}
		bytes[count++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
	return count;
}

void fw_load_bytes_value(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_signature_def *signature = target;

	signature->bytes = read_hex(loader, value, signature->value);
	memset(signature->mask, 0xff, signature->bytes);
}

/* Read after `value`. */
void fw_load_bytes_mask(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_signature_def *signature = target;
	uint8_t count = read_hex(loader, value, signature->mask);

	if (!count || !signature->bytes)
		return;
	if (count != signature->bytes) {
		fw_complain(loader, value, "bad-bytes", NULL, "the mask has %u bytes, the value has %u",
			    count, signature->bytes);
		return;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!(signature->value[i] & ~signature->mask[i]))
			continue;
		fw_complain(
			loader, value, "bad-bytes", "set these bits in the mask, or clear them in the value",
			"no packet can have this: byte %u of the value has bits that the mask leaves out", i);
		return;
	}
}

void fw_load_signature_bytes(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	fw_load_object(loader, value, "bytes", "bytes", target);
}

static const struct fw_signature_def *find(const struct fw_signature_list *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

static void check_bytes(struct fw_loader *loader, const struct fw_node *node,
			const struct fw_signature_def *signature)
{
	unsigned int end = signature->offset + signature->bytes;

	if (signature->bytes && signature->payload.first <= signature->payload.last &&
	    end > signature->payload.last)
		fw_complain(loader, fw_node_get(node, "bytes"), "bad-bytes", NULL,
			    "no packet can have this: the bytes end at %u, the longest payload at %u", end,
			    signature->payload.last);
}

static bool has_port(const struct fw_ranges *ports, unsigned int port)
{
	for (size_t i = 0; i < ports->count; i++)
		if (port >= ports->items[i].first && port <= ports->items[i].last)
			return true;
	return false;
}

static bool has_ports(const struct fw_ranges *all, const struct fw_ranges *some)
{
	for (size_t i = 0; i < some->count; i++)
		for (unsigned int port = some->items[i].first; port <= some->items[i].last; port++)
			if (!has_port(all, port))
				return false;
	return true;
}

static bool same_bytes(const struct fw_signature_def *a, const struct fw_signature_def *b)
{
	return a->bytes == b->bytes && a->offset == b->offset && !memcmp(a->value, b->value, a->bytes) &&
	       !memcmp(a->mask, b->mask, a->bytes);
}

/* Every packet that has `later` has `first`, too. */
static bool takes_all_of(const struct fw_signature_def *first, const struct fw_signature_def *later)
{
	return first->protocol == later->protocol && first->payload.first <= later->payload.first &&
	       first->payload.last >= later->payload.last && (!first->bytes || same_bytes(first, later)) &&
	       has_ports(&first->source_ports, &later->source_ports);
}

static void warn_if_taken(struct fw_loader *loader, const struct fw_node *node,
			  const struct fw_signature_list *list, const struct fw_signature_def *signature)
{
	for (size_t i = 0; i < list->count && signature->name && signature->source_ports.count; i++) {
		if (!strcmp(list->items[i].name, signature->name) ||
		    !takes_all_of(&list->items[i], signature))
			continue;
		fw_diag_add(loader->diags, node->mark, FW_SEVERITY_WARNING, "never-matches",
			    "write the narrower one first: a packet has the first that fits",
			    "no packet ever has signature '%s': '%s' before it takes them all",
			    signature->name, list->items[i].name);
		return;
	}
}

static void load_signature(struct fw_loader *loader, const struct fw_node *node,
			   struct fw_signature_list *list)
{
	struct fw_signature_def signature = {.protocol = FW_PROTO_UDP, .payload = {0, UINT16_MAX}};
	const struct fw_node *name = fw_node_get(node, "name");

	if (name && name->text && *name->text)
		snprintf(loader->where, sizeof(loader->where), "signature '%.80s'", name->text);
	else
		snprintf(loader->where, sizeof(loader->where), "a signature");
	signature.line = node->mark.line;
	signature.column = node->mark.column;
	fw_load_object(loader, node, "signature", loader->where, &signature);
	check_bytes(loader, node, &signature);
	warn_if_taken(loader, node, list, &signature);
	if (signature.name && find(list, signature.name))
		fw_complain(loader, name, "duplicate-name", NULL, "there are two signatures '%s'",
			    signature.name);
	else if (signature.name && !FW_APPEND(list->items, list->count, signature))
		return;
	else
		loader->out_of_memory |= signature.name != NULL;
	fw_signature_done(&signature);
}

void fw_load_signature_list_signatures(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_signature_list *list = target;

	if (value->kind != FW_NODE_LIST) {
		fw_complain(loader, value, "bad-type", "signatures: [{name: ..., source_port: ...}]",
			    "signatures must be a list of signatures");
		return;
	}
	fw_node_each (item, value) {
		if (list->count == FW_SIGNATURES_MAX) {
			fw_complain(loader, item, "too-many", NULL, "more than %d signatures",
				    FW_SIGNATURES_MAX);
			return;
		}
		load_signature(loader, item, list);
	}
}

void fw_load_signatures_file(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	if (fw_read_path(loader, value, &policy->signatures.file))
		policy->signatures.mark = value->mark;
}

void fw_load_signatures(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	if (value->kind == FW_NODE_SCALAR)
		fw_load_signatures_file(loader, value, target);
	else
		fw_load_object(loader, value, "signatures", "signatures", target);
}

/* NULL: no memory. */
static char *beside_policy(const struct fw_loader *loader)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", loader->base_dir ? loader->base_dir : ".", FW_SIGNATURES_FILE) < 0
		       ? NULL
		       : path;
}

/* Beside the policy, or where it is installed; NULL: no memory. */
static char *usual_place(const struct fw_loader *loader)
{
	char *path = beside_policy(loader);

	if (!path || !access(path, F_OK))
		return path;
	free(path);
	return strdup(FW_SIGNATURES_SHIPPED);
}

static int read_list(struct fw_loader *loader, const char *path, struct fw_signature_list **ret)
{
	const struct fw_file_reader *reader = loader->reader;

	return reader ? reader->signatures(reader->context, path, loader->diags, ret)
		      : fw_signatures_read(path, loader->diags, ret);
}

static void complain_unreadable(struct fw_loader *loader, const struct fw_node *node, const char *path, int r)
{
	const struct fw_policy *policy = loader->policy;
	FW_FREE char *first = strcmp(path, FW_SIGNATURES_SHIPPED) ? NULL : beside_policy(loader);

	if (first && !policy->signatures.file)
		fw_diag_add(loader->diags, node->mark, FW_SEVERITY_ERROR, "unreadable",
			    "copy signatures.yaml of the sources (configs/) to one of the two, or name "
			    "another place: signatures: {file: PATH}",
			    "cannot read the list of signatures: neither beside the policy, %s, nor where it "
			    "is installed, %s: %s",
			    first, path, strerror(-r));
	else
		fw_diag_add(loader->diags, policy->signatures.file ? policy->signatures.mark : node->mark,
			    FW_SEVERITY_ERROR, "unreadable", "name the list: signatures: {file: PATH}",
			    "cannot read the list of signatures %s: %s", path, strerror(-r));
}

/* The policy's list, read when the first rule asks; NULL after a complaint at `node`, once. */
static const struct fw_signature_list *list_of(struct fw_loader *loader, const struct fw_node *node)
{
	struct fw_policy *policy = loader->policy;
	char *path = policy->signatures.file ? strdup(policy->signatures.file) : usual_place(loader);
	int r = 0;

	if (!path)
		loader->out_of_memory = true;
	else if (!policy->signatures.list && !loader->signatures_failed)
		r = read_list(loader, path, &policy->signatures.list);
	loader->signatures_failed |= r != 0;
	if (r == -ENOMEM)
		loader->out_of_memory = true;
	else if (r && r != -EINVAL)
		complain_unreadable(loader, node, path, r);
	free(path);
	return policy->signatures.list;
}

static void complain_unknown(struct fw_loader *loader, const struct fw_node *item,
			     const struct fw_signature_list *list)
{
	const char *names[FW_SIGNATURES_MAX], *near;
	char hint[1024];
	size_t used;

	for (size_t i = 0; i < list->count; i++)
		names[i] = list->items[i].name;
	near = fw_did_you_mean(item->text, names, list->count);
	used = (size_t)(near ? snprintf(hint, sizeof(hint), "did you mean '%s'?\nknown: any", near)
			     : snprintf(hint, sizeof(hint), "known: any"));
	for (size_t i = 0; i < list->count && used < sizeof(hint); i++)
		used += (size_t)snprintf(hint + used, sizeof(hint) - used, ", %s", names[i]);
	fw_complain(loader, item, "unknown-signature", hint, "'%.80s' is no signature of %s", item->text,
		    list->file);
}

/* "any" stays one when the list grows. */
static uint64_t read_names(struct fw_loader *loader, const struct fw_node *value)
{
	const struct fw_signature_list *list = list_of(loader, value);
	uint64_t bits = 0;

	fw_node_each (item, value) {
		const struct fw_signature_def *found;
		const char *name;

		if (!list || !fw_read_text(loader, item, &name))
			return bits;
		found = find(list, name);
		if (!strcmp(name, "any"))
			bits = UINT64_MAX;
		else if (found)
			bits |= 1ULL << (found - list->items);
		else
			complain_unknown(loader, item, list);
	}
	return bits;
}

void fw_load_match_signature(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	((struct fw_policy_rule *)target)->match.signature = read_names(loader, value);
}

void fw_load_match_signature_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	((struct fw_policy_rule *)target)->match.signature_not = read_names(loader, value);
}
