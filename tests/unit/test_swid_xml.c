// SPDX-License-Identifier: Apache-2.0
/* SWID tags in XML: a valid one, every way to sign less than all of it, and XML that is out for harm. */
#include "support.h"

#include <stdio.h>

#include "proto/swid_xml.h"
#include "swid_sample.h"

#define HASH_A                                                                                     \
	"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a" \
	"0a0a0a0a"
#define HASH_B                                                                                     \
	"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b" \
	"0b0b0b0b"

static const char tag[] =
	"<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\" "
	"xmlns:h=\"http://www.w3.org/2001/04/xmlenc#sha384\" corpus=\"false\" name=\"GH100\" "
	"patch=\"false\" supplemental=\"false\" tagId=\"t1\"><Meta "
	"colloquialVersion=\"1.2\"/><Payload>"
	"<Resource type=\"Measurement\" index=\"0\" active=\"True\" alternatives=\"2\" "
	"h:Hash0=\"" HASH_A "\" h:Hash1=\"" HASH_B "\" name=\"first\" size=\"48\"/>"
	"<Resource type=\"Measurement\" index=\"7\" active=\"False\" alternatives=\"1\" "
	"h:Hash0=\"" HASH_A "\" name=\"second\" size=\"48\"/></Payload>@</SoftwareIdentity>";

enum { IN_TIME = SWID_IN_TIME };
static struct swid_signer signer;

/* @xml with the first @find replaced by @put; @put may hold a ~ for what was found. */
static struct buf *with(struct bytes xml, const char *find, const char *put)
{
	struct buf *out = buf_new(2 * SWID_MAX);
	const u8 *at = memmem(xml.at, xml.len, find, strlen(find));
	size_t before;

	if (!at)
		fail_msg("\"%s\" is not there", find);
	before = (size_t)(at - xml.at);
	write_bytes(&out->w, bytes_slice(xml, 0, before));
	for (; *put; put++)
		write_bytes(&out->w,
			    *put == '~' ? bytes_text(find) : (struct bytes){ (const u8 *)put, 1 });
	write_bytes(&out->w,
		    bytes_slice(xml, before + strlen(find), xml.len - before - strlen(find)));
	return out;
}

/* The tag with a signature's template for its @, not signed yet. */
static struct buf *unsigned_tag(void)
{
	OWNED(buf) s = buf_new(16384);

	swid_template(&signer, &s->w);
	write_u8(&s->w, 0);
	return with(bytes_text(tag), "@", (const char *)s->w.at);
}

static struct buf *good_tag(void)
{
	OWNED(buf) t = unsigned_tag();

	return swid_sign(&signer, buf_bytes(t));
}

static int verify(struct bytes xml, long long at, struct err *e)
{
	u8 *copy = heap_copy(xml);
	OWNED(swid) s = NULL;
	int rc = swid_verify((struct bytes){ copy, xml.len }, signer.roots, at, &s, e);

	if (rc)
		assert_null(s);
	free(copy);
	return rc;
}

static void a_signed_tag_yields_its_values(void **state)
{
	OWNED(buf) b = good_tag();
	OWNED(swid) s = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(swid_verify(buf_bytes(b), signer.roots, IN_TIME, &s, &e), &e);
	assert_string_equal(s->tag_id, "t1");
	assert_string_equal(s->name, "GH100");
	assert_string_equal(s->version, "1.2");
	assert_int_equal(s->n, 2);
	assert_int_equal(s->n_active, 1);
	assert_true(s->at[0].active);
	assert_int_equal(s->at[0].n, 2);
	assert_int_equal(s->at[0].hash[0][47], 0x0a);
	assert_int_equal(s->at[0].hash[1][0], 0x0b);
	assert_int_equal(s->at[1].index, 7);
	assert_false(s->at[1].active);
	assert_string_equal(s->at[1].name, "second");
	assert_int_equal(s->signers->n, 1);
	assert_string_equal(cert_subject(s->signers->at[0]), "CN=manifest signer");
}

