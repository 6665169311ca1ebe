// SPDX-License-Identifier: Apache-2.0
/* What the functions that call each other keep on the stack fits Linux 6.1, by its own counting: every frame
 * rounded up to 32 bytes, 512 together (check_max_stack_depth() in its verifier). Newer kernels round to
 * 16 and load what that one refuses. Read from the objects as they are built in; nothing is loaded. */
#include <criterion/criterion.h>
#include <gelf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "clock.skel.h"
#include "kern/program.h"

#define FRAME_STEP	 32u
#define STACK_MAX	 512u
#define DEPTH_MAX	 8u   /* functions in each other */
#define BEFORE_TAIL_CALL 256u /* of the callers of a function with a tail call */

#define FUNCTIONS_MAX 256
#define CALLS_MAX     1024

#define CODE_MOVE      (BPF_ALU64 | BPF_MOV | BPF_X)
#define CODE_ADD       (BPF_ALU64 | BPF_ADD | BPF_K)
#define CODE_CALL      (BPF_JMP | BPF_CALL)
#define CODE_LOAD_WIDE (BPF_LD | BPF_IMM | BPF_DW)

struct function {
	const char *name;
	size_t section;
	uint64_t from, to; /* bytes in the section */
	uint32_t frame_bytes;
	bool is_program, has_tail_call;
};

struct call {
	const struct function *caller, *callee;
};

struct object {
	Elf *elf;
	size_t names, text;
	Elf_Data *symbols;
	struct function functions[FUNCTIONS_MAX];
	struct call calls[CALLS_MAX];
	size_t function_count, call_count;
};

struct chain {
	const struct function *of[DEPTH_MAX + 1];
	size_t count;
	uint32_t bytes;
};

static struct bpf_insn instruction_at(const struct object *object, size_t section, uint64_t at)
{
	Elf_Data *data = elf_getdata(elf_getscn(object->elf, section), NULL);
	struct bpf_insn instruction;

	cr_assert(data && at + sizeof(instruction) <= data->d_size, "no instruction at %lu of section %zu",
		  (unsigned long)at, section);
	memcpy(&instruction, (const char *)data->d_buf + at, sizeof(instruction));
	return instruction;
}

/* How far below the frame pointer it reaches. An address that is taken counts as used, as do branches that a
 * configuration never takes: the kernel may count less, not more. */
static int32_t reaches(const struct object *object, const struct function *function, uint64_t at)
{
	struct bpf_insn now = instruction_at(object, function->section, at), next;
	int class = BPF_CLASS(now.code);

	if (class == BPF_LDX && now.src_reg == BPF_REG_10)
		return now.off;
	if ((class == BPF_ST || class == BPF_STX) && now.dst_reg == BPF_REG_10)
		return now.off;
	if (now.code != CODE_MOVE || now.src_reg != BPF_REG_10)
		return 0;
	next = instruction_at(object, function->section, at + sizeof(now));
	cr_assert(next.code == CODE_ADD && next.dst_reg == now.dst_reg,
		  "%s: expects an offset right behind a copied frame pointer, got code %#x: teach this test",
		  function->name, next.code);
	return next.imm;
}

static void read_frame(const struct object *object, struct function *function)
{
	int32_t lowest = 0;

	for (uint64_t at = function->from; at < function->to; at += sizeof(struct bpf_insn)) {
		struct bpf_insn now = instruction_at(object, function->section, at);
		int32_t reached = reaches(object, function, at);

		lowest = reached < lowest ? reached : lowest;
		if (now.code == CODE_CALL && !now.src_reg && now.imm == BPF_FUNC_tail_call)
			function->has_tail_call = true;
		if (now.code == CODE_LOAD_WIDE)
			at += sizeof(now);
	}
	function->frame_bytes = (uint32_t)-lowest;
}

static const char *section_name(const struct object *object, size_t section)
{
	GElf_Shdr header;

	cr_assert(gelf_getshdr(elf_getscn(object->elf, section), &header));
	return elf_strptr(object->elf, object->names, header.sh_name);
}

static void read_functions(struct object *object, size_t strings)
{
	GElf_Sym symbol;

	for (int i = 0; gelf_getsym(object->symbols, i, &symbol); i++) {
		struct function *function = &object->functions[object->function_count];

		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC)
			continue;
		cr_assert_lt(object->function_count++, FUNCTIONS_MAX);
		*function = (struct function){.name = elf_strptr(object->elf, strings, symbol.st_name),
					      .section = symbol.st_shndx,
					      .from = symbol.st_value,
					      .to = symbol.st_value + symbol.st_size,
					      .is_program = symbol.st_shndx != object->text};
		read_frame(object, function);
	}
}

static const struct function *function_at(const struct object *object, size_t section, uint64_t at)
{
	const struct function *found = NULL;

	for (size_t i = 0; i < object->function_count; i++)
		if (object->functions[i].section == section && object->functions[i].from == at)
			found = &object->functions[i];
	cr_assert(found, "no function begins at %lu of %s", (unsigned long)at, section_name(object, section));
	return found;
}

/* The symbol that an instruction refers to, if it does. */
static bool symbol_of(const struct object *object, size_t section, uint64_t at, GElf_Sym *symbol)
{
	GElf_Rel relocation;
	GElf_Shdr header;

	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		cr_assert(gelf_getshdr(scn, &header));
		if (header.sh_type != SHT_REL || header.sh_info != section)
			continue;
		for (int i = 0; gelf_getrel(elf_getdata(scn, NULL), i, &relocation); i++)
			if (relocation.r_offset == at)
				return gelf_getsym(object->symbols, (int)GELF_R_SYM(relocation.r_info),
						   symbol);
	}
	return false;
}

