/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Names of maps and pins: the only place where one is spelled for user space. */
#ifndef FW_MAPS_H
#define FW_MAPS_H

/* X(name): every pinned map, in the order of the packet path. Map NAME is pinned as maps/NAME. */
#define FW_MAPS(X)                                                                                           \
	X(fw_layout_map)                                                                                     \
	X(fw_control_map)                                                                                    \
	X(fw_policy_map)                                                                                     \
	X(fw_class_map)                                                                                      \
	X(fw_list_bitmap_map)                                                                                \
	X(fw_list_wide_map)                                                                                  \
	X(fw_list4_line_map)                                                                                 \
	X(fw_list4_run_map)                                                                                  \
	X(fw_list4_leaf_map)                                                                                 \
	X(fw_list6_group_map)                                                                                \
	X(fw_list6_map)                                                                                      \
	X(fw_geo_map)                                                                                        \
	X(fw_geo_class_map)                                                                                  \
	X(fw_automaton_map)                                                                                  \
	X(fw_payload_map)                                                                                    \
	X(fw_spared_map)                                                                                     \
	X(fw_ban_filter_map)                                                                                 \
	X(fw_ban_map)                                                                                        \
	X(fw_known_map)                                                                                      \
	X(fw_known_digest_map)                                                                               \
	X(fw_known_candidate_map)                                                                            \
	X(fw_cpu_map)                                                                                        \
	X(fw_flood_map)                                                                                      \
	X(fw_allowance_map)                                                                                  \
	X(fw_allowance_key_map)                                                                              \
	X(fw_meter_map)                                                                                      \
	X(fw_total_map)                                                                                      \
	X(fw_essential_map)                                                                                  \
	X(fw_local_map)                                                                                      \
	X(fw_published_map)                                                                                  \
	X(fw_challenge_map)                                                                                  \
	X(fw_verified_map)                                                                                   \
	X(fw_reply_map)                                                                                      \
	X(fw_reply_total_map)                                                                                \
	X(fw_cookie_map)                                                                                     \
	X(fw_iface_count_map)                                                                                \
	X(fw_signature_count_map)                                                                            \
	X(fw_spread_map)                                                                                     \
	X(fw_class_count_map)                                                                                \
	X(fw_fault_map)                                                                                      \
	X(fw_source_map)                                                                                     \
	X(fw_event_map)                                                                                      \
	X(fw_drop_sample_map)

#define FW_PIN_MAPS  "maps"
#define FW_PIN_LINKS "links"

#define FW_SOURCES_DEFAULT	(1u << 20) /* meters */
#define FW_BANS_DEFAULT		(512u << 10)
#define FW_PREFIXES_DEFAULT	(2u << 20)
#define FW_TOP_SOURCES		65536u
#define FW_CHALLENGES_MAX	4096u
#define FW_VERIFIED_MAX		(256u << 10)
#define FW_LOCAL_MAX		(16u << 10)
#define FW_PUBLISHED_WORDS	1024u /* 64-bit words: a bit per port */
#define FW_EVENT_BYTES		(1u << 20)
#define FW_DROP_SAMPLE_BYTES	(256u << 10) /* a quarter of a second of some ten busy CPUs */
#define FW_BAN_FILTER_WORDS	(1u << 18)   /* 64-bit words a slot at most: 2 MiB */
#define FW_BAN_FILTER_WORDS_MIN (1u << 12)

#endif
