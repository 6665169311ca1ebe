/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of this machine's configuration that name its resolvers and time servers. Pure; what is returned
 * points into the line, which is taken apart. */
#ifndef FW_LIB_SERVER_LINES_H
#define FW_LIB_SERVER_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "fw_types.h"

#define FW_SERVERS_OF_A_LINE 16 /* what a line names beyond is left out */
#define FW_HOST_NAME_MAX     254

/* resolv.conf: ADDRESS of "nameserver ADDRESS", without its scope; NULL: the line has none. */
char *fw_resolver_of_line(char *line);
/* chrony, ntpd, ntpsec, OpenNTPD and timesyncd: addresses without their scopes, and names. Returns how many.
 */
size_t fw_time_servers_of_line(char *line, char *servers[FW_SERVERS_OF_A_LINE]);
/* What a resolver can be asked for: letters, digits, '-', '.' and '_', and a letter among them. */
bool fw_is_host_name(const char *word);

#endif
