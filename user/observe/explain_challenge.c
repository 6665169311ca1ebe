// SPDX-License-Identifier: Apache-2.0
/* What a challenge does to a packet: challenge.h of the packet path, in sentences. */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/units.h"
#include "observe/explain_walk.h"
#include "policy/words.h"

bool fw_explain_counts(const struct fw_explain_walk *walk)
{
	return walk->image->slot->count_ifaces == UINT32_MAX || walk->reader->host.counting;
}

void fw_explain_note(struct fw_explain_open *open, const char *rule, const char *format, ...)
{
	va_list args;

	if (open->rules++ >= FW_EXPLAIN_OPEN_NAMED)
		return;
	open->named[open->rules - 1].rule = rule;
	va_start(args, format);
	vsnprintf(open->named[open->rules - 1].does, sizeof(open->named[0].does), format, args);
	va_end(args);
}

/* As FW_FLAG_* of the packet path: the first packet of a connection. */
static bool opens_connection(uint8_t flags)
{
	return (flags & (FW_TCP_SYN | FW_TCP_ACK | FW_TCP_RST | FW_TCP_FIN)) == FW_TCP_SYN;
}

/* Why no TCP has to show a connection though its destination is challenged. NULL: it has to. */
static const char *why_not_asked(const struct fw_explain_host *host)
{
	if (host->trouble || host->mute)
		return "this host answers nobody now, 'floodwall status' says why";
	return host->unseen ? "not every socket is seen from here" : NULL;
}

#define MUST "TCP that is no SYN must be of an open connection, or answer a cookie"

bool fw_explain_connection(struct fw_explain_walk *walk)
{
	const struct fw_explain_packet *packet = walk->packet;
	const struct fw_explain_reader *reader = walk->reader;
	struct fw_explain_challenge found = {.rule = -1};
	char dest[FW_ADDR_TEXT_MAX] = "every destination", left[32], is[256];
	bool counts = fw_explain_counts(walk);
	const char *rule, *why_not = why_not_asked(&reader->host);

	if (!(walk->image->slot->features & FW_FEATURE_CHALLENGE) || !reader->challenge ||
	    (packet->has_protocol && packet->protocol != IPPROTO_TCP))
		return false;
	if (!reader->challenge(reader->context, NULL, packet->has_dest ? &packet->dest : NULL, &found)) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "connection",
			       "no destination of it is challenged now: no TCP has to show a connection");
		return false;
	}
	rule = found.rule < 0 ? "one that is gone" : walk->policy->rules[found.rule].name;
	if (found.of_one)
		fw_addr_format(&found.dest, dest, sizeof(dest));
	snprintf(is, sizeof(is), "%s is challenged by rule %s, for %s more", dest, rule,
		 fw_age_format(found.left_ns, left, sizeof(left)));
	if (why_not || (packet->has_flags && opens_connection(packet->tcp_flags))) {
		fw_explain_say(walk, FW_EXPLAIN_NO_MATCH, "connection", "%s: %s", is,
			       why_not ? why_not : "a SYN is left to the rules");
		return false;
	}
	fw_explain_say(walk, packet->has_flags ? FW_EXPLAIN_MATCH : FW_EXPLAIN_SKIPPED, "connection",
		       "%s: " MUST ", else it %s", is,
		       counts ? "would be dropped, but only counts" : "is dropped");
	if (!packet->has_flags) {
		walk->may_drop.ask |= !packet->has_dest;
		walk->may_drop.ask_flags |= true;
		if (!counts)
			fw_explain_note(&walk->may_drop, rule, "may drop it: " MUST);
		return false;
	}
	fw_explain_note(&walk->may_allow, rule, "lets it go on if it is of a connection that is open now");
	walk->out->reason = FW_REASON_CHALLENGE_NO_STATE;
	walk->out->rule = found.rule;
	return true;
}

static const struct fw_explain_fate answered = {FW_REASON_CHALLENGED,
						"SYNs are answered with cookies, a real client connects",
						"answers SYNs with cookies, a real client connects"};
static const struct fw_explain_fate answered_partly = {
	FW_REASON_CHALLENGED,
	"SYNs are answered with cookies, a real client connects; not on every interface: 'floodwall status' "
	"says on which not",
	"answers SYNs with cookies, but not on every interface"};
