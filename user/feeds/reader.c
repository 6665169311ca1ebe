// SPDX-License-Identifier: Apache-2.0
/* The frame around all formats: head, lines, caps, what is taken and what is refused. Pure. */
#include "feeds/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "feeds/formats.h"
#include "lib/cleanup.h"

#define HEAD_BYTES 16384

static const struct fw_feed_format_ops *const formats[FW_FEED_FORMAT_MAX_] = {
	[FW_FEED_NETSET] = &fw_feed_netset,	[FW_FEED_CSV] = &fw_feed_csv,
	[FW_FEED_IPSET] = &fw_feed_ipset,	[FW_FEED_NFT] = &fw_feed_nft,
	[FW_FEED_NFT_JSON] = &fw_feed_nft_json, [FW_FEED_JSONL] = &fw_feed_jsonl,
	[FW_FEED_JSON] = &fw_feed_json,		[FW_FEED_AWS] = &fw_feed_aws,
	[FW_FEED_CROWDSEC] = &fw_feed_crowdsec,
};

void fw_feed_reading_done(struct fw_feed_reading *reading)
{
	fw_feed_list_done(&reading->entries);
	fw_feed_list_done(&reading->removed);
	*reading = (struct fw_feed_reading){0};
}

void fw_feed_reader_free(struct fw_feed_reader **reader)
{
	if (!*reader)
		return;
	fw_feed_reading_done(&(*reader)->reading);
	fw_feed_words_done(&(*reader)->known);
	free((*reader)->head);
	free((*reader)->text);
	free(*reader);
	*reader = NULL;
}

int fw_feed_reader_new(struct fw_feed_reader **ret, const struct fw_feed_shape *shape, struct fw_err *err)
{
	struct fw_feed_reader *reader;
	bool json = shape->format == FW_FEED_JSON || shape->format == FW_FEED_JSONL;

	for (size_t i = 0; json && i < shape->fields.count; i++)
		if (fw_feed_path_check(shape->fields.items[i], err))
			return -EINVAL;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return fw_err_set(err, -ENOMEM, "out of memory");
	reader->shape = shape;
	reader->max_entries = shape->max_entries ? shape->max_entries : FW_FEED_ENTRIES_DEFAULT;
	reader->max_lines = shape->max_lines ? shape->max_lines : FW_FEED_LINES_DEFAULT;
	reader->max_line = shape->max_line ? shape->max_line : FW_FEED_LINE_DEFAULT;
	reader->reading.format = shape->format;
	reader->head = malloc(HEAD_BYTES);
	reader->text = malloc(reader->max_line + 1);
	if (!reader->head || !reader->text) {
		fw_feed_reader_free(&reader);
		return fw_err_set(err, -ENOMEM, "out of memory");
	}
	*ret = reader;
	return 0;
}

void fw_feed_refuse(struct fw_feed_reader *reader, uint32_t line, const char *format, ...)
{
	struct fw_feed_reading *reading = &reader->reading;
	char *reason = reading->reasons[reading->reason_count];
	va_list args;
	int used;

	reading->refused++;
	if (reading->reason_count == FW_FEED_REASONS_MAX)
		return;
	reading->reason_count++;
	used = snprintf(reason, FW_FEED_REASON_MAX, "line %u: ", line);
	va_start(args, format);
	vsnprintf(reason + used, FW_FEED_REASON_MAX - (size_t)used, format, args);
	va_end(args);
	/* The document's bytes end up in logs and on terminals. */
	for (; *reason; reason++)
		if (*reason < ' ' || *reason > '~')
			*reason = '?';
}

