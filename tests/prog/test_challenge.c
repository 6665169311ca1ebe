// SPDX-License-Identifier: Apache-2.0
/* Action challenge: when it begins and ends, whom it is for and whom it spares. */
#include "challenge_scene.h"
#include "lib/published_ports.h"

Test(challenge, begins_over_the_limit_and_ends_with_hysteresis)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 5), 5, "within the limit nothing is challenged");
	expect_rule(lab, FW_REASON_CHALLENGED, "syn", SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, PACKET(.from = HONEST));
	lab->now_ns += 2 * SECONDS; /* the rate is nothing, the challenge holds on */
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 7 * SECONDS;
	cr_expect_eq(lab_send(lab, SYN(.from = HONEST), 3), 0,
		     "three are more than half of the limit: it goes on");
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	lab->now_ns += 5 * SECONDS;
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST));
	cr_expect_eq(lab_counts(lab, "syn").packets, 12);
	cr_expect_eq(lab_counts(lab, "syn").dropped, 6);
	scene_close(&scene);
}

Test(challenge, per_destination)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, PER_IP);
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to = VICTIM_OTHER));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	scene_close(&scene);
}

Test(challenge, of_nobody_who_listens)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, TOTAL);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81));
	flood(&scene, VICTIM);
	expect_rule(lab, FW_REASON_CHALLENGE_NO_LISTENER, "syn", SYN(.from = HONEST, .to_port = 81));
	expect(lab, FW_REASON_CHALLENGE_NO_LISTENER, SYN(.from = HONEST6, .to_port = 81));
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to_port = 81)); /* may be for somebody behind */
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* Whoever ends a challenge does it at once, also when another rule asks who is verified. */
Test(challenge, ends_with_the_rule)
{
	static const char asks[] = "version: 1\nrules: [{name: r, match: {verified: false, dest_port: 9}, "
				   "action: block}]\n";
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	expect(&scene.lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(&scene.lab, asks);
	expect(&scene.lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* Nor does TCP have to show a connection any longer once the rule only counts. */
Test(challenge, ends_when_the_rule_counts)
{
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	expect(&scene.lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(&scene.lab, "version: 1\n" RULE("per: total, mode: count, "));
	expect(&scene.lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	cr_expect_eq(lab_counts(&scene.lab, "syn").dropped, 4);
	scene_close(&scene);
}

#define SYN_RULE(name, port, more)                                                                           \
	"{name: " name ", match: {protocol: tcp, tcp_flags: syn, dest_port: " port "}, limit: 5 "            \
	"connections/1s, per: destination, " more "action: challenge}"
#define TWO_RULES(more)                                                                                      \
	"version: 1\nrules: [" SYN_RULE("loud", "80", more) ", " SYN_RULE("syn", "443", "") "]\n"
#define SHOWN 8

static bool is_syn(const void *context, uint16_t rule, bool of_everybody)
{
	const struct lab *lab = context;

	(void)of_everybody;
	return rule < FW_RULE_IDS && !strcmp(lab->ids.name[rule], "syn");
}

static bool is_any(const void *context, uint16_t rule, bool of_everybody)
{
	(void)context;
	(void)of_everybody;
	return rule < FW_RULE_IDS;
}

static void flood_port(struct scene *scene, const char *to, uint16_t port)
{
	lab_send(&scene->lab, SYN(.from = HONEST, .to = to, .to_port = port), 8);
}

/* Many that only count must not hide the one that is answered. */
Test(challenge, those_of_rules_that_count_are_not_among_them)
{
	struct scene scene = {0};
	struct fw_challenge_entry entries[SHOWN];
	size_t count = 0;

	scene_open(&scene, TWO_RULES("mode: count, "));
	for (int i = 0; i < 400; i++) {
		char to[32];

		snprintf(to, sizeof(to), "10.9.%d.%d", i / 200, 1 + i % 200);
		flood_port(&scene, to, 80);
	}
	flood_port(&scene, VICTIM, 443);
	cr_assert_eq(fw_challenges(scene.lab.datapath, is_syn, &scene.lab, entries, SHOWN, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_str_eq(scene.lab.ids.name[entries[0].key.rule], "syn");
	cr_expect(entries[0].answers);
	scene_close(&scene);
}

/* What an interface in count mode saw is told, and that nobody was answered. */
Test(challenge, of_an_interface_in_count_mode_answers_nobody)
{
	struct scene scene = {0};
	struct fw_challenge_entry entries[SHOWN];
	size_t count = 0;

	scene_open(&scene, PER_IP);
	scene.lab.count_ifaces = UINT32_MAX;
	lab_publish(&scene.lab, PER_IP);
	flood_port(&scene, VICTIM, 443);
	cr_assert_eq(fw_challenges(scene.lab.datapath, is_any, NULL, entries, SHOWN, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect(!entries[0].answers);
	scene_close(&scene);
}

/* Beside a rule that goes on, one that only counts leaves no destination under a challenge. */
Test(challenge, what_a_rule_that_counts_has_left_is_taken_away)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct fw_challenge_entry entries[SHOWN];
	size_t count = 0;

	scene_open(&scene, TWO_RULES(""));
	flood_port(&scene, VICTIM_OTHER, 80);
	flood_port(&scene, VICTIM, 443);
	lab_publish(lab, TWO_RULES("mode: count, "));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	cr_assert_eq(fw_challenges(lab->datapath, is_syn, lab, entries, SHOWN, &count), 0);
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

static bool is_of_one(const void *context, uint16_t rule, bool of_everybody)
{
	return is_syn(context, rule, of_everybody) && !of_everybody;
}

/* Nor does one that was per: total, once it is per destination. */
Test(challenge, what_a_rule_with_other_keys_has_left_is_taken_away)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct fw_challenge_entry entries[SHOWN];
	size_t count = 0;

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	lab_publish(lab, PER_IP);
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	flood(&scene, VICTIM);
	cr_assert_eq(fw_challenges(lab->datapath, is_of_one, lab, entries, SHOWN, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect_neq(entries[0].key.addr.w[3], 0, "of one destination");
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST, .to = VICTIM_OTHER));
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

/* The one that ends may have been the last to move on what both have begun. */
Test(challenge, of_two_rules_on_a_destination_the_one_that_goes_on_protects)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct fw_challenge_entry entries[SHOWN];
	size_t count = 0;

	scene_open(&scene, TWO_RULES(""));
	flood_port(&scene, VICTIM, 443);
	flood_port(&scene, VICTIM, 80);
	lab_publish(lab, TWO_RULES("mode: count, "));
	cr_assert_eq(fw_challenges(lab->datapath, is_syn, lab, entries, SHOWN, &count), 0);
	cr_assert_eq(count, 1);
	cr_expect(entries[0].answers);
	expect(lab, FW_REASON_CHALLENGE_NO_STATE, TCP(TCP_ACK, .from = HONEST));
	scene_close(&scene);
}

Test(challenge, count_mode_answers_nobody)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;
	struct packet syn = SYN(.from = HONEST);

	scene_open(&scene, "version: 1\n" RULE("per: total, mode: count, "));
	flood(&scene, VICTIM);
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_NO_RULE);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(scene.answer_length == syn.length && !memcmp(scene.answer, syn.bytes, syn.length),
		  "the frame is as it came");
	cr_expect_eq(lab_counts(lab, "syn").would_drop, 4);
	expect(lab, FW_REASON_NO_RULE, TCP(TCP_ACK, .from = HONEST));
	lab_publish(lab, "version: 1\nmode: count\n" RULE("per: total, "));
	cr_expect_eq(lab_run(lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	cr_expect(!memcmp(scene.answer, syn.bytes, syn.length), "the frame is as it came");
	scene_close(&scene);
}

Test(challenge, spares_never_block_and_earlier_rules)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, "version: 1\nnever_block: [office]\nsets: {office: {entries: [" OFFICE
			   "]}}\n" RULE("per: total, "));
	flood(&scene, VICTIM);
	expect(lab, FW_REASON_NEVER_BLOCK, SYN(.from = OFFICE));
	expect(lab, FW_REASON_NEVER_BLOCK, TCP(TCP_RST, .from = OFFICE));
	expect(lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	scene_close(&scene);
}

static const char *const nobodys[] = {
	"0.0.0.0", "127.0.0.1", "127.255.255.254", "224.0.0.1", "239.255.255.255", "255.255.255.255",
	"::",	   "::1",	"ff02::1",	   "ff0e::7"};
static const char *const somebodys[] = {
	"10.0.0.7", "100.64.0.7", "169.254.0.7", "172.16.0.7", "192.168.0.7",	  "223.255.255.7",
	"0.1.2.3",  "126.0.0.7",  "128.0.0.7",	 "240.0.0.7",  "255.255.255.254", "fd00::7",
	"fe80::7",  "feff::7",	  "::2",	 "::1:0:0:1"};
static const char *const of_all[] = {
	"224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1", "ff0e::7",
	/* from the wire to no one: nobody is told which ports are open in here */
	"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "::ffff:127.255.255.254"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_syn(struct lab *lab, enum fw_reason expected, const char *from, const char *to)
{
	struct packet syn = SYN(.from = from, .to = to);
	enum fw_reason got = lab_run(lab, &syn);

	cr_expect_eq(got, expected, "%s to %s: expected %s, got %s", from, to ? to : "the victim",
		     lab_words[expected], lab_words[got]);
}

/* What an answer could only go to by mistake gets none: the stack would not give one either. */
static void nobody_is_answered(struct lab *lab)
{
	for (size_t i = 0; i < COUNT(nobodys); i++)
		check_syn(lab, FW_REASON_CHALLENGE_NO_LISTENER, nobodys[i], NULL);
	for (size_t i = 0; i < COUNT(of_all); i++)
		check_syn(lab, FW_REASON_CHALLENGE_NO_LISTENER, strchr(of_all[i], ':') ? HONEST6 : HONEST,
			  of_all[i]);
}

Test(challenge, of_nobody_or_to_all_is_not_answered)
{
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, "version: 1\nsafety: {synproxy_wscale: 5}\n" RULE("per: total, "));
	expect(lab, FW_REASON_NO_RULE, SYN(.from = "127.0.0.1")); /* the stack's affair while all is well */
	expect(lab, FW_REASON_NO_RULE, SYN(.from = HONEST, .to = "224.0.0.1"));
	flood(&scene, VICTIM);
	/* IPv4 addresses mapped to IPv6 send nothing over a wire, whoever they are. */
	expect(lab, FW_REASON_MALFORMED_IP, SYN(.from = "::ffff:127.0.0.1"));
	expect(lab, FW_REASON_MALFORMED_IP, SYN(.from = "::ffff:10.0.0.7"));
	nobody_is_answered(lab);
	for (size_t i = 0; i < COUNT(somebodys); i++)
		check_syn(lab, FW_REASON_CHALLENGED, somebodys[i], NULL);
	sockets_say(lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
	nobody_is_answered(lab);
	lab_publish(lab, "version: 1\nmode: count\n" RULE("per: total, "));
	nobody_is_answered(lab);
	cr_expect_eq(lab->trace.verdict, FW_VERDICT_WOULD_DROP);
	lab_publish(lab, TOTAL);
	sockets_say(lab, COOKIE_FLAGS & ~(unsigned int)FW_COOKIE_READY);
	expect(lab, FW_REASON_NO_RULE, SYN(.from = "127.0.0.1")); /* nothing is challenged then */
	scene_close(&scene);
}

/* A frame to a group is for no listener of this host; it may be for somebody on a bridge. */
Test(challenge, a_frame_to_a_group_is_not_answered)
{
	static const unsigned char groups[][6] = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
						  {1, 0, 0x5e, 0, 0, 1}};
	struct packet syn = SYN(.from = HONEST), syn6 = SYN(.from = HONEST6, .tags = 1);
	struct scene scene = {0};
	struct lab *lab = &scene.lab;

	scene_open(&scene, "version: 1\nsafety: {synproxy_wscale: 5}\n" RULE("per: total, "));
	flood(&scene, VICTIM);
	for (size_t i = 0; i < COUNT(groups); i++) {
		memcpy(syn.bytes, groups[i], 6);
		memcpy(syn6.bytes, groups[i], 6);
		sockets_say(lab, COOKIE_FLAGS);
		expect(lab, FW_REASON_CHALLENGE_NO_LISTENER, syn);
		expect(lab, FW_REASON_CHALLENGE_NO_LISTENER, syn6);
		sockets_say(lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
		expect(lab, FW_REASON_NO_RULE, syn);
		expect(lab, FW_REASON_NO_RULE, syn6);
	}
	scene_close(&scene);
}

#define OWN(lab, ...)                                                                                        \
	do {                                                                                                 \
		static const char *const own_[] = {__VA_ARGS__};                                             \
		sockets_own(lab, own_, sizeof(own_) / sizeof(own_[0]));                                      \
	} while (0)

/* A socket that listens on every address is found for any: whose SYN it is, the address says. */
Test(challenge, of_addresses_that_are_not_this_hosts)
{
	static const struct {
		const char *from, *to;
		enum fw_reason seen, unseen;
	} rows[] = {
		{HONEST, VICTIM, FW_REASON_CHALLENGED, FW_REASON_CHALLENGED},
		{HONEST6, VICTIM6, FW_REASON_CHALLENGED, FW_REASON_CHALLENGED},
		{HONEST, VICTIM_FAR, FW_REASON_CHALLENGED, FW_REASON_CHALLENGED}, /* of a prefix */
		{HONEST6, VICTIM6_FAR, FW_REASON_CHALLENGED, FW_REASON_CHALLENGED},
		{HONEST, VICTIM_OTHER, FW_REASON_CHALLENGE_NO_LISTENER, FW_REASON_NO_RULE},
		{HONEST6, VICTIM6_OTHER, FW_REASON_CHALLENGE_NO_LISTENER, FW_REASON_NO_RULE},
		{HONEST, "203.0.113.9", FW_REASON_CHALLENGE_NO_LISTENER, FW_REASON_NO_RULE},
		{HONEST6, "2001:db8:2::9", FW_REASON_CHALLENGE_NO_LISTENER, FW_REASON_NO_RULE},
	};
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	OWN(&scene.lab, VICTIM, VICTIM6, "192.0.3.0/24", "2001:db8:1::/48");
	flood(&scene, VICTIM);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&scene.lab, rows[i].seen, SYN(.from = rows[i].from, .to = rows[i].to));
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&scene.lab, rows[i].unseen, SYN(.from = rows[i].from, .to = rows[i].to));
	scene_close(&scene);
}

/* Whose SYNPROXY takes over gets its kind of answer, though a socket of this host would be found. */
Test(challenge, of_somebody_behind_whose_port_is_taken_here)
{
	struct scene scene = {0};
	struct packet syn = SYN(.from = HONEST, .to = VICTIM_OTHER);

	scene_open(&scene, "version: 1\nsafety: {synproxy_wscale: 5}\n" RULE("per: total, "));
	OWN(&scene.lab, VICTIM);
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
	flood(&scene, VICTIM);
	cr_assert_eq(lab_run(&scene.lab, &syn), FW_REASON_CHALLENGED);
	cr_expect_eq(scene.answer[34 + 14] << 8 | scene.answer[34 + 15], 0, "no window before the server is");
	scene_close(&scene);
}

static enum fw_reason reason_of(struct scene *scene, const char *from, const char *to)
{
	struct packet syn = SYN(.from = from, .to = to);

	return lab_run(&scene->lab, &syn);
}

/* Only what differs is written, whoever wrote what is there; IPv4 as it is mapped is not of ::/0. */
Test(challenge, addresses_come_and_go)
{
	static struct fw_prefix many[FW_LOCAL_MAX + 1];
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	OWN(&scene.lab, "::/0");
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM), FW_REASON_CHALLENGE_NO_LISTENER);
	cr_expect_eq(reason_of(&scene, HONEST6, VICTIM6), FW_REASON_CHALLENGED);
	OWN(&scene.lab, "0.0.0.0/0");
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM), FW_REASON_CHALLENGED);
	cr_expect_eq(reason_of(&scene, HONEST6, VICTIM6), FW_REASON_CHALLENGE_NO_LISTENER);
	OWN(&scene.lab, VICTIM, VICTIM_OTHER, "192.0.2.0/25");
	OWN(&scene.lab, VICTIM_OTHER, VICTIM6);
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM), FW_REASON_CHALLENGE_NO_LISTENER);
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM_OTHER), FW_REASON_CHALLENGED);
	cr_expect_eq(reason_of(&scene, HONEST6, VICTIM6), FW_REASON_CHALLENGED);
	for (uint32_t i = 0; i <= FW_LOCAL_MAX; i++)
		many[i] = (struct fw_prefix){.addr.w = {0, 0, htonl(0xffff), htonl(0x0a000000 + i)},
					     .bits = 128};
	cr_expect_eq(fw_local_set(scene.lab.datapath, many, FW_LOCAL_MAX + 1), -E2BIG);
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM_OTHER), FW_REASON_CHALLENGED, "nothing was changed");
	cr_expect_eq(fw_local_set(scene.lab.datapath, many, FW_LOCAL_MAX), 0, "as many as fit");
	cr_expect_eq(reason_of(&scene, HONEST, "10.0.63.255"), FW_REASON_CHALLENGED);
	cr_expect_eq(reason_of(&scene, HONEST, VICTIM_OTHER), FW_REASON_CHALLENGE_NO_LISTENER);
	cr_expect_eq(fw_local_set(scene.lab.datapath, NULL, 0), 0);
	cr_expect_eq(reason_of(&scene, HONEST, "10.0.63.255"), FW_REASON_CHALLENGE_NO_LISTENER);
	scene_close(&scene);
}

/* A proxy of Docker's listens, but the stack gives the SYN to a container. */
Test(challenge, of_ports_that_are_published)
{
	struct fw_published_ports ports = {.words = {[443 / 64] = 1ULL << 443 % 64}};
	struct scene scene = {0};

	scene_open(&scene, TOTAL);
	flood(&scene, VICTIM);
	fw_published_set(scene.lab.datapath, ports.words);
	expect(&scene.lab, FW_REASON_CHALLENGED, SYN(.from = HONEST)); /* passed on it cannot be */
	sockets_say(&scene.lab, COOKIE_FLAGS | FW_COOKIE_UNSEEN);
	expect(&scene.lab, FW_REASON_NO_RULE, SYN(.from = HONEST));
	expect(&scene.lab, FW_REASON_NO_RULE, SYN(.from = HONEST6));
	ports.words[443 / 64] = ~ports.words[443 / 64];
	fw_published_set(scene.lab.datapath, ports.words);
	expect(&scene.lab, FW_REASON_CHALLENGED, SYN(.from = HONEST));
	scene_close(&scene);
}
