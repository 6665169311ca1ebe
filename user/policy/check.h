/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a policy that could be read: contradictions, self-made outages, rules that can never match. */
#ifndef FW_POLICY_CHECK_H
#define FW_POLICY_CHECK_H

#include "lib/link_stack.h"
#include "lib/needed_hosts.h"
#include "lib/own_networks.h"
#include "lib/published_ports.h"
#include "lib/tcp_sockets.h"
#include "policy/image.h"

/* Rules against each other; complaints go to *diags. */
void fw_policy_check(const struct fw_policy *policy, struct fw_diags *diags);
/* What concerns one rule on its own: also what tune must pass. */
void fw_rule_check(const struct fw_policy *policy, const struct fw_policy_rule *rule, struct fw_diags *diags);

/* What goes together with `log`, and what needs it (check_log.c). */
void fw_rule_check_log(const struct fw_policy *policy, const struct fw_policy_rule *rule,
		       struct fw_diags *diags);

/* Suppressions that are over or can never match (check_suppress.c). */
void fw_check_suppressions(const struct fw_policy *policy, struct fw_diags *diags);
/* What action challenge asks of a rule (check_challenge.c). */
void fw_rule_check_challenge(const struct fw_policy_rule *rule, struct fw_diags *diags);
#define FW_FORCE_HINT_MAX 320

/* A hint: `first` helps without force ("": nothing does); what accepts the rule in a file, and in force. */
const char *fw_rule_force_hint(const struct fw_policy_rule *rule, const char *first,
			       char hint[FW_FORCE_HINT_MAX]);
/* Warns of a limit per source that one visit of a web page exceeds (check_small.c). */
void fw_rule_check_small(const struct fw_policy_rule *rule, struct fw_diags *diags);
/* What every policy with such a rule should know. */
void fw_policy_check_challenge(const struct fw_policy *policy, struct fw_diags *diags);
/* That lists of sources, and of destinations, leave some address (check_lists.c). */
void fw_rule_check_lists(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 struct fw_diags *diags);
/* That some packet comes to the rule with the labels it asks for. */
void fw_policy_check_labels_come(const struct fw_policy *policy, size_t index, struct fw_diags *diags);

/* That a block rule does not block a large part of a family without `force`, live changes included. */
void fw_rule_check_share(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			 const struct fw_set_change *changes, size_t change_count, struct fw_diags *diags);

/* The same for what countries and networks cover; policy->geo need not hold `geo` yet. */
void fw_rule_check_places(const struct fw_policy *policy, const struct fw_policy_rule *rule,
			  const struct fw_geo *geo, struct fw_diags *diags);

/* What only the machine that is to filter knows (check_host.c): users that notify names, interfaces and logs
 * that are not there, tables too large for its memory, and challenges of ports that nobody listens on. */
void fw_check_notify_users(const struct fw_policy *policy, struct fw_diags *diags);
/* Interfaces that the machine does not have, of those in names[]. */
void fw_check_interfaces(const struct fw_policy *policy, const char *const *names, size_t count,
			 struct fw_diags *diags);
void fw_check_log_paths(const struct fw_policy *policy, struct fw_diags *diags);
/* Tables that the machine has no memory for. */
void fw_check_memory(const struct fw_policy *policy, const struct fw_image *image, uint64_t machine_bytes,
		     struct fw_diags *diags);
uint64_t fw_machine_bytes(void); /* UINT64_MAX: the system does not tell */
/* A port published for a container counts as nobody's: docker-proxy listens, but SYNs are not for it. */
void fw_check_listeners(const struct fw_policy *policy, const struct fw_listening *listening,
			const struct fw_published_ports *published, struct fw_diags *diags);

/* How what comes through an interface is judged. */
enum fw_reach { FW_REACH_NONE, FW_REACH_COUNTED, FW_REACH_ENFORCED };
/* interface_count 0: every interface is filtered. */
enum fw_reach fw_check_reach(const struct fw_policy *policy, const struct fw_interface *interfaces,
			     size_t interface_count, const struct fw_link_stack *stack,
			     const char *interface);
struct fw_near_network {
	struct fw_own_network own;
	enum fw_reach reach;
};
struct fw_near_host {
	struct fw_addr addr;
	enum fw_spared_kind kind;
	enum fw_reach reach;
};
/* The address that stands for a network of this machine when lists are compared with it. */
struct fw_addr fw_own_neighbour(const struct fw_own_network *own);
/* Warns of rules whose lists drop a network that this machine is in (check_own.c). */
void fw_check_own_networks(const struct fw_policy *policy, const struct fw_image *image,
			   const struct fw_near_network *networks, size_t count, struct fw_diags *diags);
/* Likewise of rules whose lists drop a host that this machine needs, unless it is spared whatever rules say.
 */
void fw_check_needed_hosts(const struct fw_policy *policy, const struct fw_image *image,
			   const struct fw_near_host *hosts, size_t count, struct fw_diags *diags);
/* Says which time servers, known by name only, such lists were not compared with. */
void fw_check_named_servers(const struct fw_policy *policy, const struct fw_image *image, char *const *names,
			    size_t count, struct fw_diags *diags);

/* Warns of interfaces that are filtered and stand on each other (check_host.c). */
void fw_check_stacked(const struct fw_policy *policy, const struct fw_interface *interfaces, size_t count,
		      const struct fw_link_stack *stack, struct fw_diags *diags);

/* What whoever asks knows of this machine, besides what it tells itself. */
struct fw_check_here {
	const struct fw_interface *interfaces; /* that are filtered; none: all are */
	size_t interface_count;
	const uint16_t *ssh_ports; /* besides 22 */
	size_t ssh_port_count;
	/* Addresses of a host that were learned before, at most `most`; returns how many. NULL: none were. */
	size_t (*addresses)(const void *context, const char *host, struct fw_addr *ret, size_t most);
	const void *context;
	/* Only what becomes of these addresses of this machine and hosts that it needs, or of a network by
	 * them; none: of all. */
	const struct fw_prefix *only;
	size_t only_count;
};
/* All four, of the machine this runs on (check_near.c). What the kernel does not tell is not warned of, and
 * nobody is asked for the address of a name: that may take half a minute. */
void fw_check_lists_here(const struct fw_policy *policy, const struct fw_image *image,
			 const struct fw_check_here *here, struct fw_diags *diags);

#endif