static void a_signer_counts_while_it_is_valid_and_by_its_root_alone(void **state)
{
	OWNED(buf) b = good_tag();
	struct swid_signer other, ca;
	struct err e = { 0 };
	OWNED(swid) s = NULL;
	OWNED(buf) by_ca = NULL;

	(void)state;
	assert_ok(verify(buf_bytes(b), SWID_FROM, &e), &e);
	assert_ok(verify(buf_bytes(b), SWID_UNTIL - 1, &e), &e);
	assert_refused(verify(buf_bytes(b), SWID_UNTIL, &e), &e, E_FRESHNESS, "signer expired");
	assert_refused(verify(buf_bytes(b), SWID_FROM - 1, &e), &e, E_FRESHNESS,
		       "signer not valid yet");
	swid_signer_make(&other, false);
	assert_refused(swid_verify(buf_bytes(b), other.roots, IN_TIME, &s, &e), &e, E_SIGNATURE,
		       "signer of the SWID tag");
	swid_signer_clear(&other);
	swid_signer_make(&ca, true);
	{
		struct swid_signer mine = signer;

		signer = ca;
		by_ca = good_tag();
		assert_refused(verify(buf_bytes(by_ca), IN_TIME, &e), &e, E_SIGNATURE,
			       "not for signing documents");
		signer = mine;
	}
	swid_signer_clear(&ca);
}

/* Whatever is changed after signing: values, what was unsigned before, the signature's own parts. */
static void what_was_changed_after_signing_is_refused(void **state)
{
	static const struct {
		const char *find, *put;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "active=\"True\"", "active=\"False\"", E_SIGNATURE, "is not valid" },
		{ "\"1.2\"", "\"1.3\"", E_SIGNATURE, "is not valid" },
		{ "h:Hash0=\"0a", "h:Hash0=\"0b", E_SIGNATURE, "is not valid" },
		{ "<Payload>", "<Payload> ", E_SIGNATURE, "is not valid" },
		{ "</Payload>", "~<Link/>", E_SIGNATURE, "is not valid" },
		{ "<ds:DigestValue>", "~AAAA", E_SIGNATURE, "is not valid" },
		{ "<ds:SignatureValue>", "~AAAA", E_SIGNATURE, "is not valid" },
		{ "<ds:SignatureValue>", "<ds:SignatureValue><!-- x -->", E_FORMAT, "a comment" },
		{ "<ds:X509Certificate>M", "<ds:X509Certificate>!", E_FORMAT, "no base64" },
		{ "<ds:X509Certificate>", "~AAAA</ds:X509Certificate>~", E_FORMAT, "certificate" },
		{ "<ds:X509Data>", "<ds:KeyName>x</ds:KeyName>~", E_FORMAT, "KeyName" },
		{ "</ds:KeyInfo>", "~<ds:Object/>", E_FORMAT, "Object is one too many" },
		{ "<ds:Signature ", "<ds:Signature Id=\"a\" ", E_FORMAT, "attribute Id" },
	};
	OWNED(buf) good = good_tag();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = with(buf_bytes(good), rows[i].find, rows[i].put);
		struct err e = { 0 };

		assert_refused(verify(buf_bytes(b), IN_TIME, &e), &e, rows[i].code, rows[i].why);
	}
}

