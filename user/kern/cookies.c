// SPDX-License-Identifier: Apache-2.0
/* SYN cookies: what the kernel can, what its sysctls say, and what the packet path has found under attack. */
#include "kern/cookies.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kern/attach.h"
#include "kern/batch.h"
#include "kern/instance.h"
#include "kern/program.h"
#include "kern/xdp_features.h"
#include "lib/cleanup.h"
#include "lib/grow.h"

#define WSCALE_MAX     14
#define WINDOW_MOST    65535u
#define SEGMENT	       1460u /* windows are announced in whole segments */
#define RMEM_DEFAULT   131072u
#define RMEM_MOST      6291456u
#define VALUE_TEXT_MAX 128

bool fw_cookies_known(void)
{
	fw_silence_libbpf();
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_tcp_gen_syncookie, NULL) > 0 &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_tcp_check_syncookie, NULL) > 0;
}

static int read_text(const char *path, char *text, size_t size)
{
	FW_FCLOSE FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	return fgets(text, (int)size, file) ? 0 : -EIO;
}

int fw_ipv4_sysctl_read(const char *name, long *ret, struct fw_err *err)
{
	char path[96], text[VALUE_TEXT_MAX];
	int r;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	r = read_text(path, text, sizeof(text));
	if (!r && sscanf(text, "%ld", ret) != 1)
		r = -EIO;
	return r ? fw_err_set(err, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

int fw_ipv4_sysctl_write(const char *name, long value, struct fw_err *err)
{
	char path[96], text[32];
	int length = snprintf(text, sizeof(text), "%ld\n", value);
	ssize_t written;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	FW_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	written = fd < 0 ? -1 : write(fd, text, (size_t)length);
	if (written == length)
		return 0;
	return fw_err_set(err, errno ? -errno : -EIO, "%s cannot be set to %ld: %s", path, value,
			  strerror(errno ? errno : EIO));
}

/* 2: cookies for every SYN, not only when the queue is full; timestamps without an offset per peer, so that
 * their lowest bits can carry window scale and SACK. */
const char *fw_cookie_sysctl(int i)
{
	return i == FW_COOKIE_TIMESTAMPS_SYSCTL ? "tcp_timestamps" : "tcp_syncookies";
}

unsigned long fw_cookie_netns(void)
{
	struct stat netns;

	return stat("/proc/self/ns/net", &netns) ? 0 : (unsigned long)netns.st_ino;
}

static bool is_on(const char *path)
{
	char text[VALUE_TEXT_MAX];
	long value;

	return !read_text(path, text, sizeof(text)) && sscanf(text, "%ld", &value) == 1 && value > 0;
}

static unsigned int log2_of(unsigned long value)
{
	unsigned int bits = 0;

	while (value >>= 1)
		bits++;
	return bits;
}

/* As tcp_select_initial_window() reckons for a listener that did not set its buffer. */
static void read_windows(struct fw_cookie_host *ret)
{
	unsigned long least, initial = RMEM_DEFAULT, most = RMEM_MOST, core = 0, window;
	char text[VALUE_TEXT_MAX];
	unsigned int bits;

	if (!read_text("/proc/sys/net/ipv4/tcp_rmem", text, sizeof(text)))
		(void)sscanf(text, "%lu %lu %lu", &least, &initial, &most);
	/* Not there in a network namespace of older kernels: then the default, which is smaller, holds. */
	if (!read_text("/proc/sys/net/core/rmem_max", text, sizeof(text)) &&
	    sscanf(text, "%lu", &core) == 1 && core > most)
		most = core;
	bits = log2_of(most);
	ret->wscale = (__u8)(bits < 15 ? 0 : bits - 15 > WSCALE_MAX ? WSCALE_MAX : bits - 15);
	window = initial / 2;
	window = window > WINDOW_MOST ? WINDOW_MOST : window;
	ret->window = (__u16)(window < SEGMENT ? window : window / SEGMENT * SEGMENT);
}

bool fw_forwards(void)
{
	return is_on("/proc/sys/net/ipv4/ip_forward") || is_on("/proc/sys/net/ipv6/conf/all/forwarding");
}

/* An interface with this sysctl on; what new ones are made from aside. */
static bool is_on_somewhere(const char *conf, const char *sysctl, char name[IF_NAMESIZE])
{
	DIR *all = opendir(conf);
	const struct dirent *entry;
	bool on = false;

	while (all && !on && (entry = readdir(all))) {
		char path[128];
		FW_FCLOSE FILE *file = NULL;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "all") ||
		    !strcmp(entry->d_name, "default"))
			continue;
		snprintf(path, sizeof(path), "%s/%.15s/%s", conf, entry->d_name, sysctl);
		file = fopen(path, "re");
		on = file && fgetc(file) == '1';
		if (on)
			snprintf(name, IF_NAMESIZE, "%.15s", entry->d_name);
	}
	if (all)
		closedir(all);
	return on;
}

