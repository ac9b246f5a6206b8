// SPDX-License-Identifier: Apache-2.0
#include "formats.h"

#include <stdio.h>

#include "claims.h"
#include "cmw.h"
#include "coev.h"
#include "ear.h"
#include "eat.h"
#include "formats_read.h"
#include "spdm_bare.h"

enum {
	TAG_SIGN1 = 18,
	TAG_CWT = 61,
	TAG_CCA = 399,
	TAG_OLD_RIM = 500,
	TAG_CORIM = 501,
	TAG_TOC = 570,
	TAG_COEV = 571,
	TAG_BUNDLE = 602,
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
	[FORMAT_NVIDIA_GPU] = "GPU report (NVIDIA)",
	[FORMAT_SPDM_RECORD] = "SPDM measurement record",
	[FORMAT_SPDM_CHAIN] = "SPDM certificate chain",
	[FORMAT_X509] = "X.509 certificates",
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

bool format_starts_with(struct bytes b, const char *text)
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
	if (s.corim_meta.at || format_starts_with(s.content_type, "application/rim+cbor") ||
	    format_starts_with(s.preimage_type, "application/rim+cbor"))
		return FORMAT_SIGNED_CORIM;
	if (cbor_check(s.payload, CBOR_WELL_FORMED, &e) || kind_of(s.payload) != CBOR_MAP)
		return FORMAT_COSE_SIGN1;
	profile = profile_of(s.payload);
	if (bytes_equal(profile, bytes_text(EAT_PROFILE_HOST)))
		return FORMAT_TOKEN;
	return format_starts_with(profile, EAR_PROFILE_FAMILY) ? FORMAT_EAR_CWT : FORMAT_EAT;
}

static enum format format_of_map(struct bytes b)
{
	struct cmw_seen seen;
	struct err e = { 0 };
	struct bytes profile = profile_of(b);

	if (format_starts_with(profile, EAR_PROFILE_FAMILY) || member_of(b, NULL, 1004).len)
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

int format_check_ear_claims(struct bytes b, struct err *e)
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
	return format_check_ear_claims(s.payload, e);
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

/* A measurement record has no mark of its own: its first block is believed where the whole is not CBOR. */
static int check_no_cbor(struct bytes b, struct format_seen *out, struct err *e)
{
	if (spdm_record_is(b)) {
		out->format = FORMAT_SPDM_RECORD;
		*e = (struct err){ 0 };
		return spdm_record_check(b, e);
	}
	if (format_starts_with(b, "-----BEGIN ") ||
	    (b.len > 2 && b.at[0] == 0x30 && (b.at[1] > 0x80 || b.at[1] == b.len - 2)))
		return err_set(e, E_UNSUPPORTED,
			       "a key in PEM or DER, and not CBOR or another format known here; "
			       "openssl shows those");
	return err_while(e, "none of the formats known here; read as one of those in CBOR");
}

static int check_cbor(struct bytes b, struct format_seen *out, struct err *e)
{
	struct cose_sign1 s;
	struct cmw_seen cmw;

	if (cbor_check(b, CBOR_WELL_FORMED, e))
		return check_no_cbor(b, out, e);
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
		return format_check_ear_claims(b, e);
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

/* What is told by its first bytes comes first: none of those is well-formed CBOR, but see spdm_record_is(). */
int format_check(struct bytes b, struct format_seen *out, struct err *e)
{
	*out = (struct format_seen){ 0 };
	if (format_check_binary(b, out, e) || format_check_text(b, out, e))
		return (int)e->code;
	return check_cbor(b, out, e);
}
