// SPDX-License-Identifier: Apache-2.0
#include "formats.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "boot_log.h"
#include "claims.h"
#include "cmw.h"
#include "coev.h"
#include "ear.h"
#include "eat.h"
#include "ima_log.h"
#include "jws.h"
#include "pcap.h"

#define EAR_PROFILE_FAMILY "tag:ietf.org,2026:rats/ear"

enum {
	TAG_SIGN1 = 18,
	TAG_CWT = 61,
	TAG_CCA = 399,
	TAG_OLD_RIM = 500,
	TAG_CORIM = 501,
	TAG_TOC = 570,
	TAG_COEV = 571,
	TAG_BUNDLE = 602,
	NODE_ID_LEN = 16
};

static const char *const names[FORMAT_COUNT] = {
	[FORMAT_UNKNOWN] = "unknown",
	[FORMAT_CBOR] = "CBOR",
	[FORMAT_JSON] = "JSON",
	[FORMAT_TOKEN] = "host token",
	[FORMAT_CORIM] = "CoRIM",
	[FORMAT_SIGNED_CORIM] = "signed CoRIM",
	[FORMAT_COMID] = "CoMID",
	[FORMAT_COTL] = "CoTL",
	[FORMAT_COEV] = "concise evidence",
	[FORMAT_TOC] = "SPDM table of contents",
	[FORMAT_EAR_JWT] = "attestation result (JWT)",
	[FORMAT_EAR_CWT] = "attestation result (CWT)",
	[FORMAT_EAR_CLAIMS] = "attestation result (claims)",
	[FORMAT_EAT] = "entity attestation token",
	[FORMAT_EAT_CLAIMS] = "entity attestation claims",
	[FORMAT_BUNDLE] = "detached bundle",
	[FORMAT_CCA] = "CCA token",
	[FORMAT_CMW] = "conceptual message wrapper",
	[FORMAT_COMPONENT] = "measured component",
	[FORMAT_COSE_SIGN1] = "COSE_Sign1",
	[FORMAT_PCAP] = "capture",
	[FORMAT_BOOT_LOG] = "boot log",
	[FORMAT_IMA_LIST] = "IMA list",
	[FORMAT_ENACTTRUST] = "TPM token (EnactTrust)",
	[FORMAT_PARSEC] = "TPM token (Parsec)",
	[FORMAT_SWID] = "SWID tag",
};

const char *format_name(enum format f)
{
	return names[f < FORMAT_COUNT ? f : FORMAT_UNKNOWN];
}

/* ---- looking ---- */
static enum cbor_kind kind_of(struct bytes item)
{
	struct cbor c = cbor_on(item, CBOR_WELL_FORMED);

	return item.len ? cbor_peek(&c) : CBOR_NOTHING;
}

/* The value of @text, or of @number when @text is NULL; empty when the map has none. */
static struct bytes member_of(struct bytes map, const char *text, u64 number)
{
	struct cbor c = cbor_on(map, CBOR_WELL_FORMED);

	if (kind_of(map) != CBOR_MAP)
		return BYTES_NONE;
	for (size_t n = cbor_map(&c, "map"); n && !c.r.why; n--) {
		struct bytes key = cbor_item(&c, "key"), value = cbor_item(&c, "value");
		struct cbor k = cbor_on(key, CBOR_WELL_FORMED);

		if (c.r.why)
			break;
		if (text ? cbor_peek(&k) == CBOR_TEXT &&
				    bytes_equal(cbor_text(&k, "key"), bytes_text(text))
			 : cbor_peek(&k) == CBOR_UINT && cbor_uint(&k, "key") == number)
			return value;
	}
	return BYTES_NONE;
}

static bool starts_with(struct bytes b, const char *text)
{
	return b.len >= strlen(text) && !memcmp(b.at, text, strlen(text));
}

static struct bytes profile_of(struct bytes claims)
{
	struct cbor c = cbor_on(member_of(claims, NULL, 265), CBOR_WELL_FORMED);

	return cbor_peek(&c) == CBOR_TEXT ? cbor_text(&c, "profile") : BYTES_NONE;
}

static enum format format_of_sign1(struct bytes b)
{
	struct cose_sign1 s;
	struct err e = { 0 };
	struct bytes profile;

	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &s, &e))
		return FORMAT_COSE_SIGN1;
	if (s.corim_meta.at || starts_with(s.content_type, "application/rim+cbor") ||
	    starts_with(s.preimage_type, "application/rim+cbor"))
		return FORMAT_SIGNED_CORIM;
	if (cbor_check(s.payload, CBOR_WELL_FORMED, &e) || kind_of(s.payload) != CBOR_MAP)
		return FORMAT_COSE_SIGN1;
	profile = profile_of(s.payload);
	if (bytes_equal(profile, bytes_text(EAT_PROFILE_HOST)))
		return FORMAT_TOKEN;
	return starts_with(profile, EAR_PROFILE_FAMILY) ? FORMAT_EAR_CWT : FORMAT_EAT;
}

