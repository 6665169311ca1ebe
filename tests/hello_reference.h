/* SPDX-License-Identifier: Apache-2.0 */
/* ClientHellos made for tests, and what the packet path should say of one, said by other means: vectors cut
 * out one inside the other, names copied and compared as strings. */
#ifndef FW_TESTS_HELLO_REFERENCE_H
#define FW_TESTS_HELLO_REFERENCE_H

#include "request_reference.h"

#include "bpf/hello.h"

#define HELLO_READ 2040

/* Bytes that are read from the front. Once something is missing, `missing` stays. */
struct slice {
	const uint8_t *at;
	size_t left;
	bool missing;
};

static inline uint32_t slice_number(struct slice *slice, unsigned int bytes)
{
	uint32_t number = 0;

	if (slice->missing || slice->left < bytes) {
		slice->missing = true;
		return 0;
	}
	for (; bytes; bytes--, slice->at++, slice->left--)
		number = number << 8 | *slice->at;
	return number;
}

/* What is left of a vector: short when not all of it is there. */
static inline struct slice slice_vector(struct slice *slice, unsigned int length_bytes)
{
	size_t length = slice_number(slice, length_bytes);
	struct slice inner = {slice->at, length, slice->missing};

	if (slice->missing || slice->left < length) {
		inner.left = slice->missing ? 0 : slice->left;
		inner.missing = false;
		slice->missing = true;
		slice->left = 0;
		return inner;
	}
	slice->at += length;
	slice->left -= length;
	return inner;
}

static inline enum fw_hello_found reference_names(struct slice list, const struct fw_pattern *patterns,
						  size_t count, uint64_t *found)
{
	struct slice names = slice_vector(&list, 2);

	if (list.missing || list.left)
		return FW_HELLO_SHORT;
	for (int entry = 0; entry < 4 && names.left; entry++) {
		uint32_t type = slice_number(&names, 1);
		struct slice name = slice_vector(&names, 2);

		if (names.missing || (!type && name.left > 256))
			return FW_HELLO_SHORT;
		if (type)
			continue;
		if (name.left && name.at[name.left - 1] == '.')
			name.left--;
		*found |= reference_patterns(patterns, count, (const char *)name.at, name.left);
	}
	return names.left ? FW_HELLO_SHORT : FW_HELLO_NAMED;
}

static inline enum fw_hello_found reference_hello(const struct fw_pattern *patterns, size_t count,
						  const uint8_t *bytes, size_t length, uint64_t *found)
{
	struct slice packet = {bytes, length < HELLO_READ ? length : HELLO_READ, false}, record, extensions;
	const uint8_t *body;
	uint32_t handshake;

	*found = 0;
	if (packet.left < 6 || bytes[0] != 0x16 || bytes[1] != 3 || bytes[5] != 1)
		return FW_HELLO_NONE;
	slice_number(&packet, 3);
	record = slice_vector(&packet, 2);
	slice_number(&record, 1);
	handshake = slice_number(&record, 3);
	body = record.at;
	for (int i = 0; i < 34; i++)
		slice_number(&record, 1);
	slice_vector(&record, 1);
	slice_vector(&record, 2);
	slice_vector(&record, 1);
	if (record.missing)
		return FW_HELLO_SHORT;
	if (record.left < 2)
		return (size_t)(record.at - body) == handshake ? FW_HELLO_PLAIN : FW_HELLO_SHORT;
	extensions = slice_vector(&record, 2);
	for (int i = 0; i < 128 && extensions.left; i++) {
		uint32_t type = slice_number(&extensions, 2);
		struct slice extension = slice_vector(&extensions, 2);

		if (extensions.missing)
			return FW_HELLO_SHORT;
		if (!type)
			return reference_names(extension, patterns, count, found);
	}
	if (extensions.left || record.missing || (size_t)(record.at - body) != handshake)
		return FW_HELLO_SHORT;
	return FW_HELLO_PLAIN;
}

