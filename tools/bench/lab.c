// SPDX-License-Identifier: Apache-2.0
/* The lab of the bench: tools/lab builds it, the bench moves in. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "lib/cleanup.h"

static int enter(const char *path, struct fw_err *err)
{
	FW_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return fw_err_set(err, -errno, "cannot enter %s: %s", path, strerror(errno));
	return 0;
}

int bench_lab_up(struct bench *bench, const char *const options[], struct fw_err *err)
{
	const char *argv[PROCESS_ARGS] = {"tools/lab", "up", "--id", bench->lab_id};
	char victim[BENCH_PATH_MAX];
	int r;

	for (unsigned int i = 0; options[i] && i < PROCESS_ARGS - 5; i++)
		argv[4 + i] = options[i];
	r = process_must(argv, err);
	if (r)
		return r;
	(void)snprintf(bench->attacker, sizeof(bench->attacker), "--net=/run/netns/fw-%s-attacker",
		       bench->lab_id);
	(void)snprintf(bench->client, sizeof(bench->client), "--net=/run/netns/fw-%s-client", bench->lab_id);
	(void)snprintf(victim, sizeof(victim), "/run/netns/fw-%s-victim", bench->lab_id);
	r = enter(victim, err);
	if (r)
		return r;
	bench->ifindex = if_nametoindex("eth0");
	return bench->ifindex ? 0 : fw_err_set(err, -ENODEV, "the lab has no eth0 in the victim's namespace");
}

static int statistics_count(int fd, struct ifreq *request)
{
	struct {
		struct ethtool_sset_info info;
		__u32 counts[1];
	} set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS}};

	request->ifr_data = (void *)&set;
	return ioctl(fd, SIOCETHTOOL, request) ? -errno : (int)set.counts[0];
}

int bench_received(const struct bench *bench, uint64_t *ret, struct fw_err *err)
{
	struct ifreq request = {.ifr_name = "eth0"};
	FW_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int count = fd < 0 ? -errno : statistics_count(fd, &request);
	FW_FREE struct ethtool_gstrings *names = NULL;
	FW_FREE struct ethtool_stats *values = NULL;
	uint64_t sum = 0;

	(void)bench;
	if (count > 0) {
		names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
		values = calloc(1, sizeof(*values) + (size_t)count * sizeof(__u64));
	}
	if (!names || !values)
		return fw_err_set(err, count < 0 ? count : -ENOMEM, "cannot read the statistics of eth0");
	*names = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = count};
	*values = (struct ethtool_stats){.cmd = ETHTOOL_GSTATS, .n_stats = count};
	request.ifr_data = (void *)names;
	if (ioctl(fd, SIOCETHTOOL, &request))
		return fw_err_set(err, -errno, "cannot read the statistics of eth0: %s", strerror(errno));
	request.ifr_data = (void *)values;
	if (ioctl(fd, SIOCETHTOOL, &request))
		return fw_err_set(err, -errno, "cannot read the statistics of eth0: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		const char *name = (const char *)names->data + (size_t)i * ETH_GSTRING_LEN;

		if (strncmp(name, "rx_queue_", 9) == 0 && strstr(name, "_xdp_packets"))
			sum += values->data[i];
	}
	*ret = sum;
	return 0;
}