static enum format format_of_map(struct bytes b)
{
	struct cmw_seen seen;
	struct err e = { 0 };
	struct bytes profile = profile_of(b);

	if (starts_with(profile, EAR_PROFILE_FAMILY) || member_of(b, NULL, 1004).len)
		return FORMAT_EAR_CLAIMS;
	if (member_of(b, NULL, 265).len || member_of(b, NULL, 10).len ||
	    member_of(b, NULL, 256).len)
		return FORMAT_EAT_CLAIMS;
	if (member_of(b, "kat", 0).len || member_of(b, "pat", 0).len)
		return FORMAT_PARSEC;
	if (member_of(b, "__cmwc_t", 0).len || !cmw_check(b, &seen, &e))
		return FORMAT_CMW;
	if (kind_of(member_of(b, NULL, 1)) == CBOR_MAP &&
	    kind_of(member_of(b, NULL, 4)) == CBOR_MAP)
		return FORMAT_COMID;
	if (kind_of(member_of(b, NULL, 1)) != CBOR_ARRAY)
		return FORMAT_CBOR;
	if (kind_of(member_of(b, NULL, 0)) == CBOR_MAP &&
	    kind_of(member_of(b, NULL, 2)) == CBOR_MAP)
		return FORMAT_COTL;
	if (member_of(b, NULL, 0).len && kind_of(member_of(b, NULL, 0)) != CBOR_MAP)
		return FORMAT_CORIM; /* the map of old drafts, without a tag */
	return member_of(b, NULL, 2).len || member_of(b, NULL, 5).len ? FORMAT_COMPONENT
								      : FORMAT_CBOR;
}

static enum format format_of_tag(struct bytes b)
{
	struct cbor c = cbor_on(b, CBOR_WELL_FORMED);
	u64 tag = cbor_tag(&c, "tag"), format;

	switch (tag) {
	case TAG_SIGN1:
		return format_of_sign1(b);
	case TAG_CWT:
		return FORMAT_EAT;
	case TAG_CCA:
		return FORMAT_CCA;
	case TAG_OLD_RIM:
	case TAG_CORIM:
		return FORMAT_CORIM;
	case TAG_TOC:
		return FORMAT_TOC;
	case TAG_COEV:
		return FORMAT_COEV;
	case TAG_BUNDLE:
		return FORMAT_BUNDLE;
	default:
		return cmw_tag_valid(tag, &format) ? FORMAT_CMW : FORMAT_CBOR;
	}
}

static enum format format_of_cbor(struct bytes b)
{
	struct cmw_seen seen;
	struct err e = { 0 };

	switch (kind_of(b)) {
	case CBOR_TAG:
		return format_of_tag(b);
	case CBOR_MAP:
		return format_of_map(b);
	case CBOR_ARRAY:
		return cmw_check(b, &seen, &e) ? FORMAT_CBOR : FORMAT_CMW;
	default:
		return FORMAT_CBOR;
	}
}

static bool is_pcap(struct bytes b)
{
	static const u8 magics[][4] = { { 0xd4, 0xc3, 0xb2, 0xa1 },
					{ 0xa1, 0xb2, 0xc3, 0xd4 },
					{ 0x4d, 0x3c, 0xb2, 0xa1 },
					{ 0xa1, 0xb2, 0x3c, 0x4d } };

	for (size_t i = 0; b.len >= 24 && i < ARRAY_LEN(magics); i++)
		if (!memcmp(b.at, magics[i], 4))
			return true;
	return false;
}

/* A log begins with EV_NO_ACTION for PCR 0. */
static bool is_boot_log(struct bytes b)
{
	struct reader r = reader_on(b);

	return read_le32(&r, "pcr") == 0 && read_le32(&r, "type") == EV_NO_ACTION && !r.why;
}

static bool is_enacttrust(struct bytes b)
{
	struct reader r = reader_on(b);

	read_bytes(&r, NODE_ID_LEN, "node id");
	read_be16(&r, "size");
	return read_be32(&r, "magic") == TPM_GENERATED && !r.why;
}

