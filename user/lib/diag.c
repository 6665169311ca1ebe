// SPDX-License-Identifier: Apache-2.0
/* Collects complaints and their positions; what they look like is render.c's business. */
#include "lib/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fw_diags_done(struct fw_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		free(diags->items[i].code);
		free(diags->items[i].message);
		free(diags->items[i].hint);
		free(diags->items[i].note);
	}
	for (size_t i = 0; i < diags->file_count; i++)
		free(diags->files[i]);
	free(diags->items);
	free(diags->files);
	*diags = (struct fw_diags){0};
}

const char *fw_diags_file(struct fw_diags *diags, const char *file)
{
	char **files;

	for (size_t i = 0; i < diags->file_count; i++)
		if (!strcmp(diags->files[i], file))
			return diags->files[i];
	files = realloc(diags->files, (diags->file_count + 1) * sizeof(*files));
	if (!files)
		return "";
	diags->files = files;
	files[diags->file_count] = strdup(file);
	return files[diags->file_count] ? files[diags->file_count++] : "";
}

static void count(struct fw_diags *diags, enum fw_severity severity)
{
	if (severity == FW_SEVERITY_ERROR)
		diags->errors++;
	else if (severity == FW_SEVERITY_WARNING)
		diags->warnings++;
}

/* A place for one more: beyond the cap an error may displace what is not one. NULL when there is none. */
static struct fw_diag *make_room(struct fw_diags *diags, enum fw_severity severity)
{
	struct fw_diag *items;
	size_t capacity = diags->capacity ? diags->capacity * 2 : 8;

	if (diags->count == FW_DIAGS_MAX) {
		struct fw_diag *last = &diags->items[diags->count - 1];

		while (severity == FW_SEVERITY_ERROR && last >= diags->items) {
			if (last->severity != FW_SEVERITY_ERROR) {
				free(last->code);
				free(last->message);
				free(last->hint);
				free(last->note);
				memmove(last, last + 1,
					(size_t)(diags->items + diags->count - last - 1) * sizeof(*last));
				return &diags->items[diags->count - 1];
			}
			last--;
		}
		return NULL;
	}
	if (diags->count == diags->capacity) {
		items = realloc(diags->items, capacity * sizeof(*items));
		if (!items)
			return NULL;
		diags->items = items;
		diags->capacity = capacity;
	}
	return &diags->items[diags->count++];
}

void fw_diag_add(struct fw_diags *diags, struct fw_mark mark, enum fw_severity severity, const char *code,
		 const char *hint, const char *format, ...)
{
	const char *newline = hint ? strchr(hint, '\n') : NULL;
	struct fw_diag *diag;
	char message[1024];
	va_list args;

	count(diags, severity);
	/* The complaint may outlive whoever owns the name. */
	if (mark.file)
		mark.file = fw_diags_file(diags, mark.file);
	diag = make_room(diags, severity);
	if (!diag)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	/* Quoted input may hold terminal escapes. */
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	*diag = (struct fw_diag){
		.mark = mark, .severity = severity, .code = strdup(code), .message = strdup(message)};
	if (newline && newline > hint)
		diag->hint = strndup(hint, (size_t)(newline - hint));
	else if (hint && !newline)
		diag->hint = strdup(hint);
	if (newline)
		diag->note = strdup(newline + 1);
}

static size_t file_rank(const struct fw_diags *diags, const char *file)
{
	size_t i;

	for (i = 0; i < diags->file_count; i++)
		if (diags->files[i] == file)
			break;
	return i;
}

static bool is_before(const struct fw_diags *diags, const struct fw_mark *a, const struct fw_mark *b)
{
	size_t rank_a = file_rank(diags, a->file), rank_b = file_rank(diags, b->file);

	if (rank_a != rank_b)
		return rank_a < rank_b;
	return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void fw_diags_sort(struct fw_diags *diags)
{
	/* At most FW_DIAGS_MAX of them; insertion keeps the order of equals. */
	for (size_t i = 1; i < diags->count; i++) {
		struct fw_diag moving = diags->items[i];
		size_t j = i;

		for (; j && is_before(diags, &moving.mark, &diags->items[j - 1].mark); j--)
			diags->items[j] = diags->items[j - 1];
		diags->items[j] = moving;
	}
}

/* Restricted Damerau-Levenshtein distance: a swap of neighbours is one typo. Words here are short. */
static size_t distance(const char *a, const char *b)
{
	enum { LONGEST = 40 };
	size_t rows[3][LONGEST + 1], length_a = strlen(a), length_b = strlen(b);
	size_t *before = rows[0], *previous = rows[1], *current = rows[2];

	if (length_a > LONGEST || length_b > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= length_b; j++)
		previous[j] = j;
	for (size_t i = 1; i <= length_a; i++) {
		size_t *oldest = before;

		current[0] = i;
		for (size_t j = 1; j <= length_b; j++) {
			size_t best = previous[j - 1] + (a[i - 1] != b[j - 1]);

			if (previous[j] + 1 < best)
				best = previous[j] + 1;
			if (current[j - 1] + 1 < best)
				best = current[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			current[j] = best;
		}
		before = previous;
		previous = current;
		current = oldest;
	}
	return previous[length_b];
}

const char *fw_did_you_mean(const char *word, const char *const *words, size_t word_count)
{
	size_t length = strlen(word), best = length < 4 ? 2 : length < 8 ? 3 : 4;
	const char *found = NULL;

	for (size_t i = 0; i < word_count; i++) {
		size_t d = distance(word, words[i]);

		/* Half of a short word replaced is another word, not a typo. */
		if (d < best && d * 2 <= strlen(words[i])) {
			best = d;
			found = words[i];
		}
	}
	return found;
}
