// SPDX-License-Identifier: Apache-2.0
/* The list of signatures: its file, its text and its tables. Pure. */
#include "policy/signatures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/file.h"
#include "policy/load.h"
#include "policy/setfile.h"
#include "policy/terms.h"

void fw_signature_done(struct fw_signature_def *signature)
{
	free(signature->name);
	free(signature->vector);
	free(signature->note);
	free(signature->source_ports.items);
}

void fw_signatures_free(struct fw_signature_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->count; i++)
		fw_signature_done(&list->items[i]);
	free(list->items);
	free(list->file);
	free(list->revision);
	free(list->text);
	free(list);
}

int fw_signatures_parse(const char *text, size_t length, const char *name, struct fw_diags *diags,
			struct fw_signature_list **ret)
{
	struct fw_signature_list *list = calloc(1, sizeof(*list));
	struct fw_loader loader = {.diags = diags};
	size_t errors = diags->errors;
	struct fw_tree tree;
	int r;

	if (list)
		list->file = strdup(name);
	if (!list || !list->file) {
		fw_signatures_free(list);
		return -ENOMEM;
	}
	r = fw_tree_parse(&tree, text, length, name, diags);
	if (!r && tree.root)
		fw_load_object(&loader, tree.root, "signature_list", "the list of signatures", list);
	else if (!r)
		fw_diag_add(diags, (struct fw_mark){.file = fw_diags_file(diags, name)}, FW_SEVERITY_ERROR,
			    "empty-file", "begin with 'version: 1'", "the list of signatures holds nothing");
	fw_tree_done(&tree);
	if (loader.out_of_memory)
		r = -ENOMEM;
	else if (!r && diags->errors > errors)
		r = -EINVAL;
	if (r)
		fw_signatures_free(list);
	else
		*ret = list;
	return r;
}

int fw_signatures_read(const char *path, struct fw_diags *diags, struct fw_signature_list **ret)
{
	FW_FREE char *text = NULL;
	size_t length = 0;
	const struct fw_file_stamp stamp = fw_setfile_stamp(path);
	int r = fw_file_read(path, &text, &length);

	r = r ? r : fw_signatures_parse(text, length, path, diags, ret);
	if (r)
		return r;
	(*ret)->stamp = stamp;
	/* It was read into a buffer for the largest. */
	(*ret)->text = malloc(length + 1);
	if ((*ret)->text)
		memcpy((*ret)->text, text, length);
	(*ret)->length = (*ret)->text ? length : 0;
	return 0;
}

static void write_ports(const struct fw_ranges *ports, FILE *out)
{
	for (size_t i = 0; i < ports->count; i++) {
		fprintf(out, "%s%u", i ? ", " : "", ports->items[i].first);
		if (ports->items[i].last != ports->items[i].first)
			fprintf(out, "-%u", ports->items[i].last);
	}
}

static void write_hex(const uint8_t *bytes, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%02x", i ? " " : "", bytes[i]);
}