bool fw_forwards_by_one(char name[IF_NAMESIZE])
{
	return is_on_somewhere("/proc/sys/net/ipv4/conf", "forwarding", name) ||
	       is_on_somewhere("/proc/sys/net/ipv6/conf", "force_forwarding", name);
}

void fw_cookie_host_read(struct fw_cookie_host *ret)
{
	long syncookies = 0, timestamps = 0;

	*ret = (struct fw_cookie_host){};
	if (!fw_ipv4_sysctl_read("tcp_syncookies", &syncookies, NULL) && syncookies == 2)
		ret->flags |= FW_COOKIE_READY;
	if (!fw_ipv4_sysctl_read("tcp_timestamps", &timestamps, NULL) && timestamps == 2)
		ret->flags |= FW_COOKIE_TIMESTAMPS;
	if (is_on("/proc/sys/net/ipv4/tcp_sack"))
		ret->flags |= FW_COOKIE_SACK;
	if (is_on("/proc/sys/net/ipv4/tcp_window_scaling"))
		ret->flags |= FW_COOKIE_WSCALE;
	if (fw_forwards())
		ret->flags |= FW_COOKIE_UNSEEN;
	read_windows(ret);
}

void fw_cookie_host_set(struct fw_datapath *datapath, const struct fw_cookie_host *host)
{
	uint64_t word;

	memcpy(&word, host, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)&datapath->control->cookies, word, __ATOMIC_RELEASE);
}

bool fw_answers_nobody(const struct fw_attached *attached)
{
	uint64_t features;

	/* In generic mode they take the way of the stack. */
	return attached->mode == FW_XDP_NATIVE && !strcmp(attached->driver, "veth") &&
	       !fw_xdp_features(attached->ifindex, &features) && !(features & FW_XDP_NDO_XMIT);
}

void fw_mute_ifaces_set(struct fw_datapath *datapath, uint32_t ifaces)
{
	__atomic_store_n(&datapath->control->mute_ifaces, ifaces, __ATOMIC_RELEASE);
}

/* Keys to delete behind the walk, which must not be disturbed. */
struct expiry {
	uint64_t now_ns;
	fw_challenges_fn *challenges;
	const void *context;
	struct fw_challenge_entry *entries; /* of challenges that last */
	size_t most, count, total;
	struct fw_addr *over;
	struct fw_challenge_key *over_keys;
	size_t over_count;
	bool out_of_memory;
};

static bool sort_challenge(const void *key, const void *value, void *context)
{
	static const struct fw_addr everybody;
	struct expiry *expiry = context;
	struct fw_challenge_entry entry = {};
	bool challenges;

	memcpy(&entry.key, key, sizeof(entry.key));
	memcpy(&entry.challenge, value, sizeof(entry.challenge));
	challenges = expiry->challenges(expiry->context, entry.challenge.rule,
					!memcmp(&entry.key.addr, &everybody, sizeof(everybody)));
	if (entry.challenge.until_ns <= expiry->now_ns || (entry.key.rule == FW_RULE_NONE && !challenges)) {
		expiry->out_of_memory |= FW_APPEND(expiry->over_keys, expiry->over_count, entry.key) != 0;
	} else if (entry.key.rule != FW_RULE_NONE && challenges) {
		if (expiry->count < expiry->most)
			expiry->entries[expiry->count++] = entry;
	}
	return !expiry->out_of_memory;
}