/* What it calls, or takes the address of to have it called: the kernel counts both alike. Offsets as libbpf
 * reads them: a call's is in instructions behind itself or behind the symbol, less one. */
static const struct function *called_by(const struct object *object, size_t section, uint64_t at)
{
	struct bpf_insn now = instruction_at(object, section, at);
	GElf_Sym symbol = {.st_shndx = (GElf_Section)section, .st_value = at};
	bool known = symbol_of(object, section, at, &symbol);

	if (now.code == CODE_CALL && now.src_reg == BPF_PSEUDO_CALL)
		return function_at(object, symbol.st_shndx,
				   symbol.st_value + ((uint64_t)now.imm + 1) * sizeof(now));
	if (now.code == CODE_LOAD_WIDE && known && symbol.st_shndx == object->text)
		return function_at(object, symbol.st_shndx, symbol.st_value + (uint64_t)now.imm);
	return NULL;
}

static void read_calls(struct object *object, const struct function *caller)
{
	for (uint64_t at = caller->from; at < caller->to; at += sizeof(struct bpf_insn)) {
		struct bpf_insn now = instruction_at(object, caller->section, at);

		if (now.code == CODE_CALL || now.code == CODE_LOAD_WIDE) {
			const struct function *callee = called_by(object, caller->section, at);

			cr_assert_lt(object->call_count, CALLS_MAX);
			if (callee)
				object->calls[object->call_count++] = (struct call){caller, callee};
		}
		if (now.code == CODE_LOAD_WIDE)
			at += sizeof(now);
	}
}

static void object_open(struct object *object, const void *bytes, size_t size)
{
	Elf_Scn *symbols = NULL;
	GElf_Shdr header;

	elf_version(EV_CURRENT);
	*object = (struct object){.elf = elf_memory((char *)bytes, size)};
	cr_assert(object->elf && !elf_getshdrstrndx(object->elf, &object->names), "%s", elf_errmsg(-1));
	for (Elf_Scn *scn = NULL; (scn = elf_nextscn(object->elf, scn));) {
		cr_assert(gelf_getshdr(scn, &header));
		if (header.sh_type == SHT_SYMTAB)
			symbols = scn;
		else if (!strcmp(section_name(object, elf_ndxscn(scn)), ".text"))
			object->text = elf_ndxscn(scn);
	}
	cr_assert(symbols && gelf_getshdr(symbols, &header));
	object->symbols = elf_getdata(symbols, NULL);
	read_functions(object, header.sh_link);
	for (size_t i = 0; i < object->function_count; i++)
		read_calls(object, &object->functions[i]);
}

/* 6.1 counts every frame as one of at least a byte. */
static uint32_t counted_bytes(const struct function *function)
{
	uint32_t bytes = function->frame_bytes ? function->frame_bytes : 1;

	return (bytes + FRAME_STEP - 1) / FRAME_STEP * FRAME_STEP;
}

static const char *words_of(const struct chain *chain)
{
	static char words[1024];
	int at = 0;

	for (size_t i = 0; i < chain->count && at < (int)sizeof(words); i++)
		at += snprintf(words + at, sizeof(words) - (size_t)at, "%s%s %u (%u)", i ? " > " : "",
			       chain->of[i]->name, counted_bytes(chain->of[i]), chain->of[i]->frame_bytes);
	return words;
}

/* Every way down from a function as the kernel goes it; deepest keeps the one with most on the stack. */
static void descend(const struct object *object, const struct function *function, struct chain callers,
		    struct chain *deepest)
{
	struct chain chain = callers;

	chain.of[chain.count++] = function;
	chain.bytes += counted_bytes(function);
	cr_assert_leq(chain.count, DEPTH_MAX, "%s: %zu functions in each other, Linux allows %u",
		      words_of(&chain), chain.count, DEPTH_MAX);
	cr_assert(!callers.count || !function->has_tail_call || callers.bytes < BEFORE_TAIL_CALL,
		  "%s: %u bytes below a function with a tail call, Linux allows less than %u",
		  words_of(&chain), callers.bytes, BEFORE_TAIL_CALL);
	if (chain.bytes > deepest->bytes)
		*deepest = chain;
	for (size_t i = 0; i < object->call_count; i++)
		if (object->calls[i].caller == function)
			descend(object, object->calls[i].callee, chain, deepest);
}

static void fits(const void *bytes, size_t size, size_t calls_min)
{
	static struct object object;
	size_t programs = 0;

	object_open(&object, bytes, size);
	for (size_t i = 0; i < object.function_count; i++) {
		struct chain deepest = {0};

		if (!object.functions[i].is_program)
			continue;
		programs++;
		descend(&object, &object.functions[i], (struct chain){0}, &deepest);
		cr_expect_leq(
			deepest.bytes, STACK_MAX,
			"%s = %u, Linux 6.1 allows %u and would load nothing: keep less on the stack of "
			"one of them; in brackets what each uses before it is rounded up to %u",
			words_of(&deepest), deepest.bytes, STACK_MAX, FRAME_STEP);
	}
	cr_expect(programs && object.call_count >= calls_min, "the test sees %zu programs and %zu calls",
		  programs, object.call_count);
	elf_end(object.elf);
}

Test(frames, of_the_packet_path_fit)
{
	size_t size;
	const void *bytes = flood_bpf__elf_bytes(&size);

	fits(bytes, size, 1);
}

Test(frames, of_the_clock_fit)
{
	size_t size;
	const void *bytes = clock_bpf__elf_bytes(&size);

	fits(bytes, size, 0);
}
