/* SPDX-License-Identifier: Apache-2.0 */
/* An AWS WAF web ACL in, a policy file's text and a list of what it does not say out. Pure: no files, no
 * printing. */
#ifndef FW_WAF_IMPORT_H
#define FW_WAF_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/* A file's bytes; borrowed during the call. */
struct fw_waf_file {
	const char *name; /* for messages and the head of the policy */
	const char *text;
	size_t length;
};

/* Omitted: the policy does less or other than the web ACL. Else a note: all is there, in other terms. */
struct fw_waf_item {
	bool omitted;
	const char *path; /* in the web ACL, "Rules[3].Statement.RateBasedStatement.Limit" */
	const char *rule; /* as AWS calls it; NULL: about no rule */
	const char *message;
};

struct fw_waf_import {
	char *policy; /* YAML, terminated */
	struct fw_waf_item *items;
	size_t item_count, omitted; /* omitted: those among the items */
	size_t rules, carried;	    /* rules in the web ACL, and in the policy */
	struct fw_waf_chunk *chunks;
};

/* `acl` is the output of `aws wafv2 get-web-acl`, a bare web ACL, or a CloudFormation template or resource;
 * each of `ip_sets` the output of `get-ip-set` or a bare IP set. -EINVAL with a sentence that names the file
 * when one is no such thing, -ENOMEM. On success *ret is the caller's, to be given to
 * fw_waf_import_done. */
int fw_waf_import(const struct fw_waf_file *acl, const struct fw_waf_file *ip_sets, size_t ip_set_count,
		  struct fw_waf_import *ret, struct fw_err *err);
void fw_waf_import_done(struct fw_waf_import *import); /* fine for one that is all zero */

#endif
