/* SPDX-License-Identifier: Apache-2.0 */
/* Inside kern/: the pin directory, what makes it trustworthy and how names are written into it. */
#ifndef FW_KERN_PINS_H
#define FW_KERN_PINS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define FW_PIN_ROOT	"floodwall" /* under the bpf file system, holds one directory a namespace */
#define FW_PIN_MAPS_NEW "maps-new"  /* bpffs refuses dots in names */
#define FW_PIN_MAPS_OLD "maps-old"
#define FW_PIN_IFACES	"ifaces" /* symlinks: index of the counters → interface name */

/* BPFFS/floodwall/NETNS_INODE: where this network namespace's instance is pinned. */
int fw_pins_dir(const char *bpffs, char *path, size_t size, struct fw_err *err);
/* Creates the directory where missing and checks that nobody else could have planted anything. */
int fw_pins_prepare(const char *dir, struct fw_err *err);
/* "DIR/SUB/NAME"; NAME may be NULL. -ENAMETOOLONG. */
int fw_pin_path(char *path, size_t size, const char *dir, const char *sub, const char *name);
/* Interface names may hold dots, names in bpffs may not: "eth0.10" ↔ "eth0%2e10". */
#define FW_PIN_NAME_MAX (3 * IF_NAMESIZE)
void fw_pin_name_of(const char *interface, char name[FW_PIN_NAME_MAX]);
bool fw_pin_name_to(const char *name, char interface[IF_NAMESIZE]);
/* The same for one that exists; changes nothing. */
int fw_pins_check(const char *dir, struct fw_err *err);
int fw_pins_make(const char *dir, const char *sub, struct fw_err *err);
/* Removes DIR/SUB with everything in it; a missing one is fine. */
int fw_pins_remove(const char *dir, const char *sub);
/* Names in DIR/SUB, NULL-terminated, caller frees all; NULL when out of memory. */
char **fw_pins_list(const char *dir, const char *sub);
size_t fw_pins_count(const char *dir, const char *sub);
/* Interfaces whose links are pinned in DIR; likewise. */
char **fw_pins_interfaces(const char *dir);
void fw_pins_list_free(char **names);

#endif
