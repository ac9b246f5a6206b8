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

/* Arrays and objects around the innermost value, before a reader makes a tree of them. */
static size_t depth_of(struct bytes b)
{
	size_t depth = 0, most = 0;
	bool text = false;

	for (size_t i = 0; i < b.len; i++) {
		u8 c = b.at[i];

		if (c == '\\' && text)
			i++; /* what is behind it ends no text */
		else if (c == '"')
			text = !text;
		else if (!text && (c == '{' || c == '['))
			most = ++depth > most ? depth : most;
		else if (!text && (c == '}' || c == ']') && depth)
			depth--;
	}
	return most;
}

int format_json_fits(struct bytes b, struct err *e)
{
	if (b.len > JSON_FILE_MAX)
		return err_set(e, E_LIMIT, "JSON of %zu bytes, at most %d", b.len, JSON_FILE_MAX);
	if (depth_of(b) > JSON_DEPTH_MAX)
		return err_set(e, E_LIMIT, "JSON: nested deeper than %d", JSON_DEPTH_MAX);
	return 0;
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
	struct cmw_seen seen;
	json_t *j;
	int rc = 0;

	out->format = FORMAT_JSON;
	if (format_json_fits(b, e))
		return (int)e->code;
	j = json_loadb((const char *)b.at, b.len, JSON_REJECT_DUPLICATES, NULL);
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
	if (format_json_fits(buf_bytes(header), e) || format_json_fits(buf_bytes(claims), e))
		return err_while(e, "JWT");
	if (!claims->w.len || claims->w.at[0] != '{')
		return err_set(e, E_FORMAT, "JWT: claims are not an object");
	return format_check_ear_claims(buf_bytes(claims), e);
}

static bool is_space(u8 c)
{
	return c == ' ' || c == '\r' || c == '\n' || c == '\t';
}

struct bytes format_trimmed(struct bytes b)
{
	while (b.len && is_space(b.at[b.len - 1]))
		b.len--;
	while (b.len && is_space(b.at[0]))
		b = (struct bytes){ b.at + 1, b.len - 1 };
	return b;
}

bool format_check_text(struct bytes b, struct format_seen *out, struct err *e)
{
	b = format_trimmed(b);
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
