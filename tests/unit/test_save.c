// SPDX-License-Identifier: Apache-2.0
/* --save: all or nothing, and the author's file keeps its comments and layout. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "policy/policy.h"

static const char policy_text[] =
	"# \xc3\xbc"
	"ber alles\n"
	"version: 1\n"
	"sets:\n"
	"  flow: {entries: [192.0.2.0/24, \"2001:db8:100::/48\"]}  # keep\n"
	"  block:\n"
	"    entries:\n"
	"      - 10.0.0.1   # a\n"
	"      - 10.0.0.2   # b\n"
	"  lone: 10.9.9.9\n"
	"  empty: {entries: []}\n"
	"  file: {file: set.txt}\n"
	"rules:\n"
	"  - {name: a, match: {source: flow}, limit:   500 packets/10s, action: block}   # tail\n"
	"  - name: b            # first\n"
	"    limit: 7000 packets/5m   # the number\n"
	"    action: block\n"
	"    ban:\n"
	"      for: 10m\n"
	"      escalate: [10m, 1h]\n"
	"    # end of b\n"
	"  - name: c\n"
	"    action: allow\n"
	"    match: {source: [block, lone, empty, file]}\n";
static const char set_text[] = "# set\n10.1.0.1 ; x\n10.1.0.9";

struct files {
	char directory[32], policy[64], set[64];
};

static void write_file(const char *path, const char *text)
{
	FW_FCLOSE FILE *file = fopen(path, "we");

	cr_assert(file && fputs(text, file) >= 0, "%s", path);
}

static char *read_file(const char *path)
{
	FW_FCLOSE FILE *file = fopen(path, "re");
	char *text = calloc(1, 8192);

	cr_assert(file, "%s", path);
	text[fread(text, 1, 8191, file)] = '\0';
	return text;
}

static struct files files_new(void)
{
	struct files files = {.directory = "/tmp/fw-test-save-XXXXXX"};

	cr_assert(mkdtemp(files.directory));
	snprintf(files.policy, sizeof(files.policy), "%s/policy.yaml", files.directory);
	snprintf(files.set, sizeof(files.set), "%s/set.txt", files.directory);
	write_file(files.policy, policy_text);
	write_file(files.set, set_text);
	return files;
}

static void files_remove(const struct files *files)
{
	unlink(files->policy);
	unlink(files->set);
	cr_expect_eq(rmdir(files->directory), 0, "something was left in %s", files->directory);
}

/* The text with the one change that is expected. */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *result = NULL;

	cr_assert(at, "'%s' is not in the text", old);
	cr_assert_geq(asprintf(&result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)), 0);
	return result;
}

static const struct save_case {
	const char *rule, *key, *value, *old, *new;
} save_cases[] = {
	{"a", "limit", "2000/10s", "500 packets/10s", "2000 packets/10s"},
	{"a", "ban", "5m", "action: block}   # tail", "action: block, ban: 5m}   # tail"},
	{"b", "limit", "1k bytes/10s", "7000 packets/5m   #", "1000 bytes/10s   #"},
	{"b", "action", "count", "action: block\n    ban", "action: count\n    ban"},
	{"b", "ban", "1h", "ban:\n      for: 10m\n      escalate: [10m, 1h]\n", "ban: 1h\n"},
	{"b", "ban", "none", "    ban:\n      for: 10m\n      escalate: [10m, 1h]\n", ""},
	{"b", "mode", "count", "escalate: [10m, 1h]\n", "escalate: [10m, 1h]\n    mode: count\n"},
	{"b", "per", "source,dest_port", "escalate: [10m, 1h]\n",
	 "escalate: [10m, 1h]\n    per: [source, dest_port]\n"},
	{"c", "force", "true", "empty, file]}\n", "empty, file]}\n    force: true\n"},
};

Test(save, changes_one_value_and_keeps_the_rest)
{
	for (size_t i = 0; i < sizeof(save_cases) / sizeof(save_cases[0]); i++) {
		const struct save_case *c = &save_cases[i];
		struct files files = files_new();
		FW_FREE char *want = replaced(policy_text, c->old, c->new);
		FW_FREE char *got = NULL;
		struct fw_err err = {0};

		cr_expect_eq(fw_policy_save_tune(files.policy, c->rule, c->key, c->value, &err), 0, "%s",
			     err.text);
		got = read_file(files.policy);
		cr_expect_str_eq(got, want, "%s %s=%s: got\n%s", c->rule, c->key, c->value, got);
		files_remove(&files);
	}
}

