// SPDX-License-Identifier: Apache-2.0
/*
 * The XML signature of a SWID tag. Its shape is checked here, element by element, before xmlsec sees it:
 * what xmlsec then may do (which references, transforms and algorithms) is limited once more there.
 */
#include <stdlib.h>
#include <string.h>

#include <xmlsec/xmlsec.h> /* the others need it first */

#include <xmlsec/errors.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/xmldsig.h>

#include "common/text.h"
#include "swid_tree.h"

#define C14N_11	     "http://www.w3.org/2006/12/xml-c14n11"
#define ENVELOPED    "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define ECDSA_SHA384 "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
#define SHA384	     "http://www.w3.org/2001/04/xmldsig-more#sha384"

/* ---- the shape ---- */

/* Every element of @parent in turn: @at starts as its first. */
static xmlNode *next_of(xmlNode **at, const char *name, struct err *e)
{
	xmlNode *n = *at;

	if (!n || !swid_is(n, SWID_NS_DSIG, name)) {
		err_set(e, E_FORMAT, "XML signature: %s where %s is expected",
			n ? (const char *)n->name : "nothing", name);
		return NULL;
	}
	*at = xmlNextElementSibling(n);
	return n;
}

static int no_more(const xmlNode *at, struct err *e)
{
	return at ? err_set(e, E_FORMAT, "XML signature: %s is one too many",
			    (const char *)at->name)
		  : 0;
}

/* @name: of the one attribute it has to have, NULL for none at all. @want: its value. */
static int check_attribute(const xmlNode *n, const char *name, const char *want, struct err *e)
{
	const xmlAttr *a = n->properties;
	xmlChar *v;
	int rc;

	if (!name)
		return a ? err_set(e, E_FORMAT, "XML signature: %s has an attribute %s",
				   (const char *)n->name, (const char *)a->name)
			 : 0;
	if (!a || a->next || a->ns || strcmp((const char *)a->name, name))
		return err_set(e, E_FORMAT, "XML signature: %s without %s, or with more than that",
			       (const char *)n->name, name);
	v = xmlGetNoNsProp(n, (const xmlChar *)name);
	rc = v && !strcmp((const char *)v, want)
		     ? 0
		     : err_set(e, E_UNSUPPORTED, "XML signature: %s %s is \"%.100s\", not \"%s\"",
			       (const char *)n->name, name, v ? (const char *)v : "", want);
	xmlFree(v);
	return rc;
}

/* An element with nothing but its Algorithm. */
static int check_algorithm(xmlNode **at, const char *name, const char *want, struct err *e)
{
	const xmlNode *n = next_of(at, name, e);

	if (!n || check_attribute(n, "Algorithm", want, e))
		return (int)e->code;
	return n->children ? err_set(e, E_UNSUPPORTED, "XML signature: %s has content", name) : 0;
}

static int check_reference(xmlNode *n, struct err *e)
{
	xmlNode *at = xmlFirstElementChild(n), *transforms, *value;

	if (check_attribute(n, "URI", "", e) || !(transforms = next_of(&at, "Transforms", e)) ||
	    check_attribute(transforms, NULL, NULL, e) ||
	    check_algorithm(&at, "DigestMethod", SHA384, e) ||
	    !(value = next_of(&at, "DigestValue", e)) || check_attribute(value, NULL, NULL, e) ||
	    no_more(xmlFirstElementChild(value), e) || no_more(at, e))
		return (int)e->code;
	at = xmlFirstElementChild(transforms);
	if (check_algorithm(&at, "Transform", ENVELOPED, e) ||
	    check_algorithm(&at, "Transform", C14N_11, e))
		return (int)e->code;
	return no_more(at, e);
}

static int check_signed_info(xmlNode *n, struct err *e)
{
	xmlNode *at = xmlFirstElementChild(n), *reference;

	if (check_attribute(n, NULL, NULL, e) ||
	    check_algorithm(&at, "CanonicalizationMethod", C14N_11, e) ||
	    check_algorithm(&at, "SignatureMethod", ECDSA_SHA384, e) ||
	    !(reference = next_of(&at, "Reference", e)) || no_more(at, e))
		return (int)e->code;
	return check_reference(reference, e);
}

/* Base64 with line breaks, as PEM has them. */
static int take_cert(xmlNode *n, struct cert_list *l, struct err *e)
{
	xmlChar *text = xmlNodeGetContent(n);
	size_t len = 0;
	u8 *der;
	long got;
	int rc;

	for (size_t i = 0; text && text[i]; i++)
		if (!strchr(" \t\r\n", text[i]))
			text[len++] = text[i];
	der = malloc(len + 1);
	got = der ? base64_read((struct bytes){ text, len }, der, len) : -1;
	if (l->n == CERT_CHAIN_MAX)
		rc = err_set(e, E_LIMIT, "XML signature: more than %d certificates",
			     CERT_CHAIN_MAX);
	else if (got <= 0)
		rc = err_set(e, E_FORMAT, "XML signature: X509Certificate is no base64");
	else
		rc = cert_parse((struct bytes){ der, (size_t)got }, &l->at[l->n], e);
	l->n += !rc;
	free(der);
	xmlFree(text);
	return rc;
}

