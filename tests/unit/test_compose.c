// SPDX-License-Identifier: Apache-2.0
/* all, any and not: what they come down to, against a model that evaluates the tree as it is written. */
#include <errno.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "mask_packet.h"
#include "policy/describe.h"

#define HEAD                                                                                                 \
	"version: 1\nsets:\n  a: [10.0.0.0/16, \"2001:db8::/32\"]\n  b: [10.1.0.0/16, "                      \
	"\"2001:db8:1::/48\"]\n  c: [10.0.0.0/8]\nrules:\n"                                                  \
	"  - {name: l0, action: label, labels: [a]}\n  - {name: l1, action: label, labels: [b]}\n"           \
	"  - {name: l2, action: label, labels: [c]}\n  - {name: l3, action: label, labels: [d]}\n"
#define SETTERS 4
#define TREES	400
#define PACKETS 200

struct loaded {
	struct fw_policy *policy;
	struct fw_image *image;
	struct fw_diags diags;
	int r;
};

static struct loaded load(const char *match)
{

	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	struct loaded l = {0};
	char *text = NULL;

	cr_assert(ids && asprintf(&text, HEAD "  - {name: t, action: count, match: %s}\n", match) > 0);
	l.r = fw_policy_parse(text, strlen(text), "test", ".", &l.diags, &l.policy);
	if (!l.r)
		l.r = fw_image_compile(l.policy, &(struct fw_image_input){.tick_ns = 4000000}, ids, &l.diags,
				       &l.image);
	free(text);
	return l;
}

static void unload(struct loaded *l)
{
	fw_image_free(l->image);
	fw_policy_free(l->policy);
	fw_diags_done(&l->diags);
}

static bool complains(const struct loaded *l, const char *code)
{
	for (size_t i = 0; i < l->diags.count; i++)
		if (!strcmp(l->diags.items[i].code, code))
			return true;
	return false;
}

static void round_trip(const struct loaded *l)
{
	FW_FREE char *text = fw_aspect_text(l->policy, &l->policy->rules[SETTERS], FW_ASPECT_MATCH);
	struct loaded again = load(text);

	cr_assert_eq(again.r, 0, "cannot be read back: %s", text);
	cr_expect(!memcmp(again.image->slot, l->image->slot, sizeof(*l->image->slot)),
		  "reads back as something else: %s", text);
	unload(&again);
}