static const struct entry_case {
	const char *set, *entry, *old, *new;
	bool add;
} entry_cases[] = {
	{"flow", "203.0.113.7", "/48\"]}", "/48\", 203.0.113.7]}", true},
	{"flow", "2001:db8::/64", "/48\"]}", "/48\", \"2001:db8::/64\"]}", true},
	{"flow", "192.0.2.0/24", "x", "x", true},
	{"block", "203.0.113.7", "# b\n", "# b\n      - 203.0.113.7\n", true},
	{"lone", "203.0.113.7", "10.9.9.9", "[10.9.9.9, 203.0.113.7]", true},
	{"empty", "203.0.113.7", "[]", "[203.0.113.7]", true},
	{"flow", "192.0.2.0/24", "192.0.2.0/24, ", "", false},
	{"flow", "2001:db8:100::/48", ", \"2001:db8:100::/48\"", "", false},
	{"block", "10.0.0.1", "      - 10.0.0.1   # a\n", "", false},
	{"block", "10.0.0.2", "      - 10.0.0.2   # b\n", "", false},
	/* A part of an entry. */
	{"flow", "192.0.2.64/26", "192.0.2.0/24, ", "192.0.2.0/26, 192.0.2.128/25, ", false},
	{"flow", "2001:db8:100:8000::/49", "\"2001:db8:100::/48\"", "\"2001:db8:100::/49\"", false},
};

static struct fw_prefix prefix_of(const char *text)
{
	struct fw_prefix prefix = {0};

	cr_assert_eq(fw_prefix_parse(text, &prefix, NULL), 0, "%s", text);
	return prefix;
}

Test(save, entries_in_lists)
{
	for (size_t i = 0; i < sizeof(entry_cases) / sizeof(entry_cases[0]); i++) {
		const struct entry_case *c = &entry_cases[i];
		struct fw_prefix prefix = prefix_of(c->entry);
		struct files files = files_new();
		FW_FREE char *want =
			strcmp(c->old, "x") ? replaced(policy_text, c->old, c->new) : strdup(policy_text);
		FW_FREE char *got = NULL;
		struct fw_err err = {0};

		cr_expect_eq(fw_policy_save_entries(files.policy, c->set, &prefix, 1, c->add, &err), 0, "%s",
			     err.text);
		got = read_file(files.policy);
		cr_expect_str_eq(got, want, "%s %s %s: got\n%s", c->set, c->add ? "add" : "del", c->entry,
				 got);
		files_remove(&files);
	}
}

Test(save, entries_in_a_set_file)
{
	struct fw_prefix both[] = {prefix_of("203.0.113.7"), prefix_of("2001:db8::/64")},
			 old = prefix_of("10.1.0.1");
	struct files files = files_new();
	FW_FREE char *policy = NULL;
	FW_FREE char *added = NULL;
	FW_FREE char *removed = NULL;

	cr_expect_eq(fw_policy_save_entries(files.policy, "file", both, 2, true, NULL), 0);
	added = read_file(files.set);
	cr_expect_str_eq(added, "# set\n10.1.0.1 ; x\n10.1.0.9\n203.0.113.7\n2001:db8::/64\n");
	cr_expect_eq(fw_policy_save_entries(files.policy, "file", &old, 1, false, NULL), 0);
	removed = read_file(files.set);
	cr_expect_str_eq(removed, "# set\n10.1.0.9\n203.0.113.7\n2001:db8::/64\n");
	policy = read_file(files.policy);
	cr_expect_str_eq(policy, policy_text);
	files_remove(&files);
}

static const struct cut_case {
	const char *name, *file, *want, *out[3];
} cut_cases[] = {
	{"inside a prefix",
	 "# set\n192.0.2.0/24 ; office\n198.51.100.0/24\n",
	 "# set\n192.0.2.0/26 ; office\n192.0.2.128/25\n198.51.100.0/24\n",
	 {"192.0.2.64/26"}},
	{"inside IPv6", "2001:db8::/62", "2001:db8::/64\n2001:db8:0:2::/63\n", {"2001:db8:0:1::/64"}},
	{"inside a range",
	 "203.0.113.4-203.0.113.9\n",
	 "203.0.113.4\n203.0.113.6/31\n203.0.113.8/31\n",
	 {"203.0.113.5"}},
	{"a whole range, as its prefixes",
	 "203.0.113.4-203.0.113.9 # gone\n10.0.0.1\n",
	 "10.0.0.1\n",
	 {"203.0.113.4/30", "203.0.113.8/31"}},
	{"what is said twice",
	 "10.0.0.0/31\n10.0.0.0\n10.0.0.0/30\n",
	 "10.0.0.1\n10.0.0.1\n10.0.0.2/31\n",
	 {"10.0.0.0"}},
	{"not what lies inside", "10.5.0.0/16\n10.0.0.0/8\n", "10.5.0.0/16\n", {"10.0.0.0/8"}},
	{"two of one entry", "10.0.0.0/30\n", "10.0.0.1\n10.0.0.2\n", {"10.0.0.0", "10.0.0.3"}},
	{"CRLF behind a byte order mark",
	 "\xef\xbb\xbf"
	 "10.0.0.0/31\r\n10.0.0.9\r\n",
	 "\xef\xbb\xbf"
	 "10.0.0.1\r\n10.0.0.9\r\n",
	 {"10.0.0.0"}},
};

