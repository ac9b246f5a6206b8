// SPDX-License-Identifier: Apache-2.0
#include "audit_record.h"

#include <jansson.h>
#include <stdio.h>

#include "common/text.h"

const struct jws_kind audit_head_kind = { "audit head", { "assay-audit-head" }, false };

void audit_record_hash(const u8 previous[AUDIT_HASH_LEN], const struct audit_record *r,
		       u8 out[AUDIT_HASH_LEN])
{
	u8 numbers[16];
	struct writer w = writer_on(numbers, sizeof(numbers));
	struct bytes parts[] = { { previous, AUDIT_HASH_LEN },
				 { numbers, 8 },
				 { numbers + 8, 8 },
				 r->actor,
				 r->event,
				 r->detail };
	struct digest d;

	write_be64(&w, r->seq);
	write_be64(&w, r->time);
	d = hash_labelled("assay/audit/1", parts, ARRAY_LEN(parts));
	memcpy(out, d.at, AUDIT_HASH_LEN);
}

int audit_head_open(struct bytes jws, const struct pubkey *key, struct audit_seen *out,
		    struct err *e)
{
	OWNED(buf) payload = NULL;
	const char *hash, *deployment;
	int rc = 0;
	json_t *j;

	if (jws_open(&audit_head_kind, jws, key, &payload, e))
		return (int)e->code;
	j = json_loadb((const char *)payload->w.at, payload->w.len, JSON_REJECT_DUPLICATES, NULL);
	hash = json_string_value(json_object_get(j, "hash"));
	deployment = json_string_value(json_object_get(j, "deployment"));
	out->seq = json_integer_value(json_object_get(j, "seq"));
	if (!hash || !hex_read(hash, out->hash, sizeof(out->hash)))
		rc = err_set(e, E_FORMAT, "audit head: hash");
	else if (!deployment || strlen(deployment) >= sizeof(out->deployment))
		rc = err_set(e, E_FORMAT, "audit head: deployment");
	else if (out->seq < 0)
		rc = err_set(e, E_FORMAT, "audit head: seq");
	else
		snprintf(out->deployment, sizeof(out->deployment), "%s", deployment);
	json_decref(j);
	return rc;
}
