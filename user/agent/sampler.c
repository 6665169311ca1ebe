// SPDX-License-Identifier: Apache-2.0
/* Rates of the last second, and the status line for systemd. */
#include "agent/sampler.h"

#include <string.h>

#include "agent/agent.h"
#include "kern/stats.h"
#include "lib/clock.h"
#include "lib/reason.h"
#include "lib/units.h"

#define PERIOD_MS    1000
#define STATUS_EVERY 10

void fw_totals_add(struct fw_traffic_totals *totals, const struct fw_iface_counts *counts)
{
	for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++) {
		uint64_t packets = 0, bytes = 0, answered = 0;

		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++) {
				const struct fw_count *count = &counts->by[verdict][reason][traffic];

				packets += count->packets;
				bytes += count->bytes;
				if (fw_reason_facts(reason)->action == FW_REASON_IS_ANSWER)
					answered += count->packets;
			}
		totals->packets += packets;
		totals->bytes += bytes;
		if (verdict == FW_VERDICT_DROP) {
			totals->dropped += packets;
			totals->answered += answered;
		} else {
			totals->passed += packets;
		}
		if (verdict == FW_VERDICT_WOULD_DROP)
			totals->would_drop += packets;
	}
}

static void add_reasons(uint64_t packets[FW_REASON_MAX_], const struct fw_iface_counts *counts)
{
	for (int verdict = 0; verdict < FW_VERDICT_MAX_; verdict++)
		for (int reason = 0; reason < FW_REASON_MAX_; reason++)
			for (int traffic = 0; traffic < FW_TRAFFIC_MAX_; traffic++)
				packets[reason] += counts->by[verdict][reason][traffic].packets;
}

static double rate(uint64_t now, uint64_t before, uint64_t elapsed_ns)
{
	return now >= before && elapsed_ns ? (double)(now - before) * 1e9 / (double)elapsed_ns : 0;
}

static void say(struct fw_agent *agent)
{
	const struct fw_attached *attached;
	size_t count = fw_attachments_list(agent->attachments, &attached);
	char packets[32], dropped[32];

	fw_notify_send(
		&agent->notify, "STATUS=%s on %zu interface%s, %s packets/s, %s dropped/s",
		count ? "filtering" : "NOT FILTERING, attached to nothing", count, count == 1 ? "" : "s",
		fw_amount_format((uint64_t)agent->sampler.packets_per_second, packets, sizeof(packets)),
		fw_amount_format((uint64_t)agent->sampler.dropped_per_second, dropped, sizeof(dropped)));
}

/* The first look finds what an agent before has left: nobody knows from when. */
static void look_at_faults(struct fw_agent *agent, uint64_t now, bool first)
{
	struct fw_sampler *sampler = &agent->sampler;
	uint64_t faults[FW_FAULT_MAX_] = {};

	if (fw_stats_faults(agent->datapath, faults))
		return;
	for (int fault = 0; fault < FW_FAULT_MAX_; fault++) {
		if (!first && faults[fault] > sampler->faults[fault].count)
			sampler->faults[fault].grown_ns = now;
		sampler->faults[fault].count = faults[fault];
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct fw_agent *agent = timer->data;
	struct fw_sampler *sampler = &agent->sampler;
	struct fw_traffic_totals totals = {};
	const struct fw_attached *attached;
	/* Counters of an interface that goes and comes back go on. */
	size_t count = fw_attachments_known(agent->attachments, &attached);
	uint64_t reasons[FW_REASON_MAX_] = {0};
	uint64_t now = fw_monotonic_ns(), elapsed = now - sampler->at_ns;

	for (size_t i = 0; i < count; i++) {
		struct fw_iface_counts counts;

		if (fw_stats_iface(agent->datapath, attached[i].iface, &counts))
			continue;
		fw_totals_add(&totals, &counts);
		add_reasons(reasons, &counts);
	}
	fw_spared_floods_look(agent, now, reasons);
	if (sampler->at_ns) {
		sampler->packets_per_second = rate(totals.packets, sampler->last.packets, elapsed);
		sampler->bytes_per_second = rate(totals.bytes, sampler->last.bytes, elapsed);
		sampler->answered_per_second = rate(totals.answered, sampler->last.answered, elapsed);
		sampler->dropped_per_second = rate(totals.dropped, sampler->last.dropped, elapsed);
	}
	look_at_faults(agent, now, !sampler->at_ns);
	sampler->last = totals;
	sampler->at_ns = now;
	if (now / FW_NS_PER_SEC % STATUS_EVERY == 0)
		say(agent);
}

void fw_sampler_start(struct fw_agent *agent)
{
	uv_timer_init(&agent->loop, &agent->sampler.timer);
	agent->sampler.timer.data = agent;
	uv_timer_start(&agent->sampler.timer, on_timer, 0, PERIOD_MS);
}
