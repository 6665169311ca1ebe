// SPDX-License-Identifier: Apache-2.0
/* Policy text to running filter, by the product's own loader, compiler and publisher. */
#include "subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/publish.h"
#include "kern/stats.h"
#include "lib/cleanup.h"
#include "policy/image.h"

static const char subject_policy[] = "version: 1\n"
				     "interfaces: [lo]\n"
				     "rules:\n"
				     "  - {name: port, match: {protocol: udp, dest_port: 7}, action: block}\n"
				     "  - {name: each, limit: 100 packets/10s, action: block}\n";

static void done_policy(struct fw_policy **policy)
{
	fw_policy_free(*policy);
}

static void done_image(struct fw_image **image)
{
	fw_image_free(*image);
}

static int put_in_force(struct fw_datapath *datapath, const char *policy_text, struct fw_diags *diags,
			struct fw_err *err)
{
	FW_CLEANUP(done_policy) struct fw_policy *policy = NULL;
	FW_CLEANUP(done_image) struct fw_image *image = NULL;
	FW_FREE struct fw_rule_ids *ids = calloc(1, sizeof(*ids));
	uint32_t generation;
	int r;

	if (!ids)
		return -ENOMEM;
	r = fw_policy_parse(policy_text, strlen(policy_text), "subject", "/", diags, &policy);
	if (!r)
		r = fw_image_compile(policy,
				     &(struct fw_image_input){.tick_ns = fw_datapath_tick_ns(datapath)}, ids,
				     diags, &image);
	return r ? r : fw_publish(datapath, image, 0, true, &generation, err);
}

int subject_open(bool virtual_clock, struct fw_datapath **ret)
{
	return subject_open_policy(subject_policy, virtual_clock, 65536, ret);
}

int subject_open_policy(const char *policy_text, bool virtual_clock, uint64_t sources,
			struct fw_datapath **ret)
{
	const struct fw_datapath_options options = {.virtual_clock = virtual_clock,
						    .trace = virtual_clock,
						    .sources = sources,
						    .bans = 1024,
						    .prefixes = 1024};
	FW_CLEANUP(fw_diags_done) struct fw_diags diags = {};
	enum fw_adoption adoption;
	struct fw_err err = {};
	int r = fw_datapath_open(&options, ret, &adoption, NULL, &err);

	if (r) {
		printf("# cannot create the maps: %s\n", err.text);
		return r;
	}
	r = put_in_force(*ret, policy_text, &diags, &err);
	if (r) {
		fw_diags_render(&diags, stdout);
		printf("# cannot publish: %s\n", err.text[0] ? err.text : strerror(-r));
		fw_datapath_close(*ret);
	}
	return r;
}

uint64_t subject_counted(struct fw_datapath *datapath, enum fw_reason why)
{
	FW_FREE struct fw_iface_counts *counts = calloc(1, sizeof(*counts));
	uint64_t sum = 0;

	if (!counts || fw_stats_iface(datapath, 0, counts))
		return 0;
	for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
		for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++)
			sum += counts->by[verdict][why][traffic].packets;
	return sum;
}
