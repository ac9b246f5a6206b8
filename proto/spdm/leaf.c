// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "leaf.h"

#include "common/limits.h"
#include "common/reader.h"

enum tag {
	BOOLEAN = 0x01,
	INTEGER = 0x02,
	BIT_STRING = 0x03,
	OCTET_STRING = 0x04,
	OID = 0x06,
	UTF8_STRING = 0x0c,
	SEQUENCE = 0x30,
	VERSION = 0xa0,	   /* [0] of TBSCertificate     */
	EXTENSIONS = 0xa3, /* [3] of TBSCertificate     */
	OTHER_NAME = 0xa0, /* [0] of GeneralName        */
	NAME_VALUE = 0xa0, /* [0] inside an otherName   */
	EC_UNCOMPRESSED = 0x04,
};

static const u8 oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const u8 oid_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const u8 oid_p384[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const u8 oid_p521[] = { 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const u8 oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const u8 oid_san[] = { 0x55, 0x1d, 0x11 };
static const u8 oid_pci[] = { 0x67, 0x81, 0x13 };

/* DER allows one form of each length; four bytes of it would be more than any chain has. */
static size_t take_length(struct reader *r, const char *field)
{
	u8 first = read_u8(r, field);
	size_t len = first;

	if (first == 0x81)
		len = read_u8(r, field);
	else if (first == 0x82)
		len = read_be16(r, field);
	else if (first >= 0x80)
		reader_fail(r, field);
	if ((first == 0x81 && len < 0x80) || (first == 0x82 && len < 0x100))
		reader_fail(r, field);
	return len;
}

static struct reader take(struct reader *r, u8 tag, const char *field)
{
	if (!read_next_is(r, tag))
		reader_fail(r, field);
	read_u8(r, field);
	return read_inner(r, take_length(r, field), field);
}

/* An element that is not looked into, if it is there. */
static void skip(struct reader *r, u8 tag, const char *field)
{
	if (read_next_is(r, tag))
		take(r, tag, field);
}

static bool is_oid(struct bytes b, const u8 *oid, size_t len)
{
	return bytes_equal(b, (struct bytes){ oid, len });
}
#define IS(b, oid) is_oid(b, oid, sizeof(oid))

static const struct {
	enum spdm_key kind;
	const u8 *oid;
	size_t oid_len, point_len;
} curves[] = {
	{ SPDM_KEY_P256, oid_p256, sizeof(oid_p256), 65 },
	{ SPDM_KEY_P384, oid_p384, sizeof(oid_p384), 97 },
	{ SPDM_KEY_P521, oid_p521, sizeof(oid_p521), 133 },
};

static void take_ec_key(struct reader *algorithm, struct reader *bits, struct spdm_leaf *out)
{
	struct reader curve = take(algorithm, OID, "namedCurve");

	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (!is_oid(curve.left, curves[i].oid, curves[i].oid_len))
			continue;
		if (bits->left.len != curves[i].point_len || !read_next_is(bits, EC_UNCOMPRESSED))
			reader_fail(bits, "subjectPublicKey: not an uncompressed point");
		out->kind = curves[i].kind;
		out->key = bits->left;
	}
}

static void take_key(struct reader *tbs, struct spdm_leaf *out)
{
	struct reader info = take(tbs, SEQUENCE, "subjectPublicKeyInfo");
	struct reader algorithm = take(&info, SEQUENCE, "subjectPublicKeyInfo algorithm");
	struct reader kind = take(&algorithm, OID, "subjectPublicKeyInfo algorithm");
	struct reader bits = take(&info, BIT_STRING, "subjectPublicKey");

	if (read_u8(&bits, "subjectPublicKey"))
		reader_fail(&bits, "subjectPublicKey: unused bits");
	if (IS(kind.left, oid_ec)) {
		take_ec_key(&algorithm, &bits, out);
	} else if (IS(kind.left, oid_rsa)) {
		out->kind = SPDM_KEY_RSA;
		out->key = bits.left;
	}
	if (info.why || algorithm.why || bits.why)
		reader_fail(tbs, info.why ? info.why : algorithm.why ? algorithm.why : bits.why);
}

static void take_other_name(struct reader *name, struct spdm_leaf *out)
{
	struct reader type = take(name, OID, "otherName type-id");
	struct reader value = take(name, NAME_VALUE, "otherName value");
	struct reader text;

	if (name->why || !IS(type.left, oid_pci))
		return;
	text = take(&value, UTF8_STRING, "PCIe name");
	if (out->pci_name.len)
		reader_fail(name, "two PCIe names");
	else if (read_done(&value))
		reader_fail(name, value.why);
	out->pci_name = text.left;
}

/* Not inlined: its readers and those of its caller together are more stack than a kernel thread should spend on it. */
static PORT_NOINLINE void take_alt_names(struct reader *octets, struct spdm_leaf *out)
{
	struct reader names = take(octets, SEQUENCE, "subjectAltName");

	while (names.left.len && !names.why) {
		if (read_next_is(&names, OTHER_NAME)) {
			struct reader name = take(&names, OTHER_NAME, "otherName");

			take_other_name(&name, out);
			if (name.why)
				reader_fail(&names, name.why);
		} else {
			read_u8(&names, "GeneralName");
			read_bytes(&names, take_length(&names, "GeneralName"), "GeneralName");
		}
	}
	if (read_done(&names))
		reader_fail(octets, names.why);
}

static void take_extensions(struct reader *tbs, struct spdm_leaf *out)
{
	struct reader outer = take(tbs, EXTENSIONS, "extensions");
	struct reader list = take(&outer, SEQUENCE, "extensions");

	while (list.left.len && !list.why) {
		struct reader extension = take(&list, SEQUENCE, "Extension");
		struct reader id = take(&extension, OID, "extnID");
		struct reader octets;

		skip(&extension, BOOLEAN, "critical");
		octets = take(&extension, OCTET_STRING, "extnValue");
		if (!octets.why && IS(id.left, oid_san))
			take_alt_names(&octets, out);
		if (extension.why || octets.why)
			reader_fail(&list, extension.why ? extension.why : octets.why);
	}
	if (read_done(&list))
		reader_fail(tbs, list.why);
}

static void take_tbs(struct reader *tbs, struct spdm_leaf *out)
{
	skip(tbs, VERSION, "version");
	take(tbs, INTEGER, "serialNumber");
	take(tbs, SEQUENCE, "signature");
	take(tbs, SEQUENCE, "issuer");
	take(tbs, SEQUENCE, "validity");
	take(tbs, SEQUENCE, "subject");
	take_key(tbs, out);
	skip(tbs, 0x81, "issuerUniqueID");
	skip(tbs, 0x82, "subjectUniqueID");
	if (read_next_is(tbs, EXTENSIONS))
		take_extensions(tbs, out);
}

int spdm_parse_leaf(struct bytes certificates, struct spdm_leaf *out, const char **why)
{
	struct reader all = reader_on(certificates);
	struct reader certificate = all, tbs;

	*out = (struct spdm_leaf){ .kind = SPDM_KEY_OTHER };
	for (int n = 0; all.left.len && !all.why; n++) {
		struct bytes from = all.left;

		if (n == CERT_CHAIN_MAX)
			reader_fail(&all, "too many certificates");
		certificate = take(&all, SEQUENCE, "Certificate");
		out->certificate = bytes_slice(from, 0, from.len - all.left.len);
	}
	if (!all.why && !out->certificate.len)
		reader_fail(&all, "no certificate");
	tbs = take(&certificate, SEQUENCE, "tbsCertificate");
	take_tbs(&tbs, out);
	if (!all.why && read_done(&tbs))
		reader_fail(&all, tbs.why);
	*why = all.why;
	return all.why ? -EBADMSG : 0;
}