/* What it comes down to, and how many terms that is. */
static const struct {
	const char *match, *text;
	unsigned int terms;
} expansions[] = {
	{"{protocol: udp}", "{protocol: [udp]}", 1},
	{"{any: [{protocol: udp}, {dest_port: 80}]}", "{any: [{protocol: [udp]}, {dest_port: [80]}]}", 2},
	{"{protocol: tcp, any: [{dest_port: 80}, {source: a}]}",
	 "{protocol: [tcp], any: [{dest_port: [80]}, {source: [a]}]}", 2},
	{"{all: [{source: a}, {source: b}]}", "{any: [{all: [{source: [a]}, {source: [b]}]}]}", 1},
	{"{not: {protocol: udp, dest_port: 53}}", "{any: [{protocol_not: [udp]}, {dest_port_not: [53]}]}", 2},
	{"{not: [{protocol: udp}, {dest_port: 53}]}",
	 "{any: [{all: [{protocol_not: [udp]}, {dest_port_not: [53]}]}]}", 1},
	{"{not: {not: {length: 64}}}", "{any: [{length: [64]}]}", 1},
	{"{not: {length: {min: 100}}}", "{any: [{length_not: [100-65535]}]}", 1},
	{"{not: {tcp_flags: syn, packet: fragment}}",
	 "{any: [{tcp_flags_not: [syn]}, {packet_not: [fragment]}]}", 2},
	{"{not: {any: [{label: a}, {tier: high}]}}", "{any: [{all: [{label_not: [a]}, {tier_not: [high]}]}]}",
	 1},
	{"{not: {verified: true}}", "{any: [{verified: false}]}", 1},
	{"{not: {verified: false, protocol: udp}}", "{any: [{verified: true}, {protocol_not: [udp]}]}", 2},
	{"{verified: true, any: [{verified: false}, {source: c}]}", "{verified: true, any: [{source: [c]}]}",
	 1},
	{"{any: [{label: [a, b]}, {label: c}]}", "{any: [{label: [a, b]}, {label: [c]}]}", 3},
	{"{all: [{label: [a, b]}, {label: [c, d]}]}", "{any: [{all: [{label: [a, b]}, {label: [c, d]}]}]}",
	 4},
	/* Said twice, or contained in another. */
	{"{any: [{protocol: udp}, {protocol: udp}]}", "{any: [{protocol: [udp]}]}", 1},
	{"{any: [{all: [{protocol: udp}, {source: a}]}, {protocol: udp}]}", "{any: [{protocol: [udp]}]}", 1},
	{"{all: [{any: [{source: a}, {source: b}]}, {any: [{dest_port: 1}, {dest_port: 2}]}]}",
	 "{any: [{all: [{source: [a]}, {dest_port: [1]}]}, {all: [{source: [a]}, {dest_port: [2]}]}, "
	 "{all: [{source: [b]}, {dest_port: [1]}]}, {all: [{source: [b]}, {dest_port: [2]}]}]}",
	 4},
	/* What excludes itself goes. */
	{"{any: [{protocol: udp, tcp_flags: syn}, {source: a}]}", "{any: [{source: [a]}]}", 1},
	{"{protocol: icmp, any: [{dest_port: 80}, {source: a}]}", "{protocol: [icmp], any: [{source: [a]}]}",
	 1},
	{"{any: [{source: a, all: [{source_not: a}]}, {source: c}]}", "{any: [{source: [c]}]}", 1},
	/* Requests: what must be missing beside what must be there takes a second bit. */
	{"{dest_port: 80, any: [{uri: {prefix: /a}}, {method: POST, host: h.example}]}",
	 "{dest_port: [80], any: [{uri: [{prefix: \"/a\"}]}, {method: [POST], host: [\"h.example\"]}]}", 2},
	{"{dest_port: 80, not: {uri: {exact: /a}, method: [GET, PUT]}}",
	 "{dest_port: [80], any: [{not: [{uri: [{exact: \"/a\"}]}]}, {not: [{method: [GET, PUT]}]}]}", 2},
	{"{dest_port: 80, uri: {prefix: /a}, not: [{uri: {prefix: /a/b}}, {host: \"*.h.example\"}]}",
	 "{uri: [{prefix: \"/a\"}], dest_port: [80], any: [{all: [{not: [{uri: [{prefix: \"/a/b\"}]}]}, "
	 "{not: [{host: [\"*.h.example\"]}]}]}]}",
	 2},
	{"{label: [a, b], uri: {prefix: /a}, not: {uri: {prefix: /a/b}}}",
	 "{uri: [{prefix: \"/a\"}], label: [a, b], any: [{not: [{uri: [{prefix: \"/a/b\"}]}]}]}", 4},
	{"{dest_port: 80, all: [{uri: {prefix: /a}}, {uri: {contains: b}}, {uri: {contains: c}}], not: {uri: "
	 "{exact: /abc}}}",
	 "{dest_port: [80], any: [{all: [{uri: [{prefix: \"/a\"}]}, {uri: [{contains: \"b\"}]}, {uri: "
	 "[{contains: "
	 "\"c\"}]}, {not: [{uri: [{exact: \"/abc\"}]}]}]}]}",
	 4},
	{"{dest_port: 80, any: [{host: a.example, all: [{host: b.example}]}, {host: \"*.c.example\", all: "
	 "[{host: x.c.example}]}, {host: d.example, not: {host: \"*.example\"}}]}",
	 "{dest_port: [80], any: [{all: [{host: [\"x.c.example\"]}, {host: [\"*.c.example\"]}]}]}", 2},
	{"{any: [{uri: {prefix: /a}, not: {uri: {prefix: /}}}, {method: GET, not: {method: GET}}, {source: "
	 "c}]}",
	 "{any: [{source: [c]}]}", 1},
	{"{any: [{source: 192.0.2.1}, {destination: \"2001:db8::1\"}]}",
	 "{any: [{source: [\"192.0.2.1\"]}, {destination: [\"2001:db8::1\"]}]}", 2},
};

Test(compose, comes_down_to)
{
	for (size_t i = 0; i < sizeof(expansions) / sizeof(expansions[0]); i++) {
		struct loaded l = load(expansions[i].match);

		cr_expect_eq(l.r, 0, "%s", expansions[i].match);
		if (!l.r) {
			FW_FREE char *text =
				fw_aspect_text(l.policy, &l.policy->rules[SETTERS], FW_ASPECT_MATCH);

			round_trip(&l);
			cr_expect_str_eq(text, expansions[i].text);
			cr_expect_eq(l.image->term_count - SETTERS, expansions[i].terms, "%s: %u terms",
				     expansions[i].match, l.image->term_count - SETTERS);
		}
		unload(&l);
	}
}

/* ---- random trees ---- */

