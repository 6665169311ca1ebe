// SPDX-License-Identifier: Apache-2.0
/* Findings about action challenge: whether answers go out by an interface, and to whom. */
#include <stdio.h>
#include <string.h>

#include "fw_maps.h"
#include "kern/cookies.h"
#include "kern/findings.h"
#include "kern/xdp_features.h"
#include "lib/link_stack.h"
#include "lib/local_routes.h"
#include "lib/nat_rules.h"
#include "lib/published_ports.h"

/* A veth's own features tell what the other end, perhaps in another network namespace, takes. */
static void examine_answers(struct fw_findings *findings, enum fw_finding_level good)
{
	if (findings->told && findings->features & FW_XDP_NDO_XMIT) {
		fw_finding_add(findings, good, "challenge",
			       "the other end of this veth takes what an XDP program answers");
		return;
	}
	fw_finding_add(findings, findings->told ? FW_FINDING_WARNING : FW_FINDING_NOTE, "challenge",
		       findings->told
			       ? "the other end of this veth has neither GRO nor an XDP program and takes no "
				 "answers: action: challenge answers nobody"
			       : "a veth sends answers only to a peer with GRO or an XDP program: without, "
				 "action: challenge answers nobody");
	fw_finding_command(findings, "ethtool -K PEER gro on   # where the other end is");
}

/* Why SYNs that come by this interface may be for other hosts. "": they are not. */
static void find_others(const struct fw_findings *findings, char *text, size_t size)
{
	struct fw_link_stack stack = {};
	const struct fw_stacked_link *by;
	char name[IF_NAMESIZE];

	*text = '\0';
	by = fw_link_stack_read(&stack) ? NULL : fw_link_shared_by(&stack, findings->interface);
	if (fw_forwards())
		snprintf(text, size, "this host forwards");
	else if (fw_forwards_by_one(name))
		snprintf(text, size, "this host forwards what comes by %s", name);
	else if (by)
		snprintf(text, size, "packets to others come through here, by %s '%s'", by->kind, by->name);
	fw_link_stack_done(&stack);
}

/* Why what is on the wire may not be what sockets have, as the beginning of a sentence. "": it is. */
static void find_translation(char *text, size_t size)
{
	char where[FW_NAT_WHERE_MAX];
	int r = fw_nat_rules_find(where);

	*text = '\0';
	if (r > 0)
		snprintf(text, size,
			 "this host translates addresses or ports of its own connections (%s):", where);
	else if (r)
		snprintf(text, size,
			 "whether this host translates addresses or ports of its own connections cannot be "
			 "asked (%s): if it does,",
			 strerror(-r));
}

/* Whom it answers, and whom not. nat: of find_translation(). */
static void examine_whose(struct fw_findings *findings, const char *why, const char *nat)
{
	struct fw_local_routes own = {};
	struct fw_published_ports ports = {};
	char text[128];
	int r = fw_local_routes_read(&own);

	if (r)
		fw_finding_add(findings, FW_FINDING_WARNING, "challenge scope",
			       "this host's addresses cannot be read (%s): action: challenge answers nobody",
			       strerror(-r));
	else if (own.count > FW_LOCAL_MAX)
		fw_finding_add(findings, FW_FINDING_WARNING, "challenge scope",
			       "this host takes %zu prefixes for its own, and %u fit: action: challenge "
			       "answers nobody; ip route show table all type local",
			       own.count, FW_LOCAL_MAX);
	else if (!why[0] && nat[0])
		fw_finding_add(findings, FW_FINDING_NOTE, "challenge scope",
			       "%s challenge answers SYNs to its own %zu prefixes, TCP of no connection is "
			       "not dropped, and SYNs to others or to ports without a listener pass within a "
			       "budget; use police for them",
			       nat, own.count);
	else if (!why[0])
		fw_finding_add(findings, FW_FINDING_OK, "challenge scope",
			       "%zu prefixes are this host's own, and SYNs to nobody else come here",
			       own.count);
	else
		fw_finding_add(findings, FW_FINDING_NOTE, "challenge scope",
			       "%s: challenge answers SYNs to this host's own %zu prefixes; those to others "
			       "pass within a budget, or go to netfilter's synproxy (safety: "
			       "synproxy_wscale); use police for them",
			       why, own.count);
	if ((why[0] || nat[0]) && !fw_published_ports_read(&ports) &&
	    *fw_published_ports_text(&ports, text, sizeof(text)))
		fw_finding_add(findings, FW_FINDING_NOTE, "challenge ports",
			       "docker-proxy publishes TCP port %s: these SYNs are for containers, behind "
			       "the filter; challenge does not answer them, they pass within a budget",
			       text);
	fw_local_routes_done(&own);
}

/* What action challenge needs beyond attaching. */
void fw_examine_challenge(struct fw_findings *findings)
{
	char missing[128], why[128], nat[256];
	enum fw_finding_level good = FW_FINDING_NOTE;			 /* as far as there is more to say */
	bool asked = !fw_missing_capabilities(missing, sizeof(missing)); /* or the kernel would not say */

	find_others(findings, why, sizeof(why));
	find_translation(nat, sizeof(nat));
	if (!why[0] && !nat[0])
		good = FW_FINDING_OK;
	if (asked && !fw_cookies_known())
		fw_finding_add(
			findings, FW_FINDING_WARNING, "challenge",
			"this kernel makes no SYN cookies in XDP programs (CONFIG_SYN_COOKIES): action: "
			"challenge does nothing, all else works; use police");
	else if (!strcmp(findings->driver, "veth"))
		examine_answers(findings, good);
	else if (asked)
		fw_finding_add(findings, good, "challenge", "this kernel makes SYN cookies in XDP programs");
	examine_whose(findings, why, nat);
}