static const struct fw_explain_fate counted = {FW_REASON_UNDECIDED,
					       "SYNs would be answered with cookies, but only count",
					       "would answer SYNs with cookies, but only counts"};
static const struct fw_explain_fate counted_here = {FW_REASON_CHALLENGED,
						    "SYNs would be answered with cookies, but only count",
						    "would answer SYNs with cookies, but only counts"};
static const struct fw_explain_fate left_alone = {
	FW_REASON_UNDECIDED,
	"SYNs are left to the next rule: this host answers nobody now, 'floodwall status' says why",
	"leaves SYNs to the next rule: this host answers nobody now, 'floodwall status' says why"};
static const struct fw_explain_fate no_listener = {FW_REASON_CHALLENGE_NO_LISTENER,
						   "SYNs are dropped: nobody listens there",
						   "drops SYNs: nobody listens there"};
static const struct fw_explain_fate foreign_dropped = {
	FW_REASON_CHALLENGE_NO_LISTENER,
	"SYNs are dropped: their destination is no address of this host, which passes nothing on",
	"drops SYNs: their destination is no address of this host, which passes nothing on"};
static const struct fw_explain_fate foreign_passed = {
	FW_REASON_UNDECIDED,
	"their destination is no address of this host: SYNs are not answered, and pass within a budget",
	"lets SYNs pass within a budget: their destination is no address of this host"};
static const struct fw_explain_fate foreign_proxied = {
	FW_REASON_CHALLENGED,
	"their destination is no address of this host: SYNs are answered with cookies for netfilter's "
	"synproxy, which must stand before it",
	"answers SYNs for netfilter's synproxy: their destination is no address of this host"};
static const struct fw_explain_fate published_passed = {
	FW_REASON_UNDECIDED,
	"docker-proxy publishes that port: SYNs are for a container, are not answered, and pass within a "
	"budget",
	"lets SYNs pass within a budget: docker-proxy publishes that port for a container"};
static const struct fw_explain_fate published_proxied = {
	FW_REASON_CHALLENGED,
	"docker-proxy publishes that port: SYNs are for a container, and are answered with cookies for "
	"netfilter's synproxy, which must stand before it",
	"answers SYNs for netfilter's synproxy: docker-proxy publishes that port for a container"};
static const struct fw_explain_fate behind = {
	FW_REASON_UNDECIDED, "nobody listens here: SYNs to a host behind this one pass within a budget",
	"lets SYNs to a host behind this one pass within a budget"};

/* Whose listener is not asked for, whoever listens here: local_takes() of the packet path. NULL: it is. */
static const struct fw_explain_fate *fate_of_others(const struct fw_explain_walk *walk)
{
	const struct fw_explain_packet *packet = walk->packet;
	const struct fw_explain_reader *reader = walk->reader;
	const struct fw_explain_host *host = &reader->host;

	if (!packet->has_dest)
		return NULL;
	if (reader->own && !reader->own(reader->context, &packet->dest))
		return !host->unseen ? &foreign_dropped : host->proxies ? &foreign_proxied : &foreign_passed;
	if (host->unseen && packet->has_port && reader->published &&
	    reader->published(reader->context, packet->dest_port))
		return host->proxies ? &published_proxied : &published_passed;
	return NULL;
}

const struct fw_explain_fate *fw_explain_syn(const struct fw_explain_walk *walk, bool rule_counts)
{
	const struct fw_explain_packet *packet = walk->packet;
	const struct fw_explain_reader *reader = walk->reader;
	const struct fw_explain_host *host = &reader->host;
	const struct fw_explain_fate *others = fate_of_others(walk);

	if (rule_counts)
		return &counted;
	if (host->mute || (host->trouble && !fw_explain_counts(walk)))
		return &left_alone;
	if (fw_explain_counts(walk))
		return &counted_here;
	if (others)
		return others;
	if (packet->has_dest && packet->has_port && reader->listens &&
	    !reader->listens(reader->context, &packet->dest, packet->dest_port)) {
		if (!host->unseen)
			return &no_listener;
		if (!host->proxies)
			return &behind;
	}
	return host->partly_silent ? &answered_partly : &answered;
}
