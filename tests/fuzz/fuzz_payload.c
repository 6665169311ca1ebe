// SPDX-License-Identifier: Apache-2.0
/* Payloads and patterns: the packet path's readers of requests and ClientHellos, compiled for the host, say
 * what the references say. First byte: which reader. Then lines of patterns, up to an empty one: how, text.
 * Then the payload. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hello_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PATTERNS 8

struct input {
	const uint8_t *at;
	size_t left;
	struct fw_pattern paths[PATTERNS], hosts[PATTERNS];
	size_t path_count, host_count;
	char texts[PATTERNS][64];
};

/* The first byte of a line says how it is compared, and with what: bits. */
static bool next_pattern(struct input *input, size_t number)
{
	const uint8_t *end = memchr(input->at, '\n', input->left);
	size_t length = end ? (size_t)(end - input->at) : input->left;
	struct fw_pattern pattern = {.text = input->texts[number], .terms = 1ULL << number};
	uint8_t how = length ? input->at[0] : 0;

	if (length > 1)
		memcpy(input->texts[number], input->at + 1, length - 1 < 63 ? length - 1 : 63);
	input->at += length + !!end;
	input->left -= length + !!end;
	if (!pattern.text[0])
		return false;
	pattern.begins = how & 1;
	pattern.ends = how & 2;
	if (how & 4)
		input->hosts[input->host_count++] = pattern;
	else
		input->paths[input->path_count++] = pattern;
	return true;
}

static void check_request(const struct input *input, const struct fw_automaton *path,
			  const struct fw_automaton *host)
{
	struct fw_request_terms terms = {.all = 0x3ff, .any_path = 0x3ff, .any_host = 0x3ff};
	const struct reference reference = {input->paths, input->hosts, input->path_count, input->host_count,
					    &terms};
	size_t length = input->left < 768 ? input->left : 768;

	for (size_t i = 0; i < input->path_count; i++)
		terms.any_path &= ~input->paths[i].terms;
	for (size_t i = 0; i < input->host_count; i++)
		terms.any_host &= ~input->hosts[i].terms;
	for (int i = 0; i < FW_METHOD_MAX_; i++)
		terms.method[i] = 0x3ff;
	assert(reference_walk(&terms, path, host, (const char *)input->at, length) ==
	       reference_terms(&reference, (const char *)input->at, length));
}

static void check_hello(const struct input *input, const struct fw_automaton *name)
{
	uint64_t found, wanted;
	enum fw_hello_found how = hello_walk(name, input->at, input->left, &found);

	assert(how == reference_hello(input->hosts, input->host_count, input->at, input->left, &wanted));
	assert(found == wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fw_automaton *path = NULL, *host = NULL;
	struct input input = {.at = data + 1, .left = size - 1};

	if (!size)
		return 0;
	for (size_t i = 0; i < PATTERNS && next_pattern(&input, i); i++)
		;
	assert(!fw_automaton_build(input.paths, input.path_count, &path));
	assert(!fw_automaton_build(input.hosts, input.host_count, &host));
	if (data[0] & 1)
		check_hello(&input, host);
	else
		check_request(&input, path, host);
	free(path);
	free(host);
	return 0;
}
