/* SPDX-License-Identifier: Apache-2.0 */
/* Inside plan: the parts append their lines through this. */
#ifndef FW_POLICY_PLAN_LINE_H
#define FW_POLICY_PLAN_LINE_H

#include "policy/image.h"

int fw_plan_line(struct fw_plan *plan, char kind, const char *object, const char *name, const char *format,
		 ...) __attribute__((format(printf, 5, 6)));
/* plan_settings.c */
int fw_plan_settings(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted);
/* plan_feeds.c */
int fw_plan_feeds(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted);
/* plan_signatures.c: by name, when both policies ask for some */
int fw_plan_signatures(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted);
/* Logs by name: added, changed, removed. */
int fw_plan_logs(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted);
/* plan_notify.c */
int fw_plan_notify(struct fw_plan *plan, const struct fw_policy *running, const struct fw_policy *wanted);
int fw_plan_suppressions(struct fw_plan *plan, const struct fw_policy *running,
			 const struct fw_policy *wanted);

#endif
