// SPDX-License-Identifier: Apache-2.0
/* What `import` makes of web ACLs: the policy, the list of what was left out, the exit code. */
#include <unistd.h>

#include "printed.h"

/* Web ACLs of tests/data/waf, as words and as JSON: the policy, the list beside it and the exit code. */
Test(golden, import)
{
	static const struct {
		const char *line;
		int exit;
	} imports[] = {
		{"import aws-waf three-rules.json", 0},
		{"import aws-waf allow-deny-rate.json --ip-set ipset-allow-v4.json --ip-set "
		 "ipset-allow-v6.json --ip-set "
		 "ipset-deny.json",
		 0},
		{"import aws-waf omissions.json", 3},
		{"--json import aws-waf reputation-set.json", 3},
		{"import aws-waf ipset-deny.json", 78},
	};
	struct printed all = {0};
	FILE *report = open_memstream(&all.text, &all.length);

	cr_assert(!chdir(FW_TESTS_DIR "/data/waf"));
	for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
		struct printed out = {0}, err = {0};
		FILE *out_file = open_memstream(&out.text, &out.length),
		     *err_file = open_memstream(&err.text, &err.length);
		int exit = run(imports[i].line, out_file, err_file);

		fclose(out_file);
		fclose(err_file);
		fprintf(report, "$ floodwall %s\n%s--- stderr\n%s[%d]\n\n", imports[i].line, out.text,
			err.text, exit);
		cr_expect_eq(exit, imports[i].exit, "floodwall %s: %d", imports[i].line, exit);
		free(out.text);
		free(err.text);
	}
	fclose(report);
	compare("import", all.text);
	free(all.text);
}

/* -o writes the policy whole, and only the list is printed. */
Test(golden, import_to_a_file)
{
	char folder[] = "/tmp/fw-import-XXXXXX", line[256], path[64], *text;
	struct printed out = {0}, err = {0};
	FILE *out_file = open_memstream(&out.text, &out.length),
	     *err_file = open_memstream(&err.text, &err.length);

	cr_assert(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/policy.yaml", folder);
	snprintf(line, sizeof(line), "import aws-waf " FW_TESTS_DIR "/data/waf/three-rules.json -o %s", path);
	cr_expect_eq(run(line, out_file, err_file), 0);
	snprintf(line, sizeof(line), "import aws-waf " FW_TESTS_DIR "/data/waf/three-rules.json -o %s/no/x",
		 folder);
	cr_expect_eq(run(line, out_file, err_file), 1);
	fclose(out_file);
	fclose(err_file);
	text = read_file(path);
	cr_expect(strstr(text, "limit: 2000 requests/5m"), "%s", text);
	cr_expect_str_eq(out.text, "");
	cr_expect(strstr(err.text, "3 of 4 rules carried over") && strstr(err.text, "cannot be written"),
		  "%s", err.text);
	unlink(path);
	cr_expect(!rmdir(folder), "something is left in %s", folder);
	free(text);
	free(out.text);
	free(err.text);
}
