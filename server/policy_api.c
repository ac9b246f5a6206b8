// SPDX-License-Identifier: Apache-2.0
/* /api/v1/policy: by which rules this server judges, and whose roots it trusts. */
#include "common/text.h"
#include "page.h"
#include "policy_told.h"
#include "problem.h"

struct roots {
	json_t *out;
	const char *of; /* the key of [trust] */
};

static int tell_root(void *user, const struct cert *c, struct err *e)
{
	const struct roots *r = user;
	struct digest digest = sha256_of(cert_der(c));
	char hex[65];

	(void)e;
	json_array_append_new(r->out, json_pack("{s:s, s:s, s:s, s:I}", "of", r->of, "digest",
						hex_write(digest_bytes(&digest), hex), "subject",
						cert_subject(c), "not_after",
						(json_int_t)cert_not_after(c)));
	return 0;
}

static bool covers_all(const struct call *c, const json_t *groups)
{
	const json_t *one;
	size_t i;

	json_array_foreach(groups, i,
			   one) if (!token_covers(&c->token, json_string_value(one))) return false;
	return true;
}

/* Names of groups are for those alone whose groups they are; without some of them the rule would be another. */
static json_t *rules_for(const struct call *c)
{
	json_t *rules = policy_told(c->server->settings);

	for (size_t i = json_array_size(rules); i-- > 0;) {
		const json_t *row = json_array_get(rules, i);

		if (!strcmp(json_string_value(json_object_get(row, "key")), "lease_group") &&
		    !covers_all(c, json_object_get(row, "value")))
			json_array_remove(rules, i);
	}
	return rules;
}

void get_policy(struct call *c)
{
	const struct server *s = c->server;
	struct roots devices = { json_array(), "device_roots" }, eks = { devices.out, "ek_roots" };
	struct err e = { 0 };

	if (query_known(c, (const char *const[]){ NULL }, &e) ||
	    trust_store_each(s->device_roots, tell_root, &devices, &e) ||
	    trust_store_each(s->ek_roots, tell_root, &eks, &e)) {
		json_decref(devices.out);
		problem_of(c->out, &e);
		return;
	}
	answer_json(c->out, 200,
		    json_pack("{s:o, s:o}", "rules", rules_for(c), "roots", devices.out));
}