enum leaf_key {
	PROTOCOL,
	DEST_PORT,
	SOURCE_PORT,
	SOURCE,
	DESTINATION,
	LENGTH,
	FLAGS,
	KIND,
	LABEL,
	LEAF_KEYS
};

struct tree {
	enum { LEAF, ALL, ANY, NOT } kind;
	enum leaf_key key;
	bool opposite; /* the _not form is written */
	unsigned int value;
	struct tree *items;
	size_t count;
};

static const char *const leaf_names[] = {"protocol", "dest_port", "source_port", "source", "destination",
					 "length",   "tcp_flags", "packet",	 "label"};
static const char *const leaf_values[][3] = {
	{"tcp", "[udp, icmp]", "sctp"}, {"80", "[22, 443]", "1000-65535"},
	{"80", "0-1000", "443"},	{"a", "[b, c]", "c"},
	{"a", "b", "[a, c]"},		{"80", "0-100", "{min: 1001}"},
	{"syn", "[rst, fin]", "none"},	{"fragment", "ipv4", "tagged"},
	{"a", "[b, c]", "d"},
};

static void grow(struct tree *tree, uint64_t *state, unsigned int depth)
{
	*tree = (struct tree){.kind = depth ? random_next(state) % 4 : LEAF};
	if (tree->kind == LEAF) {
		tree->key = random_next(state) % LEAF_KEYS;
		tree->opposite = chance(state, 4);
		tree->value = random_next(state) % 3;
		return;
	}
	tree->count = 1 + random_next(state) % 2;
	tree->items = calloc(tree->count, sizeof(*tree->items));
	cr_assert(tree->items);
	for (size_t i = 0; i < tree->count; i++)
		grow(&tree->items[i], state, depth - 1);
}

static void cut(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		cut(&tree->items[i]);
	free(tree->items);
}

static void write_tree(const struct tree *tree, FILE *out)
{
	static const char *const words[] = {[ALL] = "all", [ANY] = "any", [NOT] = "not"};

	if (tree->kind == LEAF) {
		fprintf(out, "{%s%s: %s}", leaf_names[tree->key], tree->opposite ? "_not" : "",
			leaf_values[tree->key][tree->value]);
		return;
	}
	fprintf(out, "{%s: [", words[tree->kind]);
	for (size_t i = 0; i < tree->count; i++) {
		fputs(i ? ", " : "", out);
		write_tree(&tree->items[i], out);
	}
	fputs("]}", out);
}

static bool in_set(char set, const struct fw_addr *addr)
{
	uint32_t v4 = ntohl(addr->w[3]), first = ntohl(addr->w[0]), second = ntohl(addr->w[1]);

	if (!fw_addr_is_v4(addr))
		return first == 0x20010db8 && (set == 'a' || (set == 'b' && second >> 16 == 1));
	return set == 'a' ? v4 >> 16 == 0x0a00 : set == 'b' ? v4 >> 16 == 0x0a01 : v4 >> 24 == 0x0a;
}

static bool in_sets(unsigned int value, bool destination, const struct fw_addr *addr)
{
	switch (value) {
	case 0:
		return in_set('a', addr);
	case 1:
		return destination ? in_set('b', addr) : in_set('b', addr) || in_set('c', addr);
	default:
		return destination ? in_set('a', addr) || in_set('c', addr) : in_set('c', addr);
	}
}

static bool one_of(unsigned int value, const bool *answers)
{
	return answers[value];
}

/* Whether the values hold; the keys of ports and flags are asked of packets that have them only. */
static bool holds(const struct tree *leaf, const struct packet *p)
{
	const unsigned int v = leaf->value;
	const uint8_t f = p->tcp_flags;

	switch (leaf->key) {
	case PROTOCOL:
		return one_of(v, (bool[]){p->protocol == 6, p->protocol == 17 || p->protocol == 1,
					  p->protocol == 132});
	case DEST_PORT:
		return one_of(v, (bool[]){p->dest_port == 80, p->dest_port == 22 || p->dest_port == 443,
					  p->dest_port >= 1000});
	case SOURCE_PORT:
		return one_of(v,
			      (bool[]){p->source_port == 80, p->source_port <= 1000, p->source_port == 443});
	case SOURCE:
		return in_sets(v, false, &p->source);
	case DESTINATION:
		return in_sets(v, true, &p->dest);
	case LENGTH:
		return one_of(v, (bool[]){p->length == 80, p->length <= 100, p->length >= 1001});
	case FLAGS:
		return one_of(v, (bool[]){(f & 0x12) == 2, f & 4 || f & 1, !f});
	case KIND:
		return one_of(v, (bool[]){p->kind & FW_KIND_FRAGMENT, !(p->kind & FW_KIND_IPV6),
					  p->kind & FW_KIND_TAGGED});
	case LABEL:
	case LEAF_KEYS:
		return one_of(v, (bool[]){p->labels & 1, p->labels & 6, p->labels & 8});
	}
	return false;
}

