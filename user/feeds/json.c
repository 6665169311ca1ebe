// SPDX-License-Identifier: Apache-2.0
/* A push parser for JSON (RFC 8259): a state per byte, a stack of containers. Pure. */
#include "feeds/json.h"

#include <errno.h>
#include <string.h>

enum state {
	WANT_VALUE,
	WANT_VALUE_OR_END, /* after [ */
	WANT_KEY,
	WANT_KEY_OR_END, /* after { */
	WANT_COLON,
	WANT_COMMA_OR_END,
	IN_STRING,
	IN_ESCAPE,
	IN_HEX,
	IN_WORD, /* number, true, false, null */
	DONE,
};

struct run {
	struct fw_json *json;
	fw_json_fn fn;
	void *user;
	struct fw_err *err;
};

void fw_json_init(struct fw_json *json)
{
	memset(json, 0, sizeof(*json));
	json->line = 1;
	json->state = WANT_VALUE;
}

static int broken(const struct run *run, const char *wanted, char got)
{
	if (got > ' ' && got < 127)
		return fw_err_set(run->err, -EBADMSG, "not JSON at line %u: expects %s, got '%c'",
				  run->json->line, wanted, got);
	return fw_err_set(run->err, -EBADMSG, "not JSON at line %u: expects %s, got byte 0x%02x",
			  run->json->line, wanted, (unsigned char)got);
}

static void start_text(struct fw_json *json)
{
	json->length = 0;
	json->cut = false;
	json->text[0] = '\0';
}

static void add_byte(struct fw_json *json, char byte)
{
	if (json->length == FW_JSON_TEXT_MAX) {
		json->cut = true;
		return;
	}
	json->text[json->length++] = byte;
	json->text[json->length] = '\0';
}

/* Surrogates cannot be part of anything we look for: they become a replacement character. */
static void add_code_point(struct fw_json *json, unsigned int point)
{
	if (point >= 0xd800 && point < 0xe000)
		point = 0xfffd;
	if (point < 0x80) {
		add_byte(json, point ? (char)point : '?');
	} else if (point < 0x800) {
		add_byte(json, (char)(0xc0 | point >> 6));
		add_byte(json, (char)(0x80 | (point & 0x3f)));
	} else {
		add_byte(json, (char)(0xe0 | point >> 12));
		add_byte(json, (char)(0x80 | (point >> 6 & 0x3f)));
		add_byte(json, (char)(0x80 | (point & 0x3f)));
	}
}

/* After a value: what may follow depends on what is around it. */
static void value_ended(struct fw_json *json)
{
	json->state = json->depth ? WANT_COMMA_OR_END : DONE;
}

static int emit(const struct run *run, enum fw_json_event event)
{
	return run->fn(run->user, run->json, event);
}

static int open_container(const struct run *run, bool array)
{
	struct fw_json *json = run->json;
	int r;

	if (json->depth == FW_JSON_DEPTH_MAX)
		return fw_err_set(run->err, -EBADMSG, "JSON nested deeper than %d at line %u",
				  FW_JSON_DEPTH_MAX, json->line);
	r = emit(run, array ? FW_JSON_ARRAY : FW_JSON_OBJECT);
	if (r)
		return r;
	json->level[json->depth].array = array;
	json->level[json->depth].key[0] = '\0';
	json->depth++;
	json->state = array ? WANT_VALUE_OR_END : WANT_KEY_OR_END;
	return 0;
}

static int close_container(const struct run *run, bool array)
{
	struct fw_json *json = run->json;

	json->depth--;
	value_ended(json);
	return emit(run, array ? FW_JSON_ARRAY_END : FW_JSON_OBJECT_END);
}

