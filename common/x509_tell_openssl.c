// SPDX-License-Identifier: Apache-2.0
/* Certificates and lists, field by field. Only printable ASCII leaves this file: names are anybody's. */
#include "x509_tell.h"

#include <arpa/inet.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "text.h"
#include "x509_openssl.h"

enum {
	VALUE_MAX = 1600,
	SHOWN_MAX = 256, /* bytes of a value that is shown in hex */
	HEX_ROOM = 2 * SHOWN_MAX + 40,
};

struct teller {
	x509_row row;
	void *user;
};

/* Of our field, for which the library has no name. */
static const struct {
	const char *oid, *name;
} names[] = {
	{ "2.23.133.2.1", "TPM manufacturer" },
	{ "2.23.133.2.2", "TPM model" },
	{ "2.23.133.2.3", "TPM version" },
	{ "2.23.133.2.16", "TPM specification" },
	{ "2.23.133.2.18", "TPM security assertions" },
	{ "2.23.133.5.4.1", "DICE TcbInfo" },
	{ "2.23.133.5.4.1.1", "DICE TcbInfo" },
	{ "2.23.133.5.4.4", "DICE UEID" },
	{ "2.23.133.5.4.5", "DICE MultiTcbInfo" },
	{ "2.23.133.5.4.8", "DICE MultiTcbInfoComp" },
	{ "2.23.133.5.4.9", "DICE conceptual message wrapper" },
	{ "2.23.133.5.4.100.6", "DICE initial identity" },
	{ "2.23.133.5.4.100.7", "DICE local identity" },
	{ "2.23.133.5.4.100.8", "DICE initial attestation" },
	{ "2.23.133.5.4.100.9", "DICE local attestation" },
	{ "2.23.133.5.4.100.10", "DICE initial assertion" },
	{ "2.23.133.5.4.100.11", "DICE local assertion" },
	{ "2.23.133.5.4.100.12", "DICE embedded CA" },
	{ "2.23.133.8.1", "TCG EK certificate" },
	{ "2.23.133.8.2", "TCG platform certificate" },
	{ "2.23.133.8.3", "TCG AIK certificate" },
	{ "2.23.147", "PCIe CMA identity" },
	{ "1.3.6.1.4.1.412.274.1", "DMTF device info" },
	{ "1.3.6.1.4.1.412.274.2", "DMTF hardware identity" },
	{ "1.3.6.1.4.1.412.274.3", "DMTF SPDM responder" },
	{ "1.3.6.1.4.1.412.274.4", "DMTF SPDM requester" },
	{ "1.3.6.1.4.1.412.274.5", "DMTF mutable certificate" },
	{ "1.3.6.1.4.1.412.274.6", "DMTF SPDM extension" },
	{ "1.3.6.1.5.5.7.1.35", "conceptual message wrapper" },
};

static void tell(const struct teller *t, size_t depth, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void tell(const struct teller *t, size_t depth, const char *label, const char *format, ...)
{
	char value[VALUE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	t->row(t->user, depth, label, value);
}

/* "TCG EK certificate (2.23.133.8.1)", or the number alone. */
static const char *object_text(const ASN1_OBJECT *o, char *out, size_t size)
{
	const char *name = NULL;
	char oid[128];

	OBJ_obj2txt(oid, sizeof(oid), o, 1);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(oid, names[i].oid))
			name = names[i].name;
	if (!name && OBJ_obj2nid(o) != NID_undef)
		name = OBJ_nid2ln(OBJ_obj2nid(o));
	snprintf(out, size, name ? "%s (%s)" : "%s%s", name ? name : "", oid);
	return out;
}

static struct bytes string_bytes(const ASN1_STRING *s)
{
	return s ? (struct bytes){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) }
		 : BYTES_NONE;
}

static const char *hex_text(struct bytes b, char out[HEX_ROOM])
{
	struct bytes shown = b.len > SHOWN_MAX ? bytes_slice(b, 0, SHOWN_MAX) : b;

	hex_write(shown, out);
	if (b.len > SHOWN_MAX)
		snprintf(out + 2 * SHOWN_MAX, 40, "... (%zu bytes)", b.len);
	return out;
}

static void tell_hex(const struct teller *t, size_t depth, const char *label, struct bytes b)
{
	char hex[HEX_ROOM];

	tell(t, depth, label, "%s", hex_text(b, hex));
}

