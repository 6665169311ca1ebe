// SPDX-License-Identifier: Apache-2.0
/* The command table and nothing else. A command is a row here and a function in cmd_*.c. */
#include "cli/command.h"

#include <string.h>

#include "policy/file.h"

#define OPTION_FOR(what)                                                                                     \
	{                                                                                                    \
		.name = "for", .value = "TIME", .help = what " ends after TIME, such as 30m or 1h30m"        \
	}
#define OPTION_SAVE                                                                                          \
	{                                                                                                    \
		.name = "save", .help = "also write it into the policy file, with your own rights"           \
	}
#define OPTION_FORCE                                                                                         \
	{                                                                                                    \
		.name = "force", .help = "allow a prefix wider than 1/16 of its address family"              \
	}

#define OPTION_SINCE(otherwise)                                                                              \
	{                                                                                                    \
		.name = "since", .value = "WHEN", .help = "from WHEN on (default " otherwise ")"             \
	}
#define OPTION_UNTIL                                                                                         \
	{                                                                                                    \
		.name = "until", .value = "WHEN", .help = "before WHEN (default now)"                        \
	}
#define OPTION_CSV                                                                                           \
	{                                                                                                    \
		.name = "csv", .help = "comma-separated values"                                              \
	}
#define OPTION_SVG                                                                                           \
	{                                                                                                    \
		.name = "svg", .help = "a picture for a report"                                              \
	}

static const struct fw_option global_options[] = {
	{.name = "socket",
	 .value = "PATH",
	 .complete = FW_COMPLETE_FILE,
	 .help = "the agent's socket (default " FW_SOCKET_DEFAULT ")"},
	{.name = "json", .help = "one JSON document on stdout; errors as JSON on stderr"},
	{.name = "no-color", .help = "no colour; so do NO_COLOR and TERM=dumb"},
	{.name = "help", .letter = 'h', .help = "help, for the command if there is one"},
	{.name = "version", .letter = 'V', .help = "the version"},
};

