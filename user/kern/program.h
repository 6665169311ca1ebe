/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the packet program as a skeleton over the shared maps, and what to say when the kernel
 * refuses it. */
#ifndef FW_KERN_PROGRAM_H
#define FW_KERN_PROGRAM_H

#include "kern/instance.h"
#include "flood.skel.h" /* needs the types above */

/* Room for the verifier's words; they go to the error text only by their tail. */
struct fw_verifier_log {
	char *text;
	size_t size;
};
int fw_verifier_log_open(struct fw_verifier_log *log);
void fw_verifier_log_done(struct fw_verifier_log *log);

/* Opens the skeleton on the maps of a datapath with its read-only data set; the caller loads and destroys it.
 * how: enum fw_program_how. The log must live as long as the skeleton. */
int fw_program_prepare(struct fw_datapath *datapath, uint32_t iface, unsigned int how,
		       struct fw_verifier_log *log, struct flood_bpf **ret, struct fw_err *err);
/* Error text for a refused load or map creation: missing capability by name, else errno and the end of the
 * log. */
int fw_program_refused(int code, const char *what, const struct fw_verifier_log *log, struct fw_err *err);
/* libbpf and libxdp print to stderr otherwise; what they would say reaches the operator through struct
 * fw_err. */
void fw_silence_libbpf(void);

#endif