static void tell_visible(const struct teller *t, size_t depth, const char *label, struct bytes b)
{
	char text[VALUE_MAX];

	tell(t, depth, label, "%s", text_visible(b, text, sizeof(text)));
}

static void tell_name(const struct teller *t, const char *label, X509_NAME *name)
{
	char text[512];

	name_text(name, text, sizeof(text));
	tell(t, 0, label, "%s", text);
}

static void tell_integer(const struct teller *t, size_t depth, const char *label,
			 const ASN1_INTEGER *i)
{
	char hex[HEX_ROOM];

	tell(t, depth, label, "%s%s", i && ASN1_STRING_type(i) == V_ASN1_NEG_INTEGER ? "-" : "",
	     hex_text(string_bytes(i), hex));
}

/* ---- names in extensions ---- */
/* A directory name, attribute by attribute: RFC 2253 shows those of a TPM as DER in hex. */
static void tell_directory(const struct teller *t, size_t depth, X509_NAME *name)
{
	char label[200];

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);

		tell_visible(t, depth,
			     object_text(X509_NAME_ENTRY_get_object(entry), label, sizeof(label)),
			     string_bytes(X509_NAME_ENTRY_get_data(entry)));
	}
}

static void tell_address(const struct teller *t, size_t depth, struct bytes b)
{
	char text[INET6_ADDRSTRLEN];

	if ((b.len == 4 || b.len == 16) &&
	    inet_ntop(b.len == 4 ? AF_INET : AF_INET6, b.at, text, sizeof(text)))
		tell(t, depth, "address", "%s", text);
	else
		tell_hex(t, depth, "address", b);
}

static void tell_other_name(const struct teller *t, size_t depth, const OTHERNAME *other)
{
	ASN1_TYPE *v = other->value;
	char label[200];

	object_text(other->type_id, label, sizeof(label));
	if (v->type == V_ASN1_UTF8STRING || v->type == V_ASN1_IA5STRING ||
	    v->type == V_ASN1_PRINTABLESTRING)
		tell_visible(t, depth, label, string_bytes(v->value.asn1_string));
	else if (v->type == V_ASN1_SEQUENCE || v->type == V_ASN1_OCTET_STRING)
		tell_hex(t, depth, label, string_bytes(v->value.asn1_string));
	else
		tell(t, depth, label, "a value of ASN.1 type %d", v->type);
}

static void tell_general_names(const struct teller *t, size_t depth, const GENERAL_NAMES *list)
{
	static const char *const kinds[] = {
		[GEN_EMAIL] = "email", [GEN_DNS] = "DNS", [GEN_URI] = "URI"
	};

	for (int i = 0; i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(list, i);
		char oid[200];

		switch (n->type) {
		case GEN_EMAIL:
		case GEN_DNS:
		case GEN_URI:
			tell_visible(t, depth, kinds[n->type], string_bytes(n->d.ia5));
			break;
		case GEN_DIRNAME:
			tell_directory(t, depth, n->d.directoryName);
			break;
		case GEN_IPADD:
			tell_address(t, depth, string_bytes(n->d.iPAddress));
			break;
		case GEN_OTHERNAME:
			tell_other_name(t, depth, n->d.otherName);
			break;
		case GEN_RID:
			tell(t, depth, "registered id", "%s",
			     object_text(n->d.registeredID, oid, sizeof(oid)));
			break;
		default:
			tell(t, depth, "name", "of kind %d", n->type);
		}
	}
}

/* ---- extensions ---- */
static void tell_usage(const struct teller *t, const ASN1_BIT_STRING *bits)
{
	static const char *const usages[] = { "digitalSignature", "nonRepudiation",
					      "keyEncipherment",  "dataEncipherment",
					      "keyAgreement",	  "keyCertSign",
					      "cRLSign",	  "encipherOnly",
					      "decipherOnly" };
	char value[200] = "";
	size_t n = 0;

	for (int i = 0; i < (int)ARRAY_LEN(usages); i++)
		if (ASN1_BIT_STRING_get_bit(bits, i))
			n += (size_t)snprintf(value + n, sizeof(value) - n, "%s%s", n ? ", " : "",
					      usages[i]);
	tell(t, 1, "usage", "%s", n ? value : "none");
}

static void tell_purposes(const struct teller *t, const EXTENDED_KEY_USAGE *eku)
{
	char oid[200];

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++)
		tell(t, 1, "purpose", "%s",
		     object_text(sk_ASN1_OBJECT_value(eku, i), oid, sizeof(oid)));
}

