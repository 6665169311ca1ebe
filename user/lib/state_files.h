/* SPDX-License-Identifier: Apache-2.0 */
/* What others than the agent read in its state directory when it is gone: names, and whether it is of now. */
#ifndef FW_LIB_STATE_FILES_H
#define FW_LIB_STATE_FILES_H

#define FW_STATE_DEFAULT "/var/lib/floodwall"

#define FW_STATE_HOLDER	 "holder"	  /* the pid of who has the directory locked */
#define FW_STATE_SYSCTLS "challenge.json" /* what the sysctls that challenge changes were before */
#define FW_STATE_DRIFT	 "drift.json"	  /* live changes of sets and interfaces */

#define FW_BOOT_ID_MAX 64
/* Of the boot that runs; "" when it cannot be read. */
void fw_boot_id_read(char id[FW_BOOT_ID_MAX]);

#endif
