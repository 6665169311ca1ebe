/* SPDX-License-Identifier: Apache-2.0 */
/* Names in the agent's state directory that others than the agent read when it is gone. */
#ifndef FW_LIB_STATE_FILES_H
#define FW_LIB_STATE_FILES_H

#define FW_STATE_DEFAULT "/var/lib/floodwall"

#define FW_STATE_HOLDER	 "holder"	  /* the pid of who has the directory locked */
#define FW_STATE_SYSCTLS "challenge.json" /* what the sysctls that challenge changes were before */

#endif
