// SPDX-License-Identifier: Apache-2.0
/* Walks the binary trees of all databases at once and folds them, four levels a step, into the nodes of the
 * table. Networks are never listed: what rules cannot tell apart melts on the way up. */
#include "policy/geo_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/geo_table.h"

#define SIDES	     2
#define CACHE_FIRST  1024
#define CLASS_PLACES (4 * FW_GEO_CLASSES_MAX)
#define READS_SPARE  4096 /* a tree is read once per family; more is no tree */

/* What a data record means for the rules, by its offset: a few hundred records serve a whole database. */
struct meaning {
	uint32_t offset_plus_1;
	uint64_t rules;
};

struct reader {
	struct fw_geo_side side;
	struct meaning *meanings; /* open hash */
	size_t meaning_count, meaning_size;
	uint64_t nothing; /* rules of a place without record */
	uint64_t reads_left;
};

struct walk {
	struct reader readers[SIDES];
	enum fw_family family;
	struct fw_geo_rules *rules;
	struct fw_geo *geo;
	struct fw_geo_nodes nodes;
	uint16_t class_places[CLASS_PLACES]; /* open hash by rules: class + 1 */
	struct fw_err *err;
};

/* One place in the world: where it stands in each tree, or what a leaf there meant. */
struct place {
	struct {
		bool inner;
		uint32_t node;
		uint64_t rules;
	} at[SIDES];
};

static int broken(struct walk *walk, const struct reader *reader, const char *how)
{
	return fw_err_set(walk->err, -EINVAL, "the geo database %s is broken: %s", reader->side.path, how);
}

static uint64_t rules_of(struct walk *walk, const struct fw_geo_side *side, const struct fw_geo_facts *facts)
{
	uint64_t rules = UINT64_MAX;

	if (side->countries)
		rules &= fw_geo_rules_of_country(walk->rules, facts->country);
	if (side->asns)
		rules &= fw_geo_rules_of_asn(walk->rules, facts->asn);
	return rules;
}

static struct meaning *find_meaning(struct meaning *meanings, size_t size, uint32_t offset)
{
	size_t place = (size_t)(offset * 0x9e3779b97f4a7c15ULL >> 32) & (size - 1);

	while (meanings[place].offset_plus_1 && meanings[place].offset_plus_1 != offset + 1)
		place = (place + 1) & (size - 1);
	return &meanings[place];
}

