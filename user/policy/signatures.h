/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures as data: the list in a file of its own, and its place in the compiled policy. Pure. */
#ifndef FW_POLICY_SIGNATURES_H
#define FW_POLICY_SIGNATURES_H

#include "policy/image.h"

#define FW_SIGNATURES_FILE    "signatures.yaml"			     /* beside the policy, else */
#define FW_SIGNATURES_SHIPPED "/usr/share/floodwall/signatures.yaml" /* as it is installed */

struct fw_signature_def {
	char *name, *vector, *note; /* vector and note may be NULL */
	int line, column;
	uint8_t protocol;
	struct fw_ranges source_ports;
	struct fw_range payload; /* bytes */
	uint16_t offset;
	uint8_t bytes; /* 0: none are compared */
	uint8_t value[FW_SIGNATURE_BYTES], mask[FW_SIGNATURE_BYTES];
};

struct fw_signature_list {
	char *file, *revision; /* revision may be NULL */
	char *text;	       /* the file's bytes; NULL when it came from none */
	size_t length;
	struct fw_file_stamp stamp; /* of the file when reading began */
	struct fw_signature_def *items;
	size_t count;
};

/* Complaints go to *diags with the places in that file. -EINVAL (content), -ENOENT and the like (file:
 * without a complaint), -ENOMEM. */
int fw_signatures_parse(const char *text, size_t length, const char *name, struct fw_diags *diags,
			struct fw_signature_list **ret);
int fw_signatures_read(const char *path, struct fw_diags *diags, struct fw_signature_list **ret);
void fw_signature_done(struct fw_signature_def *signature);
void fw_signatures_free(struct fw_signature_list *list); /* NULL is fine */

/* "udp from 53, payload 512-65535, 80 at 2 (mask 80)": what a packet must have. Caller frees; NULL: no
 * memory. */
char *fw_signature_text(const struct fw_signature_def *signature);

/* Fills slot->signatures and its feature; the rules' terms must be there. -E2BIG after a complaint. */
int fw_signatures_compile(const struct fw_policy *policy, struct fw_diags *diags, struct fw_image *image);

#endif
