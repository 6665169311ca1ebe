/* SPDX-License-Identifier: Apache-2.0 */
/* A request target as a server understands it. Whoever matches `uri:` must agree with this text and with
 * tests/data/uri/cases.txt, byte for byte.
 *
 * 1. Scheme form. Letters, digits, '+', '-' and '.', a letter first, then "://" in any case: what follows up
 * to the first '/', '?' or '#' is the authority. Its host is what stands behind the last '@' and before a
 * ":PORT", in lower case, without a dot at its end; a [bracketed] address keeps its brackets. The rest is the
 * target.
 * 2. The target ends before the first '?' or '#', as they were sent: an encoded one (%3f, %23) is part of the
 * path.
 * 3. "%XX" with two hexadecimal digits of either case becomes that byte, once: %2541 becomes %41. Anything
 * else behind a '%' stays as it is.
 * 4. "*" alone stays "*". Every other path that does not begin with '/' gets one in front, an empty one too.
 * 5. Segments between slashes: empty ones and "." go, ".." goes and takes the segment before it along, if
 * there is one. A path whose last segment was empty, "." or ".." ends in '/', every other does not. Letters
 * of the path keep their case; bytes beyond ASCII, controls and NUL stay.
 *
 * Rules, of packets and of logs, compare paths without regard to the case of ASCII letters: a server that
 * tells /Login from /login has nothing to lose by a limit on both, and one that does not would be open to
 * whoever writes /LOGIN. */
#ifndef FW_LIB_URI_H
#define FW_LIB_URI_H

#include <stdbool.h>
#include <stddef.h>

struct fw_uri_parts {
	size_t path_length;
	const char *host; /* inside the target, not lowered; NULL without scheme form */
	size_t host_length;
};

/* path: room for length + 2 bytes, may be the target itself only if it begins with '/'; no NUL is added. */
void fw_uri_normalize(const char *target, size_t length, char *path, struct fw_uri_parts *ret);

/* Whether a path is as 5. leaves it: what is compared with paths must be, or it never matches. */
bool fw_uri_is_normal(const char *path, size_t length);

/* "Example.ORG.:8080" → "example.org". Writes at most size bytes; returns the length, 0 when it does not fit.
 */
size_t fw_uri_host(const char *authority, size_t length, char *host, size_t size);

/* A to Z become a to z, in place; every other byte stays. */
void fw_uri_lower(char *text, size_t length);

#endif