static int take_key_info(xmlNode *n, struct cert_list *l, struct err *e)
{
	xmlNode *at = xmlFirstElementChild(n), *data = next_of(&at, "X509Data", e), *cert;

	if (!data || check_attribute(n, NULL, NULL, e) || check_attribute(data, NULL, NULL, e) ||
	    no_more(at, e))
		return (int)e->code;
	at = xmlFirstElementChild(data);
	do {
		cert = next_of(&at, "X509Certificate", e);
		if (!cert || check_attribute(cert, NULL, NULL, e) ||
		    no_more(xmlFirstElementChild(cert), e) || take_cert(cert, l, e))
			return (int)e->code;
	} while (at);
	return 0;
}

/* A comment is not signed, and could split a value in two. */
static int check_uncommented(const xmlNode *n, struct err *e)
{
	for (n = n->children; n; n = n->next)
		if (n->type == XML_COMMENT_NODE)
			return err_set(e, E_FORMAT, "XML signature: a comment in it");
		else if (n->type == XML_ELEMENT_NODE && check_uncommented(n, e))
			return (int)e->code;
	return 0;
}

static int check_shape(xmlNode *signature, struct cert_list *signers, struct err *e)
{
	xmlNode *at = xmlFirstElementChild(signature), *info, *value, *key;

	if (check_uncommented(signature, e) || check_attribute(signature, NULL, NULL, e) ||
	    !(info = next_of(&at, "SignedInfo", e)) ||
	    !(value = next_of(&at, "SignatureValue", e)) || !(key = next_of(&at, "KeyInfo", e)) ||
	    no_more(at, e) || check_attribute(value, NULL, NULL, e) ||
	    no_more(xmlFirstElementChild(value), e) || check_signed_info(info, e))
		return (int)e->code;
	return take_key_info(key, signers, e);
}

/* Elements of that namespace outside of @signature. Depth is the XML parser's: at most 256. */
static size_t others_below(const xmlNode *n, const xmlNode *signature)
{
	size_t found = 0;

	for (n = n->children; n; n = n->next) {
		if (n == signature || n->type != XML_ELEMENT_NODE)
			continue;
		found += n->ns && n->ns->href && !strcmp((const char *)n->ns->href, SWID_NS_DSIG);
		found += others_below(n, signature);
	}
	return found;
}

int swid_signature_find(xmlDoc *doc, xmlNode **out, struct cert_list **signers, struct err *e)
{
	OWNED(cert_list) l = calloc(1, sizeof(*l));
	xmlNode *root = xmlDocGetRootElement(doc), *signature = xmlFirstElementChild(root);

	if (!l)
		return err_set(e, E_MEMORY, "no memory for certificates");
	while (signature && !swid_is(signature, SWID_NS_DSIG, "Signature"))
		signature = xmlNextElementSibling(signature);
	if (!signature)
		return err_set(e, E_SIGNATURE, "%s has no XML signature as its child",
			       (const char *)root->name);
	if (others_below(root, signature))
		return err_set(e, E_FORMAT, "XML signature: more than one, or parts outside of it");
	if (check_shape(signature, l, e))
		return (int)e->code;
	*out = signature;
	*signers = TAKE(l);
	return 0;
}

/* ---- the value ---- */
static void stop(void)
{
	xmlSecOpenSSLShutdown();
	xmlSecShutdown();
}

static bool start(void)
{
	xmlSecErrorsDefaultCallbackEnableOutput(0); /* what went wrong is said by err_set() */
	if (xmlSecInit() < 0)
		return false;
	if (xmlSecOpenSSLInit() >= 0)
		return true;
	xmlSecShutdown();
	return false;
}

static bool restrict_to_ours(xmlSecDSigCtx *ctx)
{
	ctx->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
	return xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformEnvelopedId) >= 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformInclC14N11Id) >= 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecOpenSSLTransformSha384Id) >= 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformInclC14N11Id) >= 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecOpenSSLTransformEcdsaSha384Id) >= 0;
}

static int check_value(xmlNode *signature, const struct cert *signer, struct bytes spki,
		       struct err *e)
{
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	int rc = 0;

	if (!ctx)
		return err_set(e, E_MEMORY, "no memory for an XML signature");
	/* the key is given: none is looked for in KeyInfo */
	ctx->signKey = xmlSecOpenSSLAppKeyLoadMemory(spki.at, (xmlSecSize)spki.len,
						     xmlSecKeyDataFormatDer, NULL, NULL, NULL);
	if (!restrict_to_ours(ctx) || !ctx->signKey)
		rc = err_set(e, E_CRYPTO, "xmlsec does not take the key of %s",
			     cert_subject(signer));
	else if (xmlSecDSigCtxVerify(ctx, signature) < 0 ||
		 ctx->status != xmlSecDSigStatusSucceeded ||
		 xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1)
		rc = err_set(e, E_SIGNATURE, "XML signature by %s is not valid",
			     cert_subject(signer));
	xmlSecDSigCtxDestroy(ctx);
	return rc;
}

int swid_signature_check(xmlNode *signature, const struct cert *signer, struct err *e)
{
	OWNED(buf) spki = buf_new(CERT_DER_MAX);
	int rc;

	if (!spki)
		return err_set(e, E_MEMORY, "no memory for an XML signature");
	if (pubkey_spki(cert_pubkey(signer), &spki->w, e))
		return (int)e->code;
	if (!start())
		return err_set(e, E_CRYPTO, "xmlsec cannot be started");
	rc = check_value(signature, signer, buf_bytes(spki), e);
	stop();
	return rc;
}