/* ---- grammar ---- */
static int check_corim(struct bytes b, struct format_seen *out, struct err *e)
{
	OWNED(corim) c = NULL;
	struct err strict = { 0 };

	if (!corim_parse(b, &c, e))
		return 0;
	strict = *e;
	if (e->code == E_UNSUPPORTED || corim_read(b, CORIM_OLD_SHAPES, BYTES_NONE, &c, e)) {
		*e = strict;
		return (int)e->code;
	}
	*e = (struct err){ 0 };
	snprintf(out->note, sizeof(out->note), "the shape of an old draft: %.200s", strict.text);
	return 0;
}

/* A CoMID or CoTL by itself is one in a CoRIM that says nothing else. */
static int check_tag(struct bytes b, u64 tag, struct err *e)
{
	OWNED(buf) wrapped = buf_new(b.len + 64);
	OWNED(corim) c = NULL;

	if (!wrapped)
		return err_set(e, E_MEMORY, "no memory for a tag");
	cbor_put_tag(&wrapped->w, TAG_CORIM);
	cbor_put_map(&wrapped->w, 2);
	cbor_put_uint(&wrapped->w, 0);
	cbor_put_text(&wrapped->w, bytes_text("one tag"));
	cbor_put_uint(&wrapped->w, 1);
	cbor_put_array(&wrapped->w, 1);
	cbor_put_tag(&wrapped->w, tag);
	cbor_put_bytes(&wrapped->w, b);
	return corim_parse(buf_bytes(wrapped), &c, e);
}

static int check_coev(struct bytes b, struct err *e)
{
	OWNED(coev) c = NULL;

	return coev_parse(b, &c, e);
}

static int check_token(struct bytes b, struct err *e)
{
	OWNED(eat) t = NULL;

	return eat_parse(b, &t, e);
}

static int check_ear_claims(struct bytes b, struct err *e)
{
	struct ear_seen seen = { 0 };
	int rc = ear_check_claims(b, &seen, e);

	ear_seen_clear(&seen);
	return rc;
}

static int check_ear_cwt(struct bytes b, struct err *e)
{
	struct cose_sign1 s;

	if (cose_sign1_parse(b, CBOR_WELL_FORMED, &s, e))
		return (int)e->code;
	return check_ear_claims(s.payload, e);
}

static int check_claims(struct bytes b, struct format_seen *out, struct err *e,
			int (*check)(struct bytes, struct claims_seen *, struct err *))
{
	struct claims_seen seen;

	if (check(b, &seen, e))
		return (int)e->code;
	snprintf(out->note, sizeof(out->note), "%s", seen.note);
	return 0;
}

static int check_enacttrust(struct bytes b, struct err *e)
{
	struct reader r = reader_on(b);
	struct tpm_attest attest;
	struct bytes quote;

	read_bytes(&r, NODE_ID_LEN, "node id");
	quote = read_bytes(&r, read_be16(&r, "size"), "TPMS_ATTEST");
	if (r.why)
		return err_set(e, E_FORMAT, "TPM token: %s", r.why);
	if (tpm_attest_parse(quote, &attest, e))
		return (int)e->code;
	if (attest.type != TPM_ST_ATTEST_QUOTE)
		return err_set(e, E_FORMAT, "TPM token: not a quote");
	if (!r.left.len)
		return err_set(e, E_FORMAT, "TPM token: no signature");
	return attest.extra_data.len ? 0 : err_set(e, E_FRESHNESS, "TPM token: answers no nonce");
}

/* { tpmVer, kid, sig, @info } of one half */
static int check_parsec_half(struct bytes b, const char *half, const char *info, u16 type,
			     struct bytes *nonce, struct err *e)
{
	struct bytes map = member_of(b, half, 0);
	struct cbor c = cbor_on(member_of(map, info, 0), CBOR_WELL_FORMED);
	struct cbor sig = cbor_on(member_of(map, "sig", 0), CBOR_WELL_FORMED);
	struct tpm_attest attest;
	struct bytes bytes = cbor_bytes(&c, info);

	if (c.r.why)
		return err_set(e, E_FORMAT, "%s.%s is missing, or not bytes", half, info);
	if (!cbor_bytes(&sig, "sig").len)
		return err_set(e, E_FORMAT, "%s.sig is missing, or not bytes", half);
	if (tpm_attest_parse(bytes, &attest, e))
		return err_while(e, "%s.%s", half, info);
	if (attest.type != type)
		return err_set(e, E_FORMAT, "%s.%s is of another type", half, info);
	*nonce = attest.extra_data;
	return 0;
}

static int check_parsec(struct bytes b, struct err *e)
{
	struct bytes key_nonce, nonce;

	if (check_parsec_half(b, "kat", "certInfo", TPM_ST_ATTEST_CERTIFY, &key_nonce, e) ||
	    check_parsec_half(b, "pat", "attestInfo", TPM_ST_ATTEST_QUOTE, &nonce, e))
		return (int)e->code;
	if (!nonce.len)
		return err_set(e, E_FRESHNESS, "pat.attestInfo: answers no nonce");
	return bytes_equal(key_nonce, nonce)
		       ? 0
		       : err_set(e, E_BINDING, "kat and pat answer two nonces");
}