static bool leaf_takes(const struct tree *leaf, const struct packet *p, bool negated)
{
	if ((leaf->key == DEST_PORT || leaf->key == SOURCE_PORT) && !p->has_ports)
		return false;
	if (leaf->key == FLAGS && (!p->has_ports || p->protocol != TCP))
		return false;
	return holds(leaf, p) != (leaf->opposite != negated);
}

static bool takes(const struct tree *tree, const struct packet *p, bool negated)
{
	bool all = true, any = false;

	if (tree->kind == LEAF)
		return leaf_takes(tree, p, negated);
	for (size_t i = 0; i < tree->count; i++) {
		bool one = takes(&tree->items[i], p, negated != (tree->kind == NOT));

		all &= one;
		any |= one;
	}
	/* NOT: none of its items. */
	return (tree->kind == ANY) != negated ? any : all;
}

static unsigned int compare(const struct tree *tree, const struct fw_image *image, const char *text,
			    uint64_t *state)
{
	unsigned int hits = 0;

	for (unsigned int i = 0; i < PACKETS; i++) {
		struct packet packet = random_packet(state);
		bool want = takes(tree, &packet, false);
		bool got = image && matching_terms(image, &packet) & image->slot->rules[SETTERS].terms;

		hits += want;
		cr_assert_eq(got, want, "%s: protocol %u kind %#x flags %#x ports %u %u: got %d, want %d",
			     text, packet.protocol, packet.kind, packet.tcp_flags, packet.source_port,
			     packet.dest_port, got, want);
	}
	return hits;
}

Test(compose, random_trees_agree_with_the_model)
{
	uint64_t state = 0xc0ffee11;
	unsigned int compiled = 0, never = 0, hits = 0;

	for (unsigned int i = 0; i < TREES; i++) {
		FW_FREE char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct tree tree;
		struct loaded l;

		cr_assert(out);
		grow(&tree, &state, 1 + i % 4);
		write_tree(&tree, out);
		fclose(out);
		l = load(text);
		cr_expect(!l.r || complains(&l, "too-many-terms") || complains(&l, "never-matches"), "%s: %s",
			  text, l.diags.count ? l.diags.items[0].message : "refused");
		if (!l.r || (complains(&l, "never-matches") && !complains(&l, "too-many-terms")))
			hits += compare(&tree, l.image, text, &state);
		never += complains(&l, "never-matches");
		if (!l.r) {
			compiled++;
			round_trip(&l);
		}
		unload(&l);
		cut(&tree);
	}
	cr_expect_gt(compiled, TREES / 2, "only %u compiled", compiled);
	cr_expect_gt(never, 3, "only %u never match", never);
	cr_expect_gt(hits, TREES * PACKETS / 10, "only %u hits", hits);
}

Test(compose, too_many_terms_name_the_rule)
{
	struct loaded l =
		load("{all: [{any: [{source: a}, {source: b}, {source: c}]}, {any: [{dest_port: 1}, "
		     "{dest_port: 2}, {dest_port: 3}, {dest_port: 4}, {dest_port: 5}]}, {any: "
		     "[{length: 1}, {length: 2}, {length: 3}, {length: 4}, {length: 5}]}]}");

	cr_expect_eq(l.r, -E2BIG);
	cr_assert(complains(&l, "too-many-terms"));
	cr_expect(strstr(l.diags.items[0].message, "rule 't'"), "%s", l.diags.items[0].message);
	unload(&l);
}

/* A line that does not say the host is of none: a rule that excludes one would take it. */
Test(compose, what_lines_do_not_say_is_said_truly)
{
	static const char text[] = "version: 1\nlogs: {web: {path: /a}}\n"
				   "rules: [{name: t, match: {log: web, not: {host: x.example}}, limit: 5 "
				   "requests/1m, action: block}]\n";
	struct loaded l = {0};

	l.r = fw_policy_parse(text, strlen(text), "test", ".", &l.diags, &l.policy);
	cr_expect_neq(l.r, 0);
	cr_assert_eq(l.diags.errors, 1);
	cr_expect_str_eq(l.diags.items[0].message,
			 "rule 't' asks for the host, which lines of log 'web' do not say");
	unload(&l);
}