int fw_feed_fail(struct fw_feed_reader *reader, int code, const char *format, ...)
{
	va_list args;

	reader->err.code = code;
	va_start(args, format);
	vsnprintf(reader->err.text, sizeof(reader->err.text), format, args);
	va_end(args);
	for (char *c = reader->err.text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return code;
}

static int too_many_lines(struct fw_feed_reader *reader)
{
	if (reader->line < reader->max_lines)
		return 0;
	return fw_feed_fail(reader, -EFBIG, "more than %llu lines, the cap of this feed",
			    (unsigned long long)reader->max_lines);
}

static int line_ended(struct fw_feed_reader *reader)
{
	char *line = reader->text;
	size_t length = reader->text_length;
	int r = too_many_lines(reader);

	if (r)
		return r;
	reader->line++;
	reader->text_length = 0;
	line[length] = '\0';
	if (reader->text_cut) {
		reader->text_cut = false;
		line += strspn(line, FW_FEED_SPACES);
		/* Licences and remarks may be as long as they like. */
		if (*line != '#' && *line != ';')
			fw_feed_refuse(reader, reader->line, "longer than %zu bytes", reader->max_line);
		return 0;
	}
	if (memchr(line, '\0', length)) {
		fw_feed_refuse(reader, reader->line, "contains a NUL character");
		return 0;
	}
	return reader->ops->line(reader, line);
}

static int feed_lines(struct fw_feed_reader *reader, const char *bytes, size_t length)
{
	while (length) {
		const char *end = memchr(bytes, '\n', length);
		size_t part = end ? (size_t)(end - bytes) : length;
		size_t room = reader->max_line - reader->text_length;
		int r;

		if (part > room)
			reader->text_cut = true;
		memcpy(reader->text + reader->text_length, bytes, part > room ? room : part);
		reader->text_length += part > room ? room : part;
		if (!end)
			return 0;
		r = line_ended(reader);
		if (r)
			return r;
		bytes += part + 1;
		length -= part + 1;
	}
	return 0;
}

static int pass_on(struct fw_feed_reader *reader, const char *bytes, size_t length)
{
	if (reader->ops->line)
		return feed_lines(reader, bytes, length);
	return reader->ops->bytes(reader, bytes, length);
}

/* The head is complete: what is this? */
static int begin(struct fw_feed_reader *reader)
{
	const char *head = reader->head;
	size_t length = reader->head_length;
	int r = fw_feed_refuse_head(head, length, &reader->err);

	if (!r && reader->shape->format == FW_FEED_AUTO)
		r = fw_feed_detect(head, length, &reader->reading.format, &reader->err);
	if (r)
		return r;
	reader->ops = formats[reader->reading.format];
	/* What Windows editors leave in front. */
	if (length >= 3 && !memcmp(head, "\xef\xbb\xbf", 3)) {
		head += 3;
		length -= 3;
	}
	r = reader->ops->begin ? reader->ops->begin(reader) : 0;
	return r ? r : pass_on(reader, head, length);
}

static int take_bytes(struct fw_feed_reader *reader, const char *bytes, size_t length)
{
	size_t part = HEAD_BYTES - reader->head_length;
	int r;

	if (reader->ops)
		return pass_on(reader, bytes, length);
	if (part > length)
		part = length;
	memcpy(reader->head + reader->head_length, bytes, part);
	reader->head_length += part;
	if (reader->head_length < HEAD_BYTES)
		return 0;
	r = begin(reader);
	return r ? r : pass_on(reader, bytes + part, length - part);
}

int fw_feed_reader_feed(struct fw_feed_reader *reader, const char *bytes, size_t length, struct fw_err *err)
{
	int r = take_bytes(reader, bytes, length);

	return r ? fw_err_set(err, r, "%s", reader->err.text) : 0;
}

/* A list most of whose lines are unreadable is another kind of document than we were told. */
static int judge(struct fw_feed_reader *reader)
{
	const struct fw_feed_reading *reading = &reader->reading;
	size_t usable = reading->entries.count + reading->removed.count + reading->filtered;
	const char *first = reading->reason_count ? reading->reasons[0] : "it lists nothing";

	if (reading->refused > usable)
		return fw_feed_fail(reader, -EPROTO,
				    "no list in format %s: %zu entries are readable and %zu are not; %s",
				    fw_feed_format_word(reading->format), usable, reading->refused, first);
	if (reading->entries.count || reader->ops->may_be_empty)
		return 0;
	if (reading->filtered)
		return fw_feed_fail(reader, -ENODATA, "none of its %zu entries is what this feed asks for",
				    reading->filtered);
	return fw_feed_fail(reader, -ENODATA, "the list is empty");
}

static int finish(struct fw_feed_reader *reader)
{
	int r = reader->ops ? 0 : begin(reader);

	if (!r && reader->ops->line && (reader->text_length || reader->text_cut))
		r = line_ended(reader);
	if (!r && reader->ops->end)
		r = reader->ops->end(reader);
	return r ? r : judge(reader);
}

int fw_feed_reader_finish(struct fw_feed_reader *reader, struct fw_feed_reading *ret, struct fw_err *err)
{
	int r = finish(reader);

	if (r)
		return fw_err_set(err, r, "%s", reader->err.text);
	reader->reading.lines = reader->ops->line ? reader->line : reader->json.line;
	*ret = reader->reading;
	reader->reading = (struct fw_feed_reading){0};
	return 0;
}
