/* SPDX-License-Identifier: Apache-2.0 */
/* What this host's stack needs and says for SYN cookies made in the packet path: helpers and sysctls. */
#ifndef FW_KERN_COOKIES_H
#define FW_KERN_COOKIES_H

#include <net/if.h>
#include <stdint.h>
#include <stdbool.h>
#include <stddef.h>

#include "fw_types.h"
#include "lib/err.h"

struct fw_attached;
struct fw_datapath;

/* Whether XDP programs of this kernel may make and check SYN cookies. Asks the kernel by loading a small
 * program. */
bool fw_cookies_known(void);

/* A number under /proc/sys/net/ipv4 of this network namespace. -errno, text names the path. */
int fw_ipv4_sysctl_read(const char *name, long *ret, struct fw_err *err);
int fw_ipv4_sysctl_write(const char *name, long value, struct fw_err *err);

/* The sysctls that cookies need, by name, and what each must be. What they were before is written down with
 * the inode of the network namespace whose they are. */
enum fw_cookie_sysctl { FW_COOKIE_SYNCOOKIES, FW_COOKIE_TIMESTAMPS_SYSCTL, FW_COOKIE_SYSCTLS };
/* What a handshake takes. tcp_timestamps must not change between a cookie and its ACK: the kernel would read
 * window scale and SACK out of noise (cookie_timestamp_decode(), net/ipv4/syncookies.c), for as long as the
 * connection lasts. So it is raised before cookies are made, and given back so long after the last one. */
#define FW_COOKIE_HANDSHAKE_S	5
#define FW_COOKIE_SYSCTL_WANTED 2
const char *fw_cookie_sysctl(int i);
unsigned long fw_cookie_netns(void);

/* Whether this host forwards as a whole, by its sysctls. */
bool fw_forwards(void);
/* One interface can where the host does not: which. */
bool fw_forwards_by_one(char name[IF_NAMESIZE]);
/* What the stack would answer now, from its sysctls. */
void fw_cookie_host_read(struct fw_cookie_host *ret);
/* Puts it in force for the packet path. */
void fw_cookie_host_set(struct fw_datapath *datapath, const struct fw_cookie_host *host);

/* What leaves by it is lost: a veth's other end takes frames of XDP programs only with GRO or a program of
 * its own. False where the kernel does not tell (before 6.3). */
bool fw_answers_nobody(const struct fw_attached *attached);
/* Nothing is challenged there: of fw_control.mute_ifaces. */
void fw_mute_ifaces_set(struct fw_datapath *datapath, uint32_t ifaces);

/* A key of fw_challenge_map that is in force. */
struct fw_challenge_entry {
	struct fw_challenge_key key;
	struct fw_challenge challenge;
	bool answers; /* somewhere; without: interfaces in count mode alone have seen the flood, feeds on
			 trial alone make it match, or the map is full */
};
/* Whether the rule of this id challenges now, and does not only count, and has keys like this one: an
 * address, or everybody. */
typedef bool fw_challenges_fn(const void *context, uint16_t rule, bool of_everybody);
/* Up to `most` challenges that last, of rules that challenge (FW_RULE_NONE left out). What is over is
 * deleted, and what a rule that challenges no more, or others, has left: TCP to its destinations must not go
 * on having to show a connection. -errno. */
int fw_challenges(struct fw_datapath *datapath, fw_challenges_fn *challenges, const void *context,
		  struct fw_challenge_entry *ret, size_t most, size_t *ret_count);
/* The challenge of rule `rule` (FW_RULE_NONE: of other TCP) of exactly this key, if it is in force. */
bool fw_challenge_find(struct fw_datapath *datapath, uint16_t rule, const struct fw_addr *addr,
		       struct fw_challenge *ret);
/* Sources whose lease is over are forgotten. *ret_verified: those that are verified now. -errno. */
int fw_verified_collect(struct fw_datapath *datapath, size_t *ret_verified);

/* Whether a source (IPv6: its /64) is verified now. */
/* How much longer that is; 0: it is not. */
uint64_t fw_verified_left_ns(struct fw_datapath *datapath, const struct fw_addr *addr);
bool fw_verified_holds(struct fw_datapath *datapath, const struct fw_addr *addr);

#endif