Test(save, what_is_cut_out_of_a_set_file)
{
	for (size_t i = 0; i < sizeof(cut_cases) / sizeof(cut_cases[0]); i++) {
		const struct cut_case *c = &cut_cases[i];
		struct files files = files_new();
		struct fw_prefix out[3];
		FW_FREE char *got = NULL;
		struct fw_err err = {0};
		size_t count = 0;

		for (; count < 3 && c->out[count]; count++)
			out[count] = prefix_of(c->out[count]);
		write_file(files.set, c->file);
		cr_expect_eq(fw_policy_save_entries(files.policy, "file", out, count, false, &err), 0,
			     "%s: %s", c->name, err.text);
		got = read_file(files.set);
		cr_expect_str_eq(got, c->want, "%s: got\n%s", c->name, got);
		files_remove(&files);
	}
}

Test(save, what_is_cut_out_of_lists)
{
	static const char text[] = "version: 1\n"
				   "sets:\n"
				   "  block:\n"
				   "    entries:\n"
				   "      - 10.0.0.0/30   # a\n"
				   "      - \"2001:db8::/63\"\n"
				   "      - 10.0.0.0/31   # b\n"
				   "  lone: 10.9.9.0-10.9.9.2\n";
	const struct fw_prefix out[] = {prefix_of("10.0.0.1"), prefix_of("2001:db8::/64")},
			       lone = prefix_of("10.9.9.1");
	struct files files = files_new();
	FW_FREE char *got = NULL;
	struct fw_err err = {0};

	write_file(files.policy, text);
	cr_expect_eq(fw_policy_save_entries(files.policy, "block", out, 2, false, &err), 0, "%s", err.text);
	cr_expect_eq(fw_policy_save_entries(files.policy, "lone", &lone, 1, false, &err), 0, "%s", err.text);
	got = read_file(files.policy);
	cr_expect_str_eq(got, "version: 1\n"
			      "sets:\n"
			      "  block:\n"
			      "    entries:\n"
			      "      - 10.0.0.0   # a\n"
			      "      - 10.0.0.2/31\n"
			      "      - \"2001:db8:0:1::/64\"\n"
			      "      - 10.0.0.0   # b\n"
			      "  lone: [10.9.9.0, 10.9.9.2]\n");
	files_remove(&files);
}

Test(save, what_cannot_be_saved_leaves_the_file_alone)
{
	struct fw_prefix stranger = prefix_of("203.0.113.7"), lone = prefix_of("10.9.9.9"),
			 wide = prefix_of("10.0.0.0/24");
	struct files files = files_new();
	struct fw_err err = {0};
	FW_FREE char *got = NULL;

	cr_expect_eq(fw_policy_save_tune(files.policy, "b", "action", "police", &err), -EINVAL);
	cr_expect_eq(fw_policy_save_tune(files.policy, "z", "action", "count", &err), -ENOENT);
	cr_expect_eq(fw_policy_save_entries(files.policy, "flow", &stranger, 1, false, &err), -ENOENT);
	cr_expect_eq(fw_policy_save_entries(files.policy, "file", &stranger, 1, false, &err), -ENOENT);
	cr_expect_eq(fw_policy_save_entries(files.policy, "block", &wide, 1, false, &err), -ENOENT);
	cr_expect_str_eq(err.text,
			 "no entry of set 'block' has all of '10.0.0.0/24'; name the entries that are "
			 "to go as they stand there");
	cr_expect_eq(fw_policy_save_entries(files.policy, "nosuch", &stranger, 1, true, &err), -ENOENT);
	cr_expect_eq(fw_policy_save_entries(files.policy, "lone", &lone, 1, false, &err), -EINVAL);
	cr_expect_eq(fw_policy_save_tune("/nonexistent.yaml", "a", "action", "count", &err), -ENOENT);
	got = read_file(files.policy);
	cr_expect_str_eq(got, policy_text);
	files_remove(&files);
}

Test(save, keeps_mode_and_follows_links)
{
	struct files files = files_new();
	char link[64];
	struct stat status;
	FW_FREE char *got = NULL;

	snprintf(link, sizeof(link), "%s/link.yaml", files.directory);
	cr_assert_eq(symlink("policy.yaml", link), 0);
	cr_assert_eq(chmod(files.policy, 0640), 0);
	cr_expect_eq(fw_policy_save_tune(link, "a", "limit", "9/1s", NULL), 0);
	cr_assert_eq(lstat(link, &status), 0);
	cr_expect(S_ISLNK(status.st_mode), "the link became a file");
	cr_assert_eq(stat(files.policy, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0640);
	got = read_file(files.policy);
	cr_expect(strstr(got, "9 packets/1s"));
	unlink(link);
	files_remove(&files);
}
