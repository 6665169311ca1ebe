/* SPDX-License-Identifier: Apache-2.0 */
/* Words and numbers as people read them: SI amounts, ages, safe text, colour where a terminal wants it. */
#ifndef FW_CLI_PAGE_H
#define FW_CLI_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct fw_page {
	FILE *out;
	bool color;
};

enum fw_paint { FW_PAINT_NONE, FW_PAINT_GOOD, FW_PAINT_CAREFUL, FW_PAINT_BAD, FW_PAINT_FAINT };

/* Colour says nothing that the word does not say. */
void fw_paint(const struct fw_page *page, enum fw_paint paint, const char *text);
/* Text of others: control characters come out as '?'. */
void fw_print_safe(FILE *out, const char *text);

#define FW_SAY_MAX 48 /* every buffer below */

/* "1.24 M", "7000" */
const char *fw_say_count(uint64_t count, char *buffer);
/* "4.31 Mpps", "12.3 kpps", "7 pps" */
const char *fw_say_pps(double per_second, char *buffer);
/* "18.2 Gbit/s" from bytes per second */
const char *fw_say_bits(double bytes_per_second, char *buffer);
/* "412 MiB" */
const char *fw_say_memory(uint64_t bytes, char *buffer);
/* "3h 59m"; "until removed" for JSON null or what is no number */
const char *fw_say_lasting(const json_t *seconds, char *buffer);
const char *fw_say_seconds(double seconds, char *buffer);
/* "96.9 %"; "-" of nothing */
const char *fw_say_share(double part, double whole, char *buffer);

/* Members of a document; absent or of another type: "", 0, false. */
const char *fw_doc_text(const json_t *object, const char *name);
double fw_doc_number(const json_t *object, const char *name);
uint64_t fw_doc_count(const json_t *object, const char *name);
/* A number as a count; what is none, negative or beyond counting is 0. */
uint64_t fw_json_count(const json_t *value);
bool fw_doc_true(const json_t *object, const char *name);
bool fw_doc_has(const json_t *object, const char *name); /* there and not null */
/* A JSON string of any bytes: what is no UTF-8 comes out as '?'. JSON null for NULL. */
json_t *fw_doc_string(const char *text);

#endif
