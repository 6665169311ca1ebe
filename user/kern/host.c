// SPDX-License-Identifier: Apache-2.0
/* Findings about the machine: kernel, capabilities, lockdown, bpffs; and how much memory there is. */
#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "kern/findings.h"
#include "lib/cleanup.h"

#define KERNEL_MINIMUM 601

unsigned int fw_kernel_version(void)
{
	struct utsname name;
	unsigned int major, minor;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return major * 100 + (minor > 99 ? 99 : minor);
}

static void examine_kernel(struct fw_findings *findings)
{
	unsigned int version = fw_kernel_version();

	if (version >= KERNEL_MINIMUM)
		fw_finding_add(findings, FW_FINDING_OK, "kernel", "Linux %u.%u, 6.1 or later is needed",
			       version / 100, version % 100);
	else
		fw_finding_add(
			findings, FW_FINDING_PROBLEM, "kernel",
			"Linux %u.%u is too old: 6.1 or later is needed, the packet program may not load",
			version / 100, version % 100);
}

static void examine_capabilities(struct fw_findings *findings)
{
	char missing[128];

	if (!fw_missing_capabilities(missing, sizeof(missing))) {
		fw_finding_add(findings, FW_FINDING_OK, "capabilities",
			       "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there");
		return;
	}
	fw_finding_add(findings, FW_FINDING_NOTE, "capabilities",
		       "this process lacks %s; floodwalld needs them, and some checks here read less without",
		       missing);
	fw_finding_command(findings, "sudo floodwall doctor %s", findings->interface);
}

static void examine_lockdown(struct fw_findings *findings)
{
	char text[128] = "";
	FW_FCLOSE FILE *file = fopen("/sys/kernel/security/lockdown", "re");

	if (!file) {
		fw_finding_add(findings, FW_FINDING_NOTE, "lockdown",
			       errno == ENOENT ? "not visible (securityfs is not mounted or not built); it "
						 "matters for chain: true only"
					       : "the lockdown state can only be read as root");
		return;
	}
	if (!fgets(text, sizeof(text), file))
		return;
	if (strstr(text, "[confidentiality]"))
		fw_finding_add(findings, FW_FINDING_WARNING, "lockdown",
			       "kernel lockdown is in confidentiality mode: reading kernel memory from BPF "
			       "is refused, the packet "
			       "program needs none of it, chain: true does not work");
	else
		fw_finding_add(findings, FW_FINDING_OK, "lockdown", "%s",
			       strstr(text, "[integrity]")
				       ? "integrity mode; chain: true (freplace) may be refused"
				       : "off");
}

static void examine_bpffs(struct fw_findings *findings, const char *bpffs)
{
	struct statfs fs;

	if (!statfs(bpffs, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC) {
		fw_finding_add(findings, FW_FINDING_OK, "bpffs",
			       "%s is a bpf file system: the filter outlives the agent", bpffs);
		return;
	}
	fw_finding_add(findings, FW_FINDING_WARNING, "bpffs",
		       "no bpf file system on %s: a crash of the agent means detaching", bpffs);
	fw_finding_command(findings, "mount -t bpf bpf %s", bpffs);
}

uint64_t fw_memory_available(void)
{
	char line[128];
	uint64_t kib = 0;
	FW_FCLOSE FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kib) == 1)
			break;
	return kib * 1024;
}

void fw_examine_host(struct fw_findings *findings, const char *bpffs)
{
	examine_kernel(findings);
	examine_capabilities(findings);
	examine_lockdown(findings);
	examine_bpffs(findings, bpffs);
}