/* The signature's value is right in all of them: it is what they sign that is not enough. */
static void a_valid_signature_of_another_shape_is_refused(void **state)
{
	static const struct {
		const char *find, *put;
		enum err_code code;
		const char *why;
	} rows[] = {
		/* only a part, by its Id */
		{ "<Meta ", "<Meta Id=\"part\" ", E_OK, NULL },
		{ "URI=\"\"", "URI=\"#part\"", E_UNSUPPORTED, "Reference URI is \"#part\"" },
		{ "URI=\"\"", "URI=\"#xpointer(/)\"", E_UNSUPPORTED, "Reference URI" },
		{ "URI=\"\"", "URI=\"\" Type=\"x\"", E_FORMAT, "Reference without URI" },
		/* less than all, by a transform */
		{ "<ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>",
		  "<ds:Transform "
		  "Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>"
		  "ancestor-or-self::*[local-name()='Meta']</ds:XPath></ds:Transform>~",
		  E_UNSUPPORTED, "REC-xpath" },
		{ "<ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>", "~~",
		  E_FORMAT, "one too many" },
		{ "<ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>", "",
		  E_FORMAT, "nothing where Transform" },
		{ "xml-c14n11\"/><ds:SignatureMethod",
		  "xml-c14n11#WithComments\"/><ds:SignatureMethod", E_UNSUPPORTED,
		  "CanonicalizationMethod" },
		{ "xmldsig-more#sha384", "xmlenc#sha256", E_UNSUPPORTED, "DigestMethod" },
		{ "xmldsig-more#ecdsa-sha384", "xmldsig-more#ecdsa-sha256", E_UNSUPPORTED,
		  "SignatureMethod" },
		/* two */
		{ "</ds:SignedInfo>",
		  "<ds:Reference URI=\"\"><ds:Transforms><ds:Transform "
		  "Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>"
		  "</ds:Transforms><ds:DigestMethod "
		  "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\"/><ds:DigestValue/>"
		  "</ds:Reference>~",
		  E_FORMAT, "Reference is one too many" },
		{ "</SoftwareIdentity>",
		  "<s:Signature xmlns:s=\"http://www.w3.org/2000/09/xmldsig#\"/>~", E_FORMAT,
		  "more than one" },
		{ "<Payload>", "~<s:Object xmlns:s=\"http://www.w3.org/2000/09/xmldsig#\"/>",
		  E_FORMAT, "outside of it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) t = unsigned_tag();
		OWNED(buf) part = with(buf_bytes(t), "<Meta ", "<Meta Id=\"part\" ");
		OWNED(buf)
		b = i ? with(buf_bytes(part), rows[i].find, rows[i].put)
		      : buf_copy(buf_bytes(part));
		OWNED(buf) made = swid_sign(&signer, buf_bytes(b));
		struct err e = { 0 };

		if (!i) /* that Id alone is no fault */
			assert_ok(verify(buf_bytes(made), IN_TIME, &e), &e);
		else
			assert_refused(verify(buf_bytes(made), IN_TIME, &e), &e, rows[i].code,
				       rows[i].why);
	}
}

/* What was signed is somewhere in the document, and something else stands where values are read. */
static void a_signed_tag_wrapped_into_another_is_refused(void **state)
{
	static const char evil[] =
		"<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\" "
		"xmlns:h=\"http://www.w3.org/2001/04/xmlenc#sha384\" name=\"GH100\" "
		"tagId=\"evil\"><Meta "
		"colloquialVersion=\"9\"/><Payload><Resource type=\"Measurement\" index=\"0\" "
		"active=\"True\" alternatives=\"1\" h:Hash0=\"" HASH_B
		"\" name=\"x\" size=\"48\"/></Payload>";
	OWNED(buf) good = good_tag();
	const char *text, *root, *signature, *end;
	char *made = malloc(65536);
	struct err e = { 0 };

	(void)state;
	write_u8(&good->w, 0);
	text = (const char *)good->w.at;
	root = strstr(text, "<SoftwareIdentity");
	signature = strstr(text, "<ds:Signature");
	end = strstr(text, "</ds:Signature>") + strlen("</ds:Signature>");
	/* the whole of it under another root */
	snprintf(made, 65536, "%s%s</SoftwareIdentity>", evil, root);
	assert_refused(verify(bytes_text(made), IN_TIME, &e), &e, E_SIGNATURE, "as its child");
	snprintf(made, 65536, "<wrapper>%s</wrapper>", root);
	assert_refused(verify(bytes_text(made), IN_TIME, &e), &e, E_SIGNATURE, "as its child");
	/* its signature under another root, with and without the signed element beside it */
	snprintf(made, 65536, "%s%.*s</SoftwareIdentity>", evil, (int)(end - signature), signature);
	assert_refused(verify(bytes_text(made), IN_TIME, &e), &e, E_SIGNATURE, "is not valid");
	snprintf(made, 65536, "%s<Link>%.*s</SoftwareIdentity></Link>%.*s</SoftwareIdentity>", evil,
		 (int)(signature - root), root, (int)(end - signature), signature);
	assert_refused(verify(bytes_text(made), IN_TIME, &e), &e, E_SIGNATURE, "is not valid");
	/* the signature deeper inside its own tag */
	snprintf(made, 65536, "%.*s<Link>%.*s</Link></SoftwareIdentity>", (int)(signature - root),
		 root, (int)(end - signature), signature);
	assert_refused(verify(bytes_text(made), IN_TIME, &e), &e, E_SIGNATURE, "as its child");
	free(made);
}

static void values_that_do_not_fit_are_refused_though_they_are_signed(void **state)
{
	static const struct {
		const char *find, *put;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "19770/-2/2015", "19770/-2/2009", E_FORMAT, "no SoftwareIdentity" },
		{ "patch=\"false\"", "patch=\"true\"", E_UNSUPPORTED, "patch tag" },
		{ "tagId=\"t1\"", "", E_FORMAT, "has no tagId" },
		{ "<Payload>", "<Meta colloquialVersion=\"9\"/>~", E_FORMAT, "Meta twice" },
		{ "</Payload>", "~<Payload/>", E_FORMAT, "Payload twice" },
		{ "</Payload>", "<Directory/>~", E_UNSUPPORTED, "Directory in the Payload" },
		{ "index=\"7\"", "index=\"0\"", E_FORMAT, "index 0 twice" },
		{ "index=\"7\"", "index=\"254\"", E_LIMIT, "index 254" },
		{ "index=\"7\"", "index=\"07\"", E_FORMAT, "index is no number" },
		{ "index=\"7\"", "index=\"-1\"", E_FORMAT, "index is no number" },
		{ "index=\"7\"", "index=\"99999999999\"", E_LIMIT, "index of 11 characters" },
		{ "active=\"False\"", "active=\"0\"", E_FORMAT, "neither true nor false" },
		{ "alternatives=\"2\"", "alternatives=\"1\"", E_FORMAT,
		  "Hash1 is past alternatives" },
		{ "alternatives=\"2\"", "alternatives=\"3\"", E_FORMAT, "has no Hash2" },
		{ "alternatives=\"2\"", "alternatives=\"0\"", E_LIMIT, "alternatives 0" },
		{ "alternatives=\"2\"", "alternatives=\"257\"", E_LIMIT, "alternatives 257" },
		{ "size=\"48\"", "size=\"32\"", E_LIMIT, "size 32" },
		{ "h:Hash0=\"0a", "h:Hash0=\"zz", E_FORMAT, "Hash0 is no SHA-384" },
		{ "h:Hash0=\"0a", "h:Hash0=\"", E_FORMAT, "Hash0 is no SHA-384" },
		{ "h:Hash0=\"0a", "h:Hash0=\"0a0a", E_LIMIT, "Hash0 of 98" },
		{ "h:Hash0=", "Hash0=", E_FORMAT, "has no Hash0" },
		{ "type=\"Measurement\"", "type=\"File\"", E_UNSUPPORTED, "type File" },
		{ "name=\"first\"", "name=\"&#228;\"", E_FORMAT, "name is not printable" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) t = unsigned_tag();
		OWNED(buf) b = with(buf_bytes(t), rows[i].find, rows[i].put);
		OWNED(buf) made = swid_sign(&signer, buf_bytes(b));
		struct err e = { 0 };

		assert_refused(verify(buf_bytes(made), IN_TIME, &e), &e, rows[i].code, rows[i].why);
	}
}

