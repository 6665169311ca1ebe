// SPDX-License-Identifier: Apache-2.0
/* The field table: what may stand where in a policy file. Adding a key begins here. */
#include "policy/fields.h"

#include <string.h>

#include "policy/load.h"

#define KEY(object, name, reader, type, fallback, flags, doc)                                                \
	{                                                                                                    \
		object, name, type, fallback, doc, flags, fw_load_##reader                                   \
	}

#define NAMES "name or list of names"

static const struct fw_policy_field fields[] = {
	KEY("", "version", version, "1", "", FW_FIELD_REQUIRED, "version of this file's language"),
	KEY("", "interfaces", interfaces, "list of names or {name, xdp, mode, chain}", "none",
	    FW_FIELD_MAY_BE_EMPTY, "where the filter is attached; --interface replaces the list"),
	KEY("", "mode", mode, "enforce | count", "enforce", 0,
	    "count: match, meter and count, but drop and ban nothing"),
	KEY("", "sets", sets, "map of NAME: {entries: [...]} or {file: PATH}", "none", FW_FIELD_MAY_BE_EMPTY,
	    "named groups of addresses and prefixes, IPv4 and IPv6 side by side"),
	KEY("", "feeds", feeds, "map of NAME: {url: …, …}", "none", FW_FIELD_MAY_BE_EMPTY,
	    "lists fetched from elsewhere; each is also a set of its name"),
	KEY("", "never_block", never_block, "list of sets or {sets, limit}", "none", FW_FIELD_MAY_BE_EMPTY,
	    "sources that pass before bans and rules are asked"),
	KEY("", "geo", geo, "map", "none", 0,
	    "where countries and networks come from; read again when the files change"),
	KEY("", "logs", logs, "map of NAME: {path, journal or syslog, format, …}", "none",
	    FW_FIELD_MAY_BE_EMPTY, "what servers say of their clients, for rules with match: {log: NAME}"),
	KEY("", "signatures", signatures, "path or {file}",
	    "signatures.yaml beside this file, else /usr/share/floodwall/signatures.yaml", 0,
	    "the list that match: {signature: NAME} means; read with the policy, when a rule asks"),
	KEY("", "rules", rules, "list of rules, first to last", "none", FW_FIELD_MAY_BE_EMPTY,
	    "what to do with the packets; the first that ends the walk decides, what no rule ends passes"),
	KEY("", "notify", notify, "map of NAME: {webhook or exec, events, …}", "nobody",
	    FW_FIELD_MAY_BE_EMPTY, "who is told of events"),
	KEY("", "suppress", suppress, "map of NAME: {events, rule, source, from, to, days, until}", "none",
	    FW_FIELD_MAY_BE_EMPTY,
	    "expected findings: marked in events, told to nobody; what is filtered stays the same"),
	KEY("", "resources", resources, "map of NAME: {destination, rules}", "none", FW_FIELD_MAY_BE_EMPTY,
	    "other numbers of rules for some destinations: each becomes a rule RULE@NAME in front of RULE"),
	KEY("", "safety", safety, "map", "", 0, "what Floodwall promises not to break"),
	KEY("", "metrics", metrics, "map", "", 0, "where the Prometheus text is served"),
	KEY("", "on_exit", on_exit, "keep | detach", "keep", 0,
	    "what happens to the filter when the agent is stopped: it goes on filtering, or leaves"),
	KEY("", "capacity", capacity, "map", "", 0, "sizes of the kernel tables; changing one rebuilds it"),
	KEY("", "memory_limit", memory_limit, "bytes, such as 512MiB", "none", 0,
	    "check fails when the kernel tables of this policy need more"),
	KEY("", "history", history, "map", "recorded", 0,
	    "what passed and was dropped, per rule and source, for history and recommend"),

	KEY("interface", "name", interface_name, "interface name", "", FW_FIELD_REQUIRED, "as in ip link"),
	KEY("interface", "xdp", interface_xdp, "auto | native | generic", "auto", 0,
	    "auto: native, and generic with a warning where the driver cannot"),
	KEY("interface", "mode", interface_mode, "enforce | count", "the file's mode", 0,
	    "count mode for this interface alone"),
	KEY("interface", "chain", interface_chain, "true | false", "false", 0,
	    "share the hook with other XDP programs through libxdp"),

	KEY("set", "entries", set_entries, "list of addresses, prefixes and ranges", "",
	    FW_FIELD_MAY_BE_EMPTY, "the members, such as 192.0.2.1, 2001:db8::/32 or 192.0.2.4-192.0.2.9"),
	KEY("set", "file", set_file, "path", "", 0,
	    "one member per line, # and ; begin remarks; relative to the policy file's directory"),

	KEY("geo", "database", geo_database, "path of a .mmdb", "none", 0,
	    "MaxMind format, for country (and asn when it holds both); relative to the policy file's "
	    "directory"),
	KEY("geo", "asn_database", geo_asn_database, "path of a .mmdb", "database", 0,
	    "MaxMind format, for asn"),

	KEY("feed", "url", feed_url, "https://…, http://…, file:///PATH or an absolute path", "",
	    FW_FIELD_REQUIRED, "where the list is"),
	KEY("feed", "format", feed_format,
	    "auto | netset | csv | ipset | nft | nft-json | jsonl | json | aws-ip-ranges | crowdsec", "auto",
	    0, "how it is written; auto: told by its first bytes"),
	KEY("feed", "every", feed_every, "duration, 1m to 30d", "1h", 0,
	    "how often it is asked for; failures are retried sooner, then ever less often"),
	KEY("feed", "fields", feed_fields, NAMES, "the usual ones", 0,
	    "json, jsonl: paths of the addresses, such as prefixes[].ipv4Prefix. csv: the column by name or "
	    "number. ipset, nft: names of the sets"),
	KEY("feed", "column", feed_column, "name or number", "the usual ones", 0, "another word for fields"),
	KEY("feed", "score", feed_score, "field", "none", 0,
	    "json, jsonl, csv: 0 to 100 beside each address; from 1 tier low, from 50 medium, from 75 high"),
	KEY("feed", "expires", feed_expires, "field", "none", 0,
	    "json, jsonl, csv: when an entry ends: seconds from now, seconds since 1970, or RFC 3339"),
	KEY("feed", "delimiter", feed_delimiter, "one character, tab or space", "\",\"", 0,
	    "csv: what separates columns"),
	KEY("feed", "services", feed_services, NAMES, "all", 0, "aws-ip-ranges: only these services"),
	KEY("feed", "regions", feed_regions, NAMES, "all", 0, "aws-ip-ranges: only these regions"),
	KEY("feed", "tier", feed_tier, "low | medium | high", "none", 0,
	    "tier of the entries without a score; rules ask for it with match: {tier: …}"),
	KEY("feed", "ttl", feed_ttl, "duration, 1s to 365d", "none", 0,
	    "entries without an expiry of their own end so long after they were fetched"),
	KEY("feed", "secret", feed_secret, "path", "none", 0,
	    "file with the credential on its first line; nobody else may read it"),
	KEY("feed", "header", feed_header, "name", "Authorization", 0,
	    "the header that carries the credential"),
	KEY("feed", "proxy", feed_proxy, "URL | none", "from the environment", 0,
	    "http://HOST:PORT, https://…, socks5h://…"),
	KEY("feed", "ca_file", feed_ca_file, "path", "the system's", 0,
	    "certificates that may vouch for the server"),
	KEY("feed", "md5", feed_md5, "32 hexadecimal digits", "none", 0, "any other document is refused"),
	KEY("feed", "max_entries", feed_max_entries, "entries", "2M", 0, "a longer list is held"),
	KEY("feed", "max_bytes", feed_max_bytes, "bytes, 1KiB to 1GiB", "64MiB", 0,
	    "a larger document is refused, compressed or not"),
	KEY("feed", "timeout", feed_timeout, "duration, 1s to 1h", "60s", 0, "how long one attempt may take"),
	KEY("feed", "shortest_prefix", feed_shortest_prefix, "{ipv4: BITS, ipv6: BITS}",
	    "{ipv4: 8, ipv6: 19}", 0, "entries wider than that are left out"),
	KEY("feed", "growth", feed_growth, "percent, from 100%", "200%", 0,
	    "a list that grew beyond this share of the one in force is held; `feeds sync NAME --force` lets "
	    "it "
	    "in"),
	KEY("feed", "shrink", feed_shrink, "percent", "50%", 0,
	    "a list that lost so much of the one in force is held; 100%: never"),
	KEY("feed", "allow_private", feed_allow_private, "true | false", "false", 0,
	    "private and special-purpose ranges may be listed"),
	KEY("feed", "trial", feed_trial, "duration, 1s to 365d", "none", 0,
	    "count mode for so long after the first success: rules that match only because of this feed "
	    "count "
	    "instead of "
	    "dropping"),
	KEY("feed", "stale_after", feed_stale_after, "duration, 1m to 365d", "three times every, at least 1d",
	    0, "so long without a success is an alarm; the last good copy stays in force"),

	KEY("shortest_prefix", "ipv4", shortest_ipv4, "1 to 32", "8", 0, "bits of IPv4 entries"),
	KEY("shortest_prefix", "ipv6", shortest_ipv6, "1 to 128", "19", 0, "bits of IPv6 entries"),

	KEY("log", "path", log_path, "absolute path", "", 0,
	    "a file, followed from its end through rotation"),
	KEY("log", "journal", log_journal, "unit, such as ssh.service", "", 0,
	    "the journal's messages of a unit"),
	KEY("log", "syslog", log_syslog, "udp:ADDRESS:PORT | unix:/PATH", "", 0,
	    "a datagram socket for syslog messages; whoever can send there can accuse anybody"),
	KEY("log", "format", log_format, "combined | vcombined | caddy | cloudfront | aws-waf | json | regex",
	    "combined", 0, "how a line reads"),
	KEY("log", "regex", log_regex, "PCRE with <HOST>", "", 0,
	    "format: regex. <HOST> is the client; groups named method, uri, host, status and forwarded_for "
	    "are read as well"),
	KEY("log", "fields", log_fields, "map of dotted paths", "", 0, "format: json. Where things stand"),
	KEY("log", "trusted_proxies", log_trusted_proxies, "sets, addresses, prefixes", "nobody", 0,
	    "when one of them is the peer, the client is the last address in X-Forwarded-For that is not"),

	KEY("fields", "client", log_field_client, "path such as request.remote_ip", "", FW_FIELD_REQUIRED,
	    "address of the peer"),
	KEY("fields", "forwarded_for", log_field_forwarded_for, "path", "none", 0, "X-Forwarded-For"),
	KEY("fields", "method", log_field_method, "path", "none", 0, "request method"),
	KEY("fields", "uri", log_field_uri, "path", "none", 0, "request target"),
	KEY("fields", "host", log_field_host, "path", "none", 0, "requested host"),
	KEY("fields", "status", log_field_status, "path", "none", 0, "response status"),

	KEY("notify", "webhook", notify_webhook, "https://… or http://…", "", 0,
	    "the event is sent there as JSON by POST; redirects to another host are not followed"),
	KEY("notify", "exec", notify_exec, "[/PATH, ARGUMENT, …]", "", 0,
	    "a program that gets the event as JSON on standard input and as FLOODWALL_… in its environment, "
	    "as the user floodwall or nobody"),
	KEY("notify", "user", notify_user, "name", "floodwall, else nobody", 0,
	    "exec: whom the program runs as, anybody but root; a name that is new needs a restart of the "
	    "agent"),
	KEY("notify", "events", notify_events, NAMES, "[ban, attack_start, attack_end, utilisation, failure]",
	    0, "kinds of events; failure: whatever went wrong, such as a feed or a reload"),
	KEY("notify", "levels", notify_levels, "percentages, such as 50%", "[50%, 70%, 90%]", 0,
	    "utilisation: a key that comes to so much of its limit, each level once until it falls well "
	    "below"),
	KEY("notify", "rate", notify_rate, "NUMBER/DURATION", "10/1m", 0,
	    "messages of each kind; what is more is counted and told in one message at the end"),
	KEY("notify", "timeout", notify_timeout, "duration, 1s to 5m", "10s", 0,
	    "how long one attempt may take; a program is killed then"),
	KEY("notify", "retries", notify_retries, "0 to 10", "4; exec: 0", 0,
	    "further attempts after 2 s, 8 s, 32 s, …, at most 5 m"),
	KEY("notify", "header", notify_header, "name", "Authorization", 0,
	    "webhook: the header that carries the credential"),
	KEY("notify", "secret", notify_secret, "path", "none", 0,
	    "webhook: file with the credential on its first line; nobody else may read it"),
	KEY("notify", "proxy", notify_proxy, "URL | none", "from the environment", 0,
	    "webhook: http://HOST:PORT, https://…, socks5h://…"),
	KEY("notify", "ca_file", notify_ca_file, "path", "the system's", 0,
	    "webhook: certificates that may vouch for the server"),

	KEY("suppression", "events", suppress_events,
	    "ban | would_ban | attack | attack_start | … | utilisation", "all of them", 0, "which findings"),
	KEY("suppression", "rule", suppress_rule, NAMES, "any", 0, "the rules that make them"),
	KEY("suppression", "source", suppress_source, "sets, addresses, prefixes", "any", 0,
	    "findings about sources that one of them holds as a whole"),
	KEY("suppression", "from", suppress_from, "\"HH:MM\"", "the whole day", 0,
	    "beginning of a daily window, in this machine's local time"),
	KEY("suppression", "to", suppress_to, "\"HH:MM\"", "the whole day", 0,
	    "its end, which is not in it; earlier than from: on the next day"),
	KEY("suppression", "days", suppress_days, "mon … sun, weekdays, weekend", "every day", 0,
	    "days on which the window begins"),
	KEY("suppression", "until", suppress_until, "2027-01-31 or \"2027-01-31T18:30\"", "for ever", 0,
	    "last day, or the first minute that is raised again, in local time"),

	KEY("never_block", "sets", never_block_sets, NAMES, "", FW_FIELD_REQUIRED, "the sets"),
	KEY("never_block", "limit", never_block_limit, "AMOUNT packets|bytes/WINDOW", "none", 0,
	    "per source; beyond it bans and rules are asked: these addresses can be forged"),

	KEY("safety", "protect_ssh_clients", protect_ssh_clients, "true | false", "true", 0,
	    "sources of live SSH sessions with this host pass, up to ssh_limit"),
	KEY("safety", "ssh_limit", ssh_limit, "AMOUNT packets|bytes/WINDOW", "2000 packets/1s", 0,
	    "what passes from each of them (IPv6: /64); the excess meets bans and rules"),
	KEY("safety", "protect_gateways", protect_gateways, "true | false", "true", 0,
	    "gateways of this host pass, and the answers of its resolvers and time servers"),
	KEY("safety", "resolvers", safety_resolvers, "sets and addresses", "none", 0,
	    "DNS resolvers beside those in resolv.conf and systemd-resolved: single addresses"),
	KEY("safety", "time_servers", safety_time_servers, "sets and addresses", "none", 0,
	    "time servers beside those of chrony, ntpd and timesyncd: single addresses"),
	KEY("safety", "answers_limit", answers_limit, "AMOUNT packets|bytes/WINDOW", "5000 packets/1s", 0,
	    "what passes from each of them, from its ports 53, 853 and 123; the excess meets bans and rules"),
	KEY("safety", "confirm_timeout", confirm_timeout, "duration, 5s to 1h", "60s", 0,
	    "apply --confirm without a time: how long until an unconfirmed policy is rolled back"),
	KEY("safety", "essential_limit", essential_limit, "packets per second", "10k", 0,
	    "budget of each kind: ARP, neighbour discovery, path MTU, DHCP"),
	KEY("safety", "challenge_replies", challenge_replies, "answers per second", "5M", 0,
	    "SYN cookies that challenge sends at most: an answer to a forged source hits a stranger"),
	KEY("safety", "challenge_replies_per_prefix", challenge_replies_per_prefix, "answers per second",
	    "1000", 0, "of these, to one source /24 (IPv6: /48)"),

	KEY("safety", "synproxy_wscale", synproxy_wscale, "0 to 14 or none", "none", 0,
	    "challenge answers for hosts behind this one, too: nftables or iptables hands their handshakes "
	    "to "
	    "synproxy with this wscale, timestamp and sack-perm"),

	KEY("safety", "attack_from", attack_from, "packets per second", "1k", 0,
	    "what one rule or reason must drop to make it an attack; a tenth of its limit does for a rule "
	    "per "
	    "destination, destination_prefix or total"),

	KEY("metrics", "listen", metrics_listen, "ADDRESS:PORT | none", "127.0.0.1:9854", FW_FIELD_REQUIRED,
	    "TCP address of floodwall-web; none: only the UNIX socket"),

	KEY("history", "enabled", history_enabled, "true | false", "true", 0,
	    "false: nothing more is written; what was recorded stays and can be asked for"),
	KEY("history", "keep", history_keep, "duration, 1d to 3650d", "90d", 0,
	    "steps of five minutes; steps of ten seconds are kept for a day, of one second for an hour"),
	KEY("history", "size", history_size, "bytes, 16MiB to 1TiB", "512MiB", 0,
	    "of the file; when it is full the oldest goes early"),

	KEY("capacity", "sources", capacity_sources, "entries", "1M", 0,
	    "meters: one per rule and key that was seen lately"),
	KEY("capacity", "bans", capacity_bans, "entries", "512k", 0, "bans at one time"),
	KEY("capacity", "prefixes", capacity_prefixes, "entries", "2M", 0,
	    "merged prefixes of all sets in use"),
	KEY("capacity", "log_clients", capacity_log_clients, "entries, at most 4M", "1M", 0,
	    "meters of rules about logs: one per rule and client, the least recently seen goes first"),

	KEY("rule", "name", rule_name, "name", "", FW_FIELD_REQUIRED,
	    "lower-case letters, digits, - and _; counters and meters follow it over reloads"),
	KEY("rule", "force", rule_force, "true | false", "false", FW_FIELD_TUNABLE,
	    "accept what check calls a self-made outage, or warns of as a small limit"),
	KEY("rule", "mode", rule_mode, "enforce | count | attack", "the file's mode", FW_FIELD_TUNABLE,
	    "count: this rule only counts what it would do. attack: it counts in peace and enforces while "
	    "under attack (see under-attack)"),
	KEY("rule", "match", rule_match, "map", "every packet", FW_FIELD_MAY_BE_EMPTY,
	    "which packets; values of one list are alternatives, different keys must all hold"),
	KEY("rule", "limit", rule_limit, "AMOUNT packets|bytes|connections|requests/WINDOW", "none",
	    FW_FIELD_TUNABLE, "the rule takes effect while a key's trailing window (1s to 1h) holds more"),
	KEY("rule", "per", rule_per,
	    "source | source_prefix | destination | destination_prefix | [source, dest_port] | total",
	    "source", FW_FIELD_TUNABLE, "whose amount is measured"),
	KEY("rule", "source_prefix", rule_source_prefix, "{ipv4: BITS, ipv6: BITS}", "{ipv4: 32, ipv6: 64}",
	    0, "how much of the source address makes the key"),
	KEY("rule", "destination_prefix", rule_destination_prefix, "{ipv4: BITS, ipv6: BITS}",
	    "{ipv4: 24, ipv6: 48}", 0, "how much of the destination address makes the key"),
	KEY("rule", "action", rule_action, "allow | block | police | challenge | count | label", "",
	    FW_FIELD_REQUIRED | FW_FIELD_TUNABLE,
	    "allow: pass, up to the limit. block: drop, with a limit everything from a key that is over it. "
	    "police: drop "
	    "the excess. challenge: answer SYNs with cookies, and drop TCP of no connection. count: block "
	    "that "
	    "only counts. label: mark for later rules"),
	KEY("rule", "ban", rule_ban, "duration or {for, escalate, unverified}", "none", FW_FIELD_TUNABLE,
	    "whoever crosses the limit is dropped for that long whatever he sends"),
	KEY("rule", "wider", rule_wider, "{ipv6_56: TIMES, ipv6_48: TIMES}", "none", 0,
	    "how many times the limit a whole IPv6 /56 or /48 may send, so that many /64s do not dodge it; "
	    "makes the "
	    "rules NAME-56 and NAME-48 behind this one"),
	KEY("rule", "labels", rule_labels, NAMES, "none", 0,
	    "marks set on the packet when the rule takes effect"),

	KEY("resource", "destination", resource_destination, "sets, addresses, prefixes", "",
	    FW_FIELD_REQUIRED, "what is protected; where two resources of a rule meet, the first holds"),
	KEY("resource", "rules", resource_rules, "map of RULE: {limit, action, …}", "", FW_FIELD_REQUIRED,
	    "what is different for packets to it; keys that are not written stay as the rule has them"),

	KEY("override", "force", rule_force, "true | false", "as the rule", 0, "as in a rule"),
	KEY("override", "mode", rule_mode, "enforce | count", "as the rule", 0, "as in a rule"),
	KEY("override", "limit", override_limit, "as in a rule, or none", "as the rule", 0, "as in a rule"),
	KEY("override", "per", override_per, "as in a rule", "as the rule", 0, "as in a rule"),
	KEY("override", "action", rule_action, "as in a rule", "as the rule", 0, "as in a rule"),
	KEY("override", "ban", override_ban, "as in a rule, or none", "as the rule", 0, "as in a rule"),

	KEY("source_prefix", "ipv4", prefix_ipv4, "1 to 32", "32", 0, "bits of IPv4 sources"),
	KEY("source_prefix", "ipv6", prefix_ipv6, "1 to 128", "64", 0, "bits of IPv6 sources"),

	KEY("wider", "ipv6_56", wider_56, "1 to 1000", "none", 0, "times the limit for an IPv6 /56"),
	KEY("wider", "ipv6_48", wider_48, "1 to 1000", "none", 0, "times the limit for an IPv6 /48"),

	KEY("destination_prefix", "ipv4", dest_prefix_ipv4, "1 to 32", "24", 0, "bits of IPv4 destinations"),
	KEY("destination_prefix", "ipv6", dest_prefix_ipv6, "1 to 128", "48", 0, "bits of IPv6 destinations"),

	KEY("ban", "for", ban_for, "duration", "the first step", 0, "length of the first ban"),
	KEY("ban", "escalate", ban_escalate, "list of at most 6 durations", "none", 0,
	    "length of the first, second, … ban; the last one repeats"),
	KEY("ban", "unverified", ban_unverified, "true | false", "false", 0,
	    "ban without an established connection as evidence: forged sources get strangers banned"),

	KEY("match", "source", match_source, "sets, addresses, prefixes", "any", 0,
	    "the source is in one of them"),
	KEY("match", "source_not", match_source_not, "sets, addresses, prefixes", "none", 0,
	    "the source is in none of them"),
	KEY("match", "destination", match_destination, "sets, addresses, prefixes", "any", 0,
	    "the destination is in one of them"),
	KEY("match", "destination_not", match_destination_not, "sets, addresses, prefixes", "none", 0,
	    "the destination is in none of them"),
	KEY("match", "protocol", match_protocol, "tcp, udp, icmp, icmpv6, … or 0 to 255", "any", 0,
	    "the IP protocol"),
	KEY("match", "protocol_not", match_protocol_not, "as protocol", "none", 0, "any other IP protocol"),
	KEY("match", "source_port", match_source_port, "ports and ranges such as 1000-2000", "any", 0,
	    "TCP, UDP, UDP-Lite, SCTP and DCCP; other packets do not match"),
	KEY("match", "source_port_not", match_source_port_not, "ports and ranges", "none", 0,
	    "packets with ports, except these"),
	KEY("match", "dest_port", match_dest_port, "ports and ranges", "any", 0, "as source_port"),
	KEY("match", "dest_port_not", match_dest_port_not, "ports and ranges", "none", 0,
	    "packets with ports, except these"),
	KEY("match", "tcp_flags", match_tcp_flags, "syn, ack, rst, …, a+b, none", "any", 0,
	    "a word: that flag is set (syn: and ack is not). a+b: these are set and the others of syn, ack, "
	    "fin, rst are "
	    "not. none: no flag at all"),
	KEY("match", "tcp_flags_not", match_tcp_flags_not, "as tcp_flags", "none", 0,
	    "TCP packets, except these"),
	KEY("match", "length", match_length, "{min, max}, 400-1500 or a list", "any", 0,
	    "bytes of the frame without FCS"),
	KEY("match", "length_not", match_length_not, "as length", "none", 0, "any other length"),
	KEY("match", "packet", match_packet,
	    "fragment, later_fragment, no_l4, options, tagged, ipv4, ipv6, "
	    "bad_flags, land, zero_port, quic_short_initial",
	    "any", 0, "what else the packet is, one of them"),
	KEY("match", "packet_not", match_packet_not, "as packet", "none", 0, "none of them"),
	KEY("match", "signature", match_signature, "names from the list of signatures, any", "any packet", 0,
	    "the packet has one of them. The rule only counts unless it says mode: enforce"),
	KEY("match", "signature_not", match_signature_not, "as signature", "none", 0, "it has none of them"),
	KEY("match", "label", match_label, NAMES, "any", 0, "an earlier rule has set one of them"),
	KEY("match", "label_not", match_label_not, NAMES, "none", 0, "no earlier rule has set any of them"),
	KEY("match", "country", match_country, "ISO codes such as DE", "any", 0,
	    "the geo database says that the source is in one of these countries"),
	KEY("match", "country_not", match_country_not, "ISO codes", "none", 0,
	    "it is in none of these, or in no country that the database knows"),
	KEY("match", "asn", match_asn, "numbers such as 64496 or AS64496", "any", 0,
	    "the source belongs to one of these autonomous systems"),
	KEY("match", "asn_not", match_asn_not, "numbers", "none", 0,
	    "it belongs to none of these, or to none that the database knows"),
	KEY("match", "tier", match_tier, "high, medium, low, none", "any", 0,
	    "the worst tier that feeds give the source is one of them"),
	KEY("match", "tier_not", match_tier_not, "as tier", "none", 0, "it is none of them"),
	KEY("match", "verified", match_verified, "true | false", "any", 0,
	    "the source has completed a TCP handshake with a server on this host within the hour, or has "
	    "not"),
	KEY("match", "log", match_log, "name of a log", "none: packets", 0,
	    "the rule counts lines of that log, not packets, and acts by bans"),
	KEY("match", "uri", match_uri, "{exact: PATH}, {prefix: PATH}, {contains: TEXT} or a list", "any", 0,
	    "path of the request, decoded and without its query"),
	KEY("match", "method", match_method, "GET, POST, …", "any", 0, "request method"),
	KEY("match", "host", match_host, "names, *.example.org for all below", "any", 0, "requested host"),
	KEY("match", "status", match_status, "codes and ranges such as 500-599", "any", 0,
	    "response status; only with log"),
	KEY("match", "sni", match_sni, "names, *.example.org for all below", "any", 0,
	    "server name of a TLS ClientHello, as far as its first segment shows it: never the only "
	    "protection"),
	KEY("match", "all", match_all, "list of matches", "none", 0,
	    "every one of these matches holds as well"),
	KEY("match", "any", match_any, "list of matches", "none", 0,
	    "at least one of these matches holds; each is a term of its own, of which there are 64"),
	KEY("match", "not", match_not, "match or list of matches", "none", 0,
	    "none of these matches holds; a key turns into its _not form: those of ports, flags and "
	    "requests ask for packets that have them"),

	KEY("uri", "exact", uri_exact, "path", "", 0, "the path is this"),
	KEY("uri", "prefix", uri_prefix, "path", "", 0, "the path begins so"),
	KEY("uri", "contains", uri_contains, "text", "", 0, "the path has this in it"),

	KEY("signatures", "file", signatures_file, "path", "as signatures", 0, "the list of signatures"),

	KEY("signature_list", "version", version, "1", "", FW_FIELD_REQUIRED, "of the language"),
	KEY("signature_list", "revision", signature_list_revision, "text", "none", 0, "of the list"),
	KEY("signature_list", "signatures", signature_list_signatures, "list", "", FW_FIELD_REQUIRED,
	    "at most 64"),

	KEY("signature", "name", signature_name, "name", "", FW_FIELD_REQUIRED,
	    "what rules and metrics call it"),
	KEY("signature", "vector", signature_vector, "name", "none", 0, "what kind of attack it is of"),
	KEY("signature", "protocol", signature_protocol, "udp | tcp", "udp", 0, "of the packet"),
	KEY("signature", "source_port", signature_source_port, "ports and ranges", "", FW_FIELD_REQUIRED,
	    "where reflectors answer from"),
	KEY("signature", "payload", signature_payload, "{min, max}", "any", 0,
	    "bytes behind the UDP or TCP header; of a first fragment those of the whole datagram"),
	KEY("signature", "bytes", signature_bytes, "{offset, value, mask}", "any", 0,
	    "what stands in the payload"),
	KEY("signature", "note", signature_note, "text", "none", 0, "for whoever reads the list"),

	KEY("bytes", "offset", bytes_offset, "0 to 512", "0", 0, "where in the payload"),
	KEY("bytes", "value", bytes_value, "1 to 8 bytes in hex", "", FW_FIELD_REQUIRED, "what stands there"),
	KEY("bytes", "mask", bytes_mask, "as many bytes in hex", "ff…", 0, "which bits count"),

	KEY("length", "min", length_min, "bytes", "0", 0, "least length"),
	KEY("length", "max", length_max, "bytes", "65535", 0, "greatest length"),
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

const struct fw_policy_field *fw_policy_fields(size_t *ret_count)
{
	*ret_count = FIELD_COUNT;
	return fields;
}

const struct fw_policy_field *fw_policy_object_fields(const char *object, size_t *ret_count)
{
	size_t first = 0, last;

	while (first < FIELD_COUNT && strcmp(fields[first].object, object))
		first++;
	for (last = first; last < FIELD_COUNT && !strcmp(fields[last].object, object); last++)
		;
	*ret_count = last - first;
	return &fields[first];
}
