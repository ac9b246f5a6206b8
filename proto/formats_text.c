// SPDX-License-Identifier: Apache-2.0
/* Formats in JSON, and JWT. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmw.h"
#include "formats_read.h"
#include "jws.h"

static struct bytes member_text(json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? bytes_text(text) : BYTES_NONE;
}

static bool is_ear(json_t *j)
{
	return format_starts_with(member_text(j, "eat_profile"), EAR_PROFILE_FAMILY) ||
	       json_object_get(j, "ear_verifier_id") || json_object_get(j, "ear.verifier-id");
}

static int check_inner_cmw(json_t *j, struct err *e)
{
	char *text = json_dumps(json_object_get(j, "cmw"), JSON_COMPACT | JSON_ENCODE_ANY);
	struct cmw_seen seen;
	int rc = text ? cmw_check_json(bytes_text(text), &seen, e)
		      : err_set(e, E_MEMORY, "no memory for a wrapper");

	free(text);
	return rc;
}

static int check_json(struct bytes b, struct format_seen *out, struct err *e)
{
	json_t *j = json_loadb((const char *)b.at, b.len, JSON_REJECT_DUPLICATES, NULL);
	struct cmw_seen seen;
	int rc = 0;

	out->format = FORMAT_JSON;
	if (!j) {
		rc = err_set(e, E_FORMAT, "not JSON");
	} else if (is_ear(j)) {
		out->format = FORMAT_EAR_CLAIMS;
		rc = format_check_ear_claims(b, e);
	} else if (json_object_get(j, "__cmwc_t") || !cmw_check_json(b, &seen, e)) {
		out->format = FORMAT_CMW;
		rc = cmw_check_json(b, &seen, e);
	} else {
		*e = (struct err){ 0 };
		if (json_object_get(j, "cmw")) {
			out->format = FORMAT_EAT_CLAIMS;
			rc = check_inner_cmw(j, e);
		} else if (json_object_get(j, "eat_nonce") || json_object_get(j, "eat_profile")) {
			out->format = FORMAT_EAT_CLAIMS;
			snprintf(out->note, sizeof(out->note),
				 "claims in JSON are shown, and not "
				 "checked");
		}
	}
	json_decref(j);
	return rc;
}

static int check_jwt(struct bytes b, struct err *e)
{
	OWNED(buf) header = NULL;
	OWNED(buf) claims = NULL;

	if (jws_look(b, &header, &claims, e))
		return (int)e->code;
	if (!claims->w.len || claims->w.at[0] != '{')
		return err_set(e, E_FORMAT, "JWT: claims are not an object");
	return format_check_ear_claims(buf_bytes(claims), e);
}

bool format_check_text(struct bytes b, struct format_seen *out, struct err *e)
{
	while (b.len && strchr(" \r\n\t", b.at[b.len - 1]))
		b.len--;
	while (b.len && strchr(" \r\n\t", b.at[0]))
		b = (struct bytes){ b.at + 1, b.len - 1 };
	if (b.len && (b.at[0] == '{' || b.at[0] == '[')) {
		check_json(b, out, e);
		return true;
	}
	if (!format_starts_with(b, "eyJ"))
		return false;
	out->format = FORMAT_EAR_JWT;
	check_jwt(b, e);
	return true;
}