static int grow_meanings(struct reader *reader)
{
	size_t size = reader->meaning_size ? 2 * reader->meaning_size : CACHE_FIRST;
	struct meaning *bigger = calloc(size, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	for (size_t i = 0; i < reader->meaning_size; i++)
		if (reader->meanings[i].offset_plus_1)
			*find_meaning(bigger, size, reader->meanings[i].offset_plus_1 - 1) =
				reader->meanings[i];
	free(reader->meanings);
	reader->meanings = bigger;
	reader->meaning_size = size;
	return 0;
}

static int read_meaning(struct walk *walk, struct reader *reader, uint32_t offset, uint64_t *ret)
{
	struct fw_geo_facts facts;
	struct meaning *meaning;

	if (2 * (reader->meaning_count + 1) > reader->meaning_size && grow_meanings(reader))
		return fw_err_set(walk->err, -ENOMEM, "out of memory for the geo database");
	meaning = find_meaning(reader->meanings, reader->meaning_size, offset);
	if (!meaning->offset_plus_1) {
		if (fw_geo_db_facts(reader->side.db, offset, &facts))
			return broken(walk, reader, "what it says of a network cannot be read");
		*meaning = (struct meaning){offset + 1, rules_of(walk, &reader->side, &facts)};
		reader->meaning_count++;
	}
	*ret = meaning->rules;
	return 0;
}

static int stand(struct walk *walk, int side, const struct fw_geo_record *record, struct place *place)
{
	struct reader *reader = &walk->readers[side];

	place->at[side].inner = record->kind == FW_GEO_INNER;
	place->at[side].node = record->value;
	place->at[side].rules = reader->nothing;
	return record->kind == FW_GEO_DATA ? read_meaning(walk, reader, record->value, &place->at[side].rules)
					   : 0;
}

/* One bit deeper: a leaf stays where it is. */
static int split(struct walk *walk, const struct place *place, struct place halves[2])
{
	halves[0] = halves[1] = *place;
	for (int side = 0; side < SIDES; side++) {
		struct reader *reader = &walk->readers[side];
		struct fw_geo_record records[2];
		int r = 0;

		if (!place->at[side].inner)
			continue;
		if (!reader->reads_left--)
			return broken(walk, reader, "its tree leads to the same places again and again");
		if (fw_geo_db_split(reader->side.db, walk->family, place->at[side].node, records))
			return broken(walk, reader, "its tree points nowhere");
		for (int half = 0; half < 2 && !r; half++)
			r = stand(walk, side, &records[half], &halves[half]);
		if (r)
			return r;
	}
	return 0;
}

static int class_of(struct walk *walk, uint64_t rules, uint32_t *ret)
{
	struct fw_geo *geo = walk->geo;
	size_t place = (size_t)(rules * 0x9e3779b97f4a7c15ULL >> 32) & (CLASS_PLACES - 1);

	while (walk->class_places[place] && geo->class_rules[walk->class_places[place] - 1] != rules)
		place = (place + 1) & (CLASS_PLACES - 1);
	if (!walk->class_places[place]) {
		if (geo->class_count == FW_GEO_CLASSES_MAX)
			return fw_err_set(walk->err, -E2BIG,
					  "rules tell more than %u groups of countries and networks apart",
					  FW_GEO_CLASSES_MAX);
		geo->class_rules[geo->class_count++] = rules;
		walk->class_places[place] = (uint16_t)geo->class_count;
	}
	*ret = walk->class_places[place] - 1u;
	return 0;
}

static int fold(struct walk *walk, const struct place *place, unsigned int bits_left, uint32_t *ret);

/* Entries for all 2^levels places below this one. */
static int spread(struct walk *walk, const struct place *place, unsigned int levels, unsigned int bits_left,
		  uint32_t *ret)
{
	struct place halves[2];
	int r;

	if (!place->at[0].inner && !place->at[1].inner) {
		uint32_t class;

		r = class_of(walk, place->at[0].rules & place->at[1].rules, &class);
		for (size_t i = 0; i < 1u << levels && !r; i++)
			ret[i] = class;
		return r;
	}
	if (!levels)
		return fold(walk, place, bits_left, ret);
	if (!bits_left)
		return broken(walk, &walk->readers[place->at[1].inner],
			      "its tree is deeper than addresses are");
	r = split(walk, place, halves);
	if (!r)
		r = spread(walk, &halves[0], levels - 1, bits_left - 1, ret);
	if (!r)
		r = spread(walk, &halves[1], levels - 1, bits_left - 1, ret + (1u << (levels - 1)));
	return r;
}

static int fold(struct walk *walk, const struct place *place, unsigned int bits_left, uint32_t *ret)
{
	struct fw_geo_node node;
	int r = spread(walk, place, FW_GEO_STRIDE, bits_left, node.entry);

	if (!r) {
		r = fw_geo_nodes_add(&walk->nodes, &node, ret);
		if (r)
			fw_err_set(walk->err, r,
				   r == -E2BIG ? "the geo table would take more than %u nodes"
					       : "out of memory for the geo table",
				   FW_GEO_NODES_COUNTED);
	}
	return r;
}

static int build_family(struct walk *walk, enum fw_family family, uint32_t *root)
{
	struct place place;
	int r = 0;

	walk->family = family;
	for (int side = 0; side < SIDES && !r; side++) {
		struct reader *reader = &walk->readers[side];
		struct fw_geo_record record = {FW_GEO_NOTHING, 0};

		if (reader->side.db) {
			record = fw_geo_db_root(reader->side.db, family);
			reader->reads_left = fw_geo_db_nodes(reader->side.db) + READS_SPARE;
		}
		r = stand(walk, side, &record, &place);
	}
	return r ? r
		 : spread(walk, &place, FW_GEO_ROOT_BITS, family == FW_FAMILY_V4 ? 128 - FW_V4_BITS : 128,
			  root);
}

static uint64_t digest_of(const struct fw_geo *geo)
{
	const uint64_t *words = (const uint64_t *)(const void *)geo->table;
	size_t count = (offsetof(struct fw_geo_table, node) + geo->node_count * sizeof(struct fw_geo_node)) /
		       sizeof(*words);
	uint64_t digest = 0xcbf29ce484222325ULL ^ geo->node_count;

	for (size_t i = 0; i < count; i++) {
		digest = (digest ^ words[i]) * 0x100000001b3ULL;
		digest ^= digest >> 29;
	}
	return digest ? digest : 1;
}

static int build(struct walk *walk)
{
	struct fw_geo *geo = walk->geo;
	uint32_t zero;
	int r;

	/* Class 0 is whoever no database knows: what an address gets that is in no table. */
	r = class_of(walk, walk->readers[0].nothing & walk->readers[1].nothing, &zero);
	if (!r)
		r = build_family(walk, FW_FAMILY_V4, geo->table->root4);
	if (!r)
		r = build_family(walk, FW_FAMILY_V6, geo->table->root6);
	if (r)
		return r;
	if (walk->nodes.count > FW_GEO_NODES)
		return fw_err_set(walk->err, -E2BIG, "the geo table would take %zu nodes, %u fit",
				  walk->nodes.count, FW_GEO_NODES);
	if (walk->nodes.count)
		memcpy(geo->table->node, walk->nodes.items, walk->nodes.count * sizeof(*walk->nodes.items));
	geo->node_count = (uint32_t)walk->nodes.count;
	geo->digest = digest_of(geo);
	return 0;
}

int fw_geo_build(const struct fw_geo_side *sides, size_t side_count, struct fw_geo_rules *rules,
		 struct fw_geo **ret, struct fw_err *err)
{
	static const struct fw_geo_facts unknown = {.country = FW_COUNTRY_NONE};
	FW_FREE struct walk *walk = calloc(1, sizeof(*walk));
	struct fw_geo *geo = calloc(1, sizeof(*geo));
	int r = -ENOMEM;

	if (geo) {
		geo->references = 1;
		geo->table = calloc(1, sizeof(*geo->table));
		geo->class_rules = calloc(FW_GEO_CLASSES_MAX, sizeof(*geo->class_rules));
	}
	if (walk && geo && geo->table && geo->class_rules) {
		walk->geo = geo;
		walk->rules = rules;
		walk->err = err;
		for (size_t i = 0; i < SIDES; i++) {
			walk->readers[i].side = i < side_count ? sides[i] : (struct fw_geo_side){};
			walk->readers[i].nothing = rules_of(walk, &walk->readers[i].side, &unknown);
		}
		r = build(walk);
		for (size_t i = 0; i < SIDES; i++)
			free(walk->readers[i].meanings);
		fw_geo_nodes_done(&walk->nodes);
	} else {
		fw_err_set(err, r, "out of memory for the geo table");
	}
	if (r)
		fw_geo_unref(geo);
	else
		*ret = geo;
	return r;
}
