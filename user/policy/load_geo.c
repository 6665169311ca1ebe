// SPDX-License-Identifier: Apache-2.0
/* Readers of the keys about countries and networks. */
#include <errno.h>
#include <string.h>

#include "lib/grow.h"
#include "policy/load.h"

#define ASN_DIGITS 10

void fw_load_geo(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	policy->geo.mark = policy->geo.asn_mark = value->key->mark;
	fw_load_object(loader, value, "geo", "geo", target);
}

void fw_load_geo_database(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	if (fw_read_path(loader, value, &policy->geo.database))
		policy->geo.mark = value->mark;
}

void fw_load_geo_asn_database(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	struct fw_policy *policy = target;

	if (fw_read_path(loader, value, &policy->geo.asn_database))
		policy->geo.asn_mark = value->mark;
}

static bool read_country(struct fw_loader *loader, const struct fw_node *item, uint32_t *ret)
{
	char upper[3] = "";
	const char *text;

	if (!fw_read_text(loader, item, &text))
		return false;
	for (int i = 0; i < 2 && text[i]; i++)
		upper[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	if (strspn(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2 || strlen(text) != 2) {
		fw_complain(loader, item, "bad-country",
			    "write the two letters of ISO 3166, such as DE, AT or GB",
			    "'%.80s' is no country code", text);
		return false;
	}
	if (strcmp(upper, text)) {
		fw_complain(loader, item, "bad-country", "country codes are upper case",
			    "'%s' is no country code: expected '%s'", text, upper);
		return false;
	}
	*ret = FW_COUNTRY(upper[0], upper[1]);
	return true;
}

/* 64496 or AS64496. */
static bool read_asn(struct fw_loader *loader, const struct fw_node *item, uint32_t *ret)
{
	const char *text, *digits;
	uint64_t asn = 0;

	if (!fw_read_text(loader, item, &text))
		return false;
	digits = strncmp(text, "AS", 2) && strncmp(text, "as", 2) ? text : text + 2;
	for (const char *digit = digits; *digit >= '0' && *digit <= '9' && digit - digits < ASN_DIGITS;
	     digit++)
		asn = asn * 10 + (uint64_t)(*digit - '0');
	if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > ASN_DIGITS ||
	    !asn || asn > UINT32_MAX) {
		fw_complain(loader, item, "bad-asn", "write a number from 1 to 4294967295, or AS64496",
			    "'%.80s' is no autonomous system", text);
		return false;
	}
	*ret = (uint32_t)asn;
	return true;
}

static void load_numbers(struct fw_loader *loader, const struct fw_node *value, struct fw_numbers *numbers,
			 bool (*read)(struct fw_loader *, const struct fw_node *, uint32_t *))
{
	fw_node_each (item, value) {
		uint32_t number;

		if (fw_list_is_full(loader, item, numbers->count))
			return;
		if (read(loader, item, &number) && FW_APPEND(numbers->items, numbers->count, number))
			loader->out_of_memory = true;
	}
}

void fw_load_match_country(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_numbers(loader, value, &((struct fw_policy_rule *)target)->match.country, read_country);
}

void fw_load_match_country_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_numbers(loader, value, &((struct fw_policy_rule *)target)->match.country_not, read_country);
}

void fw_load_match_asn(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_numbers(loader, value, &((struct fw_policy_rule *)target)->match.asn, read_asn);
}

void fw_load_match_asn_not(struct fw_loader *loader, const struct fw_node *value, void *target)
{
	load_numbers(loader, value, &((struct fw_policy_rule *)target)->match.asn_not, read_asn);
}