static void xml_that_is_out_for_harm_is_refused(void **state)
{
	static const struct {
		const char *xml;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "", E_FORMAT, "does not start" },
		{ "no XML", E_FORMAT, "does not start" },
		{ "<a", E_FORMAT, "not well-formed" },
		{ "<a/><b/>", E_FORMAT, "not well-formed" },
		{ "<!DOCTYPE a><a/>", E_FORMAT, "DOCTYPE" },
		{ "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", E_FORMAT, "DOCTYPE" },
		{ "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", E_FORMAT,
		  "DOCTYPE" },
		{ "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c "
		  "\"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d "
		  "\"&c;&c;&c;&c;&c;&c;&c;&c;\">]><a x=\"&d;\"/>",
		  E_FORMAT, "DOCTYPE" },
		{ "<a>&x;</a>", E_FORMAT, "not well-formed" },
		{ "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", E_FORMAT, "not UTF-8" },
		{ "<?xml version=\"1.0\" encoding=\"UTF-7\"?><a/>", E_FORMAT, "SWID tag is not " },
		{ "<?xml-stylesheet href=\"http://x.example/\"?><a/>", E_FORMAT,
		  "neither element, text nor comment" },
		{ "<a><![CDATA[x]]></a>", E_FORMAT, "neither element, text nor comment" },
		{ "<a><b><?p q?></b></a>", E_FORMAT, "neither element, text nor comment" },
		{ "<a/>", E_SIGNATURE, "no XML signature" },
		{ "<a>\xc3\x28</a>", E_FORMAT, "not well-formed" },
	};
	static const u8 utf16[] = { 0xff, 0xfe, '<', 0, 'a', 0, '/', 0, '>', 0 };
	char *big = calloc(1, SWID_MAX + 1);
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err why = { 0 };

		assert_refused(verify(bytes_text(rows[i].xml), IN_TIME, &why), &why, rows[i].code,
			       rows[i].why);
	}
	assert_refused(verify(BYTES(utf16), IN_TIME, &e), &e, E_FORMAT, "not UTF-8");
	for (size_t i = 0; i < SWID_MAX; i += 3)
		memcpy(big + i, "<a>", i + 3 <= SWID_MAX ? 3 : SWID_MAX - i);
	assert_refused(verify((struct bytes){ (u8 *)big, SWID_MAX }, IN_TIME, &e), &e, E_FORMAT,
		       "not well-formed");
	assert_refused(verify((struct bytes){ (u8 *)big, SWID_MAX + 1 }, IN_TIME, &e), &e, E_LIMIT,
		       "1048577 bytes");
	free(big);
}

static void every_truncation_is_refused(void **state)
{
	OWNED(buf) b = good_tag();

	(void)state;
	while (b->w.len && b->w.at[b->w.len - 1] == '\n')
		b->w.len--;
	for (size_t len = 0; len < b->w.len; len += 7) {
		struct err e = { 0 };

		assert_int_not_equal(verify((struct bytes){ b->w.at, len }, IN_TIME, &e), 0);
	}
}

static int make_signer(void **state)
{
	(void)state;
	swid_signer_make(&signer, false);
	return 0;
}

static int clear_signer(void **state)
{
	(void)state;
	swid_signer_clear(&signer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_tag_yields_its_values),
		cmocka_unit_test(a_signer_counts_while_it_is_valid_and_by_its_root_alone),
		cmocka_unit_test(what_was_changed_after_signing_is_refused),
		cmocka_unit_test(a_valid_signature_of_another_shape_is_refused),
		cmocka_unit_test(a_signed_tag_wrapped_into_another_is_refused),
		cmocka_unit_test(values_that_do_not_fit_are_refused_though_they_are_signed),
		cmocka_unit_test(xml_that_is_out_for_harm_is_refused),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, make_signer, clear_signer);
}