static void tell_constraints(const struct teller *t, const BASIC_CONSTRAINTS *c)
{
	char hex[HEX_ROOM];

	if (c->pathlen)
		tell(t, 1, "CA", "%s, at most 0x%s certificates below", c->ca ? "yes" : "no",
		     hex_text(string_bytes(c->pathlen), hex));
	else
		tell(t, 1, "CA", "%s", c->ca ? "yes" : "no");
}

static void tell_access(const struct teller *t, const AUTHORITY_INFO_ACCESS *list)
{
	char oid[200];

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(list); i++) {
		const ACCESS_DESCRIPTION *a = sk_ACCESS_DESCRIPTION_value(list, i);

		if (a->location->type == GEN_URI)
			tell_visible(t, 1, object_text(a->method, oid, sizeof(oid)),
				     string_bytes(a->location->d.ia5));
		else
			tell(t, 1, object_text(a->method, oid, sizeof(oid)), "no URI");
	}
}

static void tell_points(const struct teller *t, const CRL_DIST_POINTS *list)
{
	for (int i = 0; i < sk_DIST_POINT_num(list); i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(list, i);

		if (p->distpoint && p->distpoint->type == 0)
			tell_general_names(t, 1, p->distpoint->name.fullname);
		else
			tell(t, 1, "list", "relative to its issuer");
	}
}

static void tell_policies(const struct teller *t, const CERTIFICATEPOLICIES *list)
{
	char oid[200];

	for (int i = 0; i < sk_POLICYINFO_num(list); i++)
		tell(t, 1, "policy", "%s",
		     object_text(sk_POLICYINFO_value(list, i)->policyid, oid, sizeof(oid)));
}

/* Return: was it one of those that are told by what they mean? */
static bool tell_known(const struct teller *t, int nid, void *v)
{
	const AUTHORITY_KEYID *id = v;

	switch (nid) {
	case NID_basic_constraints:
		tell_constraints(t, v);
		return true;
	case NID_key_usage:
		tell_usage(t, v);
		return true;
	case NID_ext_key_usage:
		tell_purposes(t, v);
		return true;
	case NID_subject_key_identifier:
		tell_hex(t, 1, "key id", string_bytes(v));
		return true;
	case NID_authority_key_identifier:
		if (id->keyid)
			tell_hex(t, 1, "key id", string_bytes(id->keyid));
		if (id->issuer)
			tell_general_names(t, 1, id->issuer);
		if (id->serial)
			tell_integer(t, 1, "serial number", id->serial);
		return true;
	case NID_subject_alt_name:
	case NID_issuer_alt_name:
		tell_general_names(t, 1, v);
		return true;
	case NID_info_access:
		tell_access(t, v);
		return true;
	case NID_crl_distribution_points:
		tell_points(t, v);
		return true;
	case NID_certificate_policies:
		tell_policies(t, v);
		return true;
	case NID_crl_number:
	case NID_delta_crl:
		tell_integer(t, 1, "number", v);
		return true;
	default:
		return false;
	}
}

static void tell_extension(const struct teller *t, X509_EXTENSION *ext)
{
	const X509V3_EXT_METHOD *method = X509V3_EXT_get(ext);
	void *v = method ? X509V3_EXT_d2i(ext) : NULL;
	char name[200];

	object_text(X509_EXTENSION_get_object(ext), name, sizeof(name));
	tell(t, 0, "extension", "%s%s", name, X509_EXTENSION_get_critical(ext) ? ", critical" : "");
	if (!v || !tell_known(t, OBJ_obj2nid(X509_EXTENSION_get_object(ext)), v))
		tell_hex(t, 1, "value", string_bytes(X509_EXTENSION_get_data(ext)));
	if (v && method->it)
		ASN1_item_free(v, ASN1_ITEM_ptr(method->it));
	else if (v)
		method->ext_free(v);
	ERR_clear_error();
}

