// SPDX-License-Identifier: Apache-2.0
/* Looks at files that a policy only names: they are read much later, by somebody else, and what is wrong with
 * them should be known before. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/load.h"

void fw_look_at_file(struct fw_loader *loader, const struct fw_node *value, const char *path,
		     const struct fw_file_wish *wish)
{
	const char *key = value->key ? value->key->text : "file";
	struct stat status;

	if (stat(path, &status)) {
		bool gone = errno == ENOENT || errno == ENOTDIR;

		fw_diag_add(loader->diags, value->mark, gone ? FW_SEVERITY_WARNING : FW_SEVERITY_NOTE,
			    "missing-file", NULL,
			    gone ? "%s: '%s' is not there (%s): until it is, %s"
				 : "%s: '%s' cannot be looked at by this user (%s): if it is not there, %s",
			    key, path, strerror(errno), wish->otherwise);
	} else if (!S_ISREG(status.st_mode)) {
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_WARNING, "missing-file", NULL,
			    "%s: '%s' is not a regular file: %s", key, path, wish->otherwise);
	} else if (wish->secret && status.st_mode & S_IROTH) {
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_WARNING, "readable-by-all",
			    "chmod 600, and root or floodwall as its owner",
			    "%s: everybody can read '%s': until that ends, %s", key, path, wish->otherwise);
	} else if (wish->worker && !(status.st_mode & (S_IRGRP | S_IROTH))) {
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_WARNING, "unreadable",
			    "chmod 644; there is no secret in it",
			    "%s: only its owner can read '%s', and the worker runs as the user floodwall or "
			    "nobody: %s",
			    key, path, wish->otherwise);
	} else if (wish->program && !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
		fw_diag_add(loader->diags, value->mark, FW_SEVERITY_WARNING, "not-executable", "chmod +x",
			    "%s: '%s' cannot be executed: %s", key, path, wish->otherwise);
	}
}
