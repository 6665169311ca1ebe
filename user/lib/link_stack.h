/* SPDX-License-Identifier: Apache-2.0 */
/* Which interfaces stand on which: a bridge or bond on its ports, a VLAN on its parent. A filter sees what
 * comes through its interface before any of those above it do. */
#ifndef FW_LIB_LINK_STACK_H
#define FW_LIB_LINK_STACK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

struct fw_stacked_link {
	char name[IF_NAMESIZE];
	char master[IF_NAMESIZE]; /* bond or bridge it is a port of, "" */
	char parent[IF_NAMESIZE]; /* what a VLAN or macvlan sits on, "" */
	char kind[16];		  /* "bridge", "macvtap", "" for hardware */
};

/* Zero-initialise; without links every interface stands alone. */
struct fw_link_stack {
	struct fw_stacked_link *items;
	size_t count;
};

/* Of this network namespace. -errno. */
int fw_link_stack_read(struct fw_link_stack *ret);
void fw_link_stack_done(struct fw_link_stack *stack);
/* True also of an interface and itself. */
bool fw_link_is_over(const struct fw_link_stack *stack, const char *upper, const char *lower);
/* Whether anything stands on it. */
bool fw_link_bears(const struct fw_link_stack *stack, const char *lower);
/* By whom packets to other hosts come through it: a bridge with further ports, the macvtap of a guest. NULL:
 * nobody. */
const struct fw_stacked_link *fw_link_shared_by(const struct fw_link_stack *stack, const char *lower);

/* What comes of a filter on both of two interfaces, of which the one stands on the other. */
#define FW_STACKED_SAYS                                                                                      \
	"'%s' stands on '%s' and both are filtered: every packet that comes through both is counted by "     \
	"both, so that limits stop a source at half of what they say and honest ones are dropped"
/* The next pair from *at on (begin with 0), which moves behind it. False: there is none any more. */
bool fw_link_stacked_next(const struct fw_link_stack *stack, const char *const *names, size_t count,
			  size_t *at, size_t *ret_upper, size_t *ret_lower);

#endif
