// SPDX-License-Identifier: Apache-2.0
/* Drivers: a table of what native XDP asks of each, and ethtool by ioctl. */
#include "kern/driver.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kern/nic.h"
#include "lib/cleanup.h"

#define PLAIN_MTU_UNKNOWN 3000

static const struct fw_driver drivers[] = {
	{"virtio_net", 3506, 603, false, true}, {"ena", 3498, 0, true, false},
	{"ixgbe", 3050, 0, false, true},	{"ixgbevf", 3050, 0, false, true},
	{"i40e", 3046, 604, false, false},	{"ice", 3046, 603, false, true},
	{"mlx5_core", 3498, 604, false, true},	{"mlx4_en", 3498, 0, false, true},
	{"bnxt_en", 3502, 519, false, true},	{"hv_netvsc", 3506, 0, false, true},
	{"gve", 2032, 0, false, true},		{"vmxnet3", 3494, 0, false, true},
	{"veth", 3520, 518, false, false},	{"tun", 3520, 0, false, false},
	{"igb", 3046, 0, false, false},		{"igc", 3046, 0, false, false},
	{"nfp", 3498, 0, false, false},		{"qede", 3498, 0, false, true},
};

const struct fw_driver *fw_driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	return NULL;
}

unsigned int fw_driver_plain_mtu(const char *name)
{
	const struct fw_driver *driver = fw_driver_find(name);

	return driver ? driver->plain_mtu : PLAIN_MTU_UNKNOWN;
}

int fw_ethtool(const char *interface, void *data)
{
	FW_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {.ifr_data = data};

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

int fw_nic_driver(const char *name, char *driver, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int r = fw_ethtool(name, &info);

	snprintf(driver, size, "%.*s", (int)sizeof(info.driver), r ? "unknown" : info.driver);
	return r;
}

static int feature_count(const char *interface)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t count;
	} sets = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
	int r = fw_ethtool(interface, &sets);

	if (r)
		return r;
	return sets.info.sset_mask ? (int)sets.count : 0;
}

static int feature_index(const char *interface, const char *name, int count)
{
	FW_FREE struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);

	if (!names)
		return -ENOMEM;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = (uint32_t)count;
	if (fw_ethtool(interface, names))
		return -ENOENT;
	for (int i = 0; i < count; i++)
		if (!strncmp((const char *)names->data + (size_t)i * ETH_GSTRING_LEN, name, ETH_GSTRING_LEN))
			return i;
	return -ENOENT;
}

int fw_offload(const char *interface, const char *name)
{
	int count = feature_count(interface),
	    index = count > 0 ? feature_index(interface, name, count) : -ENOENT;
	size_t blocks = (size_t)(count > 0 ? count + 31 : 0) / 32;

	if (index < 0)
		return -1;
	FW_FREE struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));
	if (!features)
		return -1;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = (uint32_t)blocks;
	if (fw_ethtool(interface, features))
		return -1;
	return features->features[index / 32].active >> (index % 32) & 1;
}

int fw_interface_mtu(const char *interface)
{
	FW_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCGIFMTU, &request) ? -errno : request.ifr_mtu;
}