static int check_pcap(struct bytes b, struct err *e)
{
	struct pcap p;
	struct bytes packet;
	int rc;

	if (pcap_open(b, &p, e))
		return (int)e->code;
	while ((rc = pcap_next(&p, &packet, e)) > 0)
		;
	return rc ? (int)e->code : 0;
}

static int check_boot_log(struct bytes b, struct err *e)
{
	OWNED(boot_log) log = NULL;

	return boot_log_parse(b, &log, e);
}

static int check_cbor(struct bytes b, struct format_seen *out, struct err *e)
{
	struct cose_sign1 s;
	struct cmw_seen cmw;

	if (cbor_check(b, CBOR_WELL_FORMED, e))
		return starts_with(b, "-----BEGIN ") || starts_with(b, "\x30\x82")
			       ? err_set(e, E_UNSUPPORTED,
					 "a key or certificate, in PEM or DER, and not CBOR or "
					 "another "
					 "format known here; openssl shows those")
			       : err_while(e, "none of the formats known here; read as one of "
					      "those in CBOR");
	switch (out->format = format_of_cbor(b)) {
	case FORMAT_CORIM:
	case FORMAT_SIGNED_CORIM:
		return check_corim(b, out, e);
	case FORMAT_COMID:
		return check_tag(b, CORIM_COMID, e);
	case FORMAT_COTL:
		return check_tag(b, CORIM_COTL, e);
	case FORMAT_COEV:
	case FORMAT_TOC:
		return check_coev(b, e);
	case FORMAT_TOKEN:
		return check_token(b, e);
	case FORMAT_EAR_CWT:
		return check_ear_cwt(b, e);
	case FORMAT_EAR_CLAIMS:
		return check_ear_claims(b, e);
	case FORMAT_EAT:
		return check_claims(b, out, e, claims_token_check);
	case FORMAT_EAT_CLAIMS:
		return check_claims(b, out, e, claims_check);
	case FORMAT_BUNDLE:
		return check_claims(b, out, e, claims_bundle_check);
	case FORMAT_CCA:
		return check_claims(b, out, e, claims_cca_check);
	case FORMAT_CMW:
		return cmw_check(b, &cmw, e);
	case FORMAT_COMPONENT:
		return claims_component_check(b, e);
	case FORMAT_COSE_SIGN1:
		return cose_sign1_parse(b, CBOR_WELL_FORMED, &s, e);
	case FORMAT_PARSEC:
		return check_parsec(b, e);
	default:
		return 0;
	}
}

/* ---- text ---- */
static struct bytes member_text(json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text ? bytes_text(text) : BYTES_NONE;
}

static bool is_ear(json_t *j)
{
	return starts_with(member_text(j, "eat_profile"), EAR_PROFILE_FAMILY) ||
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
		rc = check_ear_claims(b, e);
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
	return check_ear_claims(buf_bytes(claims), e);
}

static int check_ima_list(struct bytes b, enum ima_form form, struct err *e)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	int rc = -1;

	if (!c)
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	ima_cursor_on(c, b, form);
	do
		rc = ima_next(c, &entry, e);
	while (rc > 0);
	free(c);
	return rc ? (int)e->code : 0;
}

int format_check(struct bytes b, struct format_seen *out, struct err *e)
{
	struct bytes text = b;
	enum ima_form form;

	*out = (struct format_seen){ 0 };
	if (is_pcap(b)) {
		out->format = FORMAT_PCAP;
		return check_pcap(b, e);
	}
	if (is_boot_log(b)) {
		out->format = FORMAT_BOOT_LOG;
		return check_boot_log(b, e);
	}
	if (ima_list_form(b, &form)) {
		out->format = FORMAT_IMA_LIST;
		return check_ima_list(b, form, e);
	}
	if (is_enacttrust(b)) {
		out->format = FORMAT_ENACTTRUST;
		return check_enacttrust(b, e);
	}
	while (text.len && strchr(" \r\n\t", text.at[text.len - 1]))
		text.len--;
	while (text.len && strchr(" \r\n\t", text.at[0]))
		text = (struct bytes){ text.at + 1, text.len - 1 };
	if (text.len && (text.at[0] == '{' || text.at[0] == '['))
		return check_json(text, out, e);
	if (starts_with(text, "eyJ")) {
		out->format = FORMAT_EAR_JWT;
		return check_jwt(text, e);
	}
	return check_cbor(b, out, e);
}