static int string_ended(const struct run *run)
{
	struct fw_json *json = run->json;

	if (json->in_key) {
		struct fw_json_level *level = &json->level[json->depth - 1];
		size_t length = json->length < FW_JSON_KEY_MAX ? json->length : FW_JSON_KEY_MAX - 1;

		memcpy(level->key, json->text, length);
		level->key[length] = '\0';
		json->state = WANT_COLON;
		return 0;
	}
	value_ended(json);
	return emit(run, FW_JSON_STRING);
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool is_number(const char *text)
{
	size_t digits;

	text += *text == '-';
	digits = strspn(text, "0123456789");
	if (!digits || (digits > 1 && *text == '0'))
		return false;
	text += digits;
	if (*text == '.') {
		digits = strspn(++text, "0123456789");
		if (!digits)
			return false;
		text += digits;
	}
	if (*text == 'e' || *text == 'E') {
		text++;
		text += *text == '+' || *text == '-';
		digits = strspn(text, "0123456789");
		if (!digits)
			return false;
		text += digits;
	}
	return !*text;
}

static int word_ended(const struct run *run)
{
	struct fw_json *json = run->json;
	enum fw_json_event event;

	if (!strcmp(json->text, "true"))
		event = FW_JSON_TRUE;
	else if (!strcmp(json->text, "false"))
		event = FW_JSON_FALSE;
	else if (!strcmp(json->text, "null"))
		event = FW_JSON_NULL;
	else if (is_number(json->text))
		event = FW_JSON_NUMBER;
	else
		return fw_err_set(run->err, -EBADMSG, "not JSON at line %u: '%.40s' is no value", json->line,
				  json->text);
	value_ended(json);
	return emit(run, event);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '+' || c == '.';
}

static int value_begins(const struct run *run, char c)
{
	struct fw_json *json = run->json;

	if (c == '{' || c == '[')
		return open_container(run, c == '[');
	start_text(json);
	json->in_key = false;
	if (c == '"') {
		json->state = IN_STRING;
		return 0;
	}
	if (!is_word(c))
		return broken(run, "a value", c);
	add_byte(json, c);
	json->state = IN_WORD;
	return 0;
}

static int key_begins(const struct run *run, char c)
{
	if (c != '"')
		return broken(run, "a key in quotes", c);
	start_text(run->json);
	run->json->in_key = true;
	run->json->state = IN_STRING;
	return 0;
}

static int comma_or_end(const struct run *run, char c)
{
	struct fw_json *json = run->json;
	bool array = json->level[json->depth - 1].array;

	if (c == ',') {
		json->state = array ? WANT_VALUE : WANT_KEY;
		return 0;
	}
	if (c == (array ? ']' : '}'))
		return close_container(run, array);
	return broken(run, array ? "',' or ']'" : "',' or '}'", c);
}

static int in_string(const struct run *run, char c)
{
	if (c == '"')
		return string_ended(run);
	if (c == '\\')
		run->json->state = IN_ESCAPE;
	else if ((unsigned char)c < 0x20)
		return fw_err_set(run->err, -EBADMSG, "not JSON at line %u: a string is not ended",
				  run->json->line);
	else
		add_byte(run->json, c);
	return 0;
}

static int in_escape(const struct run *run, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(from, c) : NULL;

	if (c == 'u') {
		run->json->state = IN_HEX;
		run->json->hex_digits = 0;
		run->json->hex = 0;
		return 0;
	}
	if (!at)
		return broken(run, "an escape such as \\n", c);
	add_byte(run->json, to[at - from]);
	run->json->state = IN_STRING;
	return 0;
}

static int in_hex(const struct run *run, char c)
{
	static const char digits[] = "0123456789abcdef";
	struct fw_json *json = run->json;
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;

	if (!at)
		return broken(run, "four hexadecimal digits", c);
	json->hex = json->hex << 4 | (unsigned int)(at - digits);
	if (++json->hex_digits == 4) {
		add_code_point(json, json->hex);
		json->state = IN_STRING;
	}
	return 0;
}

static int between(const struct run *run, char c)
{
	struct fw_json *json = run->json;

	switch ((enum state)json->state) {
	case WANT_VALUE_OR_END:
		if (c == ']')
			return close_container(run, true);
		return value_begins(run, c);
	case WANT_VALUE:
		return value_begins(run, c);
	case WANT_KEY_OR_END:
		if (c == '}')
			return close_container(run, false);
		return key_begins(run, c);
	case WANT_KEY:
		return key_begins(run, c);
	case WANT_COLON:
		if (c != ':')
			return broken(run, "':'", c);
		json->state = WANT_VALUE;
		return 0;
	case WANT_COMMA_OR_END:
		return comma_or_end(run, c);
	case DONE:
	case IN_STRING:
	case IN_ESCAPE:
	case IN_HEX:
	case IN_WORD:
		break;
	}
	return broken(run, "nothing after the document", c);
}

static int take_byte(const struct run *run, char c)
{
	struct fw_json *json = run->json;
	int r;

	switch ((enum state)json->state) {
	case IN_STRING:
		return in_string(run, c);
	case IN_ESCAPE:
		return in_escape(run, c);
	case IN_HEX:
		return in_hex(run, c);
	case IN_WORD:
		if (is_word(c)) {
			add_byte(json, c);
			return 0;
		}
		r = word_ended(run);
		if (r)
			return r;
		break;
	case WANT_VALUE:
	case WANT_VALUE_OR_END:
	case WANT_KEY:
	case WANT_KEY_OR_END:
	case WANT_COLON:
	case WANT_COMMA_OR_END:
	case DONE:
		break;
	}
	return is_space(c) ? 0 : between(run, c);
}

int fw_json_feed(struct fw_json *json, const char *bytes, size_t length, fw_json_fn fn, void *user,
		 struct fw_err *err)
{
	struct run run = {.json = json, .fn = fn, .user = user, .err = err};

	for (size_t i = 0; i < length; i++) {
		int r = take_byte(&run, bytes[i]);

		if (r)
			return r;
		if (bytes[i] == '\n' && json->line < UINT32_MAX)
			json->line++;
	}
	return 0;
}

int fw_json_finish(struct fw_json *json, struct fw_err *err)
{
	if (json->state == DONE || (json->state == IN_WORD && !json->depth))
		return 0;
	return fw_err_set(err, -EBADMSG, "the document ends in the middle (line %u): it was cut off",
			  json->line);
}
