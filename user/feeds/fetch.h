/* SPDX-License-Identifier: Apache-2.0 */
/* One document from http(s) or a file, with everything bounded: time, bytes, redirects, what credentials see.
 */
#ifndef FW_FEEDS_FETCH_H
#define FW_FEEDS_FETCH_H

#include "feeds/copy.h"
#include "feeds/inflate.h"

#define FW_FETCH_BYTES_DEFAULT	 (64ULL << 20)
#define FW_FETCH_SECONDS_DEFAULT 60
#define FW_FETCH_REDIRECTS_MAX	 5

/* Strings are borrowed; NULL where there is none. */
struct fw_fetch_request {
	const char *url;    /* http://, https://, file:///PATH or /PATH */
	const char *query;  /* "startup=true", appended to the URL */
	const char *header; /* carries the secret; NULL: Authorization */
	const char *secret;
	const char *proxy;   /* NULL: from the environment, "": none */
	const char *ca_file; /* instead of the system's */
	const char *etag, *last_modified;
	uint64_t max_bytes, max_seconds;
};

struct fw_fetch_answer {
	bool not_modified;
	long http;	      /* 0: no answer, or a file */
	uint64_t retry_after; /* seconds */
	uint64_t wire_bytes, bytes;
	unsigned int redirects;
	char etag[FW_FEED_ETAG_MAX], last_modified[FW_FEED_MODIFIED_MAX];
};

/* Bytes go to the sink only from an answer that is the document. *answer is filled also on failure. */
int fw_fetch(const struct fw_fetch_request *request, fw_feed_sink sink, void *user,
	     struct fw_fetch_answer *answer, struct fw_err *err);
/* The part of fw_fetch for files. */
int fw_fetch_file(const char *path, const struct fw_fetch_request *request, fw_feed_sink sink, void *user,
		  struct fw_fetch_answer *answer, struct fw_err *err);

#endif
