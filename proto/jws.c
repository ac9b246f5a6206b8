// SPDX-License-Identifier: Apache-2.0
#include "jws.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/text.h"

/* ---- writing ---- */
static int put_part(struct writer *w, const char *text)
{
	size_t len = base64_len(strlen(text), false);
	char *part = malloc(len + 1);

	if (!part)
		return -1;
	write_bytes(w, bytes_text(base64url_write(bytes_text(text), false, part)));
	free(part);
	return 0;
}

int jws_sign(const struct jws_kind *kind, const char *payload, const struct keypair *key,
	     struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(JWS_MAX);
	char header[96], sig[96];
	u8 raw[64];
	struct writer w = writer_on(raw, sizeof(raw));
	struct bytes signed_part;

	snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"typ\":\"%s\"}", kind->types[0]);
	if (!b || put_part(&b->w, header))
		return err_set(e, E_MEMORY, "no memory for an %s", kind->what);
	write_u8(&b->w, '.');
	if (put_part(&b->w, payload) || b->w.full)
		return err_set(e, E_LIMIT, "%s is too large", kind->what);
	signed_part = buf_bytes(b);
	if (keypair_sign(key, SIG_ECDSA, DIGEST_SHA256, &signed_part, 1, &w, e))
		return err_while(e, "sign the %s", kind->what);
	write_u8(&b->w, '.');
	write_bytes(&b->w, bytes_text(base64url_write(BYTES(raw), false, sig)));
	if (b->w.full)
		return err_set(e, E_LIMIT, "%s is too large", kind->what);
	*out = TAKE(b);
	return 0;
}

/* ---- reading ---- */
static bool split(struct bytes jwt, struct bytes part[3])
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i <= jwt.len; i++) {
		if (i < jwt.len && jwt.at[i] != '.')
			continue;
		if (n == 3 || i == from)
			return false;
		part[n++] = bytes_slice(jwt, from, i - from);
		from = i + 1;
	}
	return n == 3;
}

/* Base64url without padding, and nothing else. */
static struct buf *part_bytes(struct bytes part)
{
	OWNED(buf) b = buf_new(JWS_MAX);
	u8 *p = b ? write_space(&b->w, part.len) : NULL;
	long n = p && !memchr(part.at, '=', part.len) && !memchr(part.at, '+', part.len) &&
				 !memchr(part.at, '/', part.len)
			 ? base64_read(part, p, part.len)
			 : -1;

	if (n < 0)
		return NULL;
	b->w.len = (size_t)n;
	return TAKE(b);
}

static bool has_type(const struct jws_kind *kind, const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(kind->types) && kind->types[i]; i++)
		if (!strcasecmp(type, kind->types[i]))
			return true;
	return false;
}

static int check_header(const struct jws_kind *kind, struct bytes json, struct err *e)
{
	json_t *header = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
	const char *alg = json_string_value(json_object_get(header, "alg"));
	json_t *typ = json_object_get(header, "typ");
	const char *type = typ			 ? json_string_value(typ)
			   : kind->type_may_lack ? kind->types[0]
						 : NULL;
	int rc = 0;

	if (!alg || strcmp(alg, "ES256"))
		rc = err_set(e, E_FORMAT, "%s: alg is not ES256", kind->what);
	else if (json_object_get(header, "crit"))
		rc = err_set(e, E_UNSUPPORTED, "%s: crit", kind->what);
	else if (!type || !has_type(kind, type))
		rc = err_set(e, E_FORMAT, "%s: typ is \"%s\"", kind->what, type ? type : "");
	json_decref(header);
	return rc;
}

int jws_open(const struct jws_kind *kind, struct bytes jws, const struct pubkey *key,
	     struct buf **payload, struct err *e)
{
	struct bytes part[3], signed_part;
	OWNED(buf) head = NULL;
	OWNED(buf) body = NULL;
	OWNED(buf) sig = NULL;

	if (jws.len > JWS_MAX || !split(jws, part) || !(head = part_bytes(part[0])) ||
	    !(body = part_bytes(part[1])) || !(sig = part_bytes(part[2])))
		return err_set(e, E_FORMAT, "%s is not a JWS in compact form", kind->what);
	if (check_header(kind, buf_bytes(head), e))
		return (int)e->code;
	signed_part = (struct bytes){ jws.at, part[0].len + 1 + part[1].len };
	if (pubkey_verify(key, SIG_ECDSA, DIGEST_SHA256, &signed_part, 1, buf_bytes(sig), e))
		return err_while(e, "signature of the %s", kind->what);
	*payload = TAKE(body);
	return 0;
}

int jws_look(struct bytes jws, struct buf **header, struct buf **payload, struct err *e)
{
	struct bytes part[3];
	OWNED(buf) head = NULL;
	OWNED(buf) body = NULL;
	OWNED(buf) sig = NULL;

	if (jws.len > JWS_MAX || !split(jws, part) || !(head = part_bytes(part[0])) ||
	    !(body = part_bytes(part[1])) || !(sig = part_bytes(part[2])))
		return err_set(e, E_FORMAT, "not a JWS in compact form");
	*header = TAKE(head);
	*payload = TAKE(body);
	return 0;
}