/* Whether SYNs to its destination were answered, and not only counted. */
static bool is_answered(int fd, const struct fw_challenge_entry *entry, uint64_t now_ns)
{
	struct fw_challenge_key key = {.addr = entry->key.addr, .rule = FW_RULE_NONE};
	struct fw_challenge found;

	return !bpf_map_lookup_elem(fd, &key, &found) && now_ns < found.until_ns;
}

/* Rules share the key of a destination and the last to move it on has put its name in: while any goes on, TCP
 * must go on showing a connection. */
static bool is_needed(const struct expiry *expiry, const struct fw_challenge_key *over)
{
	for (size_t i = 0; over->rule == FW_RULE_NONE && i < expiry->count; i++)
		if (!memcmp(&expiry->entries[i].key.addr, &over->addr, sizeof(over->addr)))
			return true;
	return false;
}

int fw_challenges(struct fw_datapath *datapath, fw_challenges_fn *challenges, const void *context,
		  struct fw_challenge_entry *ret, size_t most, size_t *ret_count)
{
	struct expiry expiry = {.now_ns = fw_datapath_now_ns(datapath),
				.challenges = challenges,
				.context = context,
				.entries = ret,
				.most = most};
	int fd = fw_map_fd(datapath, FW_MAP_ID_fw_challenge_map);
	int r = fw_batch_walk(fd, sizeof(struct fw_challenge_key), sizeof(struct fw_challenge),
			      sort_challenge, &expiry);

	for (size_t i = 0; i < expiry.over_count; i++)
		if (!is_needed(&expiry, &expiry.over_keys[i]))
			bpf_map_delete_elem(fd, &expiry.over_keys[i]);
	free(expiry.over_keys);
	for (size_t i = 0; i < expiry.count; i++)
		ret[i].answers = is_answered(fd, &ret[i], expiry.now_ns);
	*ret_count = expiry.count;
	return r ? r : expiry.out_of_memory ? -ENOMEM : 0;
}

bool fw_challenge_find(struct fw_datapath *datapath, uint16_t rule, const struct fw_addr *addr,
		       struct fw_challenge *ret)
{
	struct fw_challenge_key key = {.addr = *addr, .rule = rule};

	return !bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_challenge_map), &key, ret) &&
	       fw_datapath_now_ns(datapath) < ret->until_ns;
}

static bool sort_verified(const void *key, const void *value, void *context)
{
	struct expiry *expiry = context;
	struct fw_verified verified;
	struct fw_addr addr;

	memcpy(&addr, key, sizeof(addr));
	memcpy(&verified, value, sizeof(verified));
	if (verified.expires_ns <= expiry->now_ns)
		expiry->out_of_memory |= FW_APPEND(expiry->over, expiry->over_count, addr) != 0;
	else
		expiry->total++;
	return !expiry->out_of_memory;
}

int fw_verified_collect(struct fw_datapath *datapath, size_t *ret_verified)
{
	struct expiry expiry = {.now_ns = fw_datapath_now_ns(datapath)};
	int fd = fw_map_fd(datapath, FW_MAP_ID_fw_verified_map);
	int r = fw_batch_walk(fd, sizeof(struct fw_addr), sizeof(struct fw_verified), sort_verified, &expiry);

	for (size_t i = 0; i < expiry.over_count; i++)
		bpf_map_delete_elem(fd, &expiry.over[i]);
	free(expiry.over);
	*ret_verified = expiry.total;
	return r ? r : expiry.out_of_memory ? -ENOMEM : 0;
}

uint64_t fw_verified_left_ns(struct fw_datapath *datapath, const struct fw_addr *addr)
{
	uint64_t now = fw_datapath_now_ns(datapath);
	struct fw_verified verified;
	struct fw_addr key = *addr;

	if (fw_addr_family(addr) == FW_FAMILY_V6)
		key.w[2] = key.w[3] = 0;
	if (bpf_map_lookup_elem(fw_map_fd(datapath, FW_MAP_ID_fw_verified_map), &key, &verified))
		return 0;
	return now < verified.expires_ns ? verified.expires_ns - now : 0;
}

bool fw_verified_holds(struct fw_datapath *datapath, const struct fw_addr *addr)
{
	return fw_verified_left_ns(datapath, addr) > 0;
}
