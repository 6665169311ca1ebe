/* SPDX-License-Identifier: Apache-2.0 */
/* What the reader offers to the formats, and the formats to the reader. Nobody else includes this. */
#ifndef FW_FEEDS_FORMATS_H
#define FW_FEEDS_FORMATS_H

#include "feeds/json.h"
#include "feeds/reader.h"

#define FW_FEED_SPACES	  " \t\r\n\f\v"
#define FW_FEED_VALUE_MAX 128 /* longest text of an address, range or duration we look at */

struct fw_feed_reader;

/* A format takes either lines (without their end, terminated, may be changed) or bytes. */
struct fw_feed_format_ops {
	int (*begin)(struct fw_feed_reader *reader);
	int (*line)(struct fw_feed_reader *reader, char *line);
	int (*bytes)(struct fw_feed_reader *reader, const char *bytes, size_t length);
	int (*end)(struct fw_feed_reader *reader);
	bool may_be_empty;
};

extern const struct fw_feed_format_ops fw_feed_netset, fw_feed_csv, fw_feed_ipset, fw_feed_nft,
	fw_feed_nft_json, fw_feed_jsonl, fw_feed_json, fw_feed_aws, fw_feed_crowdsec;

/* One object of a JSON format, filled member by member. */
struct fw_feed_record {
	char value[FW_FEED_VALUE_MAX];
	char extra[3][FW_FEED_VALUE_MAX];
	uint32_t line;
	uint32_t expires;
	unsigned int score;
	unsigned int depth; /* of the object it belongs to */
	unsigned int flags;
	bool expired;
};

struct fw_feed_reader {
	const struct fw_feed_shape *shape;
	const struct fw_feed_format_ops *ops;
	struct fw_feed_reading reading;
	struct fw_err err;
	size_t max_entries, max_line;
	uint64_t max_lines;
	char *head; /* the first bytes, until the format is known */
	size_t head_length;
	char *text; /* the unfinished line */
	size_t text_length;
	bool text_cut;
	uint32_t line;
	/* state of the formats */
	struct fw_json json;
	struct fw_feed_record record;
	struct {
		int value, score, expires; /* columns from 0, -1 = not known */
		bool header_over;
	} csv;
	struct {
		bool in_elements, in_quotes, in_comment;
		char word[FW_FEED_VALUE_MAX * 4];
		size_t length;
		bool cut;
		char previous[16]; /* the last words, to see "elements = {" */
		unsigned int step;
	} nft;
	struct {
		uint64_t announced; /* entries the document claims to have, 0 = it does not say */
		size_t seen;
	} count;
	struct fw_feed_words known; /* names met, for the message when none was wanted */
};

/* Parses one address, prefix or range and appends it with the reader's line unless `line` is given. What is
 * no address is refused and counted; negative only when the document must be refused. */
int fw_feed_take(struct fw_feed_reader *reader, const char *text, uint32_t line, uint32_t expires,
		 unsigned int score);
/* The same for the list of removed entries. */
int fw_feed_take_removed(struct fw_feed_reader *reader, const char *text, uint32_t line);
void fw_feed_refuse(struct fw_feed_reader *reader, uint32_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int fw_feed_fail(struct fw_feed_reader *reader, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A document's serial number: an older one than the shape's is refused. */
int fw_feed_sync_token(struct fw_feed_reader *reader, const char *text);

/* "1h30m", "4h2m3.5s" (Go), "-3s", or plain seconds; false: no duration. */
bool fw_feed_duration(const char *text, int64_t *ret_seconds);
/* The expiry of `seconds` from now, at least 1 and within u32. */
uint32_t fw_feed_expiry(const struct fw_feed_reader *reader, int64_t seconds);
/* The value of an expires field: seconds from now or since 1970, a duration, or RFC 3339. False: none. */
bool fw_feed_expiry_parse(const struct fw_feed_reader *reader, const char *text, uint32_t *ret);
bool fw_feed_score_parse(const char *text, unsigned int *ret);
/* Digits only, no overflow. */
bool fw_feed_number(const char *text, uint64_t *ret);
/* Where text begins once leading and trailing spaces are gone; changes text. */
char *fw_feed_trim(char *text);

/* The format of a document that begins with these bytes. -EPROTO: it is no list, text says what it is. */
int fw_feed_detect(const char *head, size_t length, enum fw_feed_format *ret, struct fw_err *err);
/* What no list begins with, whatever its format: a web page, an archive. */
int fw_feed_refuse_head(const char *head, size_t length, struct fw_err *err);

#endif
