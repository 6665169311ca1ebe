// SPDX-License-Identifier: Apache-2.0
/* "7000 packets/5m" to numbers and back; knows the bounds that the meters of the packet path can hold. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/units.h"
#include "policy/words.h"

#define WINDOW_MIN_NS  FW_NS_PER_SEC
#define WINDOW_MAX_NS  (3600 * FW_NS_PER_SEC)
#define LIMIT_TEXT_MAX 128
/* What 1.6 Tbit/s bring in a second: bytes, and frames of 84 with preamble and gap, rounded up. */
#define LINK_BYTES  200000000000ULL
#define LINK_FRAMES 2400000000ULL
#define SPACES	    " \t"
#define EXPECTED                                                                                             \
	"a limit expects AMOUNT UNIT/WINDOW such as '7000 packets/5m', '20k connections/1s' or '10MiB "      \
	"bytes/1s'"

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, SPACES);
	length = strlen(text);
	while (length && strchr(SPACES, text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int parse_unit(const char *word, const struct fw_limit *old, enum fw_unit *ret, struct fw_err *err)
{
	unsigned int unit;
	int r;

	if (!*word) {
		if (!old || old->unit == FW_UNIT_NONE)
			return fw_err_set(err, -EINVAL, EXPECTED "; this one does not say what it counts");
		*ret = old->unit;
		return 0;
	}
	r = fw_word_parse(&fw_unit_words, "unit", word, &unit, err);
	if (r)
		return r;
	*ret = (enum fw_unit)unit;
	return 0;
}

/* A larger limit is a slip of the pen: nothing ever reaches it. */
static uint64_t most_in(enum fw_unit unit, uint64_t window_ns)
{
	unsigned __int128 per_second = unit == FW_UNIT_BYTES ? LINK_BYTES : LINK_FRAMES;

	return (uint64_t)(per_second * window_ns / FW_NS_PER_SEC);
}

static int say_most(const char *asked, const struct fw_limit *limit, struct fw_err *err)
{
	struct fw_limit most = *limit;
	char highest[128];

	most.amount = most_in(limit->unit, limit->window_ns);
	return fw_err_set(err, -ERANGE,
			  "'%.80s' is never reached; the most is %s, what the fastest Ethernet, 1.6 Tbit/s, "
			  "can bring",
			  asked, fw_limit_format(&most, highest, sizeof(highest)));
}

static int check_bounds(const struct fw_limit *limit, const char *asked, struct fw_err *err)
{
	char window[32];

	if (!limit->amount)
		return fw_err_set(err, -EINVAL,
				  "a limit of 0 drops everything; say so with 'action: block' and no limit");
	if (limit->window_ns < WINDOW_MIN_NS || limit->window_ns > WINDOW_MAX_NS)
		return fw_err_set(err, -ERANGE, "a limit expects a window from 1s to 1h, got %s",
				  fw_duration_format(limit->window_ns, window, sizeof(window)));
	return limit->amount > most_in(limit->unit, limit->window_ns) ? say_most(asked, limit, err) : 0;
}

int fw_limit_check(const struct fw_limit *limit, struct fw_err *err)
{
	char asked[128];

	return check_bounds(limit, fw_limit_format(limit, asked, sizeof(asked)), err);
}

int fw_limit_parse(const char *text, const struct fw_limit *old, struct fw_limit *ret, struct fw_err *err)
{
	char copy[LIMIT_TEXT_MAX];
	char *amount, *unit, *window;
	struct fw_limit limit;
	int r;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return fw_err_set(err, -EINVAL, EXPECTED ", got %zu characters", strlen(text));
	window = strchr(copy, '/');
	if (!window)
		return fw_err_set(err, -EINVAL, EXPECTED ", got '%.80s'", text);
	*window++ = '\0';
	window = trim(window);
	amount = trim(copy);
	unit = strpbrk(amount, SPACES);
	if (unit) {
		*unit++ = '\0';
		unit = trim(unit);
	} else {
		unit = amount + strlen(amount);
	}
	r = fw_amount_parse(amount, &limit.amount, err);
	if (r == -ERANGE) {
		limit.amount = UINT64_MAX; /* too much whatever it is */
		r = 0;
	}
	if (!r)
		r = parse_unit(unit, old, &limit.unit, err);
	if (!r)
		r = fw_duration_parse(window, &limit.window_ns, err);
	if (!r)
		r = check_bounds(&limit, text, err);
	if (!r)
		*ret = limit;
	return r;
}

const char *fw_limit_format(const struct fw_limit *limit, char *buffer, size_t size)
{
	char amount[32], window[32];

	if (limit->unit == FW_UNIT_NONE) {
		snprintf(buffer, size, "none");
		return buffer;
	}
	snprintf(buffer, size, "%s %s/%s",
		 fw_amount_exact(limit->amount, limit->unit == FW_UNIT_BYTES, amount, sizeof(amount)),
		 fw_unit_word(limit->unit), fw_duration_format(limit->window_ns, window, sizeof(window)));
	return buffer;
}
