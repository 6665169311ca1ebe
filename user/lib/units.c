// SPDX-License-Identifier: Apache-2.0
/* Amounts and durations: exact integer arithmetic, never floating point. */
#include "lib/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit amount_units[] = {
	{"", 1},
	{"k", 1000ULL},
	{"M", 1000000ULL},
	{"G", 1000000000ULL},
	{"T", 1000000000000ULL},
	{"KiB", 1ULL << 10},
	{"MiB", 1ULL << 20},
	{"GiB", 1ULL << 30},
	{"TiB", 1ULL << 40},
};

#define NS_PER_S 1000000000ULL

/* Largest first: sums are written in this order. */
static const struct unit duration_units[] = {
	{"d", 86400 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"m", 60 * NS_PER_S}, {"s", NS_PER_S},
	{"ms", 1000000ULL},	 {"us", 1000ULL},	 {"ns", 1ULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DIGITS_MAX   20 /* a uint64_t has no more */

/* A decimal number digit by digit: all its digits as an integer, and how many stood behind the point. */
struct decimal {
	unsigned __int128 digits;
	unsigned int decimals;
	bool too_long; /* digits are missing */
};

/* Returns the first character after the number, NULL if there is none. */
static const char *read_decimal(const char *text, struct decimal *ret)
{
	unsigned int seen = 0;
	bool point = false;

	*ret = (struct decimal){0};
	for (; *text; text++) {
		if (*text == '.' && !point && seen) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			break;
		ret->decimals += point;
		if (++seen > DIGITS_MAX)
			ret->too_long = true;
		else
			ret->digits = ret->digits * 10 + (unsigned int)(*text - '0');
	}
	if (!seen || text[-1] == '.')
		return NULL;
	return text;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *suffix, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(units[i].suffix) == length && !memcmp(units[i].suffix, suffix, length))
			return &units[i];
	return NULL;
}

/* number × factor, which must be whole (-EINVAL) and fit (-ERANGE). */
static int scale(struct decimal number, uint64_t factor, uint64_t *ret)
{
	unsigned __int128 product = number.digits * factor;

	if (number.too_long)
		return number.decimals ? -EINVAL : -ERANGE;
	while (number.decimals--) {
		if (product % 10)
			return -EINVAL;
		product /= 10;
	}
	if (product > UINT64_MAX)
		return -ERANGE;
	*ret = (uint64_t)product;
	return 0;
}

int fw_amount_parse(const char *text, uint64_t *ret, struct fw_err *err)
{
	const struct unit *unit;
	struct decimal number;
	const char *suffix = read_decimal(text, &number);
	int r;

	if (!suffix)
		return fw_err_set(err, -EINVAL, "'%.80s' is not a number such as 200, 20k, 1.5M or 64KiB",
				  text);
	unit = find_unit(amount_units, COUNT(amount_units), suffix, strlen(suffix));
	if (!unit)
		return fw_err_set(
			err, -EINVAL,
			"'%.80s': unknown suffix '%.20s'; write k, M, G (thousands) or KiB, MiB, GiB (1024s)",
			text, suffix);
	r = scale(number, unit->factor, ret);
	if (r == -EINVAL)
		return fw_err_set(err, r, "'%.80s' is not a whole number once its suffix is applied", text);
	if (r)
		return fw_err_set(err, r, "'%.80s' is too large; the most is 18446744073709551615", text);
	return 0;
}

static int duration_error(const char *text, struct fw_err *err)
{
	return fw_err_set(err, -EINVAL, "'%.80s' is not a duration; write 500ms, 10s, 5m, 1h30m or 7d", text);
}

int fw_duration_parse(const char *text, uint64_t *ret_ns, struct fw_err *err)
{
	const struct unit *previous = NULL;
	const char *rest = text;
	uint64_t total = 0, part;

	if (!strcmp(text, "0")) {
		*ret_ns = 0;
		return 0;
	}
	do {
		const struct unit *unit;
		struct decimal number;
		const char *suffix = read_decimal(rest, &number);
		size_t length;
		int r;

		if (!suffix)
			return duration_error(text, err);
		length = strspn(suffix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
		if (!length && !*suffix && rest == text)
			return fw_err_set(err, -EINVAL,
					  "'%.80s' has no unit; write for example %.60ss or %.60sm", text,
					  text, text);
		unit = find_unit(duration_units, COUNT(duration_units), suffix, length);
		if (!unit)
			return duration_error(text, err);
		if (previous && unit <= previous)
			return fw_err_set(err, -EINVAL,
					  "'%.80s': write the largest unit first, each once, as in 1h30m",
					  text);
		r = scale(number, unit->factor, &part);
		if (r == -EINVAL)
			return fw_err_set(err, r, "'%.80s' is finer than a nanosecond", text);
		if (r || __builtin_add_overflow(total, part, &total))
			return fw_err_set(err, -ERANGE, "'%.80s' is too long; the most is 213503d", text);
		previous = unit;
		rest = suffix + length;
	} while (*rest);
	*ret_ns = total;
	return 0;
}

const char *fw_amount_format(uint64_t amount, char *buffer, size_t size)
{
	static const char suffixes[] = " kMGTPE";
	uint64_t unit = 1, tenths;
	unsigned int power = 0, decimals;

	if (amount < 10000) {
		snprintf(buffer, size, "%llu", (unsigned long long)amount);
		return buffer;
	}
	while (amount / unit >= 1000) {
		unit *= 1000;
		power++;
	}
	decimals = amount / unit >= 100 ? 0 : amount / unit >= 10 ? 1 : 2;
	/* In units of the last digit shown; rounding up may carry into another digit or suffix. */
	tenths = unit / (decimals == 2 ? 100 : decimals == 1 ? 10 : 1);
	amount = amount / tenths + (amount % tenths >= tenths - tenths / 2 && tenths > 1);
	if (amount >= 1000) {
		amount /= 10;
		if (decimals)
			decimals--;
		else {
			decimals = 2;
			power++;
		}
	}
	if (decimals == 2)
		snprintf(buffer, size, "%llu.%02llu %c", (unsigned long long)amount / 100,
			 (unsigned long long)amount % 100, suffixes[power]);
	else if (decimals == 1)
		snprintf(buffer, size, "%llu.%llu %c", (unsigned long long)amount / 10,
			 (unsigned long long)amount % 10, suffixes[power]);
	else
		snprintf(buffer, size, "%llu %c", (unsigned long long)amount, suffixes[power]);
	return buffer;
}

const char *fw_amount_exact(uint64_t amount, bool binary, char *buffer, size_t size)
{
	const struct unit *best = &amount_units[0];

	for (size_t i = 1; i < COUNT(amount_units); i++) {
		bool is_binary = strlen(amount_units[i].suffix) == 3;

		if (amount % amount_units[i].factor ||
		    amount < 10 * amount_units[i].factor / (i == 1 ? 1 : 10))
			continue;
		if (!is_binary || (binary && amount_units[i].factor > best->factor))
			best = &amount_units[i];
	}
	snprintf(buffer, size, "%llu%s", (unsigned long long)(amount / best->factor), best->suffix);
	return buffer;
}

const char *fw_duration_format(uint64_t ns, char *buffer, size_t size)
{
	size_t used = 0;

	if (!ns) {
		snprintf(buffer, size, "0s");
		return buffer;
	}
	for (size_t i = 0; i < COUNT(duration_units) && ns; i++) {
		const struct unit *unit = &duration_units[i];
		/* Below a second one unit says it all: 1500ms, not 1s500ms. */
		bool whole = unit->factor > NS_PER_S || !(ns % unit->factor);
		int printed;

		if (ns < unit->factor || !whole)
			continue;
		printed = snprintf(buffer + used, size - used, "%llu%s",
				   (unsigned long long)(ns / unit->factor), unit->suffix);
		if (printed < 0 || (size_t)printed >= size - used)
			return buffer;
		used += (size_t)printed;
		ns %= unit->factor;
	}
	return buffer;
}

const char *fw_age_format(uint64_t ns, char *buffer, size_t size)
{
	size_t i;

	if (ns < NS_PER_S) {
		snprintf(buffer, size, "%llu ms", (unsigned long long)(ns / 1000000));
		return buffer;
	}
	for (i = 0; ns < duration_units[i].factor; i++)
		;
	if (duration_units[i].factor == NS_PER_S ||
	    !(ns % duration_units[i].factor / duration_units[i + 1].factor))
		snprintf(buffer, size, "%llu%s", (unsigned long long)(ns / duration_units[i].factor),
			 duration_units[i].suffix);
	else
		snprintf(buffer, size, "%llu%s %llu%s", (unsigned long long)(ns / duration_units[i].factor),
			 duration_units[i].suffix,
			 (unsigned long long)(ns % duration_units[i].factor / duration_units[i + 1].factor),
			 duration_units[i + 1].suffix);
	return buffer;
}
