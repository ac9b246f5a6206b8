// SPDX-License-Identifier: Apache-2.0
#include "swid_sample.h"

#include "support.h"

#include <stdio.h>

#include <xmlsec/xmlsec.h>

#include <libxml/parser.h>
#include <xmlsec/errors.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

#include "common/text.h"
#include "proto/spdm/measurements.h"

static void make(struct cert_request want, struct cert **out)
{
	struct err e = { 0 };

	want.not_before = SWID_FROM;
	want.not_after = SWID_UNTIL;
	assert_ok(cert_make(&want, out, &e), &e);
}

void swid_signer_make(struct swid_signer *s, bool ca)
{
	struct err e = { 0 };

	*s = (struct swid_signer){ .roots = trust_store_new() };
	assert_ok(keypair_new(KEY_P384, 0, &s->root_key, &e), &e);
	assert_ok(keypair_new(KEY_P384, 0, &s->key, &e), &e);
	make((struct cert_request){ .common_name = "manifest root",
				    .ca = true,
				    .key = keypair_pub(s->root_key),
				    .issuer_key = s->root_key },
	     &s->root);
	make((struct cert_request){ .common_name = "manifest signer",
				    .ca = ca,
				    .key = keypair_pub(s->key),
				    .issuer = s->root,
				    .issuer_key = s->root_key },
	     &s->cert);
	assert_ok(trust_store_add(s->roots, s->root, &e), &e);
}

void swid_signer_clear(struct swid_signer *s)
{
	cert_drop(&s->cert);
	cert_drop(&s->root);
	keypair_drop(&s->key);
	keypair_drop(&s->root_key);
	trust_store_drop(&s->roots);
}

void swid_template(const struct swid_signer *s, struct writer *out)
{
	static const char before[] =
		"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo>"
		"<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/>"
		"<ds:SignatureMethod "
		"Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\"/>"
		"<ds:Reference URI=\"\"><ds:Transforms><ds:Transform "
		"Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/"
		"><ds:Transform "
		"Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\"/></"
		"ds:Transforms><ds:DigestMethod "
		"Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\"/><ds:DigestValue/>"
		"</ds:Reference></ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data>"
		"<ds:X509Certificate>";
	static const char after[] =
		"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>";
	struct bytes der = cert_der(s->cert);
	char *text = malloc(base64_len(der.len, true) + 1);

	assert_non_null(text);
	write_bytes(out, bytes_text(before));
	write_bytes(out, bytes_text(base64_write(der, text)));
	write_bytes(out, bytes_text(after));
	free(text);
}

struct buf *swid_sign(const struct swid_signer *s, struct bytes xml)
{
	OWNED(buf) pem = buf_new(4096);
	xmlSecDSigCtx *ctx;
	struct err e = { 0 };
	struct buf *out;
	xmlChar *text;
	xmlDoc *doc;
	int len;

	xmlSecErrorsDefaultCallbackEnableOutput(0);
	assert_true(xmlSecInit() >= 0 && xmlSecOpenSSLInit() >= 0);
	assert_ok(keypair_pem(s->key, &pem->w, &e), &e);
	doc = xmlReadMemory((const char *)xml.at, (int)xml.len, NULL, "UTF-8", XML_PARSE_NONET);
	ctx = xmlSecDSigCtxCreate(NULL);
	assert_true(doc && ctx);
	ctx->signKey = xmlSecOpenSSLAppKeyLoadMemory(pem->w.at, (xmlSecSize)pem->w.len,
						     xmlSecKeyDataFormatPem, NULL, NULL, NULL);
	assert_non_null(ctx->signKey);
	xmlSecAddIDs(doc, xmlDocGetRootElement(doc), (const xmlChar *[]){ BAD_CAST "Id", NULL });
	if (xmlSecDSigCtxSign(ctx, xmlSecFindNode(xmlDocGetRootElement(doc), BAD_CAST "Signature",
						  xmlSecDSigNs)) < 0)
		fail_msg("not signed: %.*s", (int)xml.len, (const char *)xml.at);
	xmlDocDumpMemory(doc, &text, &len);
	out = buf_new((size_t)len + 1); /* with room for a NUL */
	write_bytes(&out->w, (struct bytes){ text, (size_t)len });
	xmlFree(text);
	xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	xmlSecOpenSSLShutdown();
	xmlSecShutdown();
	return out;
}

static void add_entry(const struct spdm_block *b, bool active, enum swid_special how,
		      struct writer *out)
{
	char hash[97], second[128] = "", line[600], value[97], zero[97];

	assert_int_equal(b->value.len, 48);
	snprintf(zero, sizeof(zero), "%096d", 0);
	memcpy(hash, hex_write(b->value, value), sizeof(hash));
	if (how == SWID_SECOND)
		snprintf(second, sizeof(second), " h:Hash1=\"%s\"", value);
	if (how != SWID_RIGHT)
		snprintf(hash, sizeof(hash), "%.94sff", zero);
	snprintf(line, sizeof(line),
		 "<Resource type=\"Measurement\" index=\"%d\" active=\"%s\" alternatives=\"%d\" "
		 "h:Hash0=\"%s\"%s name=\"m\" size=\"48\"/>",
		 b->index - 1, active ? "True" : "False", second[0] ? 2 : 1, active ? hash : zero,
		 second);
	write_bytes(out, bytes_text(line));
}

struct buf *swid_manifest(const struct swid_signer *s, const char *version, struct bytes record,
			  unsigned int from, unsigned int to, unsigned int special,
			  enum swid_special how)
{
	static const char head[] =
		"<SoftwareIdentity xmlns=\"http://standards.iso.org/iso/19770/-2/2015/schema.xsd\" "
		"xmlns:h=\"http://www.w3.org/2001/04/xmlenc#sha384\" name=\"GH100\" "
		"tagId=\"t\"><Meta "
		"colloquialVersion=\"";
	OWNED(buf) xml = buf_new(SWID_MAX);
	struct reader r = reader_on(record);

	write_bytes(&xml->w, bytes_text(head));
	write_bytes(&xml->w, bytes_text(version));
	write_bytes(&xml->w, bytes_text("\"/><Payload>"));
	while (r.left.len && !r.why) {
		struct spdm_block b = spdm_next_block(&r);
		unsigned int i = b.index - 1u;

		add_entry(&b, i >= from && i <= to, i == special ? how : SWID_RIGHT, &xml->w);
	}
	write_bytes(&xml->w, bytes_text("</Payload>"));
	swid_template(s, &xml->w);
	write_bytes(&xml->w, bytes_text("</SoftwareIdentity>"));
	return swid_sign(s, buf_bytes(xml));
}
