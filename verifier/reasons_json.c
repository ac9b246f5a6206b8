// SPDX-License-Identifier: Apache-2.0
#include "reasons_json.h"

json_t *reason_json(const struct reason *r)
{
	char text[1200];

	reason_text(r, text, sizeof(text));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:s, s:s}",
			 "device", r->device, "address", r->address, "environment", r->environment,
			 "element", r->element, "wanted", r->wanted, "found", r->found, "corim",
			 r->corim, "tier", tier_name(r->tier), "check",
			 r->check >= 0 ? check_name((enum check_id)r->check) : "", "policy",
			 r->policy, "alternative", (int)r->alternative, "others",
			 (json_int_t)r->others, "text", text, "hint", reason_hint(r));
}

json_t *reasons_json(const struct reasons *reasons)
{
	json_t *list = json_array();

	for (size_t i = 0; i < reasons->n; i++)
		json_array_append_new(list, reason_json(&reasons->at[i]));
	return list;
}