/* ---- certificates ---- */
static void tell_key(const struct teller *t, X509 *x509)
{
	X509_PUBKEY *spki = X509_get_X509_PUBKEY(x509);
	EVP_PKEY *key = X509_get0_pubkey(x509);
	ASN1_OBJECT *alg = NULL;
	char group[80] = "", name[200], hex[65];
	u8 *der = NULL;
	int len = i2d_X509_PUBKEY(spki, &der);
	struct digest d = sha256_of((struct bytes){ der, len > 0 ? (size_t)len : 0 });

	OPENSSL_free(der);
	X509_PUBKEY_get0_param(&alg, NULL, NULL, NULL, spki);
	if (key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
		group[0] = 0;
	if (key)
		tell(t, 0, "key", "%s, %d bits%s%s", object_text(alg, name, sizeof(name)),
		     EVP_PKEY_get_bits(key), group[0] ? ", " : "", group);
	else
		tell(t, 0, "key", "%s, which this build does not have",
		     object_text(alg, name, sizeof(name)));
	tell(t, 1, "sha256 of its SubjectPublicKeyInfo", "%s", hex_write(digest_bytes(&d), hex));
	ERR_clear_error();
}

static void tell_certificate(const struct teller *t, X509 *x509, struct bytes der)
{
	struct digest d = sha256_of(der);
	const ASN1_OBJECT *alg;
	char from[32], until[32], name[200], hex[65];

	X509_ALGOR_get0(&alg, NULL, NULL, X509_get0_tbs_sigalg(x509));
	tell_name(t, "subject", X509_get_subject_name(x509));
	tell_name(t, "issuer", X509_get_issuer_name(x509));
	tell_integer(t, 0, "serial number", X509_get0_serialNumber(x509));
	tell(t, 0, "version", "%ld", X509_get_version(x509) + 1);
	tell(t, 0, "valid", "%s to %s", asn1_time_text(X509_get0_notBefore(x509), from),
	     asn1_time_text(X509_get0_notAfter(x509), until));
	tell_key(t, x509);
	tell(t, 0, "signed with", "%s", object_text(alg, name, sizeof(name)));
	tell(t, 0, "sha256", "%s", hex_write(digest_bytes(&d), hex));
	for (int i = 0; i < X509_get_ext_count(x509); i++)
		tell_extension(t, X509_get_ext(x509, i));
}

/* ---- lists ---- */
static void tell_revoked(const struct teller *t, const X509_REVOKED *row)
{
	ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(row, NID_crl_reason, NULL, NULL);
	const ASN1_INTEGER *serial = X509_REVOKED_get0_serialNumber(row);
	char since[32], hex[HEX_ROOM];

	asn1_time_text(X509_REVOKED_get0_revocationDate(row), since);
	hex_text(string_bytes(serial), hex);
	if (reason)
		tell(t, 1, "serial number", "%s, since %s, reason %ld", hex, since,
		     ASN1_ENUMERATED_get(reason));
	else
		tell(t, 1, "serial number", "%s, since %s", hex, since);
	ASN1_ENUMERATED_free(reason);
}

static void tell_list(const struct teller *t, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *rows = X509_CRL_get_REVOKED(crl);
	int n = sk_X509_REVOKED_num(rows) > 0 ? sk_X509_REVOKED_num(rows) : 0; /* of NULL: -1 */
	const ASN1_OBJECT *alg;
	const X509_ALGOR *sigalg;
	char when[32], name[200];

	X509_CRL_get0_signature(crl, NULL, &sigalg);
	X509_ALGOR_get0(&alg, NULL, NULL, sigalg);
	tell_name(t, "issuer", X509_CRL_get_issuer(crl));
	tell(t, 0, "from", "%s", asn1_time_text(X509_CRL_get0_lastUpdate(crl), when));
	tell(t, 0, "until", "%s",
	     X509_CRL_get0_nextUpdate(crl) ? asn1_time_text(X509_CRL_get0_nextUpdate(crl), when)
					   : "not said");
	tell(t, 0, "signed with", "%s", object_text(alg, name, sizeof(name)));
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++)
		tell_extension(t, X509_CRL_get_ext(crl, i));
	tell(t, 0, "revoked", "%d", n);
	for (int i = 0; i < n && i < CRL_ROWS_MAX; i++)
		tell_revoked(t, sk_X509_REVOKED_value(rows, i));
	if (n > CRL_ROWS_MAX)
		tell(t, 1, "serial number", "%d more", n - CRL_ROWS_MAX);
}

void x509_tell(enum x509_kind kind, struct bytes der, x509_row row, void *user)
{
	const struct teller t = { row, user };
	const u8 *p = der.at;

	if (kind == X509_CERTIFICATE) {
		X509 *x509 = d2i_X509(NULL, &p, (long)der.len);

		if (x509)
			tell_certificate(&t, x509, der);
		X509_free(x509);
	} else {
		X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.len);

		if (crl)
			tell_list(&t, crl);
		X509_CRL_free(crl);
	}
	ERR_clear_error();
}