char *fw_signature_text(const struct fw_signature_def *signature)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s from ", signature->protocol == FW_PROTO_TCP ? "tcp" : "udp");
	write_ports(&signature->source_ports, out);
	if (signature->payload.first || signature->payload.last != UINT16_MAX)
		fprintf(out, ", payload %u-%u", signature->payload.first, signature->payload.last);
	if (signature->bytes) {
		fputs(", ", out);
		write_hex(signature->value, signature->bytes, out);
		fprintf(out, " at %u (mask ", signature->offset);
		write_hex(signature->mask, signature->bytes, out);
		fputc(')', out);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* FNV-1a. */
static uint64_t digest_add(uint64_t digest, const void *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		digest = (digest ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ULL;
	return digest;
}

static struct fw_signature item_of(const struct fw_signature_def *signature, uint16_t port, size_t index)
{
	struct fw_signature item = {.source_port = port,
				    .least = signature->payload.first,
				    .most = signature->payload.last,
				    .offset = signature->offset,
				    .bytes = signature->bytes,
				    .protocol = signature->protocol,
				    .class = (uint8_t)(index + 1)};

	memcpy(&item.value, signature->value, signature->bytes);
	memcpy(&item.mask, signature->mask, signature->bytes);
	return item;
}

/* Behind what is in its bucket already: the first in the file that fits is the packet's. */
static int put_item(struct fw_signature_table *table, const struct fw_signature *item, size_t index)
{
	uint8_t *link = &table->first[item->source_port % FW_SIGNATURE_BUCKETS];
	size_t behind = 0;

	while (*link && behind++ < FW_SIGNATURE_CHAIN_MAX)
		link = &table->items[*link].next;
	if (behind >= FW_SIGNATURE_CHAIN_MAX)
		return -E2BIG;
	table->items[index] = *item;
	*link = (uint8_t)index;
	return 0;
}

/* What does not fit, where it stands in the file. */
static void complain_crowded(const struct fw_signature_list *list, const struct fw_signature_def *signature,
			     unsigned int port, bool full, struct fw_diags *diags)
{
	struct fw_mark mark = {.file = fw_diags_file(diags, list->file),
			       .line = signature->line,
			       .column = signature->column};

	if (full)
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "too-many",
			    "write fewer or shorter ranges of ports",
			    "signature '%s': the list has more than %d source ports", signature->name,
			    FW_SIGNATURE_PORTS_MAX);
	else
		fw_diag_add(diags, mark, FW_SEVERITY_ERROR, "too-many",
			    "make one of those that differ little, or leave out what no rule needs",
			    "signature '%s' is one too many from port %u: a packet is compared with %d, and "
			    "those of ports that differ by a multiple of %d count as well",
			    signature->name, port, FW_SIGNATURE_CHAIN_MAX, FW_SIGNATURE_BUCKETS);
}

static int put_ports(const struct fw_signature_list *list, size_t index, const struct fw_range *ports,
		     struct fw_signature_table *table, size_t *used, struct fw_diags *diags)
{
	for (unsigned int port = ports->first; port <= ports->last; port++) {
		struct fw_signature item = item_of(&list->items[index], (uint16_t)port, index);
		bool full = *used == FW_SIGNATURE_PORTS_MAX;

		if (full || put_item(table, &item, ++*used)) {
			complain_crowded(list, &list->items[index], port, full, diags);
			return -E2BIG;
		}
		table->digest = digest_add(table->digest, &item, sizeof(item));
	}
	return 0;
}

static int put_all(const struct fw_signature_list *list, struct fw_signature_table *table,
		   struct fw_diags *diags)
{
	size_t used = 0;
	int r = 0;

	table->digest = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < list->count && !r; i++) {
		const struct fw_signature_def *signature = &list->items[i];

		table->digest = digest_add(table->digest, signature->name, strlen(signature->name) + 1);
		for (size_t j = 0; j < signature->source_ports.count && !r; j++)
			r = put_ports(list, i, &signature->source_ports.items[j], table, &used, diags);
	}
	return r;
}

int fw_signatures_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image)
{
	const struct fw_signature_list *list = policy->signatures.list;
	struct fw_signature_table *table = &image->slot->signatures;
	int r;

	if (!list)
		return 0;
	r = put_all(list, table, diags);
	if (r)
		return r;
	for (unsigned int i = 0; i < image->conjunction_count; i++) {
		uint64_t terms = image->conjunctions[i].terms;
		struct fw_conjunction all;

		fw_image_conjunction(policy, image, i, &all);
		for (size_t part = 0; part < all.count; part++)
			if (all.parts[part]->signature || all.parts[part]->signature_not)
				table->asking |= terms;
		for (unsigned int class = 0; class <= list->count; class ++)
			if (fw_conjunction_takes_signature(&all, class))
				table->terms[class] |= terms;
	}
	if (table->asking)
		image->slot->features |= FW_FEATURE_SIGNATURES;
	return 0;
}