static const struct fw_command commands[] = {
	{.verb = "status",
	 .arguments = "",
	 .help = "is the filter enforcing, on which interfaces, and what does it drop",
	 .about = "One screen: state, rates, drops by reason, bans, unsaved changes, warnings. Without any "
		  "command this is what "
		  "runs. Exit code 4: the agent runs but does not enforce.",
	 .examples = "floodwall\nfloodwall --json status",
	 .route = FW_API_STATUS,
	 .json = "{\"state\":\"enforcing|counting|detached\",\"interfaces\":[{\"name\",\"xdp\",\"attached\","
		 "\"packets\",\"dropped\","
		 "\"mode\",\"driver\",\"fell_back\",\"bytes\",\"would_drop\",\"passed\",\"error\"}],"
		 "\"packets\":N,\"passed\":N,"
		 "\"dropped\":N,\"would_drop\":N,\"reasons\":{\"WORD\":N},\"bans\":N,\"generation\":N,"
		 "\"drift\":[{\"kind\":\"tune|set|attach|detach|policy|under-attack\",\"object\","
		 "\"detail\",\"by\",\"expires_in_seconds\":N|null}],\"mode\":\"enforce|count\",\"version\","
		 "\"uptime_seconds\":N,"
		 "\"policy_file\",\"pinned\":BOOL,\"confirm\":{\"pending\":BOOL,\"deadline_seconds\":N,"
		 "\"previous_generation\":N},"
		 "\"rates\":{\"packets_per_second\",\"bytes_per_second\",\"dropped_per_second\"},\"faults\":{"
		 "\"WORD\":N},\"logs\":[{\"name\",\"source\":\"file|journal|syslog\",\"place\",\"state\":"
		 "\"reading|waiting\",\"error\",\"lines\",\"unparsed\",\"overlong\",\"given_up\",\"no_"
		 "client\","
		 "\"matches\",\"offences\",\"truncations\",\"evicted\"}],"
		 "\"warnings\":[TEXT],\"feeds\":{\"total\":N,\"current\":N,\"waiting\":N,\"troubled\":[{"
		 "\"name\",\"state\":\"failed|held|stale\",\"error\"}]},\"history\":{\"state\":\"starting|"
		 "recording|paused|off\",\"file\",\"bytes\",\"since\":RFC3339|null,\"steps_written\","
		 "\"steps_lost\",\"error\"},\"attacks\":[as attacks, without vectors],"
		 "\"under_attack\":{as under-attack},\"suppressions\":[{\"name\","
		 "\"state\":\"active|waiting|over\",\"events\":N,\"about\"}],\"notify\":[as in notify],"
		 "\"challenge\":{\"engaged\":BOOL,"
		 "\"active\":[{\"rule\",\"destination\":ADDRESS|\"all\",\"since_seconds\"}],\"verified\":N,"
		 "\"sysctls\":{NAME:{\"value\",\"before\"}}}}",
	 .run = fw_cmd_status},
	{.verb = "attach",
	 .arguments = "IFACE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_INTERFACE,
	 .options = {{.name = "xdp",
		      .value = "MODE",
		      .words = "native|generic|auto",
		      .complete = FW_COMPLETE_WORDS,
		      .help = "native in the driver, generic in the kernel (slower), auto tries both "
			      "(default)"}},
	 .help = "filter one more interface",
	 .about = "Lasts over reloads and restarts of the agent until detached; to keep it after a reboot, "
		  "name the interface in the "
		  "policy file. A program that somebody else has put there is named and left alone (exit "
		  "code 71).",
	 .examples = "floodwall attach eth1 --xdp native",
	 .route = FW_API_ATTACH,
	 .json = "{\"interface\",\"xdp\":\"native|generic\",\"fell_back\":BOOL,\"message\",\"undo\"}",
	 .run = fw_cmd_attach},
	{.verb = "detach",
	 .arguments = "IFACE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_INTERFACE,
	 .help = "stop filtering an interface",
	 .about = "Everything that arrives there passes until it is attached again. Rules, meters and bans "
		  "stay.",
	 .examples = "floodwall detach eth1",
	 .route = FW_API_DETACH,
	 .json = "{\"interface\",\"detached\":true,\"undo\"}",
	 .run = fw_cmd_detach},
	{.verb = "check",
	 .arguments = "FILE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_FILE,
	 .options = {{.name = "flood",
		      .value = "N",
		      .help = "packets per second from keys never seen, beside which limits should hold "
			      "(default 1M and 10M)"}},
	 .help = "judge a policy file; needs no agent and no root",
	 .about =
		 "Reports every mistake at once with its place, then what the policy costs: rule terms, "
		 "prefixes before and after merging, list classes, kernel memory, and meters in the worst "
		 "packet. Under --json the cost is the last element, of severity info; it is there when "
		 "there "
		 "are no errors. Exit code 78: there are errors.\n"
		 "Beside a flood of forged sources (prefixes, destinations, ports: whatever a limit counts "
		 "by) not every new key gets a meter. Keys known before, bans and total limits hold as ever. "
		 "Others are admitted the sooner the more they send: check says from which limit on a key "
		 "that "
		 "sends twice the limit, and begins during the flood, is over it within the first window in "
		 "99 "
		 "of 100 cases, however the flood is spread over CPUs, and notes rules whose limit is below.",
	 .examples = "floodwall check /etc/floodwall/floodwall.yaml\n"
		     "floodwall check --flood 3M /etc/floodwall/floodwall.yaml",
	 .route = FW_NO_ROUTE,
	 .json = "[{\"file\",\"line\",\"column\",\"severity\":\"error|warning|note|info\",\"code\","
		 "\"message\",\"hint\",\"note\",\"end_column\",\"summary\":{\"rules\":N,\"terms\":N,"
		 "\"terms_max\":N,\"state_lookups_worst\":N,\"sets\":N,\"feeds\":N,\"prefixes_read\":N,"
		 "\"prefixes_merged\":N,\"list_classes\":N,\"list_classes_max\":N,\"memory_bytes\":N,"
		 "\"list_bytes\":N,\"floods\":[{\"packets_per_second\",\"least_packets\"}],\"geo\":{"
		 "\"classes\",\"nodes\",\"nodes_max\",\"bytes\"}} (of code summary "
		 "only)}]",
	 .run = fw_cmd_check},
	{.verb = "plan",
	 .arguments = "FILE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_FILE,
	 .help = "what apply would change; changes nothing",
	 .about = "Compares a policy file with what is running, unsaved changes included. Where the limit of "
		  "a rule "
		  "changes and traffic was recorded, it says how many sources and how much of the last seven "
		  "days "
		  "the new limit would have stopped, and how much today's.",
	 .examples = "floodwall plan new.yaml",
	 .route = FW_API_PLAN,
	 .json = "{\"changes\":[{\"kind\":\"add|change|remove\",\"object\",\"name\",\"detail\"}],\"add\":N,"
		 "\"change\":N,\"remove\":N,"
		 "\"memory_bytes\":N,\"warnings\":[as "
		 "check],\"history\":[{\"rule\",\"unit\",\"limit\",\"limit_now\","
		 "\"sources\":N,\"would_block\":{\"sources\":N,\"known_good\":N,\"amount\":N},"
		 "\"would_block_now\":as would_block,\"recorded_seconds\":N,\"span_seconds\":N}],"
		 "\"history_error\":TEXT}; the last two only with a changed limit",
	 .run = fw_cmd_plan},
	{.verb = "apply",
	 .arguments = "FILE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_FILE,
	 .options = {{.name = "confirm",
		      .value = "TIME",
		      .value_optional = true,
		      .help = "roll back after TIME, 1s to 24h, unless confirmed (without TIME: "
			      "safety.confirm_timeout of the file)"}},
	 .help = "put a policy file in force, whole or not at all",
	 .about = "Meters, counters and bans go on, and so do sets add and attach; "
		  "unsaved tunes belong "
		  "to the policy before and go with it, which is said. Reload reads the applied file again. "
		  "With --confirm the agent itself rolls back unless "
		  "somebody confirms in time, also "
		  "when this terminal is gone; on a terminal Enter keeps the policy and Ctrl-C rolls back at "
		  "once. Exit code 3: it was "
		  "rolled back.",
	 .examples = "floodwall apply new.yaml --confirm 60s",
	 .route = FW_API_APPLY,
	 .json = "{\"generation\":N,\"previous\":N,\"confirm_seconds\":N|null,\"changes\":[as "
		 "plan],\"warnings\":[as check],\"undo\",\"outcome\":\"confirmed|rolled_back\","
		 "\"timed_out\":true|false}",
	 .run = fw_cmd_apply},
	{.verb = "confirm",
	 .arguments = "",
	 .help = "keep the policy that waits for confirmation",
	 .about = "Exit code 1: nothing waits.",
	 .examples = "floodwall confirm",
	 .route = FW_API_CONFIRM,
	 .json = "{\"confirmed\":true,\"generation\":N}",
	 .run = fw_cmd_confirm},
	{.verb = "rollback",
	 .arguments = "",
	 .help = "go back to the policy before the last apply",
	 .about = "Takes back an apply that waits for confirmation, or the last one that did not.",
	 .examples = "floodwall rollback",
	 .route = FW_API_ROLLBACK,
	 .json = "{\"generation\":N,\"rolled_back_to\":N,\"policy_file\"}",
	 .run = fw_cmd_rollback},
	{.verb = "reload",
	 .arguments = "",
	 .options = {{.name = "wait",
		      .help = "accepted for scripts: reload always waits until the policy is in force"}},
	 .help = "read the agent's policy file again",
	 .about = "Unsaved changes (tune, sets add, attach) stay on top. Exit code 78: the file has errors, "
		  "the running policy stays.",
	 .examples = "floodwall reload --wait",
	 .route = FW_API_RELOAD,
	 .json = "{\"generation\":N,\"file\",\"notes\":[TEXT]}",
	 .run = fw_cmd_reload},
	{.verb = "rules",
	 .arguments = "",
	 .help = "the rules in order with their limits and counters",
	 .about = "matched counts packets that a rule matched; over counts keys above the limit right now. "
		  "RULE@NAME is the rule with the numbers of resource NAME, for packets to it.",
	 .examples = "floodwall rules",
	 .route = FW_API_RULES,
	 .json = "[{\"name\",\"action\",\"mode\",\"limit\":N|null,\"unit\":WORD|null,\"window_seconds\","
		 "\"enforcing\":BOOL,\"per\",\"packets\",\"dropped\","
		 "\"would_drop\",\"keys_over\",\"id\",\"bytes\",\"labels\",\"ban\",\"keys_tracked\","
		 "\"resource\":NAME|null}]",
	 .run = fw_cmd_rules},
	{.verb = "rules",
	 .subverb = "keys",
	 .arguments = "NAME",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_RULE,
	 .options = {{.name = "over", .help = "only keys above the limit, and all of them"},
		     {.name = "limit",
		      .value = "N",
		      .help = "at most N keys, busiest first (default 100, with --over all)"}},
	 .help = "the keys a rule is metering and how full each is",
	 .about = "amount is what the key sent in the trailing window. Rules about logs meter clients of the "
		  "log's "
		  "lines; what they dropped is counted with the bans.",
	 .examples = "floodwall rules keys blanket --over",
	 .route = FW_API_RULE_KEYS,
	 .json = "{\"rule\",\"limit\":N,\"unit\",\"window_seconds\":N,\"keys\":[{\"source\",\"port\","
		 "\"amount\":N,\"ratio\":F,\"dropped\":N,"
		 "\"over\":BOOL}],\"truncated\":BOOL,\"total\":N}",
	 .run = fw_cmd_rules_keys},
	{.verb = "tune",
	 .arguments = "RULE KEY=VALUE...",
	 .least = 2,
	 .most = FW_ANY_NUMBER,
	 .complete = FW_COMPLETE_RULE,
	 .options = {OPTION_FOR("the change"), OPTION_SAVE},
	 .help = "change a rule live: limit, action, mode, ban, per",
	 .about = "In force within milliseconds; meters and counters are kept. Without --save the change is "
		  "shown as drift by status "
		  "and survives reload and restart of the agent, not a reboot.",
	 .examples = "floodwall tune blanket limit=2000/10s action=count --for 30m\nfloodwall tune blanket "
		     "limit=5k/1m --save",
	 .route = FW_API_TUNE,
	 .json = "{\"rule\",\"changes\":[{\"key\",\"old\",\"new\"}],\"generation\":N,\"expires_in_seconds\":"
		 "N|null,\"undo\",\"saved\":BOOL}",
	 .run = fw_cmd_tune},
	{.verb = "top",
	 .arguments = "",
	 .options = {{.name = "once", .help = "one table, then end"},
		     {.name = "by",
		      .value = "ORDER",
		      .words = "packets|bytes|drops",
		      .complete = FW_COMPLETE_WORDS,
		      .help = "what to sort by (default packets)"},
		     {.name = "limit", .value = "N", .help = "at most N sources (default 20)"}},
	 .help = "the busiest sources, refreshed every second",
	 .about = "q or Ctrl-C ends it. Under --json one array a line and second.",
	 .examples = "floodwall top --by drops\nfloodwall top --once --limit 100",
	 .route = FW_API_TOP,
	 .json = "[{\"source\",\"packets_per_second\",\"bytes_per_second\",\"dropped_per_second\",\"state\":"
		 "\"ok|over|banned|allowed\","
		 "\"rule\",\"reason\"}]",
	 .run = fw_cmd_top},
	{.verb = "ban",
	 .arguments = "ADDR...|-",
	 .least = 1,
	 .most = FW_ANY_NUMBER,
	 .options = {OPTION_FOR("the ban"),
		     {.name = "reason", .value = "TEXT", .help = "why, shown by bans and explain"},
		     OPTION_FORCE},
	 .help = "drop everything from addresses or prefixes",
	 .about = "Lasts an hour, or as long as --for says; survives the agent and reboots. '-' reads "
		  "one address a line from stdin. "
		  "What never_block or an allow protects is refused (exit code 78).",
	 .examples = "floodwall ban 198.51.100.7 2001:db8:9::/64 --for 1h --reason scraping\nfloodwall ban - "
		     "--for 1d <list.txt",
	 .route = FW_API_BAN,
	 .json = "{\"banned\":[{\"source\",\"expires_in_seconds\":N|null}],\"refused\":[{\"source\",\"why\"}]"
		 ",\"undo\"}",
	 .run = fw_cmd_ban},
	{.verb = "unban",
	 .arguments = "ADDR...|-",
	 .least = 1,
	 .most = FW_ANY_NUMBER,
	 .complete = FW_COMPLETE_BAN,
	 .help = "end bans, meters of the source start from zero",
	 .about = "Not being banned is no failure. '-' reads one address a line from stdin.",
	 .examples = "floodwall unban 198.51.100.7",
	 .route = FW_API_UNBAN,
	 .json = "{\"unbanned\":[SOURCE],\"not_banned\":[SOURCE],\"undo\"}",
	 .run = fw_cmd_unban},
	{.verb = "bans",
	 .arguments = "",
	 .help = "the bans in force",
	 .about = "packets counts what a ban has dropped.",
	 .examples = "floodwall bans",
	 .route = FW_API_BANS,
	 .json = "[{\"source\",\"origin\":\"manual|rule|feed|fleet\",\"reason\",\"expires_in_seconds\":N|"
		 "null,\"packets\":N,\"strikes\":N}]",
	 .run = fw_cmd_bans},
	{.verb = "allow",
	 .arguments = "ADDR...",
	 .least = 1,
	 .most = FW_ANY_NUMBER,
	 .options = {OPTION_FOR("the pass")},
	 .help = "let addresses through, past every ban and rule",
	 .about =
		 "For single addresses; whole networks belong into never_block. Lasts as long as --for says.",
	 .examples = "floodwall allow 198.51.100.7 --for 1h",
	 .route = FW_API_ALLOW,
	 .json = "{\"allowed\":[{\"source\",\"expires_in_seconds\":N|null}],\"undo\"}",
	 .run = fw_cmd_allow},
	{.verb = "sets",
	 .arguments = "",
	 .help = "the sets, their size and how many packets came from them",
	 .about =
		 "Feeds and inline addresses of rules are sets, too. The file of a set is watched: a change "
		 "is in "
		 "force within seconds. A file that cannot be used is BROKEN: its last good content stays in "
		 "force until it is mended.",
	 .examples = "floodwall sets",
	 .route = FW_API_SETS,
	 .json = "[{\"name\",\"kind\":\"static|file|feed|country\",\"prefixes4\":N,\"prefixes6\":N,"
		 "\"packets\":N,\"state\":\"ok|broken|waiting|failed|held|stale\",\"used\":BOOL,\"file\":"
		 "PATH|null,\"error\":TEXT|null}]",
	 .run = fw_cmd_sets},
	{.verb = "sets",
	 .subverb = "add",
	 .arguments = "NAME CIDR...",
	 .least = 2,
	 .most = FW_ANY_NUMBER,
	 .complete = FW_COMPLETE_SET,
	 .options = {OPTION_FOR("the membership"), OPTION_SAVE},
	 .help = "put addresses or prefixes into a set, live",
	 .about = "Without --save the change is drift: it survives reload and restart of the agent, not a "
		  "reboot. --save writes into the policy, or into the file that the set comes from. A feed "
		  "takes "
		  "live additions, but nothing can be saved there.",
	 .examples = "floodwall sets add office 192.0.2.0/24 --save",
	 .route = FW_API_SETS_ADD,
	 .json = "{\"name\",\"added\":N,\"already\":N,\"prefixes4\":N,\"prefixes6\":N,\"expires_in_seconds\":"
		 "N|null,\"undo\",\"saved\":BOOL,\"not_kept\":TEXT (a restart of the agent forgets it, and "
		 "why)}",
	 .run = fw_cmd_sets_change},
	{.verb = "sets",
	 .subverb = "del",
	 .arguments = "NAME CIDR...",
	 .least = 2,
	 .most = FW_ANY_NUMBER,
	 .complete = FW_COMPLETE_SET,
	 .options = {OPTION_FOR("the removal"), OPTION_SAVE},
	 .help = "take addresses or prefixes out of a set, live",
	 .about = "Part of an entry can be taken out, too; not being there is no failure. What is taken out "
		  "of a "
		  "feed stays out, whatever the feed comes to say; nothing of that can be saved.",
	 .examples = "floodwall sets del office 192.0.2.0/24",
	 .route = FW_API_SETS_DEL,
	 .json = "{\"name\",\"removed\":N,\"already\":N,\"prefixes4\":N,\"prefixes6\":N,\"expires_in_"
		 "seconds\":N|null,\"undo\",\"saved\":BOOL,\"not_kept\":TEXT}",
	 .run = fw_cmd_sets_change},
	{.verb = "sets",
	 .subverb = "test",
	 .arguments = "NAME CIDR...",
	 .least = 2,
	 .most = FW_ANY_NUMBER,
	 .complete = FW_COMPLETE_SET,
	 .help = "is an address or prefix in a set, and through which entry",
	 .about = "Exit code 1: at least one is not in.",
	 .examples = "floodwall sets test office 192.0.2.77",
	 .route = FW_API_SETS_TEST,
	 .json = "{\"name\",\"results\":[{\"cidr\",\"member\":BOOL,\"by\":PREFIX|null}],\"member\":BOOL}",
	 .run = fw_cmd_sets_test},
	{.verb = "feeds",
	 .arguments = "",
	 .help = "the feeds: state, entries, what was refused and why, next fetch",
	 .about =
		 "Listed is what the feed says, in force what is left of it after expiry, guards and "
		 "merging. "
		 "failed, held and stale: the last good copy stays in force, and the error says why. Refused "
		 "entries are named with their line. On trial: what only this feed lists is counted, not "
		 "dropped.",
	 .examples = "floodwall feeds\nfloodwall --json feeds",
	 .route = FW_API_FEEDS,
	 .json = "[{\"name\",\"state\":\"waiting|ok|failed|held|stale\",\"entries\":N,\"last_success\":TIME|"
		 "null,\"error\":TEXT|null,\"url\",\"format\",\"stale\":BOOL,\"running\":BOOL,\"notice\":"
		 "TEXT|"
		 "null,\"held\":BOOL,\"trial\":BOOL,\"trial_until\":TIME|null,\"in_force\":N,\"tiers\":{"
		 "\"WORD\":"
		 "N},\"refused\":{\"WORD\":N},\"split\":{\"WORD\":N},\"examples\":[{\"entry\",\"line\","
		 "\"reason\",\"touches\",\"whole\":BOOL}],\"added\":N,\"removed\":N,\"first_success\","
		 "\"last_change\",\"last_attempt\",\"last_failure\",\"next_expiry\":TIME|null,"
		 "\"next_attempt_in_seconds\":N|null,\"every_seconds\":N,\"attempts\":N,\"failures\":N,"
		 "\"sync_token\":N,\"worker\":{\"http\",\"bytes\",\"wire_bytes\",\"lines\",\"refused_lines\","
		 "\"filtered\",\"milliseconds\",\"reasons\":[TEXT]}|null}]",
	 .run = fw_cmd_feeds},
	{.verb = "feeds",
	 .subverb = "sync",
	 .arguments = "[NAME]",
	 .most = 1,
	 .complete = FW_COMPLETE_FEED,
	 .options = {{.name = "force",
		      .help = "take the list although it grew or shrank too much; needs NAME"}},
	 .help = "fetch one feed, or all, now",
	 .about = "Waits for the end of the attempts. Exit code 1: a list was not taken, the error says why. "
		  "--force accepts growth and shrink this once; the other guards hold.",
	 .examples = "floodwall feeds sync\nfloodwall feeds sync spamhaus_drop --force",
	 .route = FW_API_FEEDS_SYNC,
	 .json = "as feeds: the feeds that were asked for",
	 .run = fw_cmd_feeds_sync},
	{.verb = "explain",
	 .arguments = "ADDR",
	 .least = 1,
	 .most = 1,
	 .options = {{.name = "to",
		      .value = "IP:PORT/PROTO",
		      .help = "the packet's other end, such as 203.0.113.20:27015/udp or "
			      "[2001:db8::1]:443/tcp"}},
	 .help = "what would happen to a packet from an address now, step by step, and how to undo it",
	 .about = "Names every set, feed and line that lists the address, then walks the same checks as the "
		  "packet "
		  "path, with the meters as they stand. Without --to, "
		  "rules about ports, protocols "
		  "or flags are shown as skipped; a port without a protocol is taken for TCP, which a step "
		  "says.",
	 .examples = "floodwall explain 198.51.100.9 --to 203.0.113.20:27015/udp",
	 .route = FW_API_EXPLAIN,
	 .json = "{\"address\",\"verdict\":\"pass|drop\",\"reason\",\"rule\",\"steps\":[{\"check\","
		 "\"result\":\"match|no_match|skipped\","
		 "\"detail\"}],\"undo\",\"seen\":{\"packets_per_second\",\"last_seconds_ago\"}|null,"
		 "\"would_drop\":BOOL,\"depends\":BOOL (on what was not said: verdict is by all that is "
		 "known),\"but\":TEXT|null,\"suppressed\":TEXT (findings about it are expected now)}",
	 .run = fw_cmd_explain},
	{.verb = "replay",
	 .arguments = "FILE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_FILE,
	 .options = {{.name = "policy",
		      .value = "FILE",
		      .complete = FW_COMPLETE_FILE,
		      .help = "the policy to judge with (required)"},
		     {.name = "seed", .value = "N", .help = "fix what is random, to repeat a run exactly"},
		     {.name = "verdicts",
		      .value = "OUT.csv",
		      .complete = FW_COMPLETE_FILE,
		      .help = "write one line per packet: index,timestamp_ns,source,verdict,reason,rule"}},
	 .help = "judge a capture (pcap, pcapng) by the real packet program, on the capture's own clock",
	 .about = "Needs root (CAP_BPF) to load the program, but no agent and no interface. One CPU; packets "
		  "are padded to their original "
		  "length; Ethernet, RAW, SLL and SLL2 captures. Timestamps that go back stay at the last "
		  "one. Live SSH peers, gateways "
		  "and resolvers of this host play no part. Verdicts in the CSV: pass, drop, would_drop.",
	 .examples = "sudo floodwall replay attack.pcapng --policy new.yaml",
	 .route = FW_NO_ROUTE,
	 .json = "{\"packets\":N,\"passed\":N,\"dropped\":N,\"would_drop\":N,\"reasons\":{\"WORD\":N},"
		 "\"rules\":{\"NAME\":{\"packets\",\"dropped\","
		 "\"would_drop\"}},\"sources\":[{\"source\",\"packets\",\"dropped\"}],\"sources_truncated\":"
		 "BOOL,\"seconds\":F}",
	 .run = fw_cmd_replay},
	{.verb = "import",
	 .needs_subverb = true,
	 .arguments = "aws-waf FILE",
	 .least = 2,
	 .most = 2,
	 .complete = FW_COMPLETE_WORDS,
	 .words = "aws-waf",
	 .help = "rules of another system as a policy (aws-waf)",
	 .about = "What is carried over and what is not: floodwall import aws-waf --help",
	 .examples = "floodwall import aws-waf web-acl.json -o imported.yaml",
	 .route = FW_NO_ROUTE,
	 .json = "as import aws-waf",
	 .run = fw_cmd_import},
	{.verb = "import",
	 .subverb = "aws-waf",
	 .arguments = "FILE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_FILE,
	 .options =
		 {{.name = "output",
		   .letter = 'o',
		   .value = "FILE",
		   .complete = FW_COMPLETE_FILE,
		   .help = "write the policy there instead of to stdout"},
		  {.name = "ip-set",
		   .value = "FILE",
		   .repeats = true,
		   .complete = FW_COMPLETE_FILE,
		   .help = "members of an IP set that the web ACL names, from get-ip-set; may be repeated"}},
	 .help = "an AWS WAF web ACL (JSON) as a policy, and a list of what it does not say",
	 .about = "FILE is the output of aws wafv2 get-web-acl, a bare web ACL or a CloudFormation template "
		  "in JSON; - reads "
		  "standard input. Needs no agent, changes nothing. The policy goes to stdout, the list to "
		  "stderr: 'omitted' is what the policy does not do, 'note' what it does in other terms. A "
		  "rule is "
		  "carried over whole or not at all. Rate-based rules become limits on requests, which "
		  "packets show in "
		  "plain HTTP on port 80 only. Exit code 3: something is omitted. 78: FILE is no web ACL.",
	 .examples = "aws wafv2 get-web-acl --name shop --scope REGIONAL --id ID >web-acl.json\n"
		     "aws wafv2 get-ip-set --name deny --scope REGIONAL --id ID >deny.json\n"
		     "floodwall import aws-waf web-acl.json --ip-set deny.json -o imported.yaml",
	 .route = FW_NO_ROUTE,
	 .json = "{\"policy\":TEXT,\"output\":PATH|null,\"rules\":N,\"carried\":N,\"omitted\":[{\"path\","
		 "\"rule\":NAME|null,"
		 "\"message\"}],\"notes\":[as omitted]}",
	 .run = fw_cmd_import},
	{.verb = "doctor",
	 .arguments = "IFACE",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_INTERFACE,
	 .options = {{.name = "bpffs",
		      .value = "DIR",
		      .complete = FW_COMPLETE_FILE,
		      .help = "where the agent pins (default /sys/fs/bpf)"},
		     {.name = "policy",
		      .value = "FILE",
		      .complete = FW_COMPLETE_FILE,
		      .help = "whose lists to compare with this host (default " FW_CONFIG_DEFAULT ")"}},
	 .help = "what would keep native XDP from an interface, and the command that mends it",
	 .about = "Also whether lists of the policy would drop this host's own networks, gateways, resolvers "
		  "and SSH peers. Needs no agent; some checks need root and say so. Exit code 1: something "
		  "blocks native XDP.",
	 .examples = "sudo floodwall doctor eth0",
	 .route = FW_NO_ROUTE,
	 .json = "{\"interface\",\"findings\":[{\"level\":\"ok|note|warning|problem\",\"check\",\"detail\","
		 "\"command\"}]}",
	 .run = fw_cmd_doctor},
	{.verb = "attacks",
	 .arguments = "",
	 .options = {{.name = "last", .value = "N", .help = "the last N that are over (default 20)"}},
	 .help = "the attacks that last, and the last ones that are over",
	 .about =
		 "An attack is a target (an address, a prefix, or everything) whose packets some rule or "
		 "reason "
		 "drops beyond safety.attack_from for half a second; a rule per destination, "
		 "destination_prefix or "
		 "total needs only a tenth of its limit. Whatever else is dropped on its way to the target "
		 "joins "
		 "as a further vector. It is over when none of it has reached half of that for 10 s. Rates "
		 "and "
		 "packets are those that were dropped, or would have been in count mode; how they spread "
		 "over "
		 "targets and vectors is known from samples. Kept over a restart of the agent: the last 100.",
	 .examples = "floodwall attacks\nfloodwall --json attacks --last 100",
	 .route = FW_API_ATTACKS,
	 .json = "{\"active\":[{\"id\":N,\"state\":\"active|ended\",\"target\",\"vector\",\"cause\","
		 "\"started\":TIME,\"ended\":TIME|null,\"seconds\":N,\"detected_after_seconds\":F,"
		 "\"packets_per_second\":N,\"bytes_per_second\":N,\"peak_packets_per_second\":N,"
		 "\"peak_bytes_per_second\":N,\"dropped\":N,\"would_drop\":N,\"dropped_per_second\":N,"
		 "\"would_drop_per_second\":N,\"merged_into\":ID|null,"
		 "\"vectors\":[{\"vector\",\"rule\":NAME|null,\"reason\":WORD|null,\"dropped\":N,"
		 "\"would_drop\":N,\"bytes\":N,\"packets_per_second\":N,\"peak_packets_per_second\":N}]}],"
		 "\"recent\":[the same, newest first]}",
	 .run = fw_cmd_attacks},
	{.verb = "under-attack",
	 .arguments = "[on|off|auto]",
	 .most = 1,
	 .complete = FW_COMPLETE_WORDS,
	 .words = "on|off|auto",
	 .options = {OPTION_FOR("on or off")},
	 .help = "the big switch: whether rules with mode: attack enforce",
	 .about =
		 "Rules with mode: attack count in peace and drop while under attack. auto (default): they "
		 "drop "
		 "while an attack lasts and 20 s beyond; on: now; off: never. In force within milliseconds; "
		 "shown by status, on and off also as drift; survives reload and restart of the agent, not a "
		 "reboot. With --for it is auto again when the time is up. Without an argument it only says "
		 "how things are.",
	 .examples =
		 "floodwall under-attack on --for 30m\nfloodwall under-attack auto\nfloodwall under-attack",
	 .route = FW_API_UNDER_ATTACK,
	 .json = "{\"mode\":\"on|off|auto\",\"active\":BOOL,\"rules\":N,\"by\":NAME|null,"
		 "\"since_seconds\":N|null,\"expires_in_seconds\":N|null}",
	 .run = fw_cmd_under_attack},
	{.verb = "notify",
	 .arguments = "",
	 .help = "who is told of events, and whether it gets through",
	 .about =
		 "Told are single events at the rate that the policy allows; what is more is held back and "
		 "told "
		 "in one message at the end of its time. failing: the last message was given up, or is tried "
		 "again later. dropped: more waited than may. Below, what the policy's suppress: expects.",
	 .examples = "floodwall notify",
	 .route = FW_API_NOTIFY,
	 .json = "{\"targets\":[{\"name\",\"kind\":\"webhook|exec\",\"to\",\"events\":[KIND],\"state\":"
		 "\"idle|ok|"
		 "sending|failing\",\"queued\":N,\"delivered\":N,\"retried\":N,\"failed\":N,\"held_back\":N,"
		 "\"dropped\":N,\"last_success_seconds_ago\":F|null,\"retry_in_seconds\":F|null,\"error\"}],"
		 "\"suppressions\":[as in status],\"utilisation\":{\"keys\":N,\"looks\":N,"
		 "\"last_look_milliseconds\":F,\"unwatched_keys\":N}|null}",
	 .run = fw_cmd_notify},
	{.verb = "notify",
	 .subverb = "test",
	 .arguments = "NAME",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_NOTIFY,
	 .help = "send a test message to a target, now and once",
	 .about = "Ahead of what waits, without another attempt, and whatever its events and its rate. Exit "
		  "code 1: "
		  "it did not get through. 75: it is being tested already. 78: there is no such target.",
	 .examples = "floodwall notify test ops",
	 .route = FW_API_NOTIFY_TEST,
	 .json = "{\"name\",\"outcome\":\"delivered|failed|refused\",\"http\":N,\"milliseconds\":N,"
		 "\"error\"}",
	 .run = fw_cmd_notify_test},
	{.verb = "events",
	 .arguments = "",
	 .options = {{.name = "follow", .letter = 'f', .help = "go on with what happens next, until Ctrl-C"},
		     {.name = "last", .value = "N", .help = "the last N events (default 100)"}},
	 .help = "bans, changes and what else happened",
	 .about = "Under --json with -f one JSON object a line.",
	 .examples = "floodwall events -f",
	 .route = FW_API_EVENTS,
	 .json = "{\"events\":[{\"timestamp\":RFC3339,\"event_type\":\"start|stop|attach|detach|apply|"
		 "confirm|rollback|reload|geo|signatures|log|feed|tune|set|ban|would_ban|utilisation|unban|"
		 "attack_start|"
		 "attack_update|attack_end|under_attack|challenge|"
		 "allow\",\"message\",\"by\",\"src_ip\",\"dest_ip\",\"rule\",\"log\",\"reason\",\"origin\","
		 "\"expires_in_"
		 "seconds\",\"level\",\"previous_level\",\"percent\",\"amount\",\"limit\",\"interface\","
		 "\"xdp\","
		 "\"generation\",\"file\",\"changes\",\"error\" (something went wrong),\"suppressed\":NAME "
		 "(expected, by "
		 "that suppression of the policy)}]}; the members behind by depend on event_type",
	 .run = fw_cmd_events},
	{.verb = "history",
	 .arguments = "",
	 .options = {OPTION_CSV, OPTION_SVG},
	 .help = "the busiest sources of the last hour, per five minutes",
	 .about = "The same as history top without options.",
	 .examples = "floodwall history",
	 .route = FW_API_HISTORY_TOP,
	 .json = "as history top",
	 .run = fw_cmd_history_top},
	{.verb = "history",
	 .subverb = "top",
	 .arguments = "",
	 .options = {{.name = "window",
		      .value = "TIME",
		      .help = "sums over windows of TIME (default 5m): a multiple of 10s, beyond the last "
			      "day and "
			      "with a rule of 5m"},
		     OPTION_SINCE("an hour before the end"),
		     OPTION_UNTIL,
		     {.name = "rule",
		      .value = "NAME",
		      .complete = FW_COMPLETE_RULE,
		      .help = "the highest windows that this rule's limit was compared with"},
		     {.name = "limit", .value = "N", .help = "at most N lines (default 100)"},
		     OPTION_CSV,
		     OPTION_SVG},
	 .help = "the busiest sources per window of the past, busiest first",
	 .about = "As a query over WAF logs would say it. Numbers of sources are estimated from samples and "
		  "marked so (~), those of a rule's keys are counted. Of a key that comes by several CPUs "
		  "what the others have not told when one closes a sub-window may be missing: up to a 32nd "
		  "of the limit, of a key over it up to 256 packets of each. Per ten seconds "
		  "the 100 busiest sources "
		  "are kept for a day, per five minutes 1000, "
		  "after "
		  "a week 100. --since and --until take 2h (ago), 2026-11-25, '2026-11-25 10:00' (UTC unless "
		  "a "
		  "zone follows), @1795132800 or now.",
	 .examples =
		 "floodwall history top --since 1d --limit 20\n"
		 "floodwall history top --window 10s --since '2026-11-25 10:00' --until '2026-11-25 10:30'\n"
		 "floodwall history top --rule login --csv >login.csv",
	 .route = FW_API_HISTORY_TOP,
	 .json = "{\"since\":RFC3339,\"until\":RFC3339,\"window_seconds\":N,\"rule\":NAME|null,\"unit\","
		 "\"estimated\":BOOL (from "
		 "samples),\"entries\":[{\"start\":RFC3339,\"start_seconds\":N,\"source\",\"packets\","
		 "\"bytes\","
		 "\"dropped\"}]}; with a rule amount in its unit instead of packets and bytes",
	 .run = fw_cmd_history_top},
	{.verb = "history",
	 .subverb = "export",
	 .arguments = "",
	 .options = {OPTION_SINCE("the beginning"), OPTION_UNTIL},
	 .help = "everything recorded, as JSON lines",
	 .about = "One object per row: \"table\" and the columns that HISTORY FILE below describes.",
	 .examples = "floodwall history export --since 1d | gzip >history.jsonl.gz",
	 .route = FW_API_HISTORY_EXPORT,
	 .json = "JSON lines: {\"table\":NAME,\"COLUMN\":VALUE}",
	 .run = fw_cmd_history_export},
	{.verb = "recommend",
	 .arguments = "",
	 .options = {{.name = "rule",
		      .value = "NAME",
		      .complete = FW_COMPLETE_RULE,
		      .help = "only this rule (default: every rule with a limit)"},
		     OPTION_SINCE("7d"),
		     OPTION_UNTIL,
		     {.name = "buffer",
		      .value = "FACTOR",
		      .help = "limit = FACTOR times the highest honest window (default 2)"},
		     {.name = "exclude",
		      .value = "FROM..TO",
		      .repeats = true,
		      .help = "leave a time out, such as 3h..2h; may be repeated"},
		     OPTION_CSV,
		     OPTION_SVG,
		     {.name = "apply",
		      .help = "write the policy with these limits beside the file and put it in force"},
		     {.name = "confirm",
		      .value = "TIME",
		      .value_optional = true,
		      .help = "with --apply: roll back after TIME, 1s to 24h, unless confirmed"}},
	 .help = "limits from recorded traffic: buffer over the highest honest window",
	 .about =
		 "Per rule with a limit: p99, p99.9 and median + 3 MAD of its keys' sub-windows, the highest "
		 "honest window, and the limit proposed, with what it would have stopped. Sources that "
		 "today's "
		 "limit dropped and those above a gap that the crowd does not explain are set apart and "
		 "listed; "
		 "declared attacks are left out. It warns when the data is too short or dirty, and says how "
		 "sure it is of whom it set apart and that the limit spares sources not seen yet: believe "
		 "it as little as it does. unseen_over is the chance that of as many sources again an honest "
		 "one is over the limit, null: not known. Nothing is changed without --apply, which writes "
		 "FILE.recommended "
		 "beside the "
		 "policy file, with your own rights, and applies that.",
	 .examples = "floodwall recommend\n"
		     "floodwall recommend --rule login --since 2d --buffer 1.5\n"
		     "floodwall recommend --exclude 2026-11-25T10:00..2026-11-25T11:30 --svg >limits.svg\n"
		     "sudo floodwall recommend --rule blanket --apply --confirm 5m",
	 .route = FW_API_RECOMMEND,
	 .json = "{\"since\":RFC3339,\"until\":RFC3339,\"buffer\":F,\"rules\":[{\"rule\",\"unit\",\"per\","
		 "\"window_seconds\",\"limit\":TEXT|null,\"limit_now\":TEXT|null,\"amount\":N,"
		 "\"honest_highest\":N,\"attack_lowest\":N,\"gap\":F,\"p99\":N,\"p999\":N,\"median_3mad\":N,"
		 "\"sources\":N,\"set_apart\":{\"blocked\":N,\"apart\":N},\"excluded\":[{\"source\","
		 "\"highest\":N,\"windows\":N,\"why\":\"blocked|apart\"}],\"would_block\":{\"sources\":N,"
		 "\"known_good\":N,\"amount\":N},\"recorded_seconds\":N,\"span_seconds\":N,"
		 "\"excluded_seconds\":N,\"unseen_over\":F|null,\"doubt\":null|{\"sources\":N,\"above\":N,"
		 "\"below\":N,\"chance\":F,\"set_apart\":BOOL},\"warnings\":[TEXT]}]}",
	 .run = fw_cmd_recommend},
	{.verb = "metrics",
	 .arguments = "",
	 .help = "the Prometheus text",
	 .about = "The same as http://127.0.0.1:9854/metrics.",
	 .examples = "floodwall metrics | grep dropped",
	 .route = FW_API_METRICS,
	 .json = "{\"text\"}",
	 .run = fw_cmd_metrics},
	{.verb = "help",
	 .arguments = "[COMMAND [SUBCOMMAND]]",
	 .most = 2,
	 .complete = FW_COMPLETE_COMMAND,
	 .help = "this overview, or all about one command",
	 .about = "",
	 .examples = "floodwall help ban",
	 .route = FW_NO_ROUTE,
	 .json = "{\"text\"}",
	 .run = fw_cmd_help},
	{.verb = "completion",
	 .arguments = "SHELL|KIND",
	 .least = 1,
	 .most = 1,
	 .complete = FW_COMPLETE_WORDS,
	 .words = "bash|zsh|fish|rules|sets|feeds|bans|notify|interfaces",
	 .help = "completion script for a shell; rules, sets, bans and interfaces print live names",
	 .about = "",
	 .examples =
		 "floodwall completion bash | sudo tee /etc/bash_completion.d/floodwall\nfloodwall "
		 "completion zsh "
		 ">~/.zfunc/_floodwall\nfloodwall completion fish >~/.config/fish/completions/floodwall.fish",
	 .route = FW_NO_ROUTE,
	 .json = "{\"text\"}",
	 .run = fw_cmd_completion},
	{.verb = "man",
	 .arguments = "",
	 .help = "the manual page floodwall(1) in roff",
	 .about = "",
	 .examples = "floodwall man | man -l -",
	 .route = FW_NO_ROUTE,
	 .json = "{\"text\"}",
	 .run = fw_cmd_man},
	{.verb = "version",
	 .arguments = "",
	 .help = "the version",
	 .about = "",
	 .examples = "floodwall version",
	 .route = FW_NO_ROUTE,
	 .json = "{\"version\"}",
	 .run = fw_cmd_version},
};

const struct fw_command *fw_commands(size_t *ret_count)
{
	*ret_count = sizeof(commands) / sizeof(commands[0]);
	return commands;
}

const struct fw_option *fw_global_options(size_t *ret_count)
{
	*ret_count = sizeof(global_options) / sizeof(global_options[0]);
	return global_options;
}

bool fw_command_comes_later(const char *verb, const char *subverb)
{
	static const char *const later[][2] = {{"capture", NULL}};

	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (!strcmp(verb, later[i][0]) &&
		    (subverb ? later[i][1] && !strcmp(subverb, later[i][1]) : !later[i][1]))
			return true;
	return false;
}