/* The packet path's own answer. */
static inline enum fw_hello_found hello_walk(const struct fw_automaton *dfa, const uint8_t *bytes,
					     size_t length, uint64_t *found)
{
	struct fw_payload *room = malloc(sizeof(*room));
	enum fw_hello_found how;
	__u64 terms;

	memset(room, 0, sizeof(*room)); /* of another packet */
	memset(room->bytes, '.', sizeof(room->bytes));
	if (length > HELLO_READ)
		length = HELLO_READ;
	memcpy(room->bytes, bytes, length);
	room->end = (__u32)length;
	how = hello_terms(room, dfa, &terms);
	*found = terms;
	free(room);
	return how;
}

#define HELLO_NAMES 6

/* What a client says. Defaults: a small hello of TLS 1.3. */
struct hello {
	const char *names[HELLO_NAMES]; /* in one list; NULL ends them */
	bool unnamed;			/* no extension for them */
	unsigned int before;		/* bytes of another extension in front, 0: none */
	unsigned int grease;		/* empty extensions in front */
	unsigned int session;		/* bytes */
	bool bare;			/* no extensions at all */
};

struct hello_bytes {
	uint8_t bytes[4096];
	size_t length;
};

static inline void hello_put(struct hello_bytes *to, uint32_t number, unsigned int bytes)
{
	while (bytes--)
		to->bytes[to->length++] = (uint8_t)(number >> bytes * 8);
}

static inline void hello_fill(struct hello_bytes *to, uint8_t byte, size_t count)
{
	memset(to->bytes + to->length, byte, count);
	to->length += count;
}

/* Writes the length of what was put since. */
static inline void hello_close(struct hello_bytes *to, size_t at, unsigned int bytes)
{
	size_t length = to->length - at - bytes;

	for (unsigned int i = 0; i < bytes; i++)
		to->bytes[at + i] = (uint8_t)(length >> (bytes - 1 - i) * 8);
}

static inline size_t hello_vector(struct hello_bytes *to, unsigned int bytes)
{
	size_t at = to->length;

	hello_put(to, 0, bytes);
	return at;
}

static inline void hello_put_names(const struct hello *hello, struct hello_bytes *to)
{
	size_t extension, list;

	hello_put(to, 0, 2);
	extension = hello_vector(to, 2);
	list = hello_vector(to, 2);
	for (int i = 0; i < HELLO_NAMES && hello->names[i]; i++) {
		hello_put(to, 0, 1);
		hello_put(to, (uint32_t)strlen(hello->names[i]), 2);
		memcpy(to->bytes + to->length, hello->names[i], strlen(hello->names[i]));
		to->length += strlen(hello->names[i]);
	}
	hello_close(to, list, 2);
	hello_close(to, extension, 2);
}

static inline void hello_make(const struct hello *hello, struct hello_bytes *to)
{
	size_t record, handshake, extensions;

	*to = (struct hello_bytes){0};
	hello_put(to, 0x160301, 3);
	record = hello_vector(to, 2);
	hello_put(to, 1, 1);
	handshake = hello_vector(to, 3);
	hello_put(to, 0x0303, 2);
	hello_fill(to, 0xab, 32);
	hello_put(to, hello->session, 1);
	hello_fill(to, 0xcd, hello->session);
	hello_put(to, 6, 2);
	hello_put(to, 0x130113, 3);
	hello_put(to, 0x02c02f, 3);
	hello_put(to, 0x0100, 2);
	if (!hello->bare) {
		extensions = hello_vector(to, 2);
		for (unsigned int i = 0; i < hello->grease; i++)
			hello_put(to, 0x0a0a0000u + ((i & 15) * 0x10100000u), 4);
		if (hello->before) {
			hello_put(to, 0x0033, 2);
			hello_put(to, hello->before, 2);
			hello_fill(to, 0x5a, hello->before);
		}
		if (!hello->unnamed)
			hello_put_names(hello, to);
		hello_put(to, 0x002b0003, 4);
		hello_put(to, 0x020304, 3);
		hello_close(to, extensions, 2);
	}
	hello_close(to, handshake, 3);
	hello_close(to, record, 2);
}

#endif
