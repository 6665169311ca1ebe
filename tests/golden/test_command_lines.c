// SPDX-License-Identifier: Apache-2.0
/* Command lines: what is said to wrong ones, and where global options may stand. */
#include "printed.h"

#include <sched.h>
#include <sys/mount.h>

/* Command lines that need no agent; those that do find none here. */
static const char *const lines[] = {
	"statsu",
	"xyzzy",
	"recommend --rule x",
	"recommend --confirm 5m",
	"recommend --csv --svg",
	"recommend --exclude",
	"history",
	"history top --csv --svg",
	"history top --limit 0",
	"history top --window",
	"history export extra",
	"capture -w x",
	"attacks",
	"under-attack on",
	"import",
	"import csf x",
	"import aws-waf",
	"import aws-waf /nonexistent.json",
	"--json import aws-waf /dev/null",
	"import aws-waf /dev/null --ip-set /nonexistent.json",
	"feeds sync",
	"feeds sync a b",
	"feeds snyc",
	"sets ad vpn 192.0.2.1",
	"sets frob",
	"sets frob --for 1h",
	"feeds frob",
	"history tpo",
	"notify frob",
	"status extra",
	"status --wat",
	"statsu --json",
	"--jsn status",
	"--for 1h ban 192.0.2.1",
	"status --for 1h",
	"attach",
	"attach eth0 --xdp natve",
	"attach eth0 eth1",
	"attach eth0 --xdp",
	"attach eth0 --xdp native --xdp generic",
	"apply",
	"apply /nonexistent.yaml",
	"apply /nonexistent.yaml --confirm",
	"apply --confirm=1x /dev/null",
	"apply /dev/null --confirm 1x",
	"apply --confirm=0s /dev/null",
	"check",
	"check /nonexistent.yaml",
	"--json check /nonexistent.yaml",
	"plan /nonexistent.yaml",
	"rules kesy blanket",
	"rules keys",
	"rules keys blanket --limit none",
	"tune blanket",
	"tune blanket limit",
	"tune blanket =5",
	"tune blanket limit=",
	"tune blanket limit=1/1s limit=2/1s",
	"tune blanket limit=5/1s --for soon",
	"tune blanket limit=5/1s --for 1h --save",
	"top --by pakets",
	"top --limit 0",
	"ban",
	"ban 1.2.3",
	"ban 192.0.2.1/24",
	"ban 192.0.2.1 --for 0s",
	"ban 192.0.2.1 --for 10",
	"ban 192.0.2.1 --for 1ms",
	"ban 192.0.2.1 --for 5000d",
	"ban 192.0.2.1 --for 99999999d",
	"ban 192.0.2.1 --strikes 256",
	"ban --for",
	"unban nobody",
	"allow --for 1h",
	"sets add vpn",
	"sets test vpn 300.1.2.3",
	"explain",
	"explain here",
	"explain 192.0.2.1 --flags sin",
	"replay x.pcap",
	"replay --policy",
	"replay x.pcap --policy /nonexistent.yaml --seed -1",
	"replay x.pcap --policy /nonexistent.yaml",
	"doctor",
	"events --last many",
	"attacks --last 1000",
	"attacks now",
	"under-attack maybe",
	"under-attack --for 1h",
	"under-attack on --for soon",
	"completion",
	"completion tcsh",
	"help wat",
	"help sets ad",
	"help bans frob",
	"help capture",
	"version extra",
	"--socket",
	"--socket= status",
	"--socket=/nonexistent/api.sock status",
	"--socket=/nonexistent/api.sock --json bans",
	"--socket=/nonexistent/api.sock ban 192.0.2.1",
	"--socket=/nonexistent/api.sock events -f",
	"status --socket /nonexistent/api.sock",
	"-- statsu",
	"-x",
};

/* Who finds no agent looks for filters: of this machine's there are none here, whoever runs agents beside. As
 * nobody in particular this cannot be had; then there are none to be seen. */
static void leave_this_machines_filters(void)
{
	if (unshare(CLONE_NEWNS))
		return;
	cr_assert_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	cr_assert_eq(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL), 0);
}

Test(golden, wrong_lines)
{
	struct printed all = {0};
	FILE *report = open_memstream(&all.text, &all.length);

	leave_this_machines_filters();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct printed out = {0}, err = {0};
		FILE *out_file = open_memstream(&out.text, &out.length),
		     *err_file = open_memstream(&err.text, &err.length);
		int exit = run(lines[i], out_file, err_file);

		fclose(out_file);
		fclose(err_file);
		fprintf(report, "$ floodwall %s\n%s%s[%d]\n\n", lines[i], out.text, err.text, exit);
		cr_assert(exit != 0, "floodwall %s succeeds", lines[i]);
		cr_assert(out.length == 0 || strstr(lines[i], "check"), "floodwall %s prints on stdout: %s",
			  lines[i], out.text);
		free(out.text);
		free(err.text);
	}
	fclose(report);
	compare("wrong_lines", all.text);
	free(all.text);
}

/* Global options are taken wherever they stand. */
Test(golden, global_options_anywhere)
{
	static const char *const forms[] = {"--json version", "version --json", "--json --no-color version",
					    "version --no-color --json"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct printed out = {0};
		FILE *file = open_memstream(&out.text, &out.length);

		cr_assert(run(forms[i], file, stderr) == 0);
		fclose(file);
		cr_assert_str_eq(out.text, "{\"version\":\"" FW_VERSION "\"}\n");
		free(out.text);
	}
}
